"""Cox: plain proportional hazards, the model of a time that every other must beat."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.prognosis.question import Kind
from twin.prognosis.risk.hazards import Hazards
from twin.prognosis.risk.learner import Setting

LEAST = 1e-4
"""A shrinkage too small to be seen, which keeps coefficients finite where a level has no event."""


@dataclass(frozen=True)
class Cox:
    """The learner: the partial likelihood's maximum."""

    kinds: tuple[Kind, ...] = ("survival",)
    words: str = "plain Cox regression"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return the one there is: nothing to choose."""
        return {"": Hazards(LEAST, marks=False)}


LEARNER = Cox()
