"""Build: from what sources say to a checked graph; every bad row is rejected with its reason, every double merged."""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import kg.sources
from kg.audit import REJECTED, Audit, Tally, audit_paths, rejection_lines, write_audit
from kg.check import REASONS, Fault, Faults, edge_faults, encoded, node_faults
from kg.fetch import Fetch, NotFoundAnywhere
from kg.graph import Graph, SourceRelease, arrow_schema
from kg.merge import Keys, merge_edges, merge_nodes
from kg.names import composed
from kg.output import target
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
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from kg.stores.releases import read_releases


class BuildError(ValueError):
    """A build that would leave too much out (then with its audit), or of a source that does not exist."""

    def __init__(self, message: str, audit: Audit | None = None) -> None:
        super().__init__(message)
        self.audit = audit


@dataclass(frozen=True)
class _Checked:
    """The rows of one release for one table (a kind or a relation): those that pass, in its schema, and the others."""

    release: str
    table: str
    kept: pa.Table
    rejected: pa.Table


def build(
    sources: Sequence[str],
    fetch: Fetch,
    store_url: str | Path,
    *,
    max_reject_share: float = 0.01,
    discard: bool = False,
    allow_empty: bool = False,
    progress: Progress = silent,
) -> Audit:
    """Read the sources of these names, check them, and put their graph in place of what the store holds.

    Beside an embedded store lie the audit and every rejected row afterwards (`kg.audit.audit_paths`); where too many
    rows were rejected and the store is left alone, they are called `<store>.refused...`. A store with what no source
    can bring back, such as patients, is left alone unless `discard`; so is every store where a source gives no node or
    no edge, unless `allow_empty`. Raises `BuildError`, `kg.fetch.FetchError`,
    `kg.files.text.FileError` or `kg.stores.protocol.StoreError`.
    """
    if not sources:
        raise BuildError(f"there is nothing to build: name a source of {', '.join(source_names())}")
    modules = {name: _module(name) for name in sources}
    beside = None if "://" in str(store_url) else target(store_url)
    with open_store(store_url, create=True) as store:
        if not discard:
            _refuse_to_lose(store)
        rows: list[Rows] = []
        for name, module in modules.items():
            progress(f"read {name}", 0.3 * len(rows) / len(modules))
            rows.append(module.read(fetch))
        progress("check", 0.3)
        try:
            graph, audit = build_graph(rows, max_reject_share=max_reject_share)
        except BuildError as failure:
            if beside is None or failure.audit is None:
                raise
            _, listing = write_audit(failure.audit, _refused(beside))
            raise BuildError(f"{failure}\nall rejected rows are in {listing}", failure.audit) from None
        if not allow_empty:
            _refuse_empty(audit)
        del rows
        store.replace(graph, lambda step, fraction: progress(step, 0.4 + 0.6 * fraction), audit)
    if beside is not None:
        for path in audit_paths(_refused(beside)):
            path.unlink(missing_ok=True)
    progress("built", 1.0)
    return audit


def _refused(store: Path) -> Path:
    """Return what the audit of a build that was refused is called after."""
    return store.with_name(f"{store.name}.refused")


def source_names() -> list[str]:
    """Return the names of the sources: the modules of `kg.sources`.

    >>> "hetionet" in source_names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(kg.sources.__path__))


def default_sources(fetch: Fetch) -> list[str]:
    """Return `["hetionet"]` if its files are found (a download goes into the cache), else `["starter"]`.

    Raises `NotFoundAnywhere` where a mirror was named, and neither it nor the cache nor the network has them.
    """
    from kg.sources import hetionet

    try:
        hetionet.SOURCE.fetched(fetch)
    except NotFoundAnywhere:
        if fetch.mirror is not None:
            raise
        return ["starter"]
    return ["hetionet"]


def build_graph(rows: Sequence[Rows], *, max_reject_share: float = 0.01) -> tuple[Graph, Audit]:
    """Check rows and merge them into a graph; return it with the audit of what was merged and what was rejected.

    `kg.check` says what is rejected, `kg.merge` what becomes of rows that say the same. Raises `BuildError` if more
    than `max_reject_share` of a release's rows are rejected.
    """
    node_parts = [part for source in rows for part in _check_nodes(source)]
    nodes, merged_nodes = _merge_parts(node_parts, NODE_KINDS, lambda _, table: merge_nodes(table))
    ids = {kind: table["id"].combine_chunks() for kind, table in nodes.items()}
    edge_parts = [part for source in rows for part in _check_edges(source, ids)]
    edges, merged_edges = _merge_parts(edge_parts, RELATIONS, lambda relation, table: merge_edges(relation, table, ids))
    parts = node_parts + edge_parts
    releases = tuple(source.release for source in rows)
    rejected = pa.concat_tables([REJECTED.empty_table(), *(part.rejected for part in parts)])
    places = [(column, "ascending") for column in ("source", "file", "line")]
    audit = Audit(releases, _tallies(parts, merged_nodes + merged_edges), rejected.sort_by(places))
    for release in releases:
        if audit.reject_share(release.name) > max_reject_share:
            raise BuildError(_too_many(release, max_reject_share, audit), audit)
    return Graph(nodes, edges, releases), audit


def _refuse_to_lose(store: Store) -> None:
    """Raise `BuildError` if the store holds releases that are no source's, such as imported patients."""
    try:
        held = read_releases(store)
    except StoreError:  # there is no graph yet
        return
    if lost := [f"{release.name} {release.version}" for release in held if release.name not in source_names()]:
        raise BuildError(
            f"the store holds {', '.join(lost)}, which no source can bring back and a build would drop: build into "
            "another store, or allow it (--discard-patients) and import the patients again"
        )


def _refuse_empty(audit: Audit) -> None:
    """Raise `BuildError` if a source gave no node or no edge: a file that ends after its header, most often."""
    for release in audit.releases:
        good = {tally.table: tally.rows - tally.rejected for tally in audit.tallies if tally.source == release.name}
        for what, tables in (("node", NODE_KINDS), ("edge", RELATIONS)):
            if not any(good.get(table) for table in tables):
                files = ", ".join(release.files) or "none is named"
                raise BuildError(
                    f"{release.name} {release.version} gives no {what}, and nothing was stored: is one of its files "
                    f"cut off? Get them anew ({files}), or allow it (--allow-empty)",
                    audit,
                )


def _module(name: str) -> Any:
    if name not in source_names():
        raise BuildError(f"there is no source {name!r}; the sources are {', '.join(source_names())}")
    return importlib.import_module(f"kg.sources.{name}")


def _too_many(release: SourceRelease, limit: float, audit: Audit) -> str:
    share = audit.reject_share(release.name)
    return "\n".join(
        [
            f"{100 * share:.3g} % of the rows of {release.name} {release.version} were rejected, more than the allowed "
            f"{100 * limit:.3g} %; nothing was stored. Mend the rows, or allow a larger share:",
            *rejection_lines(audit),
        ]
    )


def _check_nodes(rows: Rows) -> Iterator[_Checked]:
    release = rows.release.name
    for table in rows.nodes:
        for kind, part in _split(table, "kind", NODE_KINDS, "nodes"):
            kept, rejected = _sieved(part, node_faults(kind, part))
            shaped = _shaped(kept, node_columns(kind) if kind in NODE_KINDS else NODE_COLUMNS)
            if shaped["provided_by"].null_count:
                stated_by = pa.repeat(pa.scalar([release], pa.list_(pa.string())), shaped.num_rows)
                shaped = shaped.set_column(
                    shaped.column_names.index("provided_by"),
                    "provided_by",
                    pc.coalesce(shaped["provided_by"], stated_by),
                )
            yield _Checked(release, kind, shaped, _listed(release, kind, rejected, ("kind", "id", "name")))


def _check_edges(rows: Rows, ids: Mapping[str, pa.Array]) -> Iterator[_Checked]:
    release = rows.release
    evidence = {"source": release.name, "source_version": release.version, "licence": release.licence}
    for table in rows.edges:
        for relation, part in _split(table, "relation", RELATIONS, "edges"):
            kept, rejected = _sieved(part, edge_faults(relation, part, ids))
            shaped = _shaped(kept, edge_columns(relation) if relation in RELATIONS else EVIDENCE_COLUMNS)
            for column, value in evidence.items():
                filled = pc.fill_null(shaped[column], value)
                shaped = shaped.set_column(shaped.column_names.index(column), column, filled)
            listed = _listed(release.name, relation, rejected, ("subject", "relation", "object"))
            yield _Checked(release.name, relation, shaped, listed)


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


def _listed(release: str, table: str, rejected: pa.Table, said: Sequence[str]) -> pa.Table:
    """Return rejected rows as the audit lists them; what a row said are the columns `said`, joined by tabs."""
    words = [rejected[column].cast(pa.string()) for column in said]
    return pa.table(
        {
            "source": pa.repeat(release, rejected.num_rows),
            "table": pa.repeat(table, rejected.num_rows),
            "file": rejected["file"].cast(pa.string()),
            "line": rejected["line"],
            "text": pc.binary_join_element_wise(*words, "\t", null_handling="replace", null_replacement=""),
            "reason": rejected["reason"],
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
    parts: Sequence[_Checked], names: Iterable[str], merge: Callable[[str, pa.Table], tuple[pa.Table, Keys]]
) -> tuple[dict[str, pa.Table], Counter[tuple[str, str]]]:
    """Return a merged table for each of these kinds or relations that has rows, and how many rows were merged away.

    The counts are by (release, table): those of the release whose row went into another's.
    """
    tables, counts = {}, Counter[tuple[str, str]]()
    for name in names:
        same = [part for part in parts if part.table == name and part.kept.num_rows]
        if not same:
            continue
        tables[name], merged = merge(name, pa.concat_tables([part.kept for part in same]))
        part_of_row = np.repeat(np.arange(len(same)), [part.kept.num_rows for part in same])
        for part in part_of_row[merged].tolist():
            counts[same[part].release, name] += 1
    return tables, counts


def _tallies(parts: Sequence[_Checked], merged: Mapping[tuple[str, str], int]) -> tuple[Tally, ...]:
    kept, rejected = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for part in parts:
        kept[part.release, part.table] += part.kept.num_rows
        rejected[part.release, part.table] += part.rejected.num_rows
    return tuple(
        Tally(*key, rows=kept[key] + rejected[key], merged=merged.get(key, 0), rejected=rejected[key]) for key in kept
    )
