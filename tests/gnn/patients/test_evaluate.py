"""Evaluate: the figures are those of a ranking done by hand, and what was held out is never learned from."""

from dataclasses import replace

import numpy as np
import pytest

from gnn.evaluate import Evaluation, Protocol, SplitError
from gnn.lists import COLUMNS
from gnn.patients.cases import bounds_of, cases
from gnn.patients.evaluate import _figures, _shares, _values, evaluate
from gnn.patients.events import read_events
from gnn.patients.hidden import assert_nobody, of_patients
from gnn.patients.questions import MODEL, POPULAR, Question
from gnn.split import LeakError
from kg.graph import Graph
from tests.gnn.patients.conftest import cohort, made_up, patient
from tests.gnn.patients.test_train import CONFIG


@pytest.fixture(scope="module")
def by_patient(hospital: Graph) -> Evaluation:
    return evaluate(hospital, CONFIG, Protocol("patient"))


def test_patients_left_out_are_ranked_by_what_they_have(by_patient: Evaluation) -> None:
    """Who has gout is given gout's drugs: the model knows, popularity cannot."""
    assert by_patient.figures.columns.tolist() == list(COLUMNS)
    lift = by_patient.figure("model - popularity", "by-hand, in a stay: reciprocal_rank")
    assert lift["lower"] > 0.1
    assert lift["count"] == 59  # all but who withdrew consent
    assert "by-hand, no drug told: recall_at_5" in set(by_patient.figures["metric"])
    assert by_patient.promises["by-hand, in a stay: calibration_error_equal_mass"] < 0.2


def test_all_that_is_given_later_is_asked_for(by_patient: Evaluation, hospital: Graph) -> None:
    events = read_events(hospital)
    told = cases(events, bounds_of(events))
    taken = told.earlier[np.flatnonzero(told.kind == told.kind.max())].sum()
    assert by_patient.about["held_out"] == told.labels.shape[1] + taken


@pytest.mark.parametrize("split", ["pairs", "drug"])
def test_pairs_and_drugs_are_held_out_too(hospital: Graph, split: str) -> None:
    found = evaluate(hospital, CONFIG, Protocol(split))
    told = read_events(hospital).told["drugs"]
    assert found.about["held_out"] == len(np.unique(told.patient * len(told.names) + told.thing))
    assert np.isfinite(found.figures[["mean", "lower", "upper"]].to_numpy(float)).all()


def test_a_patient_left_in_is_seen(hospital: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnn.patients.evaluate.of_patients", lambda graph, people: graph)
    with pytest.raises(LeakError, match="held-out patients"):
        evaluate(hospital, CONFIG, Protocol("patient"))


def test_a_left_out_pair_left_in_is_seen(hospital: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gnn.patients.train.without", lambda graph, held_out, kinds: graph)
    with pytest.raises(LeakError, match="held-out pairs"):
        evaluate(hospital, CONFIG, Protocol("pairs"))


def test_a_patient_is_taken_out_with_all_that_is_told(hospital: Graph) -> None:
    rest = of_patients(hospital, [patient(1), patient(2)])
    assert read_events(rest).people == (patient(1), patient(2))
    assert_nobody(rest, [patient(3)])
    with pytest.raises(LeakError, match="1 held-out patients and 6 of their events") as raised:
        assert_nobody(rest, [patient(1)])
    assert patient(1) not in str(raised.value)


def test_folds_that_are_whole_are_measured_when_it_is_stopped(hospital: Graph) -> None:
    def step(what: str, share: float) -> None:
        if what.startswith("fold 3"):
            raise KeyboardInterrupt

    found = evaluate(hospital, CONFIG, Protocol("pairs"), step)
    assert (found.about["stopped"], found.about["folds"]) == (True, ["fold 1", "fold 2"])
    with pytest.raises(KeyboardInterrupt):
        evaluate(hospital, CONFIG, Protocol("pairs"), lambda what, share: step("fold 3", share))


def question(scores: dict[str, list[list[float]]], answers: list[list[int]]) -> Question:
    told = np.array(answers, bool)
    every = np.ones(told.shape, bool)
    found = {name: np.array(of, np.float32) for name, of in scores.items()}
    return Question("set", ("a", "b"), found, told, {"": every}, found[MODEL], every)


def test_figures_are_those_done_by_hand() -> None:
    """Of seven drugs the first is right for a, the last two for b; a constant score ranks all in the middle."""
    asked = question({MODEL: [[7, 6, 5, 4, 3, 2, 1]] * 2, POPULAR: [[0] * 7] * 2}, [[1, *[0] * 6], [*[0] * 5, 1, 1]])
    found = _figures(_values(asked), Protocol("patient")).set_index(["method", "metric"])["mean"]
    assert found[MODEL, "set: recall_at_5"] == 0.5
    assert found[MODEL, "set: average_precision"] == pytest.approx((1 + (1 / 6 + 2 / 7) / 2) / 2)
    assert found[POPULAR, "set: recall_at_5"] == 1
    assert found["model - popularity", "set: reciprocal_rank"] == pytest.approx((1 + 1 / 6) / 2 - 1 / 4)


def test_a_drug_nobody_takes_is_placed_among_its_like() -> None:
    asked = question({MODEL: [[3, 2, 2, 1], [1, 2, 3, 4]]}, [[0, 1, 0, 0], [0, 1, 0, 0]])
    assert _shares(asked)["value"].tolist() == pytest.approx([0.5, 2 / 3])


def test_a_split_that_the_task_has_not_is_refused_before_any_work() -> None:
    empty = Graph({}, {}, ())
    with pytest.raises(SplitError, match="got 'area', expected one of pairs, drug, patient, for the task benefits"):
        evaluate(empty, CONFIG, Protocol("area"))


def test_records_of_no_known_drug_have_nothing_to_measure_by() -> None:
    graph = made_up(cohort(20))
    with pytest.raises(SplitError, match="expected records"):
        evaluate(graph, replace(CONFIG, label_sources=("another",)), Protocol("patient"))
