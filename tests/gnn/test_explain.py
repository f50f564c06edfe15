"""Explanations: the parts of a score, and paths that are evidence and not the answer."""

import json

import pytest

from gnn.checkpoint import Model
from gnn.explain import explain
from kg.search import UnknownNode
from kg.stores.protocol import Store


@pytest.fixture
def known_pair(model: Model) -> tuple[str, str]:
    row, column = next(zip(*model.known.nonzero(), strict=True))
    return model.drugs[row], model.diseases[column]


def test_an_explanation_holds_the_score_and_its_parts(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=5)
    row, column = model.drugs.index(known_pair[0]), model.diseases.index(known_pair[1])
    assert found.known
    assert found.score == pytest.approx(float(model.scores[row, column]))
    expected = {part: float(values[row, column]) for part, values in model.contributions.items()}
    assert dict(found.contributions.itertuples(index=False, name=None)) == pytest.approx(expected)


def test_paths_lead_from_the_drug_to_the_disease_by_way_of_others(
    model: Model, store: Store, known_pair: tuple[str, str]
) -> None:
    found = explain(model, store, *known_pair, top=5)
    assert len(found.paths) == len(found.evidence) == 5
    assert found.paths["score"].is_monotonic_decreasing
    for path in found.evidence:
        assert (path.nodes[0].id, path.nodes[-1].id) == known_pair
        assert len(path.edges) > 1
        assert all(edge.sources == ("made-up",) for edge in path.edges)


def test_it_can_be_told_and_written_down(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    found = explain(model, store, *known_pair, top=2)
    assert "degree prior" in found.to_text()
    assert "in made-up 1's list. Beyond" in found.to_text()
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [step["name"] for step in told["paths"][0]["steps"]] == [node.name for node in found.evidence[0].nodes]


def test_a_number_of_paths_below_one(model: Model, store: Store) -> None:
    with pytest.raises(ValueError, match="top is 0: expected 1 or more"):
        explain(model, store, model.drugs[0], "DOID:101", top=0)


def test_an_unknown_drug(model: Model, store: Store) -> None:
    with pytest.raises(UnknownNode, match="no drug has the identifier, name or synonym 'DRUGBANK:DB99999'"):
        explain(model, store, "DRUGBANK:DB99999", "DOID:101")


def test_names_for_identifiers(model: Model, store: Store, known_pair: tuple[str, str]) -> None:
    drug, disease = known_pair
    assert (
        explain(model, store, f"drug {drug}", f"Disease {disease}").to_json()
        == explain(model, store, *known_pair).to_json()
    )
