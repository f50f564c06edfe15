"""Train: what like patients receive is learned, what is held out is not, and nothing of who withdrew consent."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnn import resume
from gnn.checkpoint import CheckpointError
from gnn.config import ConfigError, TrainConfig
from gnn.patients.cases import NOW, STAY, bounds_of, cases
from gnn.patients.checkpoint import load, save
from gnn.patients.events import read_events
from gnn.patients.hear import Heard, Learned, first_later, hear
from gnn.patients.hidden import marks, without_hidden
from gnn.patients.likes import likes
from gnn.patients.model import IN_STAY, REGIMES, Asked, PatientModel, asked, logits, probabilities
from gnn.patients.received import learn_later, vocabulary
from gnn.patients.train import gather, public_part, train
from gnn.split import LeakError, assert_no_leak
from gnn.view import view
from kg.graph import Graph
from kg.schema import WITHDRAWN
from tests.gnn.conftest import area_under_curve
from tests.gnn.patients.conftest import ANYBODY, ASTHMA, FOR, GOUT, UNUSED, cohort, has, made_up, patient, stay, takes

CONFIG = TrainConfig(task="benefits", draws=2, label_sources=("by-hand",), sources=("by-hand",))


@pytest.fixture(scope="module")
def model(hospital: Graph) -> PatientModel:
    return train(hospital, CONFIG)


def said(model: PatientModel, graph: Graph, kind: int = NOW, regime: str | None = None) -> pd.DataFrame:
    """Return the log-odds of each candidate for each case of a kind, by patient."""
    events = read_events(graph)
    told = cases(events, model.bounds)
    every = asked(model, told, events.sources)
    rows = np.flatnonzero(told.kind == kind)
    found = logits(model, Asked(every.told.of(rows), every.treated[rows]), regime)
    return pd.DataFrame(found, index=[told.people[one] for one in told.patient[rows]], columns=model.candidates)


def test_a_patient_never_seen_is_ranked_by_what_like_patients_received(model: PatientModel) -> None:
    new = [
        made_up([stay(patient(100 + place), 10), has(patient(100 + place), disease, 10)])
        for place, disease in enumerate(FOR)
    ]
    for graph, disease in zip(new, FOR, strict=True):
        scores = said(model, graph).iloc[0]
        other = ASTHMA if disease == GOUT else GOUT
        assert min(scores[drug] for drug in FOR[disease]) > max(scores[drug] for drug in FOR[other])


def test_a_drug_that_nobody_takes_is_judged_by_those_like_it(model: PatientModel) -> None:
    scores = said(model, made_up([*cohort(2)]))[UNUSED]
    assert scores[patient(0)] != scores[patient(1)]
    assert UNUSED not in model.words.drugs


def test_the_same_graph_gives_the_same_model(hospital: Graph, model: PatientModel) -> None:
    again = train(hospital, CONFIG)
    assert np.array_equal(said(again, hospital), said(model, hospital))


def test_who_withdrew_consent_teaches_nothing(hospital: Graph, model: PatientModel) -> None:
    """Another record of theirs gives the same model; the record of anybody else does not."""
    edges = [edge for edge in cohort() if edge[1] != patient(59)]
    theirs = [*edges, takes(patient(59), FOR[GOUT][0], 10_002)]
    other = train(made_up(theirs, {patient(59): WITHDRAWN}), CONFIG)
    assert np.array_equal(other.record.whole, model.record.whole)
    assert other.records == model.records
    consenting = train(made_up(theirs), CONFIG)
    assert not np.array_equal(consenting.record.whole, model.record.whole)


def test_a_held_out_pair_leaves_no_trace(hospital: Graph) -> None:
    """Whether it stands in the graph or not, in whatever relation, gives the same model, and the same scores of it."""
    held = pd.DataFrame({"patient": [patient(1), patient(3)], "drug": [ANYBODY, FOR[ASTHMA][0]]})
    hidden = {*held.itertuples(index=False, name=None)}
    bare = made_up([edge for edge in cohort() if (edge[1], edge[2]) not in hidden], {patient(59): WITHDRAWN})
    one, other = train(hospital, CONFIG, held_out=held), train(bare, CONFIG, held_out=held)
    assert np.array_equal(one.record.whole, other.record.whole)
    asked_of = without_hidden(hospital, one.hidden)
    assert np.array_equal(said(one, asked_of), said(other, bare))
    assert_no_leak(asked_of, held)
    with pytest.raises(LeakError):
        assert_no_leak(hospital, held)
    assert len(marks(held)) == 2


def data_of(graph: Graph) -> Learned:
    events = read_events(graph)
    told = cases(events, bounds_of(events))
    seen = view(public_part(graph, CONFIG))
    return gather(told, events, vocabulary(told, events.sources, told.drugs), likes(seen, told.drugs, told.drugs), None)


def test_no_case_of_a_patient_is_foretold_by_another_of_the_same(hospital: Graph) -> None:
    """Turning a patient's labels leaves what is heard of all of the patient's cases as it is."""
    data = data_of(hospital)
    rows = np.flatnonzero(data.kind == STAY)
    mine = data.patient == data.patient[0]
    turned = data.labels.copy()
    turned[mine] = 1 - turned[mine]
    planted = Learned(**{**vars(data), "labels": turned})
    ours, theirs = (first_later(of, rows, IN_STAY, np.random.default_rng(0)) for of in (data, planted))
    assert np.array_equal(
        ours.inputs[ours.patient == data.patient[0]], theirs.inputs[theirs.patient == data.patient[0]]
    )
    assert not np.array_equal(ours.inputs, theirs.inputs)
    by_case = learn_later(data.landmarks.told, turned, data.candidates.astype(np.float32), data.patient, data.sets)
    as_is = learn_later(data.landmarks.told, data.labels, data.candidates.astype(np.float32), data.patient, data.sets)
    assert not np.array_equal(by_case.common, as_is.common)  # a deal by case would know


def test_what_is_next_in_a_stay_is_foretold_for_patients_left_out(hospital: Graph) -> None:
    data = data_of(hospital)
    rows = np.flatnonzero(data.kind == STAY)
    heard = first_later(data, rows, IN_STAY, np.random.default_rng(0))
    clinic = heard.inputs[:, 4]
    assert (
        area_under_curve(heard.inputs[:, 0] + clinic, heard.target > 0)
        > area_under_curve(heard.inputs[:, 0], heard.target > 0) + 0.05
    )


def test_a_model_comes_back_from_the_disk_as_it_was(model: PatientModel, hospital: Graph, tmp_path: Path) -> None:
    save(model, tmp_path)
    again = load(tmp_path)
    assert np.array_equal(said(again, hospital), said(model, hospital))
    assert again.summary() == model.summary()
    content = (tmp_path / "model.safetensors").read_bytes()
    assert patient(1).encode() not in content  # no patient is in it
    (tmp_path / "model.safetensors").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(CheckpointError, match="was changed"):
        load(tmp_path)


def test_a_training_that_was_stopped_goes_on_after_its_last_whole_regime(
    hospital: Graph, model: PatientModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def stopped(data: Learned, regime: str, random: np.random.Generator) -> Heard:
        heard.append(regime)
        if len(heard) == 3:
            raise KeyboardInterrupt
        return hear(data, regime, random)

    monkeypatch.setattr("gnn.patients.train.hear", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(hospital, CONFIG, work=tmp_path)
    assert len(list(tmp_path.glob(resume.PATTERN))) == 2
    assert patient(1).encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    again = train(hospital, CONFIG, work=tmp_path)
    assert heard == [*REGIMES[:3], *REGIMES[2:]]  # the two that were whole are not fitted again
    assert np.array_equal(said(again, hospital), said(model, hospital))
    other = made_up([*cohort(), takes(patient(1), UNUSED, 10_300)], {patient(59): WITHDRAWN})
    train(other, CONFIG, work=tmp_path)
    assert heard[-5:] == [*REGIMES]  # of other records nothing that is kept is taken


def test_each_data_set_is_calibrated_by_its_own_patients(
    hospital: Graph, model: PatientModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it has answers enough; and the share that is foretold is the share that is true."""
    assert set(model.calibrators) == {*model.readouts}
    monkeypatch.setattr("gnn.patients.train.LEAST_ANSWERS", 50)
    own = train(hospital, CONFIG)
    assert {"warm/by-hand", "in a stay/by-hand"} <= {*own.calibrators}
    events = read_events(hospital)
    told = cases(events, own.bounds)
    every, ends = asked(own, told, events.sources), np.flatnonzero(told.kind == NOW)
    of = Asked(every.told.of(ends), every.treated[ends])
    foretold = probabilities(own, of, logits(own, of))[:, : len(own.words.drugs)]
    assert foretold.mean() == pytest.approx(float(of.told.has.mean()), abs=0.1)


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(ConfigError, match="expected at least 5"):
        train(made_up(cohort(4)), CONFIG)
