"""Adjustments without settings: none, Bonferroni's, Holm's, Hochberg's, and a fixed sequence."""

from collections.abc import Callable, Mapping
from typing import Literal

from twin.trials.analysis import multiplicity
from twin.trials.multiplicities.multiplicity import Multiplicity

_ADJUST: dict[str, Callable[[Mapping[str, float]], Mapping[str, float]]] = {
    "none": dict,
    "bonferroni": multiplicity.bonferroni,
    "holm": multiplicity.holm,
    "hochberg": multiplicity.hochberg,
    "fixed_sequence": multiplicity.fixed_sequence,
}


class Stepwise(Multiplicity):
    """All comparisons alike, or one after the other in the design's order."""

    kind: Literal["none", "bonferroni", "holm", "hochberg", "fixed_sequence"] = "none"

    def adjusted(self, p_values: Mapping[str, float]) -> dict[str, float]:
        """Return the p-values after adjustment."""
        return dict(_ADJUST[self.kind](p_values))
