"""The commands that walk the graph, run as a user runs them on the starter graph."""

from pathlib import Path

import pytest

from tests.panakeia.conftest import Panakeia

METFORMIN, DIABETES = "DRUGBANK:DB00331", "DOID:9352"


def test_neighbours_say_who_states_them(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("neighbours", "metformin", "--relation", "binds", "--of-kind", "gene", "--store", starter_store)
    found = panakeia(*asked, "--top", 2, "--json").json()
    assert found["node"]["id"] == METFORMIN
    assert [edge["relation"] for edge in found["edges"]] == ["binds"]
    assert found["left_out"] == found["edges"][0]["count"] - 2
    assert {evidence["source"] for one in found["neighbours"] for evidence in one["evidence"]} == {"starter"}
    for option in ("--source", "--licence", "--level"):
        value = {"--source": "starter", "--licence": "Apache-2.0", "--level": "knowledge_assertion"}[option]
        assert panakeia(*asked, option, value, "--top", 2, "--json").json() == found
    assert panakeia(*asked, "--licence", "MIT", "--json").json()["neighbours"] == []


def test_paths_go_through_and_around(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("paths", "pioglitazone", DIABETES, "--store", starter_store, "--json")
    direct, *_ = panakeia(*asked).json()
    assert [step.get("relation") for step in direct["steps"]] == ["treats", None]
    assert direct["steps"][0]["evidence"][0].keys() >= {"source", "version", "licence", "knowledge_level", "references"}
    through = panakeia(*asked, "--through", "PPARG", "--without", "treats", "--level", "knowledge_assertion").json()
    assert through and all("PPARG" in [step["name"] for step in path["steps"]] for path in through)
    assert not any(step.get("relation") == "treats" for path in through for step in path["steps"])
    bound = panakeia(*asked, "--relation", "binds", "--relation", "disease_associates_gene").json()
    assert {step["relation"] for path in bound for step in path["steps"][:-1]} == {"binds", "disease_associates_gene"}
    around = panakeia(*asked, "--without-node", "PPARG", "--top", 100).json()
    assert around and not any("PPARG" in [step["name"] for step in path["steps"]] for path in around)


def test_a_metapath_counts_paths(panakeia: Panakeia, starter_store: Path) -> None:
    asked = ("metapath", "pioglitazone", "binds", "disease_associates_gene", "--store", starter_store, "--json")
    found = panakeia(*asked).json()
    assert found["metapath"] == "Drug - binds -> Gene <- disease_associates_gene - Disease"
    assert DIABETES in [end["id"] for end in found["ends"]]
    [one] = panakeia(*asked, "--to", "type 2 diabetes mellitus").json()["ends"]
    assert one in found["ends"]
    assert panakeia(*asked, "--licence", "MIT").json()["ends"] == []


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("neighbours", "metformin", "--relation", "cures"), "relations: there is no relation cures"),
        (("neighbours", "metformin", "--level", "guessed"), "guessed is no knowledge level: expected some of"),
        (("paths", "metformin", DIABETES, "--source", "nobody"), "the graph has nothing of a source 'nobody'"),
        (("paths", "metformin", DIABETES, "--through", "no such node"), "has the identifier, name or synonym"),
        (("metapath", "metformin", "treats", "binds"), "binds does not lead on from a Disease"),
    ],
)
def test_what_cannot_be_walked_is_refused(
    panakeia: Panakeia, starter_store: Path, command: tuple[str, ...], told: str
) -> None:
    answer = panakeia(*command, "--store", starter_store)
    assert answer.status == 2
    assert told in answer.err
