"""Paths through and around given nodes, along given relations, by given sources, against a full walk."""

from collections.abc import Callable, Collection
from dataclasses import replace

import pytest

from kg import meeting
from kg.filter import Filter
from kg.graph import Graph, SourceRelease
from kg.paths import Route, paths
from kg.stores.protocol import Store
from tests.kg.test_paths import Edge, as_edges, normal, random_graph, stated_by, walk

_MADE: list[Graph] = []
DRUG, DISEASE, GENE = "DRUGBANK:DB00000", "DOID:1", "NCBIGene:3"

ENDS = (DRUG, DISEASE), (GENE, "DRUGBANK:DB00001"), (DISEASE, GENE)


def made_up() -> Graph:
    """One random graph for all tests, with a release for each source."""
    if not _MADE:
        releases = tuple(SourceRelease(name, "1", "MIT", "", "") for name in "abcd")
        _MADE.append(replace(random_graph(seed=5), sources=releases))
    return _MADE[0]


def fits(graph: Graph, path: tuple[Edge, ...], ends: Collection[str], route: Route) -> bool:
    """Tell, by the words of `Route`, whether a path is wanted."""
    nodes = {node for subject, _, target in path for node in (subject, target)} - set(ends)
    relations = {relation for _, relation, _ in path}
    return (
        set(route.through) <= nodes
        and not nodes & set(route.without_nodes)
        and (not route.relations or relations <= set(route.relations))
        and not relations & set(route.without)
        and (not route.where.sources or all(set(stated_by(graph, edge)) & set(route.where.sources) for edge in path))
    )


ROUTES = [
    Route(through=["NCBIGene:1"]),
    Route(through=["NCBIGene:1"], without=["treats"]),
    Route(through=["DRUGBANK:DB00003"], where=Filter(sources=["b", "d"])),
    Route(through=["DOID:3", "NCBIGene:4"]),
    Route(through=["DOID:4", "NCBIGene:1", "NCBIGene:4"]),
    Route(through=["MESH:D1"], without_nodes=["DOID:0", "NCBIGene:2"]),
    Route(without_nodes=["NCBIGene:1", "DRUGBANK:DB00003"]),
    Route(relations=["binds", "disease_associates_gene", "gene_interacts_gene"]),
    Route(where=Filter(sources=["b", "c"])),
]


@pytest.mark.parametrize("number", range(len(ROUTES)))
@pytest.mark.parametrize("budget", [1, 5_000])
def test_the_best_paths_of_a_route_are_those_of_a_full_walk(
    store_of: Callable[[Graph], Store], monkeypatch: pytest.MonkeyPatch, number: int, budget: int
) -> None:
    monkeypatch.setattr(meeting, "FIRST_BUDGET", budget)
    graph, route = made_up(), ROUTES[number]
    store = store_of(graph)
    for (a, b), longest in zip(ENDS, (4, 3 + number % 2, 4), strict=True):
        every = [one for one in walk(graph, a, b, longest, set()) if fits(graph, one[1], (a, b), route)]
        every.sort(reverse=True)
        if len(route.through) < longest:
            found = paths(store, a, b, max_length=longest, top=12, route=route)
            assert [path.score for path in found] == pytest.approx([score for score, _ in every[:12]], rel=1e-9)
            scores = {normal(path): score for score, path in every}
            assert len({normal(as_edges(path)) for path in found}) == len(found)
            for path in found:
                assert path.score == pytest.approx(scores[normal(as_edges(path))], rel=1e-9)
                for edge, passed in zip(path.edges, normal(as_edges(path)), strict=True):
                    wanted = set(route.where.sources) or {*"abcd"}
                    assert set(edge.sources) == wanted & set(stated_by(graph, passed))


def test_some_route_of_each_kind_has_paths() -> None:
    """The walks above would also agree on nothing."""
    graph = made_up()
    every = [(ends, path) for ends in ENDS for _, path in walk(graph, *ends, 4, set())]
    for route in ROUTES:
        assert sum(fits(graph, path, ends, route) for ends, path in every) > 1, route


def test_a_node_that_is_an_end_is_passed_anyhow(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    assert paths(store, DRUG, DISEASE, route=Route(through=[DRUG, "Disease 1"])) == paths(store, DRUG, DISEASE)


def test_a_path_from_a_patient_leads_through_given_nodes(store_of: Callable[[Graph], Store]) -> None:
    graph = made_up()
    every = sorted(
        (one for one in walk(graph, "PANAKEIA:P-0", GENE, 3, set()) if fits(graph, one[1], (), Route([DRUG]))),
        reverse=True,
    )
    found = paths(store_of(graph), "PANAKEIA:P-0", GENE, max_length=3, top=5, route=Route(through=[DRUG]))
    assert [path.score for path in found] == pytest.approx([score for score, _ in every[:5]], rel=1e-9)


def test_a_route_that_no_path_can_take_is_refused(store_of: Callable[[Graph], Store]) -> None:
    store = store_of(made_up())
    for route, told in (
        (Route(through=["NCBIGene:1"], without_nodes=["Gene 1"]), "NCBIGene:1 is to be on the path and not to be on"),
        (Route(without_nodes=[DRUG]), "DRUGBANK:DB00000 is to be on the path and not"),
        (Route(through=["PANAKEIA:P-0"]), r"no path leads through a patient, but .* through PANAKEIA:P-0"),
        (Route(through=["NCBIGene:1", "NCBIGene:2"]), "a path of 2 edges leads through at most 1 nodes .* not 2"),
        (Route(relations=["cures"]), "relations: there is no relation cures"),
        (Route(without=["cures"]), "without: there is no relation cures"),
        (Route(where=Filter(sources=["e"])), "the graph has nothing of a source 'e'"),
    ):
        with pytest.raises(ValueError, match=told):
            paths(store, DRUG, DISEASE, max_length=2, route=route)
