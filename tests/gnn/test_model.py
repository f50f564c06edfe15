"""The model's parts against the formulas that they stand for."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from scipy.optimize import minimize

from gnn.checkpoint import Model
from gnn.edge_weights import nearest
from gnn.factorise import FactorSettings, factorise
from gnn.known import answers, sending, surroundings
from gnn.learned import Edges, LikenessNet, hits
from gnn.model import FILTERS, PARTS, fixed_inputs, heard, reached, sent
from gnn.outlook import rectangle
from gnn.readout import Examples, fit
from gnn.score import regime_of, swept
from gnn.train import seen_answers
from gnn.view import view
from kg.graph import Graph, table
from kg.schema import node_columns
from tests.gnn.conftest import SMALL, told

TASK = SMALL.about


class Looked:
    """The made-up graph as the model looks at it."""

    def __init__(self, graph: Graph) -> None:
        seen = view(graph)
        self.around = surroundings(seen, TASK)
        self.known = answers(seen, TASK)
        self.senders = sending(self.known)
        alike = tuple(
            end.mean_among(nodes)
            for end, nodes in (
                (self.around.subjects, self.senders.subjects),
                (self.around.objects, self.senders.objects),
            )
        )
        self.answers = seen_answers(self.known, self.senders, replace(SMALL, parts=PARTS), (alike[0], alike[1]))
        self.rows, self.columns = (np.arange(count) for count in self.around.shape)
        self.seen = rectangle(self.around, self.senders, self.rows, self.columns)

    def reached(self, *parts: str) -> np.ndarray:
        return reached(self.around, self.senders, self.seen, self.answers, parts)


@pytest.fixture(scope="module")
def looked(families: Graph) -> Looked:
    return Looked(families)


def test_spectral_messages_are_kronecker_ridge_regression(looked: Looked) -> None:
    found = looked.reached("spectral")[2 : 2 + len(FILTERS)]
    ends = []
    for side in (looked.around.subjects, looked.around.objects):
        mean = sum((one @ one.T).toarray() for one in side.shared.values()).astype(float) / len(side.shared)
        np.fill_diagonal(mean, 1)
        ends.append(mean)
    kernel, known = np.kron(*ends), looked.known["treats"].toarray()
    for place, a in enumerate(FILTERS):
        weights = np.linalg.solve(kernel + a * np.eye(len(kernel)), known.ravel().astype(float))
        assert found[place] == pytest.approx((kernel @ weights).reshape(known.shape), abs=2e-3)


def test_one_message_is_the_sum_over_like_drugs(looked: Looked) -> None:
    names = [(one.part, one.by) for one in fixed_inputs(looked.around, ("messages",))]
    found = looked.reached("messages")[names.index(("subjects", "binds"))]
    alike = (looked.around.subjects.shared["binds"] @ looked.around.subjects.shared["binds"].T).toarray()
    np.fill_diagonal(alike, 0)
    assert found == pytest.approx(alike @ looked.known["treats"].toarray(), rel=1e-4, abs=1e-5)


def test_a_share_is_beside_the_object_that_a_drug_hears_most_of(looked: Looked) -> None:
    share = looked.reached("shares")[[one.part for one in fixed_inputs(looked.around, ("shares",))].index("shares")]
    sharp = looked.around.subjects.alike(np.arange(24), looked.senders.subjects)[-1]
    heard = sharp @ looked.known["treats"][looked.senders.subjects].toarray()
    assert share == pytest.approx(heard / heard.max(1, keepdims=True), abs=1e-5)
    assert share.max(1) == pytest.approx(1)


def test_attributes_meet_in_the_words_that_both_ends_have(families: Graph) -> None:
    drugs, diseases = (families.nodes[kind].to_pylist() for kind in ("Drug", "Disease"))
    drugs[3] |= {"categories": ["Antimalarials"]}
    diseases[5] |= {"name": "Malaria tropica"}
    nodes = {"Drug": table(node_columns("Drug"), drugs), "Disease": table(node_columns("Disease"), diseases)}
    around = surroundings(view(Graph({**families.nodes, **nodes}, families.edges, families.sources)), TASK)
    told = "category named as disease"
    meeting = (around.subjects.meets[told].reached @ around.objects.meets[told].reached.T).toarray()
    places = around.subjects.nodes.index(drugs[3]["id"]), around.objects.nodes.index(diseases[5]["id"])
    assert np.argwhere(meeting).tolist() == [[*places]]


def test_every_input_has_a_name(looked: Looked) -> None:
    for parts in (
        ("messages", "spectral", "chains", "factors", "regressions", "shares"),
        ("chains",),
        ("spectral",),
        (),
    ):
        assert len(looked.reached(*parts)) == len(fixed_inputs(looked.around, parts))


def test_a_part_of_a_rectangle_hears_what_the_whole_hears(looked: Looked) -> None:
    rows, columns = np.array([3, 17]), np.array([1, 4, 11])
    part = rectangle(looked.around, looked.senders, rows, columns)
    parts = ("messages", "spectral", "chains", "factors", "regressions", "shares")
    found = reached(looked.around, looked.senders, part, looked.answers, parts)
    assert found == pytest.approx(looked.reached(*parts)[:, rows][:, :, columns], rel=1e-3, abs=1e-4)


def test_learned_messages_are_the_same_by_message_passing_and_without_torch(looked: Looked) -> None:
    """What PyTorch Geometric sends over the graph of pairs is what the model computes with arrays."""
    ends = []
    for alike in (looked.seen.from_subjects, looked.seen.from_objects.transpose(0, 2, 1)):
        nodes, senders = np.nonzero(nearest(alike[-2], 5))
        ends.append(Edges(nodes, senders, np.ascontiguousarray(alike[:, nodes, senders].T)))
    net = LikenessNet((ends[0], ends[1]), 4, 3, 0, TASK.labels, torch.Generator().manual_seed(1))
    pairs = np.arange(len(looked.rows) * len(looked.columns)).reshape(looked.around.shape).astype(np.int32)
    at = looked.senders.subjects, looked.senders.objects
    messages = {
        relation: hits((one.tocoo().row, one.tocoo().col), (ends[0], ends[1]), pairs, at)
        for relation, one in looked.answers.known.items()
    }
    with torch.no_grad():
        theirs = net.heard(messages, pairs.size).numpy()
    over, across = net.learned()
    learned = over(looked.seen.from_subjects, 5), across(looked.seen.from_objects.transpose(0, 2, 1), 5)
    told = {relation: sent(known, learned[0]) for relation, known in looked.answers.known.items()}
    ours = heard(TASK, looked.senders, looked.seen, looked.answers, told, learned[1].transpose(0, 2, 1))
    assert pytest.approx(theirs, rel=1e-4, abs=1e-4) == ours.reshape(len(ours), -1).T


def test_factors_are_the_least_squares_that_they_stand_for() -> None:
    """At the end no row can be fitted better, the vectors of the other end being given."""
    random = np.random.default_rng(4)
    known = sp.csr_array((random.random((12, 9)) < 0.3).astype(np.float32))
    settings = FactorSettings(rank=3, confidence=5.0, ridge=0.5, rounds=200)
    left, right = factorise(known, settings, seed=0)
    dense, row = known.toarray(), int(np.flatnonzero(known.sum(axis=1))[0])

    def loss(vector: np.ndarray) -> float:
        weight = np.where(dense[row] > 0, 1 + settings.confidence, 1)
        return float(weight @ (dense[row] - right @ vector) ** 2 + settings.ridge * vector @ vector)

    assert left[row] == pytest.approx(minimize(loss, np.zeros(3)).x, abs=1e-2)


def test_a_readout_is_the_optimum_that_scipy_finds() -> None:
    random = np.random.default_rng(5)
    inputs = random.normal(2, 3, (400, 3)).astype(np.float32)
    target = (random.random(400) < 1 / (1 + np.exp(-inputs[:, 0] + 2))).astype(np.float32)
    weight = random.random(400).astype(np.float32)
    examples = Examples(inputs, target, weight, np.arange(400) % 4, np.arange(400) % 20)
    found = fit(examples, 3.0, 30, random)
    mean = np.average(inputs, axis=0, weights=weight)
    spread = np.sqrt(np.average((inputs - mean) ** 2, axis=0, weights=weight))

    def best_of(weight: np.ndarray) -> np.ndarray:
        def loss(told: np.ndarray) -> float:
            logits = (inputs - mean) / spread @ told[:-1] + told[-1]
            return float(weight @ (np.logaddexp(0, logits) - target * logits) + 3 * told[:-1] @ told[:-1])

        return np.asarray(minimize(loss, np.zeros(4)).x)

    best = best_of(weight)
    assert found.readout.weight == pytest.approx(best[:-1] / spread, rel=1e-2, abs=1e-3)
    assert found.readout(inputs) == pytest.approx((inputs - mean) / spread @ best[:-1] + best[-1], abs=1e-2)
    inside = examples.fold == 2
    left = best_of(np.where(inside, 0, weight))
    assert found.crossed[inside] == pytest.approx((inputs[inside] - mean) / spread @ left[:-1] + left[-1], abs=1e-2)
    others = np.arange(400) % 7 == 0
    left = best_of(np.where(others, 0, weight))
    expected = (inputs - mean) / spread @ left[:-1] + left[-1]
    assert found.without(others)(inputs) == pytest.approx(expected, abs=1e-2)


def test_the_spread_of_a_readout_is_that_of_fits_to_clusters_drawn_anew() -> None:
    random = np.random.default_rng(6)
    cluster = np.repeat(np.arange(100), 20)
    inputs = random.normal(size=(2000, 1)).astype(np.float32)
    chance = 1 / (1 + np.exp(-inputs[:, 0] - random.normal(size=100)[cluster]))
    target = (random.random(2000) < chance).astype(np.float32)
    found = fit(Examples(inputs, target, np.ones(2000, np.float32), cluster % 4, cluster), 1e-3, 300, random)
    refitted = []
    for _ in range(60):
        rows = np.concatenate([np.flatnonzero(cluster == one) for one in random.integers(100, size=100)])
        again = Examples(inputs[rows], target[rows], np.ones(2000, np.float32), cluster[rows] % 4, cluster[rows])
        refitted.append([*(readout := fit(again, 1e-3, 0, random).readout).weight, readout.bias])
    assert found.readout.drawn.std(0) == pytest.approx(np.std(refitted, axis=0), rel=0.35)


def test_the_asked_node_decides_by_which_readout_a_pair_is_judged(model: Model) -> None:
    found = regime_of(model, np.arange(24), np.arange(12))
    treated = np.isin(np.arange(12), model.senders.objects)
    assert set(found[:, treated].ravel()) == {"warm"}
    assert set(found[:, ~treated].ravel()) <= {"cold object"}


def test_a_known_pair_hears_what_it_heard_when_its_fold_was_hidden(model: Model) -> None:
    row, column = (int(place[0]) for place in told(model).known.nonzero())
    inputs = next(swept(model, np.array([row]), np.array([column])))[0].inputs[0][0]
    pairs = model.members[0].pairs
    place = np.flatnonzero((pairs[0] == row) & (pairs[1] == column))[0]
    assert np.array_equal(inputs, model.members[0].heard[place])
