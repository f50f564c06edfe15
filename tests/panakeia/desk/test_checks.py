"""What takes long is checked before it is queued: files, names and numbers are told at once, and no work is done."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from kg.files.checked import DesignError
from panakeia.commands.every import EVERY
from panakeia.desk.desk import ALL, Desk, DeskSettings
from panakeia.desk.problems import problem_of
from panakeia.verbs.held import Held

EXAMPLES = files("panakeia").joinpath("examples")
TRIAL = EXAMPLES.joinpath("warfarin_trial.toml").read_text(encoding="utf-8")
POPULATION = EXAMPLES.joinpath("population.toml").read_text(encoding="utf-8")
FORETOLD = EXAMPLES.joinpath("foretold.csv").read_text(encoding="utf-8")
STAYS = EXAMPLES.joinpath("readmissions.csv").read_text(encoding="utf-8")
REGIMEN = "TIME,AMT,ADDL,II\n0,5,6,24\n"
COHORT = "id,age_years,CYP2C9,VKORC1\n1,60,*1/*1,G/G\n2,70,*1/*2,G/A\n"
OF_TRIAL = {"outcome": "readmitted", "arm": "hospital", "treatment": "south", "control": "north", "feature": ["age"]}

FITS: dict[str, dict[str, Any]] = {
    "export": {"format": "kgx-tsv", "around": ["warfarin"]},
    "build": {"source": ["starter"]},
    "audit": {},
    "matrix": {},
    "predict": {"top": 3},
    "train": {"task": "binds"},
    "evaluate": {"task": "treats"},
    "notes_annotate": {"path": "chest pain"},
    "trial_design_multiplicity": {
        "hypothesis": ["A,alpha=.01,drift=3,information=1", "B,alpha=.015,drift=3,information=1"]
    },
    "trial_run": {"design": TRIAL},
    "trial_simulate": {"design": TRIAL, "replicates": 1000},
    "twin_dose": {"target": "INR=2.5", "cohort": COHORT},
    "twin_policies": {"target": "INR=2:3", "days": [0.0, 7.0, 14.0], "high": 10, "cohort": COHORT},
    "twin_simulate_population": {"population": POPULATION, "regimen": REGIMEN, "patients": 1_000_000},
    "fairness": {"table": FORETOLD, "truth": "died", "prediction": "chance", "group": ["sex"]},
    "risk_train": {"table": STAYS, "outcome": "readmitted"},
    "response": {"table": STAYS, **OF_TRIAL},
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("export", {"format": "kgx-tvs"}, "kgx-tvs"),
    ("export", {"format": "kgx-tsv", "around": ["warfarine sodium"]}, "warfarine sodium"),
    ("build", {"source": ["hetionett"]}, "there is no source 'hetionett'"),
    ("build", {"only": "hetionett"}, "there is no source 'hetionett'"),
    ("matrix", {"task": "binds"}, "binds"),
    ("train", {"config": "epochs = -1\nlayer = 2"}, "epochs: unknown setting"),
    ("train", {"without": "drug\tdisease\nwarfarin\tno such disease\n"}, "no such disease"),
    ("evaluate", {"split": "planet"}, "planet"),
    ("imaging_features", {"image": "x", "mask": "y", "day": "2020-01-01"}, "are of a patient"),
    ("notes_annotate", {"path": {"name": "a.txt", "base64": "/w=="}}, "no text in UTF-8"),
    ("patient_import", {"paths": [{"name": "a.txt", "text": "what"}]}, "of no known format"),
    ("trial_design_multiplicity", {"hypothesis": ["A,alpha=2"]}, "hypothesis: got"),
    ("trial_run", {"design": "[trial]\nweeks = -4\n"}, "got -4, expected >= 1"),
    ("trial_run", {"design": "[trial"}, "TOML"),
    ("trial_simulate", {"design": TRIAL.replace("weeks = ", "weeeks = ")}, "did you mean weeks?"),
    ("trial_simulate", {"design": TRIAL, "replicates": 10**15}, "expected fewer than"),
    ("trial_export", {"folder": "nothing/out"}, "expected the name of a model"),
    ("twin_dose", {"target": "INR=2.5", "cohort": "id,age_years\n1,60\n"}, "CYP2C9"),
    ("twin_dose", {"target": "IMR=2.5", "cohort": COHORT}, "IMR"),
    ("twin_fit", {"model": "warfarin_hambreg", "data": "ID,TIME,AMT,DV\n1,0,5,\n"}, "warfarin_hambreg"),
    ("twin_fit_population", {"model": "theophylline_boeckmann1994", "data": "ID,TIME\n1,0\n"}, "DV"),
    ("twin_policies", {"target": "INR=2.5", "days": [0, 7], "high": 10, "cohort": COHORT}, "expected a range"),
    ("twin_simulate_population", {"population": POPULATION, "regimen": REGIMEN, "patients": 0}, "patients"),
    ("fairness", {"table": FORETOLD, "truth": "dead", "prediction": "chance", "group": ["sex"]}, "dead"),
    ("risk_train", {"table": STAYS, "outcome": "readmited"}, "readmited"),
    ("risk_validate", {"model": "nothing/out", "table": STAYS}, "expected the name of a model"),
    ("response", {"table": STAYS, **OF_TRIAL, "control": "east"}, "east"),
]


@pytest.fixture
def desk(starter_store: Path, starter_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("PANAKEIA_KEY", "0" * 64)
    opened = Desk(DeskSettings(str(starter_store), starter_model, home=tmp_path / "desk"))
    yield opened
    opened.close()


def test_each_verb_that_takes_long_is_checked() -> None:
    named = {*FITS, *(name for name, _, _ in WRONG)}
    assert named == {name for name, verb in EVERY.items() if verb.long and not verb.here}


@pytest.mark.parametrize(("name", "request_", "told"), WRONG, ids=[f"{one[0]}-{one[2]}" for one in WRONG])
def test_what_is_wrong_is_told_before_any_work(desk: Desk, name: str, request_: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError) as refused:
        desk.require(name, request_, ALL)
    problem = problem_of(refused.value)
    assert problem.status in (404, 422) and told in problem.detail


@pytest.mark.parametrize("name", FITS)
def test_what_fits_is_not_begun(desk: Desk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[bool] = []
    begins = Held._begins
    monkeypatch.setattr(Held, "_begins", lambda self: (reached.append(True), begins(self))[1])
    stamp = Path(desk.settings.store).stat()
    desk.require(name, FITS[name], ALL)
    assert reached == [True]
    assert Path(desk.settings.store).stat() == stamp and not desk.settings.home.exists()


def test_each_mistake_of_a_file_has_its_key(desk: Desk) -> None:
    with pytest.raises(DesignError) as refused:
        desk.require("trial_run", {"design": "[trial]\nweeks = -4\nseeed = 1\n"}, ALL)
    problem = problem_of(refused.value)
    errors = {one["parameter"]: one["detail"] for one in problem.more["errors"]}
    assert (problem.status, problem.kind) == (422, "file-with-mistakes")
    assert errors["trial.weeks"] == "got -4, expected >= 1"
    assert errors["trial.seeed"] == "unknown key; did you mean seed?"
