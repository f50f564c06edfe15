"""Logistic: plain logistic regression, the model that every other must beat."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.tabular import Linear

LEAST = 1e-4
"""A shrinkage too small to be seen, which keeps coefficients finite where a level has no event."""


@dataclass(frozen=True)
class Logistic:
    """The learner: maximum likelihood."""

    kinds: tuple[Kind, ...] = ("binary",)
    words: str = "plain logistic regression"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return the one there is: nothing to choose."""
        return {"": Linear(LEAST, marks=False)}


LEARNER = Logistic()
