"""Split: which rows are learned from and which are judged on, fold by fold; a patient is never on both sides."""

import difflib
import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.question import Question
from twin.prognosis.risk import splits
from twin.trials.analysis.table import AnalysisError

Places = np.ndarray
"""Places of rows, in order."""


@dataclass(frozen=True)
class Fold:
    """What is judged (`name`), the rows that are learned from and those that are judged on, by place."""

    name: str
    learned: Places
    judged: Places


@dataclass(frozen=True)
class SplitSettings:
    """How patients are parted: the split's name, its column of sites or times, the folds, and the seed of who is where.

    `outer` folds judge, `inner` folds choose settings among those learned from.
    """

    name: str = "patient"
    site: str | None = None
    time: str | None = None
    outer: int = 5
    inner: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.outer < 2 or self.inner < 2:
            raise AnalysisError(f"got {self.outer} outer and {self.inner} inner folds; expected 2 or more of each")

    def count(self, inner: bool) -> int:
        """Return how many folds there are, where that can be chosen."""
        return self.inner if inner else self.outer

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that say where and when, which are no features."""
        return tuple(name for name in (self.site, self.time) if name)


class Split(Protocol):
    """A way to part rows."""

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        ...

    def folds(
        self, rows: pd.DataFrame, outcome: Floats, question: Question, settings: SplitSettings, inner: bool
    ) -> Sequence[Fold]:
        """Return the folds that judge, or the inner ones that choose; raises `AnalysisError`."""
        ...


def split_names() -> tuple[str, ...]:
    """Return the names of all splits.

    >>> split_names()
    ('patient', 'site', 'time')
    """
    return tuple(module.name for module in pkgutil.iter_modules(splits.__path__))


def split_named(name: str) -> Split:
    """Return the split of this name; raises `AnalysisError` for none."""
    if name not in split_names():
        near = difflib.get_close_matches(name, split_names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(split_names())}"
        raise AnalysisError(f"no split {name!r}: {hint}")
    split: Any = importlib.import_module(f"{splits.__name__}.{name}").SPLIT
    return split  # type: ignore[no-any-return]
