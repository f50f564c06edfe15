"""Columns: what a table's columns are where nobody said: the features, the sites or days, and the outcome's event."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from twin.prognosis.question import LATER, level
from twin.prognosis.risk.scope import MOST_LEVELS
from twin.prognosis.risk.split import SplitSettings

_PLAIN = (("yes", "no"), ("true", "false"), ("pos", "neg"), ("positive", "negative"))
"""The event and its absence, in words that can mean nothing else."""
_WHERE = ("siteid", "site", "hospital", "centre", "center", "country")
_WHEN = ("index_date", "index_day", "trtsdt", "randdt", "year")
_NAMED = ("id", "patient", "subject")
"""How a column's name ends that is of identifiers, where most of its numbers differ."""


@dataclass(frozen=True)
class Taken:
    """The features that all of a table's columns come to, and which were left out, with the reason."""

    features: tuple[str, ...]
    left: tuple[tuple[str, str], ...]

    def to_text(self) -> str:
        """Return the warning: what was taken without being asked for, and how to say better."""
        first = self.features[0] if self.features else "COL"
        told = (
            f"all {len(self.features)} other columns were taken as features ({', '.join(self.features)}), for none was "
            "named, and nobody said which were known at the index date: a column known later makes every figure here "
            f"too good. Leave it out by --all-but, as in --all-but {first}, or name the features by --feature"
        )
        return f"{told}; left out: {', '.join(f'{name} ({why})' for name, why in self.left)}" if self.left else told


def taken(table: pd.DataFrame, held: Collection[str | None]) -> Taken:
    """Return the columns that can be features, which are not `held`, nor hold what came after baseline in ADaM."""
    left: list[tuple[str, str]] = []
    features = []
    for name in map(str, table.columns):
        if name in held:
            continue
        why = "known later, in ADaM" if name in LATER else _unfit(name, table[name])
        if why:
            left.append((name, why))
        else:
            features.append(name)
    return Taken(tuple(features), tuple(left))


def event_in_words(column: "pd.Series[str]") -> str | None:
    """Return the value that is the event, where a column of text holds it and its absence in plain words.

    >>> event_in_words(pd.Series(["Neg", None, "Pos"]))
    'Pos'
    """
    found = {text.strip().lower(): text for text in map(str, column.dropna().unique())}
    for event, absence in _PLAIN:
        if set(found) == {event, absence} and column.nunique() == 2:
            return found[event]
    return None


def where_and_when(columns: Sequence[str], split: SplitSettings) -> SplitSettings:
    """Return the split with its column, where that is not named and one column alone has the name for it."""
    if split.name == "site" and split.site is None:
        return replace(split, site=_one_of(columns, _WHERE))
    if split.name == "time" and split.time is None:
        return replace(split, time=_one_of(columns, _WHEN))
    return split


def _unfit(name: str, column: "pd.Series[float]") -> str:
    """Return why a column can be no feature; "" where it can."""
    values = column.dropna()
    if values.empty:
        return "empty"
    if not pd.api.types.is_numeric_dtype(column):
        count = len({level(value) for value in values})
        if count <= MOST_LEVELS:
            return ""
        some = pd.to_numeric(values, errors="coerce").notna().any()
        return "numbers and texts: leave the cell of a missing number empty" if some else f"{count} different texts"
    numbers = np.asarray(values.to_numpy(np.float64))
    named = name.lower().endswith(_NAMED) and 2 * values.nunique() > len(values)
    return "identifiers, by its name" if named and bool((numbers == np.round(numbers)).all()) else ""


def _one_of(columns: Sequence[str], names: Sequence[str]) -> str | None:
    found = [name for name in columns if name.lower() in names]
    return found[0] if len(found) == 1 else None
