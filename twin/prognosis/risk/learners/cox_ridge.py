"""Cox ridge: proportional hazards, shrunk by as much as inner folds say."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.prognosis.question import Kind
from twin.prognosis.risk.hazards import Hazards
from twin.prognosis.risk.learner import Setting

_SHRINKAGES = (1.0, 10.0, 50.0, 200.0)


@dataclass(frozen=True)
class CoxRidge:
    """The learner."""

    kinds: tuple[Kind, ...] = ("survival",)
    words: str = "Cox regression, shrunk"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return several strengths."""
        return {f"shrinkage {shrinkage:g}": Hazards(shrinkage) for shrinkage in _SHRINKAGES}


LEARNER = CoxRidge()
