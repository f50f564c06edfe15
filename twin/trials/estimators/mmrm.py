"""Mixed model for repeated measures: the difference at a visit, all visits used, unstructured covariance."""

from typing import Literal

from twin.trials.analysis import mmrm
from twin.trials.analysis.freedom import Freedom
from twin.trials.analysis.table import Arms
from twin.trials.analysis.table import Estimator as Analysis
from twin.trials.estimators.estimator import Estimator, Needs


class Mmrm(Estimator):
    """The difference at the endpoint's last visit; what is missing is missing at random."""

    kind: Literal["mmrm"] = "mmrm"
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

    def analysis(self, arms: Arms, level: float) -> Analysis:
        """Return the analysis of these arms."""
        return mmrm.Mmrm(arms, None, self.covariates, self.covariates_by_visit, self.freedom, level=level)
