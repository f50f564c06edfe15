"""Elastic net: logistic or linear regression, shrunk by as much, and in the way, as inner folds say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twin.prognosis.learned import CrossValidation
from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.tabular import Linear

_SHRINKAGES, _LASSOS = (1.0, 5.0, 25.0, 100.0), (0.0, 0.5, 1.0)


@dataclass(frozen=True)
class ElasticNet:
    """The learner."""

    kinds: tuple[Kind, ...] = ("binary", "continuous")
    words: str = "elastic net"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return ridges, lassos and what is between, of several strengths."""
        validation = replace(CrossValidation(), seed=seed)
        return {
            f"shrinkage {shrinkage:g}, lasso {lasso:g}": Linear(shrinkage, lasso, validation=validation)
            for shrinkage in _SHRINKAGES
            for lasso in _LASSOS
        }


LEARNER = ElasticNet()
