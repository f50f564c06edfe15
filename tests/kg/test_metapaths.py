"""Counts along metapaths, against sparse matrices, a walk one by one, and a count by hand, on both stores."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from kg import metapaths
from kg.filter import Filter
from kg.graph import Graph, SourceRelease
from kg.metapaths import count_paths, steps_along
from kg.schema import RELATIONS, Step
from kg.search import Node
from kg.stores.protocol import Store
from tests.kg.test_paths import random_graph

_MADE: list[Graph] = []


def made_up() -> Graph:
    """One random graph for all tests, with a release for each source."""
    if not _MADE:
        releases = tuple(SourceRelease(name, "1", "MIT", "", "") for name in "abcd")
        _MADE.append(replace(random_graph(seed=11), sources=releases))
    return _MADE[0]


def pairs_of(graph: Graph, step: Step, sources: Sequence[str] = ("a", "b", "c", "d")) -> set[tuple[str, str]]:
    found = set()
    for row in graph.edges[step.relation].to_pylist():
        if row["source"] in sources:
            ends = row["subject"], row["object"]
            found |= {ends, ends[::-1]} if step.symmetric else {ends if step.forward else ends[::-1]}
    return found


def by_walking(
    graph: Graph, start: str, steps: Sequence[Step], sources: Sequence[str] = ("a", "b", "c", "d")
) -> dict[str, tuple[int, float]]:
    """Walk every path, one node after the other, and none twice; degrees count all sources."""
    counts: dict[str, list[float]] = defaultdict(list)

    def walk(path: tuple[str, ...], score: float) -> None:
        if len(path) > len(steps):
            counts[path[-1]].append(score)
            return
        step = steps[len(path) - 1]
        every = pairs_of(graph, step)
        out, into = Counter(x for x, _ in every), Counter(y for _, y in every)
        for x, y in pairs_of(graph, step, sources):
            if x == path[-1] and y not in path:
                walk((*path, y), score * (out[x] * into[y]) ** -0.4)

    walk((start,), 1.0)
    return {end: (len(scores), sum(scores)) for end, scores in counts.items()}


METAPATHS = [
    ("DRUGBANK:DB00000", ["binds"]),
    ("DRUGBANK:DB00000", ["binds", "disease_associates_gene"]),
    ("DRUGBANK:DB00000", ["binds", "gene_interacts_gene", "disease_associates_gene"]),
    ("DRUGBANK:DB00000", ["binds", "gene_regulates_gene:out", "gene_regulates_gene:in"]),
    ("DRUGBANK:DB00000", ["binds", "binds", "treats"]),
    ("NCBIGene:3", ["gene_interacts_gene", "gene_interacts_gene", "gene_interacts_gene"]),
    ("DOID:1", ["disease_associates_gene", "binds", "binds", "disease_associates_gene"]),
    ("PANAKEIA:P-0", ["patient_takes_drug", "treats"]),
    ("DRUGBANK:DB00000", ["patient_takes_drug"]),
]


@pytest.mark.parametrize(("start", "metapath"), METAPATHS)
@pytest.mark.parametrize("sources", ["abcd", "bd"])
def test_counts_are_those_of_walking_every_path(
    store_of: Callable[[Graph], Store], start: str, metapath: list[str], sources: str
) -> None:
    graph = made_up()
    where = Filter(sources=list(sources)) if sources == "bd" else Filter()
    found = count_paths(store_of(graph), start, metapath, where=where)
    expected = by_walking(graph, start, found.steps, tuple(sources))
    ends = {end: (paths, dwpc) for end, paths, dwpc in found.ends[["id", "paths", "dwpc"]].itertuples(index=False)}
    assert {end: paths for end, (paths, _) in ends.items()} == {end: paths for end, (paths, _) in expected.items()}
    for end, (_, dwpc) in ends.items():
        assert dwpc == pytest.approx(expected[end][1], rel=1e-12)
    assert list(found.ends["dwpc"]) == sorted(found.ends["dwpc"], reverse=True)
    assert found.total == len(expected)


def test_counts_are_those_of_sparse_matrices(store_of: Callable[[Graph], Store]) -> None:
    """Drug - Gene - Disease meets no kind twice: a product of matrices counts its paths."""
    graph = made_up()
    steps = Step("binds", True), Step("disease_associates_gene", False)
    rows = {kind: nodes["id"].to_pylist() for kind, nodes in graph.nodes.items()}
    counts, weights = sp.eye_array(len(rows["Drug"])).tocsr(), sp.eye_array(len(rows["Drug"])).tocsr()
    for step in steps:
        places = [(rows[step.start].index(x), rows[step.end].index(y)) for x, y in pairs_of(graph, step)]
        ones = np.ones(len(places)), tuple(zip(*places, strict=True))
        matrix = sp.csr_array(ones, shape=(len(rows[step.start]), len(rows[step.end])))
        damped = [np.power(np.maximum(matrix.sum(axis=axis), 1), -0.4) for axis in (1, 0)]
        counts = counts @ matrix
        weights = weights @ sp.diags_array(damped[0]) @ matrix @ sp.diags_array(damped[1])
    store = store_of(graph)
    for place, drug in enumerate(rows["Drug"]):
        found = count_paths(store, drug, [step.relation for step in steps]).ends.set_index("id")
        for other, disease in enumerate(rows["Disease"]):
            expected = counts.toarray()[place, other], weights.toarray()[place, other]
            told = found.loc[disease, ["paths", "dwpc"]] if disease in found.index else (0, 0)
            assert tuple(told) == pytest.approx(expected, rel=1e-12)


def test_a_count_by_hand(store_of: Callable[[Graph], Store], graph: Graph) -> None:
    """Aspirin binds PTGS1 and PTGS2; PTGS2 is bound by two drugs, and by one disease's association reached."""
    store = store_of(graph)
    found = count_paths(store, "aspirin", ["binds", "disease_associates_gene"])
    assert found.to_text() == (
        "Drug - binds -> Gene <- disease_associates_gene - Disease\n"
        "from Acetylsalicylic acid (DRUGBANK:DB00945) to 1 nodes"
    )
    weight = pytest.approx((2 * 2) ** -0.4 * (1 * 1) ** -0.4)
    assert json.loads(json.dumps(found.to_json())) == {
        "node": {"id": "DRUGBANK:DB00945", "kind": "Drug", "name": "Acetylsalicylic acid"},
        "metapath": "Drug - binds -> Gene <- disease_associates_gene - Disease",
        "ends": [{"id": "DOID:7148", "kind": "Disease", "name": "rheumatoid arthritis", "paths": 1, "dwpc": weight}],
        "total": 1,
    }
    assert "rheumatoid arthritis" in found._repr_html_()
    assert count_paths(store, "aspirin", ["binds", "disease_associates_gene"], "thrombosis").total == 0
    one = count_paths(store, "aspirin", ["binds", "disease_associates_gene"], Node("DOID:7148", "Disease", ""))
    assert list(one.ends["name"]) == ["rheumatoid arthritis"]


def test_a_list_that_is_cut_says_of_how_many(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    every = count_paths(store, "DRUGBANK:DB00000", ["binds"])
    some = count_paths(store, "DRUGBANK:DB00000", ["binds"], top=2)
    assert some.ends.equals(every.ends.head(2))
    assert some.to_text().endswith(f"to {every.total} nodes, of which the first 2 are listed")


@pytest.mark.parametrize(
    ("metapath", "told"),
    [
        ([], "the metapath has 0 relations: expected 1 to 6"),
        (["binds"] * 7, "the metapath has 7 relations"),
        (["cures"], "the metapath: there is no relation cures"),
        (["treats", "binds"], "binds does not lead on from a Disease: expected another relation"),
        (["binds:in"], "binds:in does not lead on from a Drug: expected binds:out"),
        (["binds", "gene_regulates_gene"], "say gene_regulates_gene:out or gene_regulates_gene:in"),
        (["patient_takes_drug", "patient_has_condition"], "no path leads through a patient"),
    ],
)
def test_a_metapath_that_is_none_is_refused(store_of: Callable[[Graph], Store], metapath: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        count_paths(store_of(made_up()), "DRUGBANK:DB00000", metapath)


def test_an_end_of_another_kind_and_too_many_paths_are_refused(
    store_of: Callable[[Graph], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(made_up())
    with pytest.raises(ValueError, match="the metapath ends at a Gene, but DOID:1 is a Disease"):
        count_paths(store, "DRUGBANK:DB00000", ["binds"], Node("DOID:1", "Disease", ""))
    with pytest.raises(ValueError, match="top is 0"):
        count_paths(store, "DRUGBANK:DB00000", ["binds"], top=0)
    monkeypatch.setattr(metapaths, "MOST", 2)
    with pytest.raises(ValueError, match="more than 2 beginnings of paths lead along -binds->"):
        count_paths(store, "DRUGBANK:DB00000", ["binds", "binds"])


def test_steps_of_symmetric_relations_have_no_direction() -> None:
    assert steps_along("Gene", ["gene_interacts_gene:both"]) == steps_along("Gene", ["gene_interacts_gene"])
    assert all(RELATIONS[step.relation].symmetric for step in steps_along("Drug", ["drug_resembles_drug"] * 2))
