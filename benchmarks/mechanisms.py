"""Measure paths against curated mechanisms: does a path that ranks high lead through a gene that curators name?

    python benchmarks/mechanisms.py --data ../shared/data [--store DIR/graph.lbdb] [--max-length 3]

prints one JSON object. For each pair of a drug and a disease that DrugMechDB explains by at least one protein, all of
them in the graph, the best paths between the two are ranked by `kg.paths.paths`, without the relations that say that
the drug treats something: they are the answer. A hit at k is a curated gene on one of the first k paths, or among the
first k genes that the paths lead through. Beside it stand what needs no path: the k genes with the most edges in the
whole graph, and the k of these that the drug binds. DrugMechDB's curators read the literature that DrugBank's targets
come from, so that the last is no easy rival.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gnn.metrics import bootstrap
from kg.build import build
from kg.fetch import Fetch
from kg.graph import Graph, data_version
from kg.mechanisms import SOURCE, Mechanism, diseases, first_hit, read
from kg.paths import Route, paths
from kg.stores.opening import open_store
from kg.stores.protocol import Store

SOURCES = ("hetionet", "entrez")
"""What the paths run over, and what knows the genes of proteins."""

ANSWERS = Route(without=("treats", "palliates"))
DEPTHS = (1, 10, 100)


@dataclass(frozen=True)
class Pair:
    """A drug and a disease of the graph, the genes that curators name on the way, and the genes that the drug binds."""

    drug: str
    disease: str
    curated: frozenset[str]
    bound: frozenset[str]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--store", help="a store that holds the graph of these sources; without it one is built")
    parser.add_argument("--max-length", type=int, default=3, help="edges of a path, at most")
    parser.add_argument("--seed", type=int, default=0, help="seed of the bootstrap")
    options = parser.parse_args()
    fetch = Fetch(options.data and Path(options.data))
    with tempfile.TemporaryDirectory() as folder:
        url = options.store or Path(folder) / "graph.lbdb"
        if not options.store:
            build(SOURCES, fetch, url)
        with open_store(url) as store:
            graph = store.read()
            result = measure(store, graph, fetch, options)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measure(store: Store, graph: Graph, fetch: Fetch, options: argparse.Namespace) -> dict[str, Any]:
    """Return what the benchmark prints."""
    every, same = read(fetch), diseases(fetch)
    explained = pairs(graph, every, same)
    by_degree = [gene for gene, _ in degrees(graph).most_common()]
    place = {gene: rank for rank, gene in enumerate(by_degree, start=1)}
    names = ("paths", "genes_on_paths", "genes_by_degree", "bound_genes_by_degree")
    ranks: dict[str, list[int | None]] = {name: [] for name in names}
    started = time.perf_counter()
    for pair in explained:
        found = paths(
            store,
            pair.drug,
            pair.disease,
            max_length=options.max_length,
            top=max(DEPTHS),
            kinds=("Drug", "Disease"),
            route=ANSWERS,
        )
        ranks["paths"].append(first_hit(found, pair.curated))
        on_paths = dict.fromkeys(node.id for path in found for node in path.nodes[1:-1] if node.kind == "Gene")
        ranks["genes_on_paths"].append(first(on_paths, pair.curated))
        ranks["genes_by_degree"].append(min(place[gene] for gene in pair.curated))
        ranks["bound_genes_by_degree"].append(first(sorted(pair.bound, key=place.__getitem__), pair.curated))
    seconds = time.perf_counter() - started
    return {
        "benchmark": "mechanisms",
        "data_version": data_version(graph.sources),
        "curated": {"source": SOURCE.name, "mechanisms": len(every), "licence": SOURCE.licence},
        "protocol": f"paths of at most {options.max_length} edges, without {' and '.join(ANSWERS.without)}; a hit at k "
        "is a curated gene on one of the first k paths, or among the first k genes; 95 % bootstrap interval over pairs",
        "pairs": len(explained),
        "pairs_whose_drug_binds_a_curated_gene": sum(bool(pair.curated & pair.bound) for pair in explained),
        "curated_genes_a_pair": float(np.mean([len(pair.curated) for pair in explained])),
        "hits": {name: hits(values, options.seed) for name, values in ranks.items()},
        "genes_on_paths_minus": {
            name: hits(ranks[name], options.seed, ranks["genes_on_paths"])
            for name in ("genes_by_degree", "bound_genes_by_degree")
        },
        "seconds_a_pair": seconds / len(explained),
    }


def first(genes: Iterable[str], curated: Collection[str]) -> int | None:
    """Return the rank, from 1, of the first curated gene."""
    return next((rank for rank, gene in enumerate(genes, start=1) if gene in curated), None)


def pairs(graph: Graph, every: Sequence[Mechanism], same: Mapping[str, str]) -> list[Pair]:
    """Return the pairs of the graph that a mechanism explains by a protein of one of the graph's genes, in order."""
    gene_of = identified(graph, "Gene")
    drug_of, disease_of = identified(graph, "Drug"), identified(graph, "Disease")
    binds: dict[str, set[str]] = {}
    for edge in graph.edges["binds"].select(["subject", "object"]).to_pylist():
        binds.setdefault(edge["subject"], set()).add(edge["object"])
    found: dict[tuple[str, str], set[str]] = {}
    for one in every:
        drugs = {drug for curie in one.drugs for drug in drug_of.get(curie, ())}
        ill = {node for curie in (one.disease, same.get(one.disease, "")) for node in disease_of.get(curie, ())}
        genes = {gene for protein in one.proteins for gene in gene_of.get(protein, ())}
        for key in ((drug, disease) for drug in drugs for disease in ill if genes):
            found.setdefault(key, set()).update(genes)
    return [
        Pair(drug, disease, frozenset(genes), frozenset(binds.get(drug, ())))
        for (drug, disease), genes in sorted(found.items())
    ]


def identified(graph: Graph, kind: str) -> dict[str, set[str]]:
    """Return the nodes of a kind that each identifier and each cross-reference means."""
    nodes: dict[str, set[str]] = {}
    for node in graph.nodes[kind].select(["id", "xrefs"]).to_pylist():
        for curie in (node["id"], *node["xrefs"]):
            nodes.setdefault(curie, set()).add(node["id"])
    return nodes


def degrees(graph: Graph) -> Counter[str]:
    """Return the number of edges at each gene, over all relations."""
    counted = Counter[str](dict.fromkeys(graph.nodes["Gene"]["id"].to_pylist(), 0))
    genes = counted.keys() | set()
    for edges in graph.edges.values():
        for end in ("subject", "object"):
            for value in edges[end].combine_chunks().value_counts().to_pylist():
                if value["values"] in genes:
                    counted[value["values"]] += value["counts"]
    return counted


def hits(
    ranks: Collection[int | None], seed: int, other: Collection[int | None] | None = None
) -> dict[str, dict[str, float]]:
    """Return the share of pairs with a hit at each depth, or how much larger that share is by `other` ranks."""
    told = {}
    for depth in DEPTHS:
        hit = np.array([rank is not None and rank <= depth for rank in ranks], float)
        if other is not None:
            hit = np.array([rank is not None and rank <= depth for rank in other], float) - hit
        told[f"hit@{depth}"] = asdict(bootstrap(hit, np.random.default_rng(seed)))
    return told


if __name__ == "__main__":
    main()
