"""Boosting: gradient-boosted trees on histograms, small and slow or larger, as inner folds say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from twin.prognosis.learned import CrossValidation
from twin.prognosis.question import Kind
from twin.prognosis.risk.learner import Setting
from twin.prognosis.tabular import Boosting

_TREES, _LEAVES = (50, 150), (3, 8)


@dataclass(frozen=True)
class BoostedTrees:
    """The learner."""

    kinds: tuple[Kind, ...] = ("binary", "continuous")
    words: str = "gradient boosting"
    visits: bool = False

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return few or many trees, of few or more leaves."""
        validation = replace(CrossValidation(), seed=seed)
        return {
            f"{trees} trees of {leaves} leaves": Boosting(
                trees=trees, leaves=leaves, indicators=True, validation=validation
            )
            for trees in _TREES
            for leaves in _LEAVES
        }


LEARNER = BoostedTrees()
