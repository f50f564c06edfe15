"""The verbs of planning a trial: its interim looks, its size, its power and when it is looked at."""

from typing import TYPE_CHECKING

from panakeia.verbs.held import Held

if TYPE_CHECKING:
    from twin.trials.design.assurance import Assured
    from twin.trials.design.boundaries import Boundaries, Looks
    from twin.trials.design.comparison import Comparison
    from twin.trials.design.coprimary import CoPrimary, PlannedTogether
    from twin.trials.design.hypotheses import Family, PlannedFamily
    from twin.trials.design.plan import Beside, Planned
    from twin.trials.design.schedule import Schedule
    from twin.trials.design.timing import Course


class PlanningVerbs(Held):
    """Plan trials by formula; what only patients can tell is simulated (`trial_run`)."""

    def trial_design_boundaries(self, looks: "Looks") -> "Boundaries":
        """Return a group sequential design: bounds on z, and what they cost beside a trial with one look."""
        from twin.trials.design.boundaries import boundaries

        return boundaries(looks)

    def trial_design_size(
        self, comparison: "Comparison | CoPrimary", looks: "Looks | None" = None, *, beside: "Beside | None" = None
    ) -> "Planned | PlannedTogether":
        """Return the size that has the power which the looks ask for; without any, 90 % at a one-sided alpha of .025.

        `beside` tells how uncertain the effect is, for the assurance, and how patients come.
        """
        from twin.trials.design.boundaries import SINGLE
        from twin.trials.design.coprimary import CoPrimary, size_of_all
        from twin.trials.design.plan import Beside, size_of

        looks, beside = looks or SINGLE, beside or Beside()
        if isinstance(comparison, CoPrimary):
            _alone(looks, beside)
            return size_of_all(comparison, 1.0 - looks.beta, looks.alpha, looks.sides, beside.lost)
        return size_of(comparison, looks, beside)

    def trial_design_power(
        self,
        comparison: "Comparison | CoPrimary",
        size: float,
        looks: "Looks | None" = None,
        *,
        beside: "Beside | None" = None,
    ) -> "Planned | PlannedTogether":
        """Return the power of a size: patients of both arms together, or events."""
        from twin.trials.design.boundaries import SINGLE
        from twin.trials.design.coprimary import CoPrimary, power_of_all
        from twin.trials.design.plan import Beside, power_of

        looks, beside = looks or SINGLE, beside or Beside()
        if isinstance(comparison, CoPrimary):
            _alone(looks, beside)
            return power_of_all(comparison, size, looks.alpha, looks.sides, beside.lost)
        return power_of(comparison, looks, size, beside)

    def trial_design_timing(
        self,
        course: "Course",
        *,
        events: tuple[float, ...] | None = None,
        at: tuple[float, ...] | None = None,
        waiting: tuple[float | None, float] = (None, 0.0),
        looks: "Looks | None" = None,
    ) -> "Schedule":
        """Return when looks come, at so many events or at times, and with `looks` (one-sided errors) the power.

        `waiting` is how long the last patient is followed before any look, and the least gap between looks.
        """
        from twin.trials.design.schedule import schedule_at, schedule_for
        from twin.trials.design.timing import Waiting

        if (events is None) == (at is None):
            raise ValueError("looks come at so many events, or at times: give one of both (--events, --at)")
        if events is not None:
            return schedule_for(course, events, Waiting(*waiting), looks)
        if waiting != (None, 0.0):
            raise ValueError(
                "looks at given times wait for nothing: leave out the follow-up and the gap, or give events"
            )
        return schedule_at(course, at or (), looks)

    def trial_design_assurance(
        self,
        comparison: "Comparison",
        effect_sd: float,
        looks: "Looks | None" = None,
        *,
        sizes: tuple[float, ...] | None = None,
        target: float | None = None,
    ) -> "Assured":
        """Return the assurance of sizes, or the size that has `target`, where the effect is normal with `effect_sd`."""
        from twin.trials.design.assurance import assurances, size_of_assurance
        from twin.trials.design.boundaries import SINGLE

        if (sizes is None) == (target is None):
            raise ValueError("tell sizes, to learn their assurance, or an assurance, to learn its size (--target)")
        if target is not None:
            return size_of_assurance(comparison, looks or SINGLE, effect_sd, target)
        return assurances(comparison, looks or SINGLE, effect_sd, sizes or ())

    def trial_design_multiplicity(self, family: "Family", *, trials: int = 100_000, seed: int = 0) -> "PlannedFamily":
        """Return what to expect of several hypotheses under one alpha, each with its looks, by simulated trials."""
        from twin.trials.design.hypotheses import planned_family

        self._begins()
        return planned_family(family, trials, seed)


def _alone(looks: "Looks", beside: "Beside") -> None:
    if len(looks.information) > 1 or beside.effect_sd is not None:
        raise ValueError(
            "co-primary endpoints are planned with one look and fixed effects: leave out --kind, --effect-sd"
        )
