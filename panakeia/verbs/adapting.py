"""The verbs of a trial that looks at itself: what an interim look says, sizes computed anew, Bayesian stopping."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.trials.design.bayesian import BayesianDesign, Outcomes, StoppingRule, Truth
    from twin.trials.design.boundaries import Looks
    from twin.trials.design.comparison import Comparison
    from twin.trials.design.conditional import Interim, Prior
    from twin.trials.design.promising import Grown, Promising, Zone
    from twin.trials.design.reestimation import Reestimated, Seen


class AdaptingVerbs:
    """Plan what a trial does at its interim looks."""

    def trial_design_conditional(
        self, looks: "Looks", look: int, z: float, *, prior: "Prior | None" = None, effect: float | None = None
    ) -> "Interim":
        """Return what z at the `look`th look says of the end: conditional power, by what is true, and predictive power.

        Effects are in units of the planned one; `prior` is what was believed of it, flat by itself.
        """
        from twin.trials.design.boundaries import boundaries
        from twin.trials.design.conditional import FLAT, interim

        return interim(boundaries(looks), look, z, prior or FLAT, effect)

    def trial_design_re_estimate(
        self, comparison: "Comparison", seen: "Seen", looks: "Looks | None" = None, *, most: float | None = None
    ) -> "Reestimated":
        """Return the size that keeps the planned power by what all patients show, arms untold; `most` at most."""
        from twin.trials.design.boundaries import SINGLE
        from twin.trials.design.reestimation import reestimated

        return reestimated(comparison, looks or SINGLE, seen, most)

    def trial_design_promising_zone(self, looks: "Looks", zone: "Zone", z: float | None = None) -> "Promising | Grown":
        """Return a rule by which a trial grows at its one interim look, or what an interim z makes of the trial."""
        from twin.trials.design.promising import grown, promising

        rule = promising(looks, zone)
        return rule if z is None else grown(rule, z)

    def trial_design_bayes(
        self,
        outcomes: "Outcomes",
        rule: "StoppingRule",
        *,
        null: "tuple[Truth, ...]",
        true: "tuple[Truth, ...]",
        alpha: float | None = None,
    ) -> "BayesianDesign":
        """Return what comes of stopping by posterior chances; with `alpha`, the threshold is calibrated to it."""
        from twin.trials.design.bayesian import bayesian_design

        return bayesian_design(outcomes, rule, null, true, alpha)
