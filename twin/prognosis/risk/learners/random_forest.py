"""Random forest: many deep trees on draws of the patients, averaged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twin.prognosis.learned import CrossValidation
from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.tabular import Forest

_LEAST_IN_LEAF, _TREES = (1, 5, 15), 300


@dataclass(frozen=True)
class RandomForest:
    """The learner."""

    kinds: tuple[Kind, ...] = ("binary", "continuous")
    words: str = "random forest"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return forests whose leaves hold few or many patients."""
        validation = replace(CrossValidation(), seed=seed)
        return {f"leaves of {least} or more": Forest(_TREES, least, validation=validation) for least in _LEAST_IN_LEAF}


LEARNER = RandomForest()
