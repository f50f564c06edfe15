"""Leaks planted on purpose: each guard against knowing a held-out pair has a canary that sings when it is gone.

The canary: every label of what a fold holds out is turned, and each of its pairs is stated by every other relation
between the two kinds. Whoever learned from the graph without the fold gives the same scores, bit by bit.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from gnn import methods as module
from gnn import train as training
from gnn.config import TrainConfig
from gnn.evaluate import Method, Protocol, Rows, Scored, evaluate, folds_of, score_fold, splits_of
from gnn.folds import Fold
from gnn.known import answers
from gnn.methods import baselines, candidates_of, model
from gnn.model import PARTS
from gnn.split import LeakError, Pairs, named
from gnn.task import BENEFITS, REGIMES, TASKS, Task
from kg.graph import Graph
from kg.schema import RELATIONS
from tests.gnn.conftest import DISEASES, DRUGS, SMALL, area_under_curve, edges, make_graph

AREAS = {"first": DISEASES[:3], "second": DISEASES[2:6]}
OF_NODES = sorted(TASKS.keys() - {BENEFITS.name})
"""The tasks between nodes; what a patient's record may tell is held in `tests/gnn/patients`."""

CASES = [(task, split) for task in OF_NODES for split in splits_of(TASKS[task])]
RIVALS = [(task, name) for task in OF_NODES for name in baselines(replace(SMALL, task=task))]


def config_of(task: str) -> TrainConfig:
    return replace(SMALL, task=task, parts=PARTS)


def first_fold(graph: Graph, task: str, split: str) -> Fold:
    """Return what is held out: of a split into three, the first fold."""
    seen = candidates_of(graph, config_of(task))
    protocol = Protocol(split, folds=3, seed=1, areas=AREAS)
    return folds_of(TASKS[task], seen, seen.edges(TASKS[task].relation), protocol)[0]


def turned(graph: Graph, task: Task, hidden: Pairs) -> Graph:
    """Return the graph in which all that is true of hidden pairs is false, and the other way round.

    Every other relation between the two kinds, whichever way round, states every hidden pair.
    """
    seen = candidates_of(graph, config_of(task.name))
    pairs = set(named(hidden, task.kinds, seen.curies).itertuples(index=False, name=None))
    told = graph.edges[task.relation]
    true = set(zip(told["subject"].to_pylist(), told["object"].to_pylist(), strict=True))
    changed = {task.relation: edges(task.relation, true ^ pairs)}
    for relation in RELATIONS.values():
        if relation.name == task.relation:
            continue
        if (relation.subject, relation.object) == task.kinds:
            changed[relation.name] = edges(relation.name, pairs | _stated(graph, relation.name))
        elif (relation.object, relation.subject) == task.kinds:
            back = {(other, one) for one, other in pairs}
            changed[relation.name] = edges(relation.name, back | _stated(graph, relation.name))
    return Graph(graph.nodes, {**graph.edges, **changed}, graph.sources)


def _stated(graph: Graph, relation: str) -> set[tuple[str, str]]:
    if relation not in graph.edges:
        return set()
    ends = graph.edges[relation]
    return set(zip(ends["subject"].to_pylist(), ends["object"].to_pylist(), strict=True))


def sings(graph: Graph, task: str, split: str, method: Callable[[Graph], Method]) -> bool:
    """Return whether what a method says of a fold depends on what is true of it; it is made for each world anew."""
    seen, fold = candidates_of(graph, config_of(task)), first_fold(graph, task, split)
    said = []
    for world in (graph, turned(graph, TASKS[task], fold.hidden)):
        scored = score_fold(world, seen, TASKS[task], {"it": method(world)}, fold)["it"]
        said.append(_of_fold(fold, scored))
    assert np.ptp(said[0][0]) > 0, "a method that says the same of all pairs could hide anything"
    return not all(np.array_equal(one, other) for one, other in zip(*said, strict=True))


def _of_fold(fold: Fold, scored: Scored) -> list[np.ndarray]:
    """Return what is said of the hidden pairs: their scores, and whether they are on the list."""
    told = [scored.scores] if scored.shortlist is None else [scored.scores, scored.shortlist]
    return [one.ravel() if fold.nodes is not None else one[tuple(fold.hidden)] for one in told]


@pytest.mark.parametrize(("task", "split"), CASES)
def test_the_model_cannot_tell_what_is_true_of_what_is_held_out(families: Graph, task: str, split: str) -> None:
    assert not sings(families, task, split, lambda world: model(config_of(task)))


@pytest.mark.parametrize(("task", "name"), RIVALS)
def test_no_baseline_can_tell_what_is_true_of_a_held_out_pair(families: Graph, task: str, name: str) -> None:
    assert not sings(families, task, "pairs", lambda world: baselines(config_of(task))[name])


@pytest.mark.parametrize("task", OF_NODES)
def test_without_being_held_out_the_turned_labels_do_change_what_is_said(families: Graph, task: str) -> None:
    fold, every = first_fold(families, task, "pairs"), [np.arange(24), np.arange(12 if task == "treats" else 30)]
    nothing = pd.DataFrame({column: [] for column in TASKS[task].columns})
    one, other = (
        model(config_of(task))(world, nothing, *every).scores
        for world in (families, turned(families, TASKS[task], fold.hidden))
    )
    assert not np.array_equal(one, other)


class TestPlanted:
    """A leak in each place where one could be: the canary sings, so no guard that the tests above hold is idle."""

    @pytest.fixture(params=OF_NODES)
    def task(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def test_in_the_graph(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing is taken out: the evaluation refuses, and without its refusal the training does."""
        monkeypatch.setattr("gnn.evaluate.without", lambda graph, held_out, kinds=None: graph)
        with pytest.raises(LeakError, match=r"held-out pairs are \w+ edges of the graph to train on"):
            sings(families, task, "pairs", lambda world: model(config_of(task)))
        monkeypatch.setattr("gnn.evaluate.assert_no_leak", lambda graph, held_out, kinds=None: None)
        assert not sings(families, task, "pairs", lambda world: model(config_of(task)))  # the training takes it out too
        monkeypatch.setattr("gnn.train.without", lambda graph, held_out, kinds=None: graph)
        with pytest.raises(LeakError, match=r"held-out pairs are \w+ edges of the graph to train on"):
            sings(families, task, "pairs", lambda world: model(config_of(task)))
        monkeypatch.setattr("gnn.train.assert_no_leak", lambda graph, held_out, kinds=None: None)
        assert sings(families, task, "pairs", lambda world: model(config_of(task)))

    def test_in_the_labels_that_are_learned(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is hidden is no message, but the readouts learn from its label."""
        whole: dict[str, Graph] = {}
        honest = training.candidates

        def told(around: object, known: dict, hidden: Rows, config: TrainConfig) -> object:
            seen = training.view(whole["world"].stated_by(config.label_sources), config.label_sources)
            return honest(around, answers(seen, TASKS[task]), hidden[:, :0], config)

        monkeypatch.setattr(training, "candidates", told)
        assert self._sings_knowing(families, task, whole)

    def test_in_the_messages(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is hidden is not learned from, but tells at scoring."""
        whole: dict[str, Graph] = {}
        honest = training.seen_answers

        def told(known: dict, senders: object, config: TrainConfig, alike: object) -> object:
            seen = training.view(whole["world"].stated_by(config.label_sources), config.label_sources)
            return honest(answers(seen, TASKS[task]), senders, config, alike)

        monkeypatch.setattr(training, "seen_answers", told)
        assert self._sings_knowing(families, task, whole)

    def test_in_the_negatives(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only what is true and hidden is spared as a negative: that a pair is missing says that it is true."""
        whole: dict[str, Graph] = {}
        honest = training.left_out

        def told(seen: object, held_out: pd.DataFrame, task_: Task) -> Rows:
            pairs, true = honest(seen, held_out, task_), _stated(whole["world"], task_.relation)
            ends = [seen.curies[kind] for kind in task_.kinds]
            return pairs[:, [(ends[0][one], ends[1][other]) in true for one, other in pairs.T]]

        monkeypatch.setattr(training, "left_out", told)
        assert self._sings_knowing(families, task, whole)

    def test_in_the_calibration(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Probabilities are fitted with one eye on how many of the held-out pairs are true."""
        whole: dict[str, Graph] = {}
        honest = training.fit_calibrator

        def told(logits: np.ndarray, labels: np.ndarray, random: np.random.Generator, **more: object) -> object:
            true = len(_stated(whole["world"], TASKS[task].relation))
            return honest(logits, labels | (np.arange(len(labels)) < true), random, **more)

        monkeypatch.setattr(training, "fit_calibrator", told)
        assert self._sings_knowing(families, task, whole)

    def test_in_the_calibration_of_new_nodes(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """As above, for the calibrator of nodes of the end that is not asked, which is the last to be fitted."""
        whole: dict[str, Graph] = {}
        honest, fitted = training.fit_calibrator, dict[str, int]()

        def told(logits: np.ndarray, labels: np.ndarray, random: np.random.Generator, **more: object) -> object:
            world = str(id(whole["world"]))
            fitted[world] = fitted.get(world, 0) + 1
            true = len(_stated(whole["world"], TASKS[task].relation)) if fitted[world] > len(REGIMES) else 0
            return honest(logits, labels | (np.arange(len(labels)) < true), random, **more)

        monkeypatch.setattr(training, "fit_calibrator", told)
        other = TASKS[task].kind_at("subject" if TASKS[task].asked == "object" else "object").lower()
        assert self._sings_knowing(families, task, whole, other)
        assert set(fitted.values()) == {len(REGIMES) + 1}

    def test_in_the_shortlists(self, families: Graph, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
        whole: dict[str, Graph] = {}
        honest = training.fit_shortlist

        def told(scores: np.ndarray, nodes: np.ndarray, level: float) -> object:
            true = len(_stated(whole["world"], TASKS[task].relation))
            return replace(honest(scores, nodes, level), threshold=float(np.sort(scores)[true % len(scores)]))

        monkeypatch.setattr(training, "fit_shortlist", told)
        assert self._sings_knowing(families, task, whole)

    def test_in_the_tuning(self, families: Graph, task: str) -> None:
        """The settings are those that do best on what is held out."""

        def tuned(world: Graph) -> Method:
            def method(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
                seen = candidates_of(world, config_of(task))
                labels = np.zeros((len(rows), len(columns)), bool)
                labels[tuple(seen.edges(TASKS[task].relation))] = True
                tried = [
                    model(replace(config_of(task), ridge=ridge))(graph, held_out, rows, columns)
                    for ridge in (0.01, 1_000.0)
                ]
                hidden = np.zeros_like(labels)
                hidden[tuple(first_fold(families, task, "pairs").hidden)] = True
                return max(tried, key=lambda one: area_under_curve(one.scores[hidden], labels[hidden]))

            return method

        assert sings(families, task, "pairs", tuned)

    def test_in_a_baseline(self, families: Graph, task: str) -> None:
        """A baseline that counts degrees in the whole graph."""

        def peeking(world: Graph) -> Method:
            honest = baselines(config_of(task))["degree_prior"]
            return lambda graph, held_out, rows, columns: honest(world, held_out, rows, columns)

        assert sings(families, task, "pairs", peeking)

    @staticmethod
    def _sings_knowing(families: Graph, task: str, whole: dict[str, Graph], split: str = "pairs") -> bool:
        """Let the planted leak look at the world that a method is made for."""

        def made(world: Graph) -> Method:
            honest = model(config_of(task))

            def method(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
                whole["world"] = world
                return honest(graph, held_out, rows, columns)

            return method

        return sings(families, task, split, made)


@pytest.mark.parametrize(("task", "split"), CASES)
def test_learning_by_heart_finds_nothing(families: Graph, task: str, split: str) -> None:
    """A method that scores 1 for each pair that it was given as true, and 0 else, ranks all held-out ones alike."""
    config = config_of(task)

    def by_heart(graph: Graph, held_out: pd.DataFrame, rows: Rows, columns: Rows) -> Scored:
        seen = candidates_of(graph, config)
        return Scored(seen.pairs(TASKS[task].relation).astype(float)[rows][:, columns])

    seen = candidates_of(families, config)
    protocol = Protocol(split, folds=3, seed=1, areas=AREAS)
    found = evaluate(families, seen, TASKS[task], {"by heart": by_heart}, protocol).figures.set_index("metric")["mean"]
    assert found["auroc"] == 0.5
    asked_lists = found["average_precision"]
    assert asked_lists == pytest.approx(found["auprc"], rel=0.5)  # both are the share of true pairs


def treated(labels: np.ndarray) -> set[tuple[str, str]]:
    return {(DRUGS[drug], DISEASES[disease]) for drug, disease in np.argwhere(labels)}


def drawn(chance: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((len(DRUGS), len(DISEASES))) < chance


def every() -> tuple[Rows, Rows]:
    return np.arange(len(DRUGS)), np.arange(len(DISEASES))


def nothing() -> pd.DataFrame:
    return pd.DataFrame({"drug": [], "disease": []})


@pytest.mark.parametrize("source", ["made-up", "pharmacotherapydb"])
@pytest.mark.parametrize("name", ["model", *baselines(SMALL)])
def test_nothing_is_learned_from_a_judgement(families: Graph, name: str, source: str) -> None:
    """Whether half of the pairs without a treatment were judged not indicated, or none: the scores are the same bits,
    even where the judgements come from a source that is learned from."""
    stated = _stated(families, "treats")
    refused = treated(drawn(0.5, seed=11)) - stated
    judged = {"not_indicated_for": edges("not_indicated_for", refused, source)}
    graph = Graph(families.nodes, {**families.edges, **judged}, families.sources)
    method = {"model": model(SMALL), **baselines(SMALL)}[name]
    one, other = (method(world, nothing(), *every()).scores for world in (families, graph))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("name", ["model", "metapath_counts"])
def test_held_out_pairs_are_no_negatives(name: str) -> None:
    """The mean score is the share of treatments among the pairs learned from: five times less if all were."""
    labels, hidden = drawn(0.3, seed=5), drawn(0.8, seed=6)
    graph = make_graph(treated(labels & ~hidden))
    config = replace(SMALL, parts=())
    seen = candidates_of(graph, config)
    held_out = named(np.stack(np.nonzero(hidden)), ("Drug", "Disease"), seen.curies)
    method = {"model": model(config), **baselines(config)}[name]
    scores = expit(method(graph, held_out, *every()).scores)
    assert scores[~hidden].mean() == pytest.approx((labels & ~hidden).sum() / (~hidden).sum(), rel=0.3)


def one_each() -> np.ndarray:
    """Every second drug treats one disease, each another one."""
    labels = np.zeros((len(DRUGS), len(DISEASES)), bool)
    labels[np.arange(0, len(DRUGS), 2), np.random.default_rng(3).permutation(len(DISEASES))] = True
    return labels


@pytest.mark.parametrize("name", ["model", "metapath_counts"])
def test_a_pairs_own_label_is_not_in_its_degrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no drug treats two diseases, a drug that treats one is the worst choice for another.

    A pair that counts itself says the opposite: all treatments are of drugs that treat something.
    """
    known = one_each()
    monkeypatch.setattr(module, "RIDGE", 1.0)
    config = replace(SMALL, parts=(), ridge=1.0)
    scores = {"model": model(config), **baselines(config)}[name](make_graph(treated(known)), nothing(), *every()).scores
    treating = known.any(1)
    assert scores[treating][~known[treating]].mean() < scores[~treating].mean()


def test_a_pairs_own_label_is_not_in_its_messages() -> None:
    """Labels drawn at random leave nothing to learn: pairs scored by messages without their own label stay mixed."""
    labels = drawn(0.3, seed=9)
    scores = model(replace(SMALL, ridge=100.0))(make_graph(treated(labels)), nothing(), *every()).scores
    assert area_under_curve(scores, labels) < 0.8
