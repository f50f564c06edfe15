"""Linear: plain least squares, the model of a number that every other must beat."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.tabular import Linear

LEAST = 1e-6
"""A shrinkage too small to be seen, which keeps coefficients finite where columns depend on each other."""


@dataclass(frozen=True)
class Plain:
    """The learner: least squares."""

    kinds: tuple[Kind, ...] = ("continuous",)
    words: str = "plain linear regression"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return the one there is: nothing to choose."""
        return {"": Linear(LEAST, marks=False)}


LEARNER = Plain()
