"""A graph that says which release it is, and a process that writes it and can be killed."""

import time
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from kg.graph import Graph, SourceRelease, table
from kg.schema import edge_columns, node_columns
from kg.stores.opening import open_store
from tests.forking import forking

GENES, PATHWAYS = 100, 20
EVIDENCE = {
    "source": "made-up",
    "source_version": "1",
    "licence": "CC0-1.0",
    "knowledge_level": "observation",
    "agent_type": "not_provided",
    "references": [],
}


def ladder(release: str) -> Graph:
    """A graph of 100 genes in 20 pathways whose edges all have the release as their source version."""
    genes = [{"id": f"NCBIGene:{n}", "name": f"{release} {n}", "synonyms": []} for n in range(GENES)]
    pathways = [{"id": f"WIKIPATHWAYS:WP{n}", "name": f"WP{n}", "synonyms": []} for n in range(PATHWAYS)]
    edges = [
        {"subject": gene["id"], "object": pathway["id"]} | EVIDENCE | {"source_version": release}
        for gene in genes
        for pathway in pathways
    ]
    return Graph(
        {"Gene": table(node_columns("Gene"), genes), "Pathway": table(node_columns("Pathway"), pathways)},
        {"gene_participates_in_pathway": table(edge_columns("gene_participates_in_pathway"), edges)},
        (SourceRelease("made-up", release, "CC0-1.0", "Nobody", "https://example.org", {"f.tsv": "ab"}),),
    )


def quiet(step: str, fraction: float) -> None:
    assert step and 0 <= fraction <= 1


def same(a: Graph, b: Graph) -> bool:
    """Whether two graphs have the same tables, whatever the order of their rows."""

    def ordered(graph: Graph) -> dict[str, object]:
        return {
            **{kind: rows.sort_by("id") for kind, rows in graph.nodes.items()},
            **{
                name: rows.sort_by([("subject", "ascending"), ("object", "ascending")])
                for name, rows in graph.edges.items()
            },
        }

    return ordered(a) == ordered(b)


def stored(url: str | Path) -> Graph:
    with open_store(url) as store:
        return store.read()


def write_new(url: str | Path, verb: str, told: Connection) -> None:
    """Write the release "new" by `replace` or `add`, and tell when the writing begins and has ended."""
    graph = ladder("new")
    with open_store(url) as store:
        told.send("begun")
        store.replace(graph, quiet) if verb == "replace" else store.add(graph)
        told.send("done")


def start_writer(url: str | Path, verb: str) -> tuple[BaseProcess, Connection]:
    context = forking()
    heard, told = context.Pipe(duplex=False)
    writer = context.Process(target=write_new, args=(url, verb, told))
    writer.start()
    told.close()
    assert heard.recv() == "begun"
    return writer, heard


def write_to_the_end(url: str | Path, verb: str) -> float:
    """Let a writer end its work; return its seconds."""
    writer, heard = start_writer(url, verb)
    begin = time.monotonic()
    assert heard.recv() == "done"
    whole_s = time.monotonic() - begin
    writer.join()
    return whole_s


def kill_after(url: str | Path, verb: str, seconds: float) -> None:
    """Start a writer and kill it so many seconds later."""
    writer, _ = start_writer(url, verb)
    time.sleep(seconds)
    writer.kill()
    writer.join()
