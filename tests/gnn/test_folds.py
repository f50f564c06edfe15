"""What each split holds out, held against what it must never hold out or leave in."""

import numpy as np
import pytest

from gnn import folds as module
from gnn.folds import Fold, deal_areas, deal_nodes, deal_pairs

SHAPE = (40, 30)


@pytest.fixture
def answers() -> np.ndarray:
    return np.stack(np.nonzero(np.random.default_rng(0).random(SHAPE) < 0.06)).astype(np.int64)


def pairs(found: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(pair) for pair in found.T.tolist()}


def assert_asks_for_every_hidden_answer(fold: Fold, answers: np.ndarray) -> None:
    assert pairs(fold.asked) == pairs(fold.hidden) & pairs(answers)
    assert len(pairs(fold.hidden)) == fold.hidden.shape[1]


@pytest.mark.parametrize("most", [10**6, 0])
def test_every_pair_is_hidden_once_and_answers_no_more_often_than_others(
    answers: np.ndarray, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DEALT", most)
    found = deal_pairs(answers, SHAPE, 4, seed=2)
    assert len(found) == 4
    assert len(set().union(*(pairs(fold.hidden) for fold in found))) == SHAPE[0] * SHAPE[1]
    assert sum(fold.hidden.shape[1] for fold in found) == SHAPE[0] * SHAPE[1]
    for fold in found:
        assert_asks_for_every_hidden_answer(fold, answers)
        share = fold.asked.shape[1] / answers.shape[1]
        assert share == pytest.approx(0.25, abs=0.02 if most else 0.15)
        assert fold.hidden.shape[1] / (SHAPE[0] * SHAPE[1]) == pytest.approx(0.25, abs=0.02 if most else 0.05)
    again, other = deal_pairs(answers, SHAPE, 4, seed=2), deal_pairs(answers, SHAPE, 4, seed=3)
    assert np.array_equal(again[0].hidden, found[0].hidden)
    assert pairs(other[0].hidden) != pairs(found[0].hidden)


@pytest.mark.parametrize(("end", "place"), [("subject", 0), ("object", 1)])
def test_every_pair_of_a_held_out_node_is_hidden(answers: np.ndarray, end: str, place: int) -> None:
    found = deal_nodes(answers, SHAPE, end, 5, seed=1)
    assert sorted(np.concatenate([fold.nodes for fold in found]).tolist()) == np.unique(answers[place]).tolist()
    for fold in found:
        assert_asks_for_every_hidden_answer(fold, answers)
        assert fold.end == end
        assert set(fold.hidden[place].tolist()) == set(fold.nodes.tolist())
        assert fold.hidden.shape[1] == len(fold.nodes) * SHAPE[1 - place]


def test_an_area_is_hidden_whole_and_a_disease_may_be_in_two(answers: np.ndarray) -> None:
    diseases = [f"DOID:{number}" for number in range(30)]
    bare = next(row for row in range(30) if row not in answers[1]) if len(set(answers[1].tolist())) < 30 else None
    areas = {"one": ("DOID:3", "DOID:4"), "two": ("DOID:4", "DOID:9", "DOID:999"), "none": ("DOID:777",)}
    if bare is not None:
        areas["without an answer"] = (f"DOID:{bare}",)
    found = {fold.name: fold for fold in deal_areas(answers, SHAPE, areas, diseases)}
    assert list(found) == ["one", "two"]
    for name, rows in (("one", {3, 4}), ("two", {4, 9})):
        assert_asks_for_every_hidden_answer(found[name], answers)
        assert set(found[name].hidden[1].tolist()) == rows
        assert found[name].hidden.shape[1] == 2 * SHAPE[0]
        assert set(found[name].nodes.tolist()) == rows & set(answers[1].tolist())
