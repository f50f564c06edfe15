"""Carriers: the model's account against the dense formulas that its parts stand for, and against what it then says."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.carriers import account
from gnn.checkpoint import Model
from gnn.likeness import Newcomer, Side
from gnn.model import FILTERS, Input
from gnn.score import input_names, joined, logits
from gnn.train import train
from kg.graph import Graph
from tests.gnn.conftest import SMALL

NOT_SHARED = ("degrees", "chains")


@pytest.fixture(scope="module")
def open_pairs(model: Model) -> list[tuple[int, int]]:
    """Return some pairs of which no answer is known."""
    answered = sum(known.toarray() for known in model.answers.known.values())
    found = np.zeros(model.around.shape, bool)
    found[np.ix_(model.senders.subjects, model.senders.objects)] = answered > 0
    return [(int(row), int(column)) for row, column in np.argwhere(~found)[::9]]


def only(model: Model, one: Input) -> Model:
    """Return the model whose readouts weigh one input alone."""
    weight = np.array([float(other == one) for other in input_names(model)], np.float32)
    (member,) = model.members
    readouts = {name: replace(readout, weight=weight, bias=0.0) for name, readout in member.readouts.items()}
    return replace(model, members=(replace(member, readouts=readouts),))


def alike(side: Side, by: str) -> np.ndarray:
    """Return a likeness of all nodes of an end, as a dense matrix; with "fused", with the diagonal of the spectra."""
    kernels = [(one @ one.T).toarray().astype(float) for one in side.shared.values()]
    kernel = np.mean(kernels, axis=0) if by in ("mean", "fused") else kernels[[*side.shared].index(by)]
    np.fill_diagonal(kernel, float(by == "fused"))
    return kernel


def dense(model: Model, part: str) -> tuple[Input, np.ndarray]:
    """Return an input, and what every answer sends to every pair by it. Shapes: [pair, pair]."""
    subjects, objects = model.around.subjects, model.around.objects
    same = [np.eye(count) for count in model.around.shape]
    if part == "subjects":
        return Input("treats", part, "binds"), np.kron(alike(subjects, "binds"), same[1])
    if part == "objects":
        return Input("treats", part, "associates"), np.kron(same[0], alike(objects, "associates"))
    if part == "both":
        return Input("treats", part, "binds, mean"), np.kron(alike(subjects, "binds"), alike(objects, "mean"))
    kernel = np.kron(alike(subjects, "fused"), alike(objects, "fused"))
    return Input("treats", part, f"1, {FILTERS[0]:g}"), kernel @ np.linalg.inv(
        kernel + FILTERS[0] * np.eye(len(kernel))
    )


@pytest.mark.parametrize("part", ["subjects", "objects", "both", "spectral"])
def test_shares_are_the_terms_of_the_dense_sum(model: Model, open_pairs: list[tuple[int, int]], part: str) -> None:
    one, kernel = dense(model, part)
    bare, carrying = only(model, one), 0
    for row, column in open_pairs:
        found = account(bare, row, column)
        subjects, objects = found.answers["treats"]
        count = model.around.shape[1]
        terms = kernel[row * count + column, subjects * count + objects]
        added = sum(found.carried["treats"].values(), np.zeros(len(terms)))
        assert added * terms.sum() == pytest.approx(terms * found.logit, abs=1e-3)
        assert added.sum() == pytest.approx(found.logit, abs=1e-5)
        carrying += terms.sum() > 0
    assert carrying > 2


def test_what_is_added_sums_to_what_the_model_says(model: Model, open_pairs: list[tuple[int, int]]) -> None:
    for row, column in open_pairs:
        found = account(model, row, column)
        expected = float(logits(model, np.array([row]), np.array([column]))[0, 0])
        assert found.logit == pytest.approx(expected, abs=1e-3)
        assert found.logit == pytest.approx(found.bias + found.adds.sum())
        assert found.parts()["logit"].sum() == pytest.approx(found.adds.sum())
        shared = [adds for one, adds in zip(found.inputs, found.adds, strict=True) if one.part not in NOT_SHARED]
        carried = sum(added.sum() for over in found.carried.values() for added in over.values())
        assert carried == pytest.approx(sum(shared), abs=1e-4)


def test_a_share_is_carried_by_the_answers_of_like_subjects(families: Graph, open_pairs: list[tuple[int, int]]) -> None:
    model, carrying = train(families, replace(SMALL, parts=("shares",))), 0
    for row, column in open_pairs:
        found = account(model, row, column)
        expected = float(logits(model, np.array([row]), np.array([column]))[0, 0])
        assert found.logit == pytest.approx(expected, abs=1e-4)
        places = [place for place, one in enumerate(found.inputs) if one.part == "shares"]
        carried = sum(added.sum() for over in found.carried.values() for added in over.values())
        assert carried == pytest.approx(found.adds[places].sum(), abs=1e-5)
        carrying += carried > 0.1
    assert carrying > 2


def test_factors_are_a_sum_over_the_subjects_that_answer(model: Model, open_pairs: list[tuple[int, int]]) -> None:
    bare, (left, right) = only(model, Input("treats", "factors", "")), model.answers.factors["treats"]
    place = input_names(model).index(Input("treats", "factors", ""))
    tried = 0
    for row, column in open_pairs:
        if row in model.senders.subjects and column in model.senders.objects:
            ends = np.searchsorted(model.senders.subjects, row), np.searchsorted(model.senders.objects, column)
            expected = np.arcsinh(left[ends[0]] @ right[ends[1]] / model.sizes[place])
            assert account(bare, row, column).logit == pytest.approx(expected, abs=1e-3)
            tried += 1
    assert tried > 2


def without_answer(model: Model, relation: str, subject: int, object_: int) -> Model:
    """Return the model that does not know an answer; its factors stay."""
    known = model.answers.known[relation].tolil(copy=True)
    known[np.searchsorted(model.senders.subjects, subject), np.searchsorted(model.senders.objects, object_)] = 0
    left = {**model.answers.known, relation: sp.csr_array(known)}
    return replace(model, answers=replace(model.answers, known=left))


def test_without_an_answer_the_log_odds_fall_by_about_what_it_carried(
    model: Model, open_pairs: list[tuple[int, int]]
) -> None:
    (member,) = model.members
    kept = np.array([one.part not in (*NOT_SHARED, "factors") for one in input_names(model)])
    readouts = {name: replace(one, weight=one.weight * kept) for name, one in member.readouts.items()}
    bare = replace(model, members=(replace(member, readouts=readouts),))
    fallen, carried = [], []
    for row, column in open_pairs:
        found = account(bare, row, column)
        for place in range(0, found.answers["treats"].shape[1], 9):
            added = sum(values[place] for values in found.carried["treats"].values())
            left = account(without_answer(bare, "treats", *found.answers["treats"][:, place]), row, column)
            fallen.append(found.logit - left.logit)
            carried.append(added)
    small = np.abs(carried) < 0.1
    assert small.sum() > 50
    assert np.corrcoef(np.array(fallen)[small], np.array(carried)[small])[0, 1] > 0.9


def test_a_known_pair_is_accounted_for_by_the_others(model: Model) -> None:
    known = model.answers.known["treats"].tocoo()
    for place in range(0, known.nnz, 11):
        pair = model.senders.subjects[known.row[place]], model.senders.objects[known.col[place]]
        found, without = (account(one, *map(int, pair)) for one in (model, without_answer(model, "treats", *pair)))
        assert not (found.answers["treats"] == np.array(pair)[:, None]).all(0).any()
        kept = [one.part != "factors" for one in found.inputs]
        assert found.adds[kept] == pytest.approx(without.adds[kept], abs=1e-5)


def test_because_names_what_raises_the_score_and_by_which_likeness(
    model: Model, open_pairs: list[tuple[int, int]]
) -> None:
    named: set[str] = set()
    for row, column in open_pairs:
        found = account(model, row, column)
        because, shares = found.because(10_000), found.shares()
        assert because["share"].is_monotonic_decreasing and (because["share"] > 0).all()
        raising = sum(values[values > 0].sum() for values in shares.values())
        walks = sum(max(adds, 0.0) for adds in found.walks().values()) / found.raising()
        assert because["share"].sum() == pytest.approx(raising, abs=1e-6)
        assert raising + walks == pytest.approx(1)
        named |= set(because["by"])
    assert {"binds", "kinship over several steps"} <= named
    assert not named & {"mean", "sharp"}


def test_a_node_that_the_model_has_not_seen_has_an_account(model: Model) -> None:
    genes = [f"NCBIGene:{number}" for number in range(1, 6)]
    new = Newcomer("DOID:999", "new", {"name": "new"}, {"disease_associates_gene": genes})
    met = joined(model, objects=[new])
    found = account(met, 0, model.around.shape[1])
    assert found.regime == "cold object"
    said = logits(met, np.array([0]), np.array([model.around.shape[1]]))
    assert found.logit == pytest.approx(float(said[0, 0]), abs=1e-3)
    assert set(found.because(5)["by"])
