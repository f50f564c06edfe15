"""Flags: which rows have a condition, phenotype, drug or procedure, as recorded and by the terms above it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kg.cohorts.baseline import Baseline
from kg.query import cohort as query
from kg.query.known import nodes_of
from kg.schema import RELATIONS
from kg.stores.protocol import Store

CLASS = "PharmacologicClass"


@dataclass(frozen=True)
class Flags:
    """Which rows have each thing, by the thing's column; the recorded things before the broader ones."""

    rows: Mapping[str, frozenset[int]]

    def telling(self, count: int, wanted: Baseline) -> "Flags":
        """Return the things that tell enough of `count` rows apart: of those that the same rows have, the first.

        They are those that `least_patients` have and as many have not, the `most` that are nearest to a half.
        """
        seen: set[frozenset[int]] = set()
        kept: list[str] = []
        for name, rows in self.rows.items():
            if wanted.least_patients <= len(rows) <= count - wanted.least_patients and rows not in seen:
                seen.add(rows)
                kept.append(name)
        ranked = sorted(kept, key=lambda name: (abs(len(self.rows[name]) - count / 2), name))[: wanted.most]
        return Flags({name: self.rows[name] for name in sorted(ranked)})

    def columns(self, count: int) -> Iterator[pd.Series]:
        """Yield a column of 1 and 0 for each thing, [row]."""
        for name, rows in self.rows.items():
            yield pd.Series(np.isin(np.arange(count), list(rows)).astype(np.float64), name=name)


def flags(store: Store, kind: str, relation: str, events: pd.DataFrame, *, broader: bool) -> Flags:
    """Return which rows have what a relation's events are of, and what is above it; `events` has row, id and name."""
    having = {str(node): set(rows) for node, rows in events.groupby("id", sort=True)["row"]}
    names = dict(zip(events["id"], events["name"], strict=True))
    found = {_column(kind, node, names.get(node)): frozenset(rows) for node, rows in having.items()}
    if broader and having:
        found |= _above(store, kind, RELATIONS[relation].object, having)
    return Flags(found)


def _above(store: Store, kind: str, label: str, having: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    """Return the rows of the terms above, narrow ones before broad ones, and of the classes of drugs."""
    told = _spread(query.parents(store, label, having), having)
    found = _named(store, kind, label, told)
    if label == "Drug":
        found |= _named(store, "drug class", CLASS, _spread(query.classes_of(store, having), having))
    return found


def _spread(parents: Mapping[str, set[str]], having: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Return which rows have something below each broader term, or have it themselves where it is recorded too."""
    found: dict[str, set[int]] = {}
    for node, rows in having.items():
        for above in _ancestors(parents, node):
            found.setdefault(above, set()).update(rows | having.get(above, set()))
    return found


def _ancestors(parents: Mapping[str, set[str]], node: str) -> set[str]:
    found: set[str] = set()
    left = set(parents.get(node, ()))
    while left:
        found |= left
        left = {above for one in left for above in parents.get(one, ())} - found
    return found - {node}


def _named(store: Store, kind: str, label: str, told: Mapping[str, Collection[int]]) -> dict[str, frozenset[int]]:
    table = nodes_of(store, label, sorted(told))
    names = dict(zip(table["id"].to_pylist(), table["name"].to_pylist(), strict=True))
    ordered = sorted(told, key=lambda node: (len(told[node]), node))
    return {_column(kind, node, names.get(node)): frozenset(told[node]) for node in ordered}


def _column(kind: str, node: str, name: object) -> str:
    return f"{kind}: {name} ({node})" if isinstance(name, str) and name else f"{kind}: {node}"
