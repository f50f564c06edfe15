"""The study, run once on the starter graph: what its report says is what the rooms say when they are asked again."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from gnn import checkpoint, methods
from gnn.evaluate import Protocol, evaluate
from gnn.explain import explain
from gnn.rank import rank
from gnn.train import load_config, train
from kg.fetch import Fetch
from kg.graph import data_version
from kg.patients.imports import import_patients
from kg.sources import starter
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from kg.stores.releases import read_releases
from panakeia import Session, study
from panakeia.report import Report, Section
from tests.conftest import ROOT
from tests.panakeia.test_sections import course
from twin import library
from twin.chart import from_graph
from twin.patient import Cohort, PatientError
from twin.regimen import every
from twin.simulate import Variation, parse_times, simulate
from twin.trials.result import TrialResult
from twin.trials.run import load as load_trial
from twin.trials.run import run as run_trial

SEED = 5
DISEASE = "DOID:3393"


class Run(NamedTuple):
    """A study that was run: its report, the folder it wrote, what it told on the way, how long it took, its store."""

    report: Report
    out: Path
    told: list[tuple[str, float]]
    took_s: float
    store: Store

    def section(self, title: str) -> Section:
        titled = {section.title: section for section in self.report.sections}
        (found,) = [titled[title]] if title in titled else [titled[name] for name in titled if name.startswith(title)]
        return found

    def rows(self, title: str) -> pd.DataFrame:
        return self.section(title).tables[0].rows

    def finding(self, words: str) -> str:
        (found,) = [finding for finding in self.report.findings if words in finding]
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    out, told = tmp_path_factory.mktemp("study"), []
    question = study.Question("coronary heart disease", data=None, out=out, seed=SEED, sources=("starter",))
    started = time.monotonic()
    report = study.answer(question, lambda step, fraction: told.append((step, fraction)))
    took_s = time.monotonic() - started
    with open_store(out / "graph.lbdb") as store:
        yield Run(report, out, told, took_s, store)


@pytest.fixture(scope="module")
def ranked(run: Run) -> pd.DataFrame:
    model = checkpoint.load(run.out / "model")
    return rank(model, run.store, DISEASE, top=model.trained[0])


@pytest.fixture(scope="module")
def cohort(run: Run) -> Cohort:
    """The first imported patient who has what the twin needs."""
    patients = import_patients(starter.patient_bundles(), run.store, starter.PUBLIC_KEY).patients
    for patient in patients:
        try:
            found = from_graph(run.store, patient, library.load("warfarin_hamberg2007"))
        except PatientError:
            continue
        if found.certain:
            return found.cohort
    raise AssertionError("no patient has what the twin needs")


@pytest.fixture(scope="module")
def tried() -> TrialResult:
    design = load_trial(ROOT / "panakeia/examples/warfarin_trial.toml")
    return run_trial(design.model_copy(update={"trial": design.trial.model_copy(update={"seed": SEED})}))


def words(page: str) -> str:
    """Return a page without its figures: a figure drawn again is laid out anew."""
    return re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_the_written_page_is_the_report(run: Run) -> None:
    page = (run.out / "report.html").read_text(encoding="utf-8")
    assert words(page) == words(run.report.to_html())
    assert page.count("<svg") == 7
    assert run.report.title == "Drugs for coronary artery disease, and one patient and one trial of warfarin, in silico"
    assert [section.title.split(" for ")[0].split(":")[0].split()[0] for section in run.report.sections] == [
        *("Candidate", "How", "Why", "Why", "The", "The", "The", "Synopsis", "Flow", "Assumptions", "Parameters", "The")
    ]
    assert len(run.report.findings) == 1 + 2 + 2 + 1 + 12  # three endpoints, each of two arms and compared in two ways


def test_the_graph_is_the_one_that_it_says(run: Run) -> None:
    graph = run.store.read()
    kept = int(run.rows("The graph")["kept"].sum())
    assert run.report.findings[0] == f"The graph was built from starter: {kept:,} rows became nodes and edges."
    counted = {name: rows.num_rows for name, rows in (graph.nodes | graph.edges).items()}
    told = run.rows("The graph").set_index("table")["kept"]
    assert {name: counted[name] for name in told.index if "atient" not in name} == {
        name: count for name, count in told.items() if "atient" not in name
    }
    assert told["Patient"] == 12 and counted["Patient"] == 12, "the imported ones are the source's, under the same key"


def test_a_study_says_why_it_is_the_starter_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Fetch] = []
    monkeypatch.setattr(study, "default_sources", lambda fetch: asked.append(fetch) or ["starter"])
    question = study.Question("coronary heart disease", data=tmp_path, out=tmp_path)
    assert question == study.Question("coronary heart disease", tmp_path, tmp_path, seed=0, sources=())
    for _ in range(2):
        (told,) = study._build(question, tmp_path / "graph.lbdb", study.silent).findings
        with open_store(tmp_path / "graph.lbdb") as store:  # the second build finds patients in its way
            import_patients(starter.patient_bundles()[:1], store, b"another key, which is long enough")
    assert [fetch.mirror for fetch in asked] == [tmp_path, tmp_path]
    assert "built from starter, since neither a mirror folder nor the cache nor the network had Hetionet: 2," in told
    assert study._why(question, ["hetionet"]) == ""


def test_the_model_was_trained_with_the_seed_on_the_graph_as_it_was_before_the_patients_came(run: Run) -> None:
    model = checkpoint.load(run.out / "model")
    assert model.config == load_config(None, seed=SEED)
    again = train(run.store.read(), model.config)
    for which, readout in model.members[0].readouts.items():
        np.testing.assert_array_equal(again.members[0].readouts[which].weight, readout.weight)
    assert "seed: 5" in run.section("Candidate").caption


def test_the_candidates_and_controls_are_the_written_model_s(run: Run, ranked: pd.DataFrame) -> None:
    treated = {
        row["id"]
        for row in run.store.query(
            "MATCH (d:Drug)-[:treats]->(x:Disease) WHERE x.id IN $ids RETURN d.id AS id", {"ids": [DISEASE]}
        )
    }
    candidates, controls = ranked[~ranked["drug"].isin(treated)], ranked[ranked["drug"].isin(treated)]
    shown = run.rows("Candidate")
    assert shown["drug"].tolist() == [*candidates["drug"][:15], *controls["drug"][:5]]
    assert len(treated) == 6, "more than are shown"
    assert shown["listed"].tolist() == ["not in starter 1's list"] * 15 + ["in starter 1's list"] * 5
    columns = ["rank", "drug", "name", "score", "prior", "lift"]
    expected = ranked.set_index("drug", drop=False).loc[shown["drug"], columns]
    pd.testing.assert_frame_equal(shown[columns].reset_index(drop=True), expected.reset_index(drop=True))


def test_the_first_finding_names_the_first_candidate_that_beats_its_prior(run: Run, ranked: pd.DataFrame) -> None:
    first = ranked[~ranked["known"] & (ranked["lift"] >= 1)].iloc[0]
    told = run.finding("A hypothesis, not advice")
    assert f"for coronary artery disease, {first['name']} " in told and f"score {first['score']:.3g}" in told
    assert "not in starter 1's list" in told and "neither new nor good" in told
    assert run.report.findings[1] == told


def test_the_named_candidate_and_the_first_control_are_explained(run: Run, ranked: pd.DataFrame) -> None:
    first = [
        ranked[~ranked["known"] & (ranked["lift"] >= 1)].iloc[0],
        ranked[ranked["known"]].iloc[0],
    ]
    why = [section for section in run.report.sections if section.title.startswith("Why")]
    assert [section.title for section in why] == [f"Why {row['name']} for coronary artery disease" for row in first]
    for row, section in zip(first, why, strict=True):
        found = explain(checkpoint.load(run.out / "model"), run.store, row["drug"], DISEASE, top=6)
        assert section.tables[0].rows["path"].tolist() == [str(path) for path in found.evidence]
        assert f"score {row['score']:.3g}" in section.lead


def test_held_out_figures_are_those_of_the_same_training(run: Run) -> None:
    graph, config = run.store.read(), load_config(None, seed=SEED)
    seen = methods.candidates_of(graph, config)
    rivals = {"model": methods.model(config), "degree prior": methods.baselines(config)["degree_prior"]}
    measured = evaluate(graph, seen, config.about, rivals, Protocol(trained=1, seed=SEED))
    means = measured.figures.assign(metric=measured.figures["metric"].str.replace("_", " "))
    means = means.set_index(["method", "metric"])["mean"]
    shown = run.rows("How far").set_index(["method", "metric"])["mean"]
    assert {"average precision", "recall at 10", "mrr", "auprc"} <= set(shown.index.get_level_values("metric"))
    assert {name: float(value) for name, value in shown.items()} == {
        name: float(f"{means[name]:.2f}") for name in shown.index
    }
    assert not shown.filter(like="100").size, "recall at 100 among 64 drugs is 1, whatever the model"
    told = run.finding("held-out pairs")
    for name in rivals:
        assert f"{name} {means[name, 'average precision']:.2f} " in told
    assert f"among {seen.count('Drug')} drugs" in told
    assert data_version(tuple(checkpoint.load(run.out / "model").sources)) in run.section("How far").caption


def test_the_twin_is_the_first_imported_patient_who_has_what_it_needs(run: Run, cohort: Cohort) -> None:
    lead = run.section("The patient").lead
    assert lead.startswith("12 made-up patients") and f"The twin below is {cohort.ids[0]}: age_years" in lead
    held = run.store.query("MATCH (p:Patient) WHERE p.id IN $ids RETURN p.id AS id", {"ids": list(cohort.ids)})
    assert len(held) == 1


def test_candidates_for_each_patient_can_be_asked_after_a_study(run: Run, cohort: Cohort) -> None:
    ranked = Session(run.out / "graph.lbdb", run.out / "model").rank(cohort.ids[0], candidates="drugs", top=5)
    assert ranked.to_frame()["rank"].tolist() == [1, 2, 3, 4, 5]
    assert "learned of 12 made-up patients" in run.finding("ranks drugs for a patient")


def test_where_no_patient_has_what_the_twin_needs_it_says_so(
    starter_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_: object) -> Cohort:
        raise PatientError("the patient's record lacks CYP2C9")

    monkeypatch.setattr(study, "from_graph", lacking)
    monkeypatch.setattr(study, "import_patients", lambda *_: study.Imported(("P-1", "P-2"), None, {}))
    with (
        open_store(starter_store) as store,
        pytest.raises(PatientError, match="none of the 2 patients has what warfarin_hamberg2007 needs"),
    ):
        study._import_patients(store, study.silent)


def test_the_twin_takes_the_standard_dose_and_the_one_that_reaches_the_target(run: Run, cohort: Cohort) -> None:
    model, days = library.load("warfarin_hamberg2007"), parse_times("0:84:1d")
    shown = run.rows("The patient's twin")
    shown = shown[shown["observable"] == "INR"].set_index("regimen")
    names = shown.index.tolist()
    found = float(names[1].split()[0])
    assert names == ["5 mg a day", f"{found:g} mg a day, the twin's dose for INR 2.5"]
    assert found % 0.5 == 0, "tablets are halved"
    missed = [
        abs(simulate(model, cohort, every(dose, 24, 84), days, variation=None).value[0, 0, -1] - 2.5)
        for dose in (found, found - 0.5, found + 0.5)  # the INR rises with the dose
    ]
    assert min(missed) == missed[0]
    for name, dose in zip(names, (5.0, found), strict=True):
        simulated = simulate(model, cohort, every(dose, 24, 84), days, Variation(seed=SEED))
        place = simulated.observables.index("INR")
        value, low, high = (float(array[0, place, -1]) for array in (simulated.value, simulated.lower, simulated.upper))
        assert shown.loc[name, ["value", "lower", "upper"]].tolist() == [value, low, high]
        assert run.finding(f"{name}: ") == (
            f"{name}: day-84 INR of the patient's twin is {value:.2f} (90 % of such patients: {low:.2f} to {high:.2f})."
        )


def test_the_doses_to_choose_from_are_those_that_the_trial_can_give(tried: TrialResult) -> None:
    titration = tried.design.titration_of(tried.design.arms[0])
    assert study.DOSES_MG.step == study.DOSES_MG.low == titration.tablet
    assert study.DOSES_MG.high == titration.max_dose


def test_the_last_inr_is_told_with_its_range() -> None:
    assert study._last_inr(course(1.0, 1.5, 2.0)) == "2.00 (90 % of such patients: 1.88 to 2.50)"


def test_the_trial_is_the_packaged_one_with_the_study_s_seed(run: Run, tried: TrialResult) -> None:
    written = json.loads((run.out / "trial/result.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(tried.to_json()))
    subjects, columns = pd.read_csv(run.out / "trial/subjects.csv"), ["USUBJID", "ARM", "TTR"]
    assert subjects[columns].to_numpy().tolist() == tried.subjects[columns].to_numpy().tolist()
    lines = [line.strip() for line in tried.to_text().splitlines()[1:]]
    assert run.report.findings[-len(lines) :] == tuple(f"Trial: {line}." for line in lines)
    means = [f"{100 * arm['mean']['value']:.1f}%" for arm in written["arms"]]
    assert [said.split(" (")[0] for said in run.rows("The trial")["estimate"][:2]] == means
    assert sum(len(table.rows) for table in run.section("Assumptions").tables) == len(tried.assumptions)
    assert run.rows("Parameters")["value"].tolist() == tried.parameters["value"].tolist()


def test_seed_versions_and_data_are_printed(run: Run, tried: TrialResult, starter_store: Path) -> None:
    versions = dict(run.report.versions)
    seconds, unit = versions.pop("made in").split()
    assert unit == "s" and 0 < int(seconds) <= run.took_s + 1
    with open_store(starter_store) as store:
        data = data_version(read_releases(store))
    assert versions == {"seed": str(SEED), **tried.versions, "data": data}


def test_progress_goes_from_0_to_1_and_never_back(run: Run) -> None:
    fractions = [fraction for _, fraction in run.told]
    assert fractions[0] == 0 and fractions[-1] == 1
    assert fractions == sorted(fractions)
    assert max(np.diff(fractions)) < 0.1, "no step is told to be further than it is"
    began = {step.split(":")[0]: fraction for step, fraction in reversed(run.told)}
    assert list(reversed(began)) == [
        *("build", "rank", "twin", "drugs for patients", "trial"),
        f"report written to {run.out / 'report.html'}",
    ]
    assert list(reversed(began.values())) == pytest.approx([0, 0.08, 0.82, 0.88, 0.95, 1], abs=0.02)
    ranking = {step.split(": ")[1]: fraction for step, fraction in reversed(run.told) if step.startswith("rank")}
    assert list(reversed(ranking)) == ["train", "evaluate on held-out pairs", "explain"]
