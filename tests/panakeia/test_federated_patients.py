"""The network's patient part over sites: the fit of all patients together, from sums that do not grow with patients."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gnn.ask import load
from gnn.patients.cases import bounds_of
from gnn.patients.events import read_events
from gnn.patients.model import IN_STAY, PatientModel
from gnn.patients.received import Later, Record, solve_later, solve_record
from gnn.patients.train import Studied, study, train
from gnn.shared import ALONE, Shared
from kg.graph import Graph
from kg.stores.opening import open_store
from panakeia.cli import app
from panakeia.federated_patients import Exchange, OfSite, fit_patients, in_step
from tests.gnn.patients.conftest import Edge, at, cohort, made_up
from tests.gnn.patients.test_train import CONFIG
from twin.prognosis.federated.refusal import FederatedError, SiteRefused, TooFewSites


def lives(count: int, seed: int = 0) -> list[Edge]:
    """Return the made-up records, each with values measured before the second stay."""
    random = np.random.default_rng(seed)
    edges = cohort(count, seed)
    people = sorted({edge[1] for edge in edges})
    for one in people:
        for number in range(2):
            value = float(random.normal(5.0, 3.0))
            measured = at(10_010 + number, 600, value=value, unit="mmol/L")
            edges.append(("patient_has_measurement", one, "LOINC:2160-0", measured))
    return edges


def split(edges: list[Edge], parts: int) -> list[Graph]:
    place = {one: number % parts for number, one in enumerate(sorted({edge[1] for edge in edges}, key=hash_of))}
    return [made_up([edge for edge in edges if place[edge[1]] == part]) for part in range(parts)]


def hash_of(one: str) -> str:
    return one[::-1]


def solved(of: Studied, shared: Shared) -> tuple[Record, Later]:
    data = of.data
    open_ = data.candidates.astype(np.float32)
    later = solve_later(data.landmarks.told, data.labels, open_, data.patient, data.sets, shared)
    return solve_record(data.ends.told, data.sets, whole=True, shared=shared), later


def test_three_sites_give_the_fit_of_all_patients_together() -> None:
    edges = lives(90)
    sites = split(edges, 3)

    def at_site(place: int, shared: Shared) -> tuple[Studied, tuple[Record, Later]]:
        of = study(sites[place], CONFIG, shared=shared)
        return of, solved(of, shared)

    pooled = study(made_up(edges), CONFIG)
    record, later = solved(pooled, ALONE)
    for of, (ours, ours_later) in in_step(Exchange(("a", "b", "c")), at_site):
        assert of.words.names == pooled.words.names and of.words.drugs == pooled.words.drugs
        assert of.bounds == pooled.bounds and of.bounds
        assert of.records == pooled.records
        for channel, weight in pooled.words.weight.items():
            assert np.array_equal(of.words.weight[channel], weight)
        for name in ("common", "whole", "side"):
            assert np.allclose(getattr(ours, name), getattr(record, name), rtol=0, atol=1e-10)
        assert record.whole.dtype == np.float64 and np.abs(record.whole).max() > 0.01
        for name, moved in later.moved.items():
            assert np.allclose(ours_later.moved[name], moved, rtol=0, atol=1e-10)


def test_a_low_value_is_the_one_that_sorting_gives() -> None:
    events = read_events(made_up(lives(40)))
    values = np.sort(events.told["measurements"].value)
    low, high = (values[round((len(values) - 1) * part)] for part in (0.2, 0.8))
    assert bounds_of(events) == {"LOINC:2160-0 mmol/L": (low, high)}


def test_the_readouts_are_those_of_other_folds_of_the_same_patients() -> None:
    edges = lives(60)
    found = fit_patients(dict(zip("abc", split(edges, 3), strict=True)), CONFIG, minimum=1)
    pooled = train(made_up(edges), CONFIG)
    assert found.sites == ("a", "b", "c") and not found.refused
    ours: PatientModel = found.model
    assert {*ours.readouts} == {*pooled.readouts} and ours.records == pooled.records
    assert np.allclose(ours.record.whole, pooled.record.whole, rtol=0, atol=1e-7)
    assert np.allclose(ours.later[IN_STAY].common, pooled.later[IN_STAY].common, rtol=0, atol=1e-7)
    for regime, readout in pooled.readouts.items():
        assert np.corrcoef(ours.readouts[regime].weight, readout.weight)[0, 1] > 0.8, regime


def test_messages_are_as_large_of_few_patients_as_of_many() -> None:
    few, many = (fit_patients(dict(zip("ab", split(lives(n), 2), strict=True)), CONFIG, minimum=1) for n in (40, 80))

    def sizes(of: Counter[str]) -> dict[str, int]:
        return {
            label: of[label] for label in ("regression", "completion", "counts: drugs", "things: drugs", "patients")
        }

    assert sizes(Counter(few.sent)) == sizes(Counter(many.sent))


def test_a_site_under_the_minimum_is_refused_by_name_and_rare_codes_are_left_out() -> None:
    edges = lives(60)
    (small,) = split(lives(19, seed=3), 1)
    sites = dict(zip(("north", "south"), split(edges, 2), strict=True)) | {"tiny": small}
    found = fit_patients(sites, CONFIG, minimum=4)
    assert found.sites == ("north", "south")
    assert found.refused == {"tiny": "in each of 5 folds it has fewer patients than its minimum of 4"}
    with pytest.raises(TooFewSites, match="tiny: in each of 5 folds it has fewer patients than its minimum of 4"):
        fit_patients({"north": sites["north"], "tiny": small}, CONFIG, minimum=4)
    rare = [("patient_had_procedure", one, "SNOMEDCT:1", at(10_000)) for one in sorted({e[1] for e in edges})[:4]]
    parts = dict(zip(("north", "south"), split([*edges, *rare], 2), strict=True))
    assert "SNOMEDCT:1" not in fit_patients(parts, CONFIG, minimum=5).model.words.names.get("procedures", ())
    assert "SNOMEDCT:1" in fit_patients(parts, CONFIG, minimum=1).model.words.names["procedures"]


def test_sites_of_other_drugs_are_refused_and_nobody_is_guessed_to_be_right_of_two() -> None:
    one, two, three = split(lives(60), 3)
    unlike = replace(three, nodes={**three.nodes, "Drug": three.nodes["Drug"].slice(1)})
    found = fit_patients({"a": one, "b": two, "c": unlike}, CONFIG, minimum=1)
    assert found.sites == ("a", "b") and "not those of most sites" in found.refused["c"]
    with pytest.raises(FederatedError, match="with no majority: a against c"):
        fit_patients({"a": one, "c": unlike}, CONFIG, minimum=1)


def test_how_often_a_patient_was_drawn_is_known_to_its_site_alone() -> None:
    ours = OfSite(1, 0, Exchange(("a",)))
    drawn = [ours.secret(np.random.default_rng(0)).integers(2**62) for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_a_site_of_another_shape_is_refused_by_name() -> None:
    def lies(place: int, shared: Shared) -> object:
        return shared.total("sum", np.zeros(2 + place))

    with pytest.raises(SiteRefused, match="site b sends 'sum' in another shape"):
        in_step(Exchange(("a", "b")), lies)


def test_the_command_writes_a_model_that_is_asked_like_any(tmp_path: Path) -> None:
    places = [str(tmp_path / f"{name}.lbdb") for name in "ab"]
    for place, graph in zip(places, split(cohort(100), 2), strict=True):
        with open_store(place, create=True) as store:
            store.replace(graph)
    (tmp_path / "config.toml").write_text('label_sources = ["by-hand"]\nsources = ["by-hand"]\ndraws = 2\n')
    call = ["federated", "patients", "--stores", ",".join(places), "--out", str(tmp_path / "model")]
    done = CliRunner().invoke(app, [*call, "--config", str(tmp_path / "config.toml"), "--json"])
    assert done.exit_code == 0, done.output
    model = load(tmp_path / "model")
    assert isinstance(model, PatientModel) and model.summary()["patients"] == 100
    assert json.loads(done.stdout)["sites"] == places
    assert (tmp_path / "model" / "MODEL_CARD.md").exists()
