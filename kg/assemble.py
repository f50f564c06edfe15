"""Assemble: from what sources say to a checked graph; each bad row is rejected with its reason, each double merged."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.audit import EQUIVALENTS, REJECTED, Audit, Tally, accounts
from kg.check import REASONS, Fault, Faults, edge_faults, encoded, node_faults
from kg.graph import Graph, arrow_schema
from kg.identify import Identities, identities, in_standard_spelling
from kg.licence import forbids
from kg.merge import Keys, merge_edges, merge_nodes
from kg.names import composed
from kg.progress import Progress, silent
from kg.rows import Rows
from kg.schema import (
    EVIDENCE_COLUMNS,
    NODE_COLUMNS,
    NODE_KINDS,
    RELATIONS,
    AttributeType,
    edge_columns,
    node_columns,
)

_RETIRED = pa.schema([("subject", pa.string()), ("object", pa.string())])


@dataclass(frozen=True)
class _Checked:
    """The rows of one release for one table (a kind or a relation): those that pass, in its schema, and the others.

    `mapped` is in how many rows an identifier was that of another database, `left_out` how many the licence forbids,
    `let_go` how many of those that pass are no longer kept here.
    """

    release: str
    table: str
    kept: pa.Table
    rejected: pa.Table
    mapped: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    let_go: int = 0

    def emptied(self) -> "_Checked":
        """Return the same without the rows that pass, which somebody else has now."""
        return replace(self, kept=self.kept.schema.empty_table(), let_go=self.let_go + self.kept.num_rows)


@dataclass(frozen=True)
class _Known:
    """What edges are checked against: the node that an identifier means, the nodes there are, the use that is meant."""

    identities: Identities
    ids: Mapping[str, pa.Array]
    retired: pa.Array
    use: str | None


def assemble(
    rows: Sequence[Rows], *, onto: Graph | None = None, use: str | None = None, progress: Progress = silent
) -> tuple[Graph, Audit]:
    """Check rows and merge them into a graph; return it with the audit of what was merged and what was rejected.

    `kg.check` says what is rejected, `kg.identify` which identifiers mean one node, `kg.merge` what becomes of rows
    that say the same. With `onto`, they join a graph that is there, which the audit does not count. With `use` (see
    `kg.licence`), edges whose licence forbids that use are left out and counted.
    """
    there = onto or Graph({}, {})
    node_parts = [_Checked("", kind, table, table.slice(0, 0)) for kind, table in there.nodes.items()]
    for number, source in enumerate(rows):
        for part in _check_nodes(source):
            node_parts.append(part)
            progress(f"check the nodes of {source.release.name}", 0.3 * (number + source.share()) / len(rows))
    progress("join equal nodes", 0.3)
    equivalents = {source.release.name: tuple(source.equivalents) for source in rows}
    found, retired = _identified(node_parts, rows, equivalents)
    node_parts = [_renamed(part, found) if part.kept.num_rows else part for part in node_parts]
    nodes, merged_nodes = _merge_parts(node_parts, NODE_KINDS, lambda _, table: merge_nodes(table))
    nodes = {kind: _crossed(table, found.crossed.get(kind)) for kind, table in nodes.items()}
    known = _Known(found, {kind: table["id"].combine_chunks() for kind, table in nodes.items()}, retired, use)
    edge_parts = [
        _Checked("", relation, _between(relation, table, found)[0], table.slice(0, 0))
        for relation, table in there.edges.items()
    ]
    for number, source in enumerate(rows):
        for part in _check_edges(source, known):
            edge_parts.append(part)
            progress(f"check the edges of {source.release.name}", 0.35 + 0.45 * (number + source.share()) / len(rows))
    progress("join equal edges", 0.8)
    edges, merged_edges = _merge_parts(
        edge_parts, RELATIONS, lambda relation, table: merge_edges(relation, table, known.ids)
    )
    releases = tuple(source.release for source in rows)
    names = {release.name for release in releases}
    parts = [part for part in node_parts + edge_parts if part.release]
    rejected = pa.concat_tables([REJECTED.empty_table(), *(_listed(part) for part in parts)])
    places = [(column, "ascending") for column in ("source", "file", "line")]
    audit = Audit(
        releases,
        _tallies(parts, merged_nodes + merged_edges, equivalents),
        rejected.sort_by(places),
        known.identities.conflicts,
        _left_out(parts, rows),
    )
    before = tuple(release for release in there.sources if release.name not in names)
    pa.default_memory_pool().release_unused()  # Arrow keeps what is freed, and a store needs its own now
    progress("assembled", 1.0)
    told = accounts(audit)
    releases = tuple(replace(release, account=told[release.name]) for release in releases)
    return Graph(nodes, edges, before + releases), audit


def _identified(
    parts: Sequence[_Checked], rows: Sequence[Rows], equivalents: Mapping[str, Sequence[pa.Table]]
) -> tuple[Identities, pa.Array]:
    """Return which node each identifier means, and the identifiers that were withdrawn without a successor."""
    retired = pa.concat_tables(
        [
            _RETIRED.empty_table(),
            *(table.select(_RETIRED.names).cast(_RETIRED) for source in rows for table in source.retired),
        ]
    )
    replaced = retired.filter(pc.is_valid(retired["object"]))
    stated = {kind: [part.kept for part in parts if part.table == kind and part.kept.num_rows] for kind in NODE_KINDS}
    found = identities(
        {kind: pa.concat_tables(tables) for kind, tables in stated.items() if tables},
        [replaced, *(table for tables in equivalents.values() for table in tables)],
    )
    return found, retired.filter(pc.is_null(retired["object"]))["subject"].combine_chunks()


def _check_nodes(rows: Rows) -> Iterator[_Checked]:
    release = rows.release.name
    for table in rows.nodes:
        for kind, part in _split(table, "kind", NODE_KINDS, "nodes"):
            part = part.set_column(part.column_names.index("id"), "id", in_standard_spelling(part["id"]))
            kept, rejected = _sieved(part, node_faults(kind, part))
            shaped = _shaped(kept, node_columns(kind) if kind in NODE_KINDS else NODE_COLUMNS)
            stated_by = pa.array([[release]] * shaped.num_rows, pa.list_(pa.string()))
            columns = {
                "xrefs": _spelt(shaped["xrefs"]),
                "provided_by": pc.coalesce(shaped["provided_by"].combine_chunks(), stated_by),
            }
            for column, values in columns.items():
                shaped = shaped.set_column(shaped.column_names.index(column), column, values)
            yield _Checked(release, kind, shaped, rejected)


def _spelt(xrefs: pa.ChunkedArray) -> pa.ListArray:
    """Return lists of CURIEs in their standard spelling."""
    lists = xrefs.combine_chunks()
    values = in_standard_spelling(pa.chunked_array([pc.list_flatten(lists)]))
    lengths = pc.list_value_length(lists).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values.cast(pa.string()))


def _renamed(part: _Checked, found: Identities) -> _Checked:
    """Return nodes under the identifiers that are preferred; another one's name and identifier stay beside them."""
    ids, mapped = found.resolved(part.table, part.kept["id"])
    if not mapped:
        return part
    changed = pc.not_equal(ids.cast(pa.string()), part.kept["id"])
    rows = [
        row
        | {"id": node, "name": None, "synonyms": [row["name"], *row["synonyms"]], "xrefs": [row["id"], *row["xrefs"]]}
        for row, node in zip(part.kept.filter(changed).to_pylist(), ids.filter(changed).to_pylist(), strict=True)
    ]
    kept = pa.concat_tables([part.kept.filter(pc.invert(changed)), pa.Table.from_pylist(rows, part.kept.schema)])
    return replace(part, kept=kept, mapped=mapped)


def _crossed(nodes: pa.Table, others: pd.Series | None) -> pa.Table:
    """Return nodes whose cross-references have these other identifiers too, which map to the node that they mean."""
    if others is None or others.empty:
        return nodes
    more: dict[str, list[str]] = {}
    for other, node in others.items():
        more.setdefault(node, []).append(str(other))
    xrefs = [
        list(dict.fromkeys((*known, *more.get(node, ()))))
        for node, known in zip(nodes["id"].to_pylist(), nodes["xrefs"].to_pylist(), strict=True)
    ]
    return nodes.set_column(nodes.schema.get_field_index("xrefs"), "xrefs", pa.array(xrefs, pa.list_(pa.string())))


def _between(relation: str, table: pa.Table, found: Identities) -> tuple[pa.Table, int]:
    """Return edges between the nodes that their ends mean, and in how many another identifier meant it."""
    ends, mapped = RELATIONS[relation], 0
    for column, kind in (("subject", ends.subject), ("object", ends.object)):
        ids, count = found.resolved(kind, table[column])
        table = table.set_column(table.column_names.index(column), column, ids.cast(table.schema.field(column).type))
        mapped += count
    return table, mapped


def _check_edges(rows: Rows, known: _Known) -> Iterator[_Checked]:
    release = rows.release
    evidence = {"source": release.name, "source_version": release.version, "licence": release.licence}
    for table in rows.edges:
        for relation, part in _split(table, "relation", RELATIONS, "edges"):
            mapped = 0
            if relation in RELATIONS:
                part, mapped = _between(relation, part, known.identities)
            kept, rejected = _sieved(part, edge_faults(relation, part, known.ids, known.retired))
            shaped = _shaped(kept, edge_columns(relation) if relation in RELATIONS else EVIDENCE_COLUMNS)
            for column, value in evidence.items():
                filled = pc.fill_null(shaped[column], value)
                shaped = shaped.set_column(shaped.column_names.index(column), column, filled)
            allowed, left_out = _allowed(shaped, known.use)
            yield _Checked(release.name, relation, allowed, rejected, mapped, left_out)


def _allowed(edges: pa.Table, use: str | None) -> tuple[pa.Table, dict[str, int]]:
    """Return the edges whose licence does not forbid the use, and how many others there are, by licence."""
    if use is None or not edges.num_rows:
        return edges, {}
    counts = {row["values"]: row["counts"] for row in pc.value_counts(edges["licence"]).to_pylist()}
    left_out = {licence: count for licence, count in counts.items() if forbids(licence, use)}
    if not left_out:
        return edges, {}
    return edges.filter(pc.invert(pc.is_in(edges["licence"], pa.array(list(left_out))))), left_out


def _split(table: pa.Table, column: str, names: Iterable[str], others: str) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of each of these names, then, as `others`, the rows with a name that is none of them."""
    values = encoded(table[column])
    known = set(names)
    strange = np.ones(table.num_rows, bool)
    for code, value in enumerate(values.dictionary.to_pylist()):
        if value in known:
            chosen = np.asarray(values.indices) == code
            strange &= ~chosen
            yield value, table if chosen.all() else table.filter(pa.array(chosen))
    if strange.any():
        yield others, table.filter(pa.array(strange))


def _sieved(rows: pa.Table, faults: Faults) -> tuple[pa.Table, pa.Table]:
    """Return the rows without a fault, and the others with their `reason`."""
    good = faults == Fault.NONE
    bad = rows.filter(pa.array(~good))
    reasons = [REASONS[Fault(fault)] for fault in faults[~good].tolist()]
    return rows if good.all() else rows.filter(pa.array(good)), bad.append_column(
        "reason", pa.array(reasons, pa.string())
    )


def _listed(part: _Checked) -> pa.Table:
    """Return rejected rows as the audit lists them; what a row said is its identifier and name, or its ends."""
    rows = part.rejected
    said = ("kind", "id", "name") if "kind" in rows.column_names else ("subject", "relation", "object")
    words = [rows[column].cast(pa.string()) for column in said]
    return pa.table(
        {
            "source": pa.repeat(part.release, rows.num_rows),
            "table": pa.repeat(part.table, rows.num_rows),
            "file": rows["file"].cast(pa.string()),
            "line": rows["line"],
            "text": pc.binary_join_element_wise(*words, "\t", null_handling="replace", null_replacement=""),
            "reason": rows["reason"],
        },
        schema=REJECTED,
    )


def _shaped(table: pa.Table, columns: Mapping[str, AttributeType]) -> pa.Table:
    """Return these columns, of these types: a missing one is null, missing synonyms or references are an empty list."""
    schema = arrow_schema(columns)
    arrays = {
        field.name: table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in schema
    }
    for column in ("synonyms", "xrefs", "references"):
        if column in arrays:
            arrays[column] = pc.fill_null(arrays[column], pa.scalar([], pa.list_(pa.string())))
    if "name" in arrays:
        arrays["name"] = pc.utf8_trim_whitespace(arrays["name"])
        return composed(pa.table(arrays, schema=schema))
    return pa.table(arrays, schema=schema)


def _merge_parts(
    parts: list[_Checked], names: Iterable[str], merge: Callable[[str, pa.Table], tuple[pa.Table, Keys]]
) -> tuple[dict[str, pa.Table], Counter[tuple[str, str]]]:
    """Return a merged table for each of these kinds or relations that has rows, and how many rows were merged away.

    What is merged is let go of part by part, or twice the memory would be needed. The counts are by (release, table):
    those of the release whose row went into another's.
    """
    tables, counts = {}, Counter[tuple[str, str]]()
    for name in names:
        places = [place for place, part in enumerate(parts) if part.table == name and part.kept.num_rows]
        if not places:
            continue
        same = [parts[place].kept for place in places]
        part_of_row = np.repeat(places, [rows.num_rows for rows in same])
        for place in places:
            parts[place] = parts[place].emptied()
        rows = pa.concat_tables(same)
        del same
        tables[name], merged = merge(name, rows)
        counts.update((parts[place].release, name) for place in part_of_row[merged].tolist())
    return tables, counts


def _tallies(
    parts: Sequence[_Checked],
    merged: Mapping[tuple[str, str], int],
    equivalents: Mapping[str, Sequence[pa.Table]],
) -> tuple[Tally, ...]:
    counts: dict[tuple[str, str], Counter[str]] = {}
    for name, tables in equivalents.items():
        if tables:
            counts[name, EQUIVALENTS] = Counter(rows=sum(table.num_rows for table in tables))
    for part in parts:
        counted = counts.setdefault((part.release, part.table), Counter())
        counted["left_out"] += sum(part.left_out.values())
        counted["rejected"] += part.rejected.num_rows
        counted["mapped"] += part.mapped
        counted["rows"] += part.kept.num_rows + part.let_go + part.rejected.num_rows + sum(part.left_out.values())
    return tuple(
        Tally(*key, counted["rows"], merged.get(key, 0), counted["rejected"], counted["mapped"], counted["left_out"])
        for key, counted in counts.items()
    )


def _left_out(parts: Sequence[_Checked], rows: Sequence[Rows]) -> dict[tuple[str, str], int]:
    """Return how many rows were left out on purpose, by source and reason: the source's own, or the licence."""
    counts = Counter[tuple[str, str]]()
    for source in rows:
        counts.update({(source.release.name, why): count for why, count in source.left_out.items()})
    for part in parts:
        counts.update({(part.release, f"the licence is {name}"): count for name, count in part.left_out.items()})
    return dict(counts)
