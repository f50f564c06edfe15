"""Mitigation: what every way to bring groups together has in common: it learns from some rows and decides on others."""

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from twin.model import Floats
from twin.prognosis.fairness.cases import Booleans, Cases


@dataclass(frozen=True)
class Decided:
    """Chances and classes of some rows, without the mitigation and with it; all [row]."""

    chance_before: Floats
    selected_before: Floats
    chance: Floats
    selected: Floats


class Mitigation(Protocol):
    """A way to bring groups together."""

    @property
    def equal(self) -> str:
        """The rate whose gap it is to close: a metric's name."""
        ...

    def words(self) -> str:
        """Say what it does."""
        ...

    def decide(self, table: pd.DataFrame, cases: Cases, attribute: str, seen: Booleans) -> Decided:
        """Return what is decided of the rows that are not seen, by what was learned from those that are, [row] each.

        `table` has the rows of the cases. Raises `AnalysisError`.
        """
        ...
