"""RDF: statements a second from Hetionet's graph onto disk, and the seconds of a SPARQL query, beside others' ways.

    python benchmarks/rdf.py --data ../shared/data [--evidence] [--folder DIR]

prints one JSON object. Baselines, in the same process: rdflib's and pyoxigraph's own serializers on the first
statements, and the same question in Cypher. With `--evidence` the index with each edge's own node is made as well,
which takes minutes. Some gigabytes are written into a temporary folder, made in DIR.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyoxigraph
import rdflib

from kg.build import build
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.rdf.index import folder_of, open_index
from kg.rdf.write import SYNTAXES, write_rdf
from kg.sparql import ask
from kg.stores.opening import open_store

TARGETS = {"statements_per_s": 50_000, "disease_gene_drug_ms": 50}
"""What is asked, of two cores: at least, at most."""

DISEASES = ("DOID:9352", "DOID:10763", "DOID:3393", "DOID:1612", "DOID:10652")
"""Diabetes, hypertension, coronary artery disease, breast cancer, Alzheimer's disease."""
QUERY = "SELECT DISTINCT ?gene ?drug { %s kg:disease_associates_gene ?gene . ?drug kg:binds ?gene }"
CYPHER = (
    "MATCH (a:Disease {id: $id})-[:disease_associates_gene]->(g:Gene)<-[:binds]-(c:Drug) "
    "RETURN DISTINCT g.id AS gene, c.id AS drug"
)
EVIDENCE = (
    "SELECT ?drug ?level { ?edge biolink:object %s ; kg:relation kg:treats ; biolink:subject ?drug ; "
    "biolink:knowledge_level ?level }"
)
RDFLIB_SAMPLE, PYOXIGRAPH_SAMPLE = 50_000, 500_000
"""Statements that the others write."""
TIMES = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--evidence", action="store_true", help="also index each edge's own node")
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        store = folder / "graph.lbdb"
        build(["hetionet"], Fetch(options.data and Path(options.data)), store, progress=tell)
        with open_store(store) as opened:
            graph = opened.read()
        written = measure_writing(graph, folder)
        result = {
            "benchmark": "rdf",
            "data_version": data_version(graph.sources),
            "cores": len(os.sched_getaffinity(0)),
            "load_of_others": load,
            "targets": TARGETS,
            "written": written,
            "baseline": measure_others(folder / "graph.nq"),
            "sparql": measure_sparql(store, evidence=options.evidence),
        }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure_writing(graph: Graph, folder: Path) -> dict[str, Any]:
    """Write the graph in each syntax; return statements, seconds, bytes, and what memory rose by, in GiB."""
    found: dict[str, Any] = {}
    for syntax in ("nquads", "turtle", "nquads-rdf12"):
        path = folder / f"graph{SYNTAXES[syntax].suffix}" if syntax != "nquads-rdf12" else folder / "rdf12.nq"
        before = peak_gib()
        statements, wall_s = timed(lambda path=path, syntax=syntax: write_rdf(graph, path, syntax, tell))
        found[syntax] = {
            "statements": statements,
            "wall_s": wall_s,
            "statements_per_s": statements / wall_s,
            "gib": path.stat().st_size / 2**30,
            "peak_gib": peak_gib(),
            "peak_rose_gib": peak_gib() - before,
        }
    return found


def measure_others(path: Path) -> dict[str, Any]:
    """Return the statements a second that others' serializers write, of statements that they have read already."""
    held = rdflib.Graph()
    with path.open(encoding="utf-8") as lines:
        for line in islice(lines, RDFLIB_SAMPLE):
            [quad] = pyoxigraph.parse(line, pyoxigraph.RdfFormat.N_QUADS)
            held.add(tuple(map(rdflib_term, (quad.subject, quad.predicate, quad.object))))
    _, rdflib_s = timed(lambda: held.serialize(path.with_name("rdflib.nt"), format="nt", encoding="utf-8"))
    quads = list(islice(pyoxigraph.parse(path=path), PYOXIGRAPH_SAMPLE))
    _, pyoxigraph_s = timed(
        lambda: pyoxigraph.serialize(quads, path.with_name("pyoxigraph.nq"), pyoxigraph.RdfFormat.N_QUADS)
    )
    return {
        "rdflib_statements_per_s": len(held) / rdflib_s,
        "pyoxigraph_statements_per_s": len(quads) / pyoxigraph_s,
    }


def rdflib_term(term: Any) -> rdflib.term.Node:
    """Return a term of pyoxigraph's as rdflib has it."""
    if isinstance(term, pyoxigraph.NamedNode):
        return rdflib.URIRef(term.value)
    return rdflib.Literal(term.value, datatype=term.datatype.value)


def measure_sparql(path: Path, *, evidence: bool) -> dict[str, Any]:
    """Index a store's graph and ask it; return seconds, and milliseconds beside Cypher's."""
    index, index_s = timed(lambda: open_index(str(path), progress=tell))
    _, again_s = timed(lambda: open_index(str(path)))
    with open_store(path) as store:
        by_sparql = {disease: rows(ask(index, QUERY % disease)) for disease in DISEASES}
        by_cypher = {
            disease: sorted((row["gene"], row["drug"]) for row in store.query(CYPHER, {"id": disease}))
            for disease in DISEASES
        }
        sparql_ms = {one: median_ms(lambda one=one: ask(index, QUERY % one)) for one in DISEASES}
        cypher_ms = {one: median_ms(lambda one=one: store.query(CYPHER, {"id": one})) for one in DISEASES}
    found: dict[str, Any] = {
        "index_s": index_s,
        "open_again_s": again_s,
        "index_gib": size_gib(folder_of(str(path))),
        "rows": {disease: len(answers) for disease, answers in by_sparql.items()},
        "equal_to_cypher": by_sparql == by_cypher,
        "disease_gene_drug_ms": sparql_ms,
        "baseline_cypher_ms": cypher_ms,
    }
    if evidence:
        full, full_s = timed(lambda: open_index(str(path), evidence=True, progress=tell))
        found["evidence"] = {
            "index_s": full_s,
            "both_indexes_gib": size_gib(folder_of(str(path))),
            "treats_with_evidence_ms": {one: median_ms(lambda one=one: ask(full, EVIDENCE % one)) for one in DISEASES},
        }
    return found


def rows(frame: Any) -> list[tuple[str, ...]]:
    """Return an answer's rows, sorted."""
    return sorted(frame.itertuples(index=False, name=None))


def median_ms(work: Callable[[], Any]) -> float:
    """Return the median of some times, in milliseconds."""
    return statistics.median(timed(work)[1] for _ in range(TIMES)) * 1000


def size_gib(folder: Path) -> float:
    """Return the size of all files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 2**30


def peak_gib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work returns, and its seconds."""
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


def tell(step: str, fraction: float) -> None:
    """Say on standard error what is being done, but not every step of it."""
    if round(fraction * 1000) % 100 == 0:
        sys.stderr.write(f"{fraction:4.0%} {step}\n")


if __name__ == "__main__":
    main()
