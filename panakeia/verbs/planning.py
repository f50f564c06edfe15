"""The verbs of planning a trial: its interim looks, its size and its power."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.trials.design.boundaries import Boundaries, Looks
    from twin.trials.design.comparison import Comparison
    from twin.trials.design.plan import Beside, Planned


class PlanningVerbs:
    """Plan trials by formula; what only patients can tell is simulated (`trial_run`)."""

    def trial_design_boundaries(self, looks: "Looks") -> "Boundaries":
        """Return a group sequential design: bounds on z, and what they cost beside a trial with one look."""
        from twin.trials.design.boundaries import boundaries

        return boundaries(looks)

    def trial_design_size(
        self, comparison: "Comparison", looks: "Looks | None" = None, *, beside: "Beside | None" = None
    ) -> "Planned":
        """Return the size that has the power which the looks ask for; without any, 90 % at a one-sided alpha of .025.

        `beside` tells how uncertain the effect is, for the assurance, and how patients come.
        """
        from twin.trials.design.boundaries import SINGLE
        from twin.trials.design.plan import Beside, size_of

        return size_of(comparison, looks or SINGLE, beside or Beside())

    def trial_design_power(
        self,
        comparison: "Comparison",
        size: float,
        looks: "Looks | None" = None,
        *,
        beside: "Beside | None" = None,
    ) -> "Planned":
        """Return the power of a size: patients of both arms together, or events."""
        from twin.trials.design.boundaries import SINGLE
        from twin.trials.design.plan import Beside, power_of

        return power_of(comparison, looks or SINGLE, size, beside or Beside())
