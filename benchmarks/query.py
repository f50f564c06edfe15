"""Query: milliseconds of each question asked of a graph of Hetionet, beside the bare round trip of its store.

    python benchmarks/query.py --data ../shared/data [--neo4j bolt://localhost:7687]

prints one JSON object. Each question is asked of several nodes or pairs, some of them hubs, several times; `first` is
the first answer of all, with what is read or planned once, `median` and `worst` are of what each node or pair takes
then; `cpu` is the median of this process's own time, all threads together, which other work on the machine does not
lengthen (a server's time is not in it). The baseline is a round trip that asks for nothing (`RETURN 1`). With `--neo4j`
the graph also goes into that server, in place of the one it holds.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from kg.build import build
from kg.fetch import Fetch
from kg.filter import Filter
from kg.graph import data_version
from kg.metapaths import count_paths
from kg.paths import Route, paths
from kg.query import neighbours, show, subgraph
from kg.search import search
from kg.stores.opening import open_store
from kg.stores.protocol import Store

TARGETS_MS = {"search": 50, "search_misspelt": 50, "neighbours": 20, "paths": 1000}
"""What is asked of the median, of two cores in the usual hour."""

TIMES = 5
TEXTS = ("insulin", "metformin", "EGFR", "diabet", "mitochondrial membrane", "DOID:9352")
MISSPELT = ("metfromin", "diabtes mellitus", "hipertension", "rheumatiod arthritis")
NODES = (
    "DRUGBANK:DB00331",  # metformin
    "DRUGBANK:DB00945",  # acetylsalicylic acid
    "DOID:9352",  # type 2 diabetes mellitus
    "DOID:1612",  # breast cancer
    "NCBIGene:1956",  # EGFR
    "UBERON:0000955",  # brain, with 15,540 neighbours
)
PAIRS = (
    ("DRUGBANK:DB00682", "DOID:3393"),  # warfarin, coronary artery disease
    ("DRUGBANK:DB00331", "DOID:9352"),  # metformin, type 2 diabetes mellitus
    ("DRUGBANK:DB00945", "DOID:10652"),  # acetylsalicylic acid, Alzheimer's disease
    ("DRUGBANK:DB00472", "DOID:10763"),  # fluoxetine, hypertension
    ("NCBIGene:7157", "DOID:1612"),  # TP53, breast cancer
    ("DRUGBANK:DB00682", "DRUGBANK:DB00945"),  # warfarin, acetylsalicylic acid
)
DRUGS = ("DRUGBANK:DB00331", "DRUGBANK:DB00619", "DRUGBANK:DB00945")
CURATED = Filter(knowledge_levels=["knowledge_assertion"])

Question = Callable[[Store], object]


def questions() -> dict[str, list[Question]]:
    """Return each question, once for each node, pair or text."""
    return {
        "search": [lambda store, text=text: search(store, text) for text in TEXTS],
        "search_misspelt": [lambda store, text=text: search(store, text) for text in MISSPELT],
        "show": [lambda store, node=node: show(store, node) for node in NODES],
        "neighbours": [lambda store, node=node: neighbours(store, node) for node in NODES],
        "neighbours_curated": [lambda store, node=node: neighbours(store, node, where=CURATED) for node in NODES],
        "paths": [lambda store, pair=pair: paths(store, *pair) for pair in PAIRS],
        "paths_curated": [lambda store, pair=pair: paths(store, *pair, route=Route(where=CURATED)) for pair in PAIRS],
        "paths_through_EGFR": [
            lambda store, pair=pair: paths(store, *pair, route=Route(through=["NCBIGene:1956"])) for pair in PAIRS
        ],
        "metapath_binds_associates": [
            lambda store, drug=drug: count_paths(store, drug, ["binds", "disease_associates_gene"]) for drug in DRUGS
        ],
        "metapath_through_processes": [
            lambda store, drug=drug: count_paths(
                store, drug, ["binds", *["gene_participates_in_biological_process"] * 2, "disease_associates_gene"]
            )
            for drug in DRUGS
        ],
        "subgraph_radius_2": [lambda store, node=node: subgraph(store, node, 2) for node in NODES],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--neo4j", metavar="URL", help="also measure this server, whose graph is replaced")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.lbdb"
        build(["hetionet"], Fetch(options.data and Path(options.data)), path, progress=tell)
        with open_store(path) as store:
            graph = store.read()
            result = {
                "benchmark": "query",
                "data_version": data_version(graph.sources),
                "cores": len(os.sched_getaffinity(0)),
                "load_of_others": load,
                "targets_ms": TARGETS_MS,
                "embedded_ms": measure(store),
            }
    if options.neo4j:
        with open_store(options.neo4j) as store:
            store.replace(graph, tell)
            result["neo4j_ms"] = measure(store)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(store: Store) -> dict[str, Any]:
    """Return the milliseconds of each question, and of the bare round trip."""
    found: dict[str, Any] = {"round_trip": told(store, [lambda store: store.query("RETURN 1 AS one", {})] * 4)}
    for name, asked in questions().items():
        tell(name, 0.0)
        found[name] = told(store, asked)
        found[name]["round_trips"] = found[name]["median"] / found["round_trip"]["median"]
    found["load"] = os.getloadavg()[0]
    return found


def told(store: Store, asked: list[Question]) -> Mapping[str, float]:
    """Return the first answer's milliseconds, and the median and the worst of each question's own median."""
    first, _ = took_ms(asked[0], store)
    each, cpu = [], []
    for question in asked:
        wall_ms, cpu_ms = zip(*(took_ms(question, store) for _ in range(TIMES)), strict=True)
        each.append(median(wall_ms))
        cpu.append(median(cpu_ms))
    return {"first": first, "median": median(each), "worst": max(each), "cpu": median(cpu)}


def took_ms(question: Question, store: Store) -> tuple[float, float]:
    """Return how long one answer takes, and how much time of its processors this process spends on it."""
    begin, spent = time.perf_counter(), time.process_time()
    question(store)
    return 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - spent)


def tell(step: str, fraction: float) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(f"{fraction:4.0%} {step}\n")


if __name__ == "__main__":
    main()
