"""Write: a graph as KGX, TSV or JSON lines, in Biolink's words, with columns of our own beside: nothing is lost."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.files.releases import write_releases
from kg.graph import Graph
from kg.kgx.cells import write_json_lines, write_tsv_lines
from kg.kgx.columns import KIND, RELATION, own
from kg.kgx.terms import qualified, words_of
from kg.progress import Progress
from kg.schema import EVIDENCE_COLUMNS, NODE_COLUMNS, NODE_KINDS, RELATIONS, edge_columns, negatable, node_columns

BATCH = 1 << 16
"""Rows that are written at a time."""

_PUBLICATIONS = r"^(PMID|PMC|DOI|CLINICALTRIALS|isbn|https?):"
"""How a reference begins that is a publication."""

_NODE_HEADER = ("id", "category", "name", "synonym", "xref", "provided_by", KIND)
_EDGE_HEADER = (
    "id",
    "subject",
    "predicate",
    "object",
    "category",
    "primary_knowledge_source",
    "aggregator_knowledge_source",
    "publications",
    "knowledge_level",
    "agent_type",
    "negated",
    RELATION,
    *(own(column) for column in ("source", "source_version", "licence", "references")),
)

Columns = Mapping[str, pa.Array]
Line = Callable[[IO[bytes], Columns, int], None]


def write_tsv(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `nodes.tsv`, `edges.tsv` and `releases.json`; return how many records each has.

    What a cell cannot hold is escaped (`kg.kgx.columns`).
    """
    headers = {
        "nodes": [*_NODE_HEADER, *_attributes(graph.nodes, node_columns, NODE_COLUMNS)],
        "edges": [
            *_EDGE_HEADER,
            *_slots(graph),
            *_attributes(graph.edges, edge_columns, {"subject", "object", *EVIDENCE_COLUMNS}),
        ],
    }
    return _write(graph, folder, progress, "tsv", headers)


def write_jsonl(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `nodes.jsonl`, `edges.jsonl` and `releases.json`; return how many records each has."""
    return _write(graph, folder, progress, "jsonl", {})


def _write(
    graph: Graph, folder: Path, progress: Progress, ending: str, headers: Mapping[str, list[str]]
) -> Mapping[str, int]:
    total = sum(graph.node_counts().values()) + sum(graph.edge_counts().values())
    counts, done = {}, 0
    for what, batches in (("nodes", _nodes(graph)), ("edges", _edges(graph))):
        name, before = f"{what}.{ending}", done
        with (folder / name).open("wb") as stream:
            if headers:
                stream.write(("\t".join(headers[what]) + "\n").encode())
            for columns in batches:
                rows = len(columns["id"])
                if headers:
                    write_tsv_lines(stream, columns, headers[what], rows)
                else:
                    write_json_lines(stream, columns)
                done += rows
                progress(f"write {name}", done / max(1, total))
        counts[name] = done - before
    return counts | write_releases(graph.sources, folder)


def _nodes(graph: Graph) -> Iterator[Columns]:
    """Yield the nodes' columns, batch by batch."""
    for kind in NODE_KINDS:
        for rows in _batches(graph.nodes.get(kind)):
            category = pa.repeat(NODE_KINDS[kind].biolink, rows.num_rows)
            if "category" in NODE_KINDS[kind].attributes:
                category = pc.coalesce(rows["category"], category)
            attributes = {own(name): rows[name] for name in NODE_KINDS[kind].attributes}
            yield {
                "id": rows["id"],
                "category": _alone(category),
                "name": rows["name"],
                "synonym": _filled(rows["synonyms"]),
                "xref": _filled(rows["xrefs"]),
                "provided_by": rows["provided_by"],
                KIND: pa.repeat(kind, rows.num_rows),
                **attributes,
            }


def _edges(graph: Graph) -> Iterator[Columns]:
    """Yield the edges' columns, batch by batch."""
    for name, relation in RELATIONS.items():
        first = 1
        for rows in _batches(graph.edges.get(name)):
            count = rows.num_rows
            word, told = words_of(name)
            predicate = pa.repeat(word, count)
            qualifiers = {slot: pa.repeat(value, count) for slot, value in told.items()}
            qualifiers |= {slot: rows[column] for slot, column in qualified(name).items()}
            if "predicate" in relation.attributes:
                predicate = pc.coalesce(rows["predicate"], predicate)
            if "qualifiers" in relation.attributes:
                qualifiers = _parted(rows["qualifiers"])
            if negatable(name):
                absent = pc.fill_null(rows["negated"], False)
                qualifiers["negated"] = pc.if_else(absent, "true", pa.scalar(None, pa.string()))
            numbers = pa.array(range(first, first + count), pa.int64()).cast(pa.string())
            yield {
                "id": pc.binary_join_element_wise(name, numbers, "-"),
                "subject": rows["subject"],
                "predicate": predicate,
                "object": rows["object"],
                "category": _alone(pa.repeat("biolink:Association", count)),
                "primary_knowledge_source": pc.binary_join_element_wise("infores", rows["source"], ":"),
                "aggregator_knowledge_source": _chosen(rows["references"], "^infores:"),
                "publications": _chosen(rows["references"], _PUBLICATIONS),
                "knowledge_level": rows["knowledge_level"],
                "agent_type": rows["agent_type"],
                **qualifiers,
                RELATION: pa.repeat(name, count),
                **{own(column): rows[column] for column in ("source", "source_version", "licence")},
                own("references"): _filled(rows["references"]),
                **{own(column): rows[column] for column in relation.attributes},
            }
            first += count


def _batches(rows: pa.Table | None) -> Iterator[pa.RecordBatch]:
    if rows is not None:
        yield from rows.combine_chunks().to_batches(max_chunksize=BATCH)


def _attributes(
    tables: Mapping[str, pa.Table], columns: Callable[[str], Mapping[str, str]], every: Collection[str]
) -> list[str]:
    """Return what the attributes in these tables are called."""
    return list(dict.fromkeys(own(name) for table in tables for name in columns(table) if name not in every))


def _slots(graph: Graph) -> list[str]:
    """Return the qualifiers that the graph's edges have."""
    found = {slot for name in graph.edges for slot in (*words_of(name)[1], *qualified(name))}
    for name, rows in graph.edges.items():
        if "qualifiers" in RELATIONS[name].attributes:
            texts = pc.unique(rows["qualifiers"]).to_pylist()
            found |= {slot for text in texts if text for slot, _ in _pairs(text)}
    return sorted(found - {*_EDGE_HEADER})


def _parted(qualifiers: pa.Array) -> dict[str, pa.Array]:
    """Return a column for each qualifier that stands in these texts."""
    texts = qualifiers.dictionary_encode()
    told = [dict(_pairs(text)) if text else {} for text in texts.dictionary.to_pylist()]
    slots = sorted({slot for pairs in told for slot in pairs})
    return {slot: pa.array([pairs.get(slot) for pairs in told], pa.string()).take(texts.indices) for slot in slots}


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the qualifiers in a text; one without a value is none."""
    return [(slot, value) for slot, told, value in (part.partition("=") for part in text.split("|")) if told]


def _alone(column: pa.Array) -> pa.ListArray:
    """Return each value as a list of its own."""
    return pa.ListArray.from_arrays(pa.array(np.arange(len(column) + 1), pa.int32()), column)


def _filled(lists: pa.ListArray) -> pa.ListArray:
    """Return lists, an empty one as null: that is what their readers make of it."""
    return pc.if_else(pc.equal(pc.list_value_length(lists), 0), pa.scalar(None, lists.type), lists)


def _chosen(lists: pa.ListArray, pattern: str) -> pa.ListArray:
    """Return, of each list, the items that match a regular expression, or null where there is none."""
    items = pc.list_flatten(lists)
    parents = pc.list_parent_indices(lists)
    matching = pc.match_substring_regex(items, pattern)
    parents, items = parents.filter(matching), items.filter(matching)
    counts = np.bincount(parents.to_numpy(), minlength=len(lists))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, items, mask=pa.array(counts == 0))
