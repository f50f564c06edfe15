"""Learner: what every way to learn a risk has in common, and how one is found by name."""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol

import pandas as pd

from twin.model import Floats
from twin.prognosis.learned import Forecast
from twin.prognosis.question import Kind, Question
from twin.prognosis.risk import learners
from twin.trials.analysis.table import AnalysisError

REFERENCE: Mapping[Kind, str] = {"binary": "logistic", "continuous": "linear", "survival": "cox"}
"""The plain model that every other is held against; it stands in every table, as does the base rate."""
BASE_RATE = "base_rate"


class Setting(Protocol):
    """A way to learn with its settings."""

    def way(self, rows: pd.DataFrame, target: Floats, question: Question) -> Forecast:
        """Return the forecast learned from rows and their outcomes (`twin.prognosis.risk.outcome`)."""
        ...


class Learner(Protocol):
    """A way to learn whose settings are chosen on inner folds."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Which outcomes it is for."""
        ...

    @property
    def words(self) -> str:
        """What it is, in a few words."""
        ...

    @property
    def visits(self) -> bool:
        """Whether it reads a patient's earlier rows too, and so is for questions alone that name the visit."""
        ...

    def settings(self, seed: int) -> Mapping[str, Setting]:
        """Return the settings to choose from, by what tells them apart; one alone is not chosen."""
        ...


def names(kind: Kind, visits: bool = False) -> tuple[str, ...]:
    """Return the learners for a kind of outcome: the base rate and the plain model first, then others by name.

    With `visits`, those that read a patient's earlier rows too.

    >>> names("survival")
    ('base_rate', 'cox', 'cox_ridge')
    """
    known = {module.name: _load(module.name) for module in pkgutil.iter_modules(learners.__path__)}
    fit = [name for name, one in known.items() if kind in one.kinds and (visits or not one.visits)]
    first = (BASE_RATE, REFERENCE[kind])
    return (*first, *sorted(set(fit) - set(first)))


def named(name: str, kind: Kind, visits: bool = False) -> Learner:
    """Return the learner of this name; raises `AnalysisError` for none, or one that is not for the question."""
    known = names(kind, visits)
    if name not in known and name in names(kind, True):
        raise AnalysisError(f"the learner {name} reads a patient's visits in order: say which column is the visit")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"
        raise AnalysisError(f"no learner {name!r} for an outcome that is {kind}: {hint}")
    return _load(name)


def _load(name: str) -> Learner:
    learner: Any = importlib.import_module(f"{learners.__name__}.{name}").LEARNER
    return learner  # type: ignore[no-any-return]
