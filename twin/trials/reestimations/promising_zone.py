"""Promising zone: the trial grows where its look is promising (`twin.trials.design.promising`)."""

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, Strict

from twin.model import Floats
from twin.trials.design.boundaries import Looks
from twin.trials.design.promising import Promising, Zone, promising
from twin.trials.design.spending import Rule
from twin.trials.reestimations.reestimation import Reestimation


class PromisingZone(Reestimation):
    """Grows until the conditional power, by the trend seen, is `target`; the last test weighs both stages as planned.

    From the conditional power `least` on, or, if not given, that from which the usual test holds its error too. At the
    look the trial may stop for efficacy, by O'Brien and Fleming's spending of a one-sided `alpha`.
    """

    kind: Literal["promising_zone"] = "promising_zone"
    target: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.9
    least: Annotated[float, Strict(), Field(gt=0, lt=1)] | None = None
    alpha: Annotated[float, Strict(), Field(gt=0, lt=0.5)] = 0.025

    @cached_property
    def rule(self) -> Promising:
        """The rule, in shares of the planned size."""
        looks = Looks(Rule("lan-demets-of"), (self.at, 1.0), self.alpha, 1, 1.0 - self.target)
        return promising(looks, Zone(self.most, self.target, self.least))

    def stops(self, z: float) -> bool:
        """Return whether z is past the look's bound."""
        return bool(z >= self.rule.bounds.upper[0])

    def grown(self, values: Floats, z: float, planned: int) -> float:
        """Return the size by z alone."""
        return planned * self.rule.size(z) if z == z else float(planned)

    def statistic(self, first: float, second: float, whole: float) -> float:
        """Return the stages' z weighed as planned, whatever their sizes became."""
        return self.rule.combined(first, second)

    @property
    def critical(self) -> float:
        """The last bound of the two looks."""
        return self.rule.critical
