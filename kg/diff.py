"""Diff: what one build of the graph has that another has not, and what both have but say differently."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.graph import BETWEEN, NOTHING, Graph, SourceRelease, edge_keys
from kg.notebook import notebook_html
from kg.schema import NODE_KINDS, RELATIONS, edge_columns, node_columns

SHOWN = 5
"""How many nodes or edges of each count an answer names."""

_WAYS = ("gained", "lost", "changed")
_NO_CHANGE = frozenset({"subject", "object", "source_version", "provided_by"})


@dataclass(frozen=True)
class Difference:
    """What the second of two graphs gained, lost and says differently.

    `counts` has a row for each source and kind or relation that differs: what (`nodes` or `edges`), name, source,
    gained, lost, changed; a node's source is all of its sources, joined by commas. `examples` has the first of each
    count: what, name, source, way, and the id, or the ends, in question. `releases` are those of both, in order.
    """

    counts: pd.DataFrame
    examples: pd.DataFrame
    releases: tuple[tuple[SourceRelease, ...], tuple[SourceRelease, ...]]

    def to_frame(self) -> pd.DataFrame:
        """Return the counts."""
        return self.counts

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        named = [[f"{release.name} {release.version}" for release in of] for of in self.releases]
        return {
            "a": named[0],
            "b": named[1],
            "counts": self.counts.to_dict(orient="records"),
            "examples": self.examples.to_dict(orient="records"),
        }

    def to_text(self) -> str:
        """Return what differs in all, as lines."""
        lines = ["a: " + _listed(self.releases[0]), "b: " + _listed(self.releases[1])]
        for what, rows in self.counts.groupby("what", sort=False):
            gained, lost, changed = (int(rows[way].sum()) for way in _WAYS)
            lines.append(f"{what}: b has {gained:,} that a has not, lacks {lost:,}, and says {changed:,} differently")
        return "\n".join(lines if len(self.counts) else [*lines, "the same nodes and edges"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def diff(a: Graph, b: Graph) -> Difference:
    """Return what `b` gained, lost and says differently from `a`.

    Nodes are the same by kind and identifier, edges by `kg.schema.edge_identity`. That a source's release has another
    version changes none of its edges, and that one more source states a node does not change it.
    """
    found: list[tuple[str, str, str, str, str]] = []
    for kind in NODE_KINDS:
        tables = [graph.nodes.get(kind) for graph in (a, b)]
        told = {name: of for name, of in node_columns(kind).items() if name not in _NO_CHANGE}
        found += _different("nodes", kind, tables, _node_keys, told, _givers)
    for relation in RELATIONS:
        tables = [graph.edges.get(relation) for graph in (a, b)]
        told = {name: of for name, of in edge_columns(relation).items() if name not in _NO_CHANGE}
        found += _different("edges", relation, tables, partial(edge_keys, relation), told, _source)
    rows = pd.DataFrame(found, columns=["what", "name", "source", "way", "key"])
    keys = ["what", "name", "source"]
    counts = rows.groupby([*keys, "way"], sort=False).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(_WAYS), fill_value=0).reset_index()
    examples = rows.groupby([*keys, "way"], sort=False).head(SHOWN)
    examples = examples.assign(key=[key.replace(BETWEEN, " ").replace(NOTHING, "-") for key in examples["key"]])
    return Difference(counts, examples.reset_index(drop=True), (a.sources, b.sources))


def _different(
    what: str,
    name: str,
    tables: list[pa.Table | None],
    keyed: Callable[[pa.Table], pa.Array],
    columns: Mapping[str, str],
    sourced: Callable[[pa.Table], list[str]],
) -> list[tuple[str, str, str, str, str]]:
    """Return a row (what, name, source, way, key) for each node or edge of one table that differs."""
    if tables[0] is None and tables[1] is None:
        return []
    some = tables[0] if tables[0] is not None else tables[1]
    assert some is not None
    first, second = (some.slice(0, 0) if table is None else table for table in tables)
    ours, theirs = keyed(first), keyed(second)
    there = np.asarray(pc.fill_null(pc.index_in(theirs, ours), -1))
    lost = ~np.asarray(pc.is_in(ours, theirs))
    both = there >= 0
    changed = np.zeros(len(theirs), bool)
    changed[both] = np.asarray(
        pc.not_equal(_told(second.filter(pa.array(both)), columns), _told(first.take(pa.array(there[both])), columns))
    )
    found = []
    for way, table, keys, chosen in (
        ("gained", second, theirs, ~both),
        ("lost", first, ours, lost),
        ("changed", second, theirs, changed),
    ):
        mask = pa.array(chosen)
        sources = sourced(table.filter(mask))
        found += [
            (what, name, source, way, key) for source, key in zip(sources, keys.filter(mask).to_pylist(), strict=True)
        ]
    return found


def _told(rows: pa.Table, columns: Mapping[str, str]) -> pa.Array:
    """Return all that each row says, as one text; lists in order."""
    words = []
    for name, of in columns.items():
        column = rows[name].combine_chunks()
        if of.endswith("[]"):
            column = pc.fill_null(pc.binary_join(column.cast(pa.list_(pa.string())), ","), "")
        words.append(column.cast(pa.string()))
    return pc.binary_join_element_wise(*words, BETWEEN, null_handling="replace", null_replacement=NOTHING)


def _node_keys(rows: pa.Table) -> pa.Array:
    return rows["id"].combine_chunks()


def _source(rows: pa.Table) -> list[str]:
    names: list[str] = rows["source"].to_pylist()
    return names


def _givers(rows: pa.Table) -> list[str]:
    return [", ".join(names or ()) for names in rows["provided_by"].to_pylist()]


def _listed(releases: tuple[SourceRelease, ...]) -> str:
    return ", ".join(f"{release.name} {release.version}" for release in releases) or "no source"
