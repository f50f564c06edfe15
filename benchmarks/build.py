"""Build: seconds and memory from public files to a queryable, validated store, beside a bare read of the files.

    python benchmarks/build.py --data ../shared/data [--all] [--neo4j bolt://localhost:7687]

prints one JSON object, for Hetionet or, with `--all`, every data set of the mirror. The baseline is the floor: pandas
reads Hetionet's two files and checks, keeps and stores nothing.
With `--neo4j` the graph also goes into that server, in place of the one it holds. The baseline there is what the driver
does without us: one connection that creates edges without evidence, 20,000 a query.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.compute as pc
from neo4j import GraphDatabase

from kg.build import build, default_sources
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.paths import paths
from kg.sources import hetionet
from kg.stores.neo4j import address_and_login
from kg.stores.opening import open_store
from kg.stores.protocol import Store

TARGETS = {"files_to_store_s": 60, "peak_gib": 4, "neo4j_edges_per_s": 40_000, "paths_s": 2}
TARGETS_OF_ALL = TARGETS | {"files_to_store_s": 120, "peak_gib": 6}
"""What is asked, of two cores: at most, at most, at least, at most."""

PAIRS = (
    ("DRUGBANK:DB00682", "DOID:3393"),  # warfarin, coronary artery disease
    ("DRUGBANK:DB00331", "DOID:9352"),  # metformin, type 2 diabetes mellitus
    ("DRUGBANK:DB00945", "DOID:10652"),  # acetylsalicylic acid, Alzheimer's disease
    ("DRUGBANK:DB00472", "DOID:10763"),  # fluoxetine, hypertension
    ("NCBIGene:1559", "DOID:10763"),  # CYP2C9, hypertension
    ("NCBIGene:7157", "DOID:1612"),  # TP53, breast cancer
    ("DRUGBANK:DB00682", "DRUGBANK:DB00945"),  # warfarin, acetylsalicylic acid
)
"""Between what paths are sought: drug and disease, gene and disease, two drugs; from well to very well connected."""

BARE_RELATION = "gene_participates_in_biological_process"
"""Enough edges to measure by."""
BARE_ROWS = 20_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--neo4j", metavar="URL", help="also measure this server, whose graph is replaced")
    parser.add_argument("--all", action="store_true", help="build from every data set of the mirror")
    options = parser.parse_args()
    fetch = Fetch(options.data and Path(options.data))
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        sources = default_sources(fetch) if options.all else ["hetionet"]
        graph, embedded = measure_embedded(sources, fetch, Path(folder) / "graph.lbdb")
    result = {
        "benchmark": "build",
        "data_version": data_version(graph.sources),
        "cores": len(os.sched_getaffinity(0)),
        "load_of_others": load,
        "targets": TARGETS_OF_ALL if options.all else TARGETS,
        "embedded": embedded,
        "baseline": {"pandas_read_csv_s": timed(lambda: read_bare(fetch))[1]},
    }
    if options.neo4j:
        result["neo4j"] = measure_neo4j(graph, options.neo4j)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure_embedded(sources: list[str], fetch: Fetch, path: Path) -> tuple[Graph, dict[str, Any]]:
    """Build into an embedded store and ask it; return its graph and the figures."""
    with memory_watched() as held:
        spent = time.process_time()
        audit, wall_s = timed(lambda: build(sources, fetch, path, progress=tell))
        cpu_s = time.process_time() - spent
    with open_store(path) as store:
        graph, read_s = timed(store.read)
        found = measure_paths(store)
    edges = sum(graph.edge_counts().values())
    return graph, {
        "files_to_store_s": wall_s,
        "cpu_s": cpu_s,
        "peak_gib": held[0] / 2**30,
        "edges": edges,
        "edges_per_s": edges / wall_s,
        "sources": len(audit.releases),
        "rejected": audit.rejected.num_rows,
        "file_mib": path.stat().st_size / 2**20,
        "read_back_s": read_s,
        "paths": found,
    }


def measure_neo4j(graph: Graph, url: str) -> dict[str, Any]:
    """Put the graph into a server and ask it; return the figures."""
    with open_store(url) as store:
        _, wall_s = timed(lambda: store.replace(graph, tell))
        found = measure_paths(store)
    return {
        "graph_to_store_s": wall_s,
        "edges_per_s": sum(graph.edge_counts().values()) / wall_s,
        "paths": found,
        "baseline": {"bare_edges_per_s": measure_bare(graph, url)},
    }


def measure_bare(graph: Graph, url: str) -> float:
    """Return the edges a second that the driver creates without evidence, on nodes of their own, deleted afterwards."""
    address, login = address_and_login(url)
    ends = graph.edges[BARE_RELATION].select(["subject", "object"])
    nodes = pc.unique(pa.chunked_array([*ends["subject"].chunks, *ends["object"].chunks])).to_pylist()
    with GraphDatabase.driver(address, auth=login) as driver, driver.session() as session:
        session.run("CREATE CONSTRAINT bare IF NOT EXISTS FOR (n:Bare) REQUIRE n.id IS UNIQUE").consume()
        session.run("UNWIND $ids AS id CREATE (:Bare {id: id})", ids=nodes).consume()
        begin = time.perf_counter()
        for part in ends.combine_chunks().to_batches(max_chunksize=BARE_ROWS):
            session.run(
                "UNWIND $rows AS row MATCH (s:Bare {id: row.subject}) MATCH (o:Bare {id: row.object}) "
                "CREATE (s)-[:BARE]->(o)",
                rows=part.to_pylist(),
            ).consume()
        wall_s = time.perf_counter() - begin
        for pattern in ("(:Bare)-[x]->()", "(x:Bare)"):
            session.run(f"MATCH {pattern} CALL (x) {{ DELETE x }} IN TRANSACTIONS OF {BARE_ROWS} ROWS").consume()
        session.run("DROP CONSTRAINT bare").consume()
    return ends.num_rows / wall_s


def measure_paths(store: Store) -> dict[str, Any]:
    """Time the ten best paths of up to four edges between each pair, and once more when the store has seen them all.

    The first pairs pay for what is read, or planned by the server, once.
    """
    seconds, again = time_pairs(store), time_pairs(store)
    return {"worst_s": max(seconds.values()), "each_s": seconds, "worst_again_s": max(again.values())}


def time_pairs(store: Store) -> dict[str, float]:
    """Return the seconds that each pair took."""
    seconds = {}
    for a, b in PAIRS:
        _, seconds[f"{a} {b}"] = timed(lambda a=a, b=b: paths(store, a, b, max_length=4, top=10))
        tell(f"paths {a} {b}", 1.0)
    return seconds


def read_bare(fetch: Fetch) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the two files and nothing more."""
    nodes, edges = (fetch.get(file).path for file in hetionet.SOURCE.files)
    return pd.read_csv(nodes, sep="\t"), pd.read_csv(edges, sep="\t")


@contextmanager
def memory_watched() -> Iterator[list[int]]:
    """Keep the largest resident memory of this process and its children in bytes, sampled twenty times a second."""
    me, ended, held = psutil.Process(), Event(), [0]

    def watch() -> None:
        while not ended.wait(0.05):
            held[0] = max(held[0], sum(process.memory_info().rss for process in (me, *me.children(recursive=True))))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield held
    finally:
        ended.set()
        thread.join()


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work returns, and its seconds."""
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


def tell(step: str, fraction: float) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(f"{fraction:4.0%} {step}\n")


if __name__ == "__main__":
    main()
