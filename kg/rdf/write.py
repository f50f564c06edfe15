"""Write: a graph as N-Quads, N-Triples or Turtle, table by table, as text made of columns, never of single triples.

Of each edge there are plain triples, with our relation and with the Biolink predicate, and a node of its own with all
that is known of it. A triple with a Biolink predicate states a fact: what is predicted and what is negated has none.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import pyarrow as pa

from kg.graph import Graph
from kg.output import whole_file
from kg.progress import Progress, silent
from kg.rdf.blocks import Block, as_quads, as_turtle
from kg.rdf.describe import Naming, edge_block, node_block, plain_block, release_blocks, schema_block, taken_twice
from kg.rdf.names import turtle_prefixes

BATCH = 20_000
"""Rows that become text at a time: some tens of megabytes."""


@dataclass(frozen=True)
class Syntax:
    """A way to write RDF: the end of its files' names, whether IRIs are shortened, whether graphs have names.

    `reified` ones name an edge by RDF 1.2's `rdf:reifies`, others by `biolink:subject`, `predicate` and `object`.
    """

    suffix: str
    shortened: bool = False
    graphs: bool = False
    reified: bool = False


SYNTAXES: dict[str, Syntax] = {
    "nquads": Syntax(".nq", graphs=True),
    "ntriples": Syntax(".nt"),
    "turtle": Syntax(".ttl", shortened=True),
    "nquads-rdf12": Syntax(".nq", graphs=True, reified=True),
    "turtle-rdf12": Syntax(".ttl", shortened=True, reified=True),
}


class RdfError(ValueError):
    """A graph that RDF cannot say, or a syntax that is not known."""


def write_rdf(graph: Graph, path: str | Path, syntax: str = "nquads", progress: Progress = silent) -> int:
    """Write a whole graph into a file, and return the number of its statements.

    `syntax` is one of `SYNTAXES`. In N-Quads, an edge stands in the graph of its release, nodes and releases in the
    default graph. Raises `RdfError` for another syntax and for text that is not Unicode, `OSError` for a file that
    cannot be written.
    """
    if syntax not in SYNTAXES:
        raise RdfError(f"{syntax!r} is no syntax of RDF; expected one of {', '.join(SYNTAXES)}")
    with whole_file(path) as part, part.open("wb", buffering=0) as file:
        return write_blocks(graph, file, SYNTAXES[syntax], progress)


def export_nquads(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `graph.nq` into a folder (see `kg.export.Writer`)."""
    return {"graph.nq": write_rdf(graph, folder / "graph.nq", "nquads", progress)}


def export_turtle(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `graph.ttl` into a folder (see `kg.export.Writer`)."""
    return {"graph.ttl": write_rdf(graph, folder / "graph.ttl", "turtle", progress)}


def export_nquads_rdf12(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `graph.nq` in RDF 1.2 into a folder (see `kg.export.Writer`)."""
    return {"graph.nq": write_rdf(graph, folder / "graph.nq", "nquads-rdf12", progress)}


def export_turtle_rdf12(graph: Graph, folder: Path, progress: Progress) -> Mapping[str, int]:
    """Write `graph.ttl` in RDF 1.2 into a folder (see `kg.export.Writer`)."""
    return {"graph.ttl": write_rdf(graph, folder / "graph.ttl", "turtle-rdf12", progress)}


def write_blocks(
    graph: Graph, file: IO[bytes], syntax: Syntax, progress: Progress = silent, *, evidence: bool = True
) -> int:
    """Write a graph into an open file, and return the number of its statements; `write_rdf` says what it raises.

    Without `evidence` its edges are plain triples only.
    """
    if syntax.shortened:
        file.write("".join(f"@prefix {name}: <{uri}> .\n" for name, uri in turtle_prefixes().items()).encode())
    statements = 0
    try:
        for block in _blocks(graph, syntax, progress, evidence):
            for data in _bytes(as_turtle(block) if syntax.shortened else as_quads(block, graphs=syntax.graphs)):
                file.write(data)
            statements += block.statements()
    except pa.ArrowInvalid as failure:
        raise RdfError(f"text that is not Unicode cannot be written as RDF ({failure}): mend it") from failure
    return statements


def _blocks(graph: Graph, syntax: Syntax, progress: Progress, evidence: bool) -> Iterator[Block]:
    """Yield all that there is to say, told as far as it is."""
    naming = Naming(syntax.shortened, taken_twice(graph))
    yield schema_block(graph, naming)
    yield from release_blocks(graph, naming)
    total = sum(rows.num_rows for rows in chain(graph.nodes.values(), graph.edges.values()))
    done = 0
    for name, batch in chain(_batches(graph.nodes), _batches(graph.edges)):
        progress(f"write {name}", done / total)
        if name in graph.nodes:
            yield node_block(name, batch, naming)
        else:
            yield plain_block(name, batch, naming)
            if evidence:
                yield edge_block(name, batch, naming, reified=syntax.reified)
        done += batch.num_rows


def _batches(tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    for name, rows in tables.items():
        for begin in range(0, rows.num_rows, BATCH):
            yield name, rows.slice(begin, BATCH).combine_chunks()


def _bytes(lines: Iterable[pa.Array]) -> Iterator[memoryview]:
    """Yield the bytes of arrays of text, which lie behind one another in each."""
    for array in lines:
        if len(array):
            offsets = memoryview(array.buffers()[1]).cast("i")
            text = memoryview(array.buffers()[2])
            yield text[offsets[array.offset] : offsets[array.offset + len(array)]]
