"""Measure explanations: do they name what the score stands on, and do curators name what the paths lead through?

    python benchmarks/explanations.py --store DIR/graph.lbdb --model DIR --data ../shared/data [--pairs 60]

prints one JSON object, of a model of drugs and diseases.

Faithful: of the best candidates in no list, the known answers named in `because`, and the edges of the first paths, are
taken away, and the pair is scored again; so are as many random ones (anywhere, and near: of the pair's own drug or
disease), and as many of those whose ends have the most. Nothing is trained anew and spectra stay; answers are
factorised, and walks over edges at the two ends counted, anew.

Curated: for the pairs of DrugMechDB whose ends are in the graph, a path is a hit if all nodes between its ends are
named by the curators (as KGML-xDTD matches paths, doi:10.1093/gigascience/giad057; over the pairs of which the graph
has such a path), or if one of its genes is. Beside it stand the shortest paths, the best by degree-weighted score. The
pairs are dealt into two halves by the seed: the ranking's settings were chosen on the first, the second is to report.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from gnn import checkpoint
from gnn.carriers import account
from gnn.checkpoint import Model
from gnn.evidence import evidence
from gnn.factorise import factorise
from gnn.likeness import Side, itself
from gnn.metrics import bootstrap
from gnn.rank import with_newcomers
from gnn.regress import regress
from gnn.score import logits
from gnn.walks import Way, first_relation
from kg.fetch import Fetch
from kg.graph import Graph
from kg.mechanisms import diseases, read
from kg.paths import Path as Found
from kg.paths import paths
from kg.schema import RELATIONS
from kg.stores.opening import open_store
from kg.stores.protocol import Key, Store

TOP = 10
KINDS = ("Drug", "Disease")

Answer = tuple[str, int, int]
"""A relation, a drug and a disease, by number."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", required=True, help="the graph that the model was trained on")
    parser.add_argument("--model", type=Path, required=True, help="folder of a model of drugs and diseases")
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--pairs", type=int, default=60, help="candidates whose explanation is tried")
    parser.add_argument("--mechanisms", type=int, default=1_000, help="curated pairs of each half, at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = checkpoint.load(options.model)
    with open_store(options.store) as store:
        faithful = faithfulness(model, store, options)
        curated = mechanisms(model, store, options)
    told = {"benchmark": "explanations", "model": model.summary(), "seed": options.seed}
    sys.stdout.write(json.dumps({**told, "faithful": faithful, "curated": curated}, indent=2) + "\n")


@dataclass(frozen=True)
class Removal:
    """What is taken away: known answers, and edges of the pair's drug and of its disease (relation, thing)."""

    answers: frozenset[Answer]
    drug: frozenset[tuple[str, str]]
    disease: frozenset[tuple[str, str]]


def faithfulness(model: Model, store: Store, options: argparse.Namespace) -> dict[str, Any]:
    """Return how much the log-odds fall when what is named is taken away, and when as much else is."""
    random = np.random.default_rng(options.seed)
    falls: dict[str, dict[str, list[float]]] = {"because": defaultdict(list), "paths": defaultdict(list)}
    counts: dict[str, list[int]] = defaultdict(list)
    for row, column in best_unlisted(model, options.pairs):
        told = account(model, row, column)
        because = told.because(TOP)
        named = set(zip(because["relation"], because["subject"], because["object"], strict=True))
        found = [one.path for one in evidence(model, store, told, top=TOP)]
        for name, removal in (
            ("because", Removal(frozenset(named), frozenset(), frozenset())),
            ("paths", edges_of(model, (row, column), found)),
        ):
            others = {
                "random": alike(model, (row, column), removal, lambda _: random.random()),
                "random, near": alike(model, (row, column), removal, lambda _: random.random(), near=True),
                "top degree": alike(model, (row, column), removal, lambda degree: -degree),
            }
            for arm, taken in {"named": removal, **others}.items():
                falls[name][arm].append(told.logit - rescored(model, (row, column), taken))
            counts[name].append(len(removal.answers) + len(removal.drug) + len(removal.disease))
    return {
        name: {
            "pairs": len(counts[name]),
            "taken_away_a_pair": float(np.mean(counts[name])),
            "fall_in_log_odds": {arm: _told(np.array(values), options.seed) for arm, values in arms.items()},
            "named_minus": {
                arm: _told(np.array(arms["named"]) - np.array(arms[arm]), options.seed) for arm in [*arms][1:]
            },
        }
        for name, arms in falls.items()
    }


def best_unlisted(model: Model, count: int) -> Iterator[tuple[int, int]]:
    """Yield the best candidate in no list for each disease, then the second, until there are so many."""
    columns = model.senders.objects
    said = logits(model, np.arange(model.trained[0]), columns)
    for known in model.answers.known.values():
        pairs = known.tocoo()
        said[model.senders.subjects[pairs.row], pairs.col] = -np.inf
    order = np.argsort(-said, axis=0, kind="stable")
    yield from [(int(order[depth, place]), int(columns[place])) for depth in range(5) for place in range(len(columns))][
        :count
    ]


def edges_of(model: Model, pair: tuple[int, int], found: Sequence[Found]) -> Removal:
    """Return the edges of paths: known answers, and those at the pair's ends that the model walks."""
    places = [{node: place for place, node in enumerate(side.nodes)} for side in _sides(model)]
    answers: set[Answer] = set()
    ends: tuple[set[tuple[str, str]], set[tuple[str, str]]] = set(), set()
    for path in found:
        hops = zip(path.nodes, path.edges, path.nodes[1:], strict=False)
        for place, (one, edge, other) in enumerate(hops):
            relation = edge.step.relation
            if relation in model.task.labels:
                drug, disease = (one, other) if edge.step.forward else (other, one)
                answers.add((relation, places[0][drug.id], places[1][disease.id]))
            elif place == 0:
                ends[0].add((relation, other.id))
            elif place == len(path.edges) - 1:
                ends[1].add((relation, one.id))
    walked = [{first_relation(walk) for walk in side.walks.values()} for side in _sides(model)]
    kept = (frozenset(edge for edge in edges if edge[0] in names) for edges, names in zip(ends, walked, strict=True))
    return Removal(frozenset(answers), *kept)


def alike(
    model: Model, pair: tuple[int, int], like: Removal, order: Callable[[float], float], near: bool = False
) -> Removal:
    """Return as many edges of each of the three sorts, the first in an order of their degrees.

    With `near`, only answers of the pair's own drug or disease are taken, as far as there are so many.
    """
    answers = []
    for relation, known in model.answers.known.items():
        pairs = known.tocoo()
        degrees = np.asarray(known.sum(axis=1)).ravel()[pairs.row] * np.asarray(known.sum(axis=0)).ravel()[pairs.col]
        three = zip(model.senders.subjects[pairs.row], model.senders.objects[pairs.col], degrees, strict=True)
        answers += [
            ((relation, int(one), int(other)), order(float(degree)))
            for one, other, degree in three
            if not near or one == pair[0] or other == pair[1]
        ]
    chosen = [one for one, _ in sorted(answers, key=lambda one: one[1])[: len(like.answers)]]
    ends = []
    for side, node, wanted in zip(_sides(model), pair, (like.drug, like.disease), strict=True):
        there = [
            ((relation, thing), order(degree))
            for relation, way in _first_ways(side).items()
            for thing, degree in _doors(way, node)
        ]
        ends.append(frozenset(edge for edge, _ in sorted(there, key=lambda one: one[1])[: len(wanted)]))
    return Removal(frozenset(chosen), ends[0], ends[1])


def rescored(model: Model, pair: tuple[int, int], taken: Removal) -> float:
    """Return the log-odds of a pair without some answers and edges."""
    known = {}
    for relation, one in model.answers.known.items():
        left = one.tolil(copy=True)
        for name, subject, object_ in taken.answers:
            if name == relation:
                left[
                    np.searchsorted(model.senders.subjects, subject), np.searchsorted(model.senders.objects, object_)
                ] = 0
        known[relation] = sp.csr_array(left)
        known[relation].eliminate_zeros()
    told = model.answers
    factors = {name: factorise(known[name], model.config.factors, model.config.seed) for name in told.factors}
    if told.regressed:
        senders = model.senders.subjects, model.senders.objects
        over, across = (side.mean_among(nodes) for side, nodes in zip(_sides(model), senders, strict=True))
        told = replace(told, regressed={name: regress(known[name], (over, across)) for name in told.regressed})
    around = replace(
        model.around,
        subjects=without_edges(model.around.subjects, pair[0], taken.drug),
        objects=without_edges(model.around.objects, pair[1], taken.disease),
    )
    left_model = replace(model, answers=replace(told, known=known, factors=factors), around=around)
    return float(logits(left_model, np.array([pair[0]]), np.array([pair[1]]))[0, 0])


def without_edges(side: Side, node: int, taken: Collection[tuple[str, str]]) -> Side:
    """Return an end of a task of which one node lacks some edges; its place in the spectra stays."""
    if not taken:
        return side
    left = {
        relation: [thing for thing, _ in _doors(way, node) if (relation, thing) not in taken]
        for relation, way in _first_ways(side).items()
    }
    changed = {relation for relation, _ in taken}
    ways, shared = dict(side.ways), dict(side.shared)
    for name, way in side.ways.items():
        relation = first_relation(side.walks[name])
        if relation in changed:
            row = way.of([left[relation]])
            ways[name] = replace(way, reached=_put(way.reached, node, row))
            own = row.toarray()[0]
            if share := itself(side.walks[name]):
                own[node] += share
            length = float(np.sqrt(own @ own))
            shared[name] = _put(side.shared[name], node, sp.csr_array(own[None] / (length or 1.0)))
    meets = {
        name: replace(way, reached=_put(way.reached, node, way.of([left[relation]])))
        if (relation := first_relation(side.walks[name])) in changed
        else way
        for name, way in side.meets.items()
    }
    return replace(side, ways=ways, shared=shared, meets=meets)


def _put(matrix: sp.csr_array, place: int, row: sp.csr_array) -> sp.csr_array:
    return sp.csr_array(sp.vstack([matrix[:place], row, matrix[place + 1 :]], format="csr"), dtype=np.float32)


def _first_ways(side: Side) -> dict[str, Way]:
    """Return, for each relation that leaves an end, the walk of this one step."""
    return {
        walk[0]: side.ways[name]
        for name, walk in side.walks.items()
        if isinstance(walk, tuple) and len(walk) == 1 and name in side.ways
    }


def _doors(way: Way, node: int) -> list[tuple[str, float]]:
    """Return where a node's edges lead, each with the number of edges there."""
    columns = way.reached[[node]].tocoo().col
    return [(way.doors[column], float(way.damped[column]) ** -2.5) for column in columns]


def _sides(model: Model) -> tuple[Side, Side]:
    return model.around.subjects, model.around.objects


@dataclass(frozen=True)
class Curated:
    """A pair, the nodes that curators name on the way, and whether the graph has a path through such nodes alone."""

    drug: str
    disease: str
    named: frozenset[Key]
    possible: bool

    @property
    def genes(self) -> bool:
        """Whether a gene of the graph is named."""
        return any(kind == "Gene" for kind, _ in self.named)


def mechanisms(model: Model, store: Store, options: argparse.Namespace) -> dict[str, Any]:
    """Return how often a curated path, or a curated gene, is on the first paths, of each half of the pairs."""
    every = curated_pairs(store.read(), Fetch(options.data and Path(options.data)))
    order = np.random.default_rng(options.seed).permutation(len(every))
    half = len(every) // 2
    parts = {"chosen_on": order[:half], "reported": order[half:]}
    return {
        "pairs_in_the_graph": len(every),
        **{
            name: hits(model, store, [every[place] for place in part[: options.mechanisms]], options.seed)
            for name, part in parts.items()
        },
    }


def hits(model: Model, store: Store, pairs: Sequence[Curated], seed: int) -> dict[str, Any]:
    """Return the share of pairs with a hit among the first paths, by explanations and by shortest paths."""
    joined = with_newcomers(model, store, [one.drug for one in pairs], [one.disease for one in pairs])
    places = [{node: place for place, node in enumerate(side.nodes)} for side in _sides(joined)]
    ranks: dict[str, list[tuple[int | None, int | None]]] = {"explanations": [], "shortest paths": []}
    seconds = 0.0
    for pair in pairs:
        started = time.perf_counter()
        told = account(joined, places[0][pair.drug], places[1][pair.disease])
        ours = [one.path for one in evidence(joined, store, told, top=TOP)]
        seconds += time.perf_counter() - started
        between = paths(store, pair.drug, pair.disease, top=TOP + len(model.task.labels), kinds=KINDS)
        shortest = [path for path in between if len(path.edges) > 1][:TOP]
        for name, found in (("explanations", ours), ("shortest paths", shortest)):
            ranks[name].append((first(found, pair, all), first(found, pair, any)))
    possible, genes = (np.array([getattr(one, what) for one in pairs]) for what in ("possible", "genes"))
    return {
        "pairs": len(pairs),
        "pairs_with_a_curated_path_in_the_graph": int(possible.sum()),
        "pairs_with_a_curated_gene": int(genes.sum()),
        "seconds_a_pair": seconds / len(pairs),
        **{
            name: {
                "curated path": _hits([path for path, _ in found], possible, seed),
                "curated gene": _hits([gene for _, gene in found], genes, seed),
                "curated gene, of all pairs": _hits([gene for _, gene in found], np.ones(len(pairs), bool), seed),
            }
            for name, found in ranks.items()
        },
    }


def first(found: Sequence[Found], pair: Curated, wanted: Callable[[Iterator[bool]], bool]) -> int | None:
    """Return the rank, from 1, of the first path of which all nodes are named, or of which any gene is."""
    for rank, path in enumerate(found, start=1):
        between = [(node.kind, node.id) for node in path.nodes[1:-1]]
        considered = between if wanted is all else [node for node in between if node[0] == "Gene"]
        if wanted(node in pair.named for node in considered):
            return rank
    return None


def _hits(ranks: Sequence[int | None], among: np.ndarray, seed: int) -> dict[str, Any]:
    chosen = [rank for rank, taken in zip(ranks, among, strict=True) if taken]
    return {
        f"hit@{depth}": _told(np.array([rank is not None and rank <= depth for rank in chosen], float), seed)
        for depth in (1, TOP)
    }


def _told(values: np.ndarray, seed: int) -> dict[str, float]:
    return asdict(bootstrap(values, np.random.default_rng(seed)))


def curated_pairs(graph: Graph, fetch: Fetch) -> list[Curated]:
    """Return the pairs of DrugMechDB whose ends are in the graph, in order."""
    meant: dict[str, set[Key]] = defaultdict(set)
    for kind, nodes in graph.nodes.items():
        for node in nodes.select(["id", "xrefs"]).to_pylist():
            for curie in (node["id"], *node["xrefs"]):
                meant[curie].add((kind, node["id"]))
    same, named = diseases(fetch), defaultdict[tuple[str, str], set[Key]](set)
    for one in read(fetch):
        drugs = {node for curie in one.drugs for kind, node in meant[curie] if kind == "Drug"}
        ill = {
            node
            for curie in (one.disease, same.get(one.disease, ""))
            for kind, node in meant[curie]
            if kind == "Disease"
        }
        for pair in ((drug, disease) for drug in drugs for disease in ill):
            named[pair] |= {node for part in one.nodes for node in meant[part.id]}
    joined = _joined(
        graph, set().union(*named.values()) | {(k, n) for pair in named for k, n in zip(KINDS, pair, strict=True)}
    )
    return [Curated(*pair, frozenset(nodes), _possible(joined, pair, nodes)) for pair, nodes in sorted(named.items())]


def _joined(graph: Graph, wanted: Collection[Key]) -> dict[Key, set[Key]]:
    """Return which of these nodes are joined by an edge that a path may take."""
    found: dict[Key, set[Key]] = defaultdict(set)
    for name, edges in graph.edges.items():
        relation = RELATIONS[name]
        if relation.predicted or relation.negated:
            continue
        for edge in edges.select(["subject", "object"]).to_pylist():
            ends = (relation.subject, edge["subject"]), (relation.object, edge["object"])
            if ends[0] in wanted and ends[1] in wanted:
                found[ends[0]].add(ends[1])
                found[ends[1]].add(ends[0])
    return found


def _possible(joined: Mapping[Key, set[Key]], pair: tuple[str, str], named: Collection[Key]) -> bool:
    """Tell whether a path of two to four edges leads from end to end through named nodes alone."""
    start, goal = zip(KINDS, pair, strict=True)
    reached = joined.get(start, set()) & set(named) - {start, goal}
    for _ in range(3):
        if any(goal in joined.get(node, ()) for node in reached):
            return True
        reached |= {other for node in reached for other in joined.get(node, ())} & set(named) - {start, goal}
    return False


if __name__ == "__main__":
    main()
