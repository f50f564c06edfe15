"""Mixed model for repeated measures: the difference at a visit, all visits used, unstructured covariance."""

from typing import Literal

from kg.files.checked import Count
from twin.trials.analysis import mmrm
from twin.trials.analysis.freedom import Freedom
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs
from twin.trials.grid import Grid


class Mmrm(Estimator):
    """The difference at the visit of `day`, the last one if not given; what is missing is missing at random."""

    kind: Literal["mmrm"] = "mmrm"
    day: Count | None = None
    covariates: tuple[str, ...] = ()
    covariates_by_visit: tuple[str, ...] = ("BASE",)
    freedom: Freedom = "kenward-roger"

    @property
    def needs(self) -> Needs:
        """Which kind of outcome it takes."""
        return "repeated"

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """The columns that it adjusts for."""
        return tuple(name for name in (*self.covariates, *self.covariates_by_visit) if name != "BASE")

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit the trial's visits."""
        later = grid.visits[1:]
        if self.day is None or self.day in later:
            return []
        return [f"day: got {self.day}, expected one of visits.days after the first: {', '.join(map(str, later))}"]

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        day = None if self.day is None else float(self.day)
        return mmrm.Mmrm(arms, day, self.covariates, self.covariates_by_visit, self.freedom, level=level)
