"""Estimator: the contract of how two arms are compared; the analyses themselves are in `twin.trials.analysis`."""

from abc import abstractmethod
from typing import ClassVar, Literal

import pandas as pd

from twin.estimate import Estimate
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.part import Part

Needs = Literal["value", "timed", "repeated"]
"""Which kind of outcome an analysis takes."""


SCORE = "PROGNOSIS"
"""What an analysis calls a patient's prognosis; in a cohort it has the endpoint's name beside it."""


class Estimator(Part):
    """How an endpoint's table becomes an effect with its interval."""

    found_in = ("twin.trials.estimators",)
    prognostic: ClassVar[bool] = False
    """Whether it adjusts for a prognosis of each patient (`twin.trials.run.enrol`)."""

    @property
    @abstractmethod
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""

    @abstractmethod
    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The columns that it adjusts for, beside BASE and a prognosis."""
        return tuple(name for name in getattr(self, "covariates", ()) if name != "BASE")

    @property
    def needs_baseline(self) -> bool:
        """Whether it adjusts for BASE."""
        return "BASE" in getattr(self, "covariates", ())

    @property
    def reversed(self) -> bool:
        """Whether more of the effect is less of the endpoint: more days without an event are fewer events."""
        return False

    @property
    def measure(self) -> str:
        """What the effect is: a difference, or the logarithm of a ratio."""
        return "difference"

    def estimate(self, table: pd.DataFrame, arms: Arms, level: float = 0.95) -> Estimate:
        """Return the effect of the treatment arm against control."""
        return self.analysis(arms, level)(table)
