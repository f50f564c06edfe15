"""Claim: accuracy above 85 % is mostly the majority class, and falls in another hospital; plain regression holds.

    python benchmarks/risk.py --data DIR [--task cleveland hospitals elsewhere pima framingham framingham_times nhanes
        pbc_visits framingham_visits respiratory_visits] [--resamples 300] [--out FILE.json]

prints one JSON object. Each task is learned by every learner, nested: outer folds judge, inner ones choose settings.
The base rate, the majority class and plain regression stand beside, with 95 % intervals (AUROC: DeLong; concordance:
infinitesimal jackknife; else a bootstrap over patients) and the difference from plain regression, same patients.

- `cleveland`: heart disease (`num` above 0), 303 patients of one hospital, ten folds.
- `hospitals`: each of three hospitals is left out once; settings are chosen among the patients of the others.
- `elsewhere`: learned in Cleveland, judged in the two others.
- `pima`: diabetes in 768 women, ten folds.
- `framingham`: coronary disease within 3,652 days of 4,240 persons without it. Who died of something else before is one
  without; who was lost is left out. `framingham_times`: the same from all times, death cuts them off.
- `nhanes`: diabetes, told by themselves, of adults of NHANES 2009-2012. Cross-sectional: nothing is foretold in
  time. Weights of the survey are not used, so that shares are those of the sample and not of the country.
- `pbc_visits`, `framingham_visits`, `respiratory_visits`: foretold at each visit, a patient's visits in one fold. A
  recurrent network reads the visits before too; plain regression and boosting read the same row alone.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn

from kg.files.frame import read_frame
from twin.prognosis.question import Question, level
from twin.prognosis.risk.judge import Figure, JudgeSettings, by_fold, frame_of, judge
from twin.prognosis.risk.leaks import suspicions
from twin.prognosis.risk.learner import REFERENCE, names
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.split import Fold, SplitSettings
from twin.prognosis.risk.validate import validate

TEN_YEARS = 3652.0
TWO_YEARS = 730.0
PROMISED = 0.85
HEART = ("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal")
FRAMINGHAM = (
    *("SEX", "AGE", "TOTCHOL", "SYSBP", "DIABP", "CURSMOKE", "CIGPDAY", "BMI", "DIABETES", "BPMEDS", "HEARTRTE"),
    *("GLUCOSE", "educ", "PREVSTRK", "PREVHYP"),
)
NHANES = (
    *("Age", "Gender", "Race1", "Education", "Poverty", "BMI", "Height", "BPSysAve", "BPDiaAve", "Pulse", "TotChol"),
    *("DirectChol", "PhysActive", "SleepHrsNight", "Smoke100"),
)
PBC = (
    *("trt", "age", "sex", "ascites", "hepato", "spiders", "edema", "bili", "chol", "albumin", "alk.phos", "ast"),
    *("platelet", "protime", "stage"),
)
FEW = SplitSettings(outer=3, inner=2)
VISITS = ("base_rate", "logistic", "boosting", "recurrent")
"""Who is compared where there are visits: the network, and others on the same row."""


@dataclass(frozen=True)
class Task:
    """Patients, what is asked of them, how they are parted (or the folds themselves), and the data's version."""

    rows: pd.DataFrame
    question: Question
    split: SplitSettings
    version: str
    folds: tuple[Fold, ...] = ()


def read(folder: Path, name: str, room: str = "risk") -> tuple[pd.DataFrame, str]:
    """Return a table and the SHA-256 of its file."""
    path = folder / room / name
    return read_frame(path), f"{name} sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"


def heart(folder: Path) -> tuple[pd.DataFrame, str]:
    """Return the patients of three hospitals; `disease` is a narrowing of more than half of a vessel."""
    rows, version = read(folder, "uci-heart-3-hospitals.csv.gz")
    rows = rows[rows["age"] != "X1"].reset_index(drop=True)  # a second header stands among Cleveland's rows
    rows = rows.assign(**{name: pd.to_numeric(rows[name]) for name in (*HEART, "num")})
    # neither a cholesterol nor a pressure is 0: Switzerland did not measure the one
    rows = rows.assign(**{name: rows[name].where(rows[name] > 0.0) for name in ("chol", "trestbps")})
    rows = rows.assign(disease=(rows["num"] > 0.0).astype(float))
    return coded(rows, ("cp", "restecg", "slope", "thal")), version


def coded(rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows with codes as levels."""
    return rows.assign(**{name: rows[name].map(level, na_action="ignore").astype(object) for name in columns})


def cleveland(folder: Path) -> Task:
    """Return one hospital."""
    rows, version = heart(folder)
    rows = rows[rows["hospital"] == "cleveland"].reset_index(drop=True)
    return Task(rows, Question("disease", "binary", HEART), SplitSettings(outer=10), version)


def hospitals(folder: Path) -> Task:
    """Return all hospitals, each left out once."""
    rows, version = heart(folder)
    return Task(rows, Question("disease", "binary", HEART), SplitSettings("site", site="hospital"), version)


def elsewhere(folder: Path) -> Task:
    """Return what Cleveland teaches, judged in the others."""
    rows, version = heart(folder)
    of = rows["hospital"].to_numpy()
    learned = np.flatnonzero(of == "cleveland")
    folds = tuple(Fold(name, learned, np.flatnonzero(of == name)) for name in ("hungarian", "switzerland"))
    return Task(rows, Question("disease", "binary", HEART), SplitSettings(), version, folds)


def pima(folder: Path) -> Task:
    """Return the women of the Pima."""
    rows, version = read(folder, "pima.csv.gz")
    rows = rows.assign(diabetes=(rows["diabetes"] == "pos").astype(float))
    features = tuple(name for name in rows if name != "diabetes")
    return Task(rows, Question("diabetes", "binary", features), SplitSettings(outer=10), version)


def framingham_rows(folder: Path) -> tuple[pd.DataFrame, str]:
    """Return the first examination of persons without coronary disease."""
    rows, version = read(folder, "framingham-teaching.csv.gz")
    rows = rows[(rows["PERIOD"] == 1.0) & (rows["PREVCHD"] == 0.0)].reset_index(drop=True)
    return coded(rows, ("educ",)), version


def framingham(folder: Path) -> Task:
    """Return the event within ten years, of those in whom it is known."""
    rows, version = framingham_rows(folder)
    event = (rows["ANYCHD"] == 1.0) & (rows["TIMECHD"] <= TEN_YEARS)
    known = event | (rows["TIMECHD"] >= TEN_YEARS) | (rows["DEATH"] == 1.0)
    rows = rows.assign(CHD=event.astype(float))[known].reset_index(drop=True)
    return Task(rows, Question("CHD", "binary", FRAMINGHAM, "RANDID"), SplitSettings(), version)


def framingham_times(folder: Path) -> Task:
    """Return the times until coronary disease, cut off by death and by the end."""
    rows, version = framingham_rows(folder)
    rows = rows.assign(CNSR=1.0 - rows["ANYCHD"])
    question = Question("TIMECHD", "survival", FRAMINGHAM, "RANDID", horizon=TEN_YEARS)
    return Task(rows, question, SplitSettings(), version)


def nhanes(folder: Path) -> Task:
    """Return the adults, of whom each is there once; rows of one person would be in one fold."""
    rows, version = read(folder, "nhanes-2009-2012.csv.gz")
    rows = rows[(rows["Age"] >= 20.0) & rows["Diabetes"].notna()].reset_index(drop=True)
    rows = rows.assign(diabetic=(rows["Diabetes"] == "Yes").astype(float))
    question = Question("diabetic", "binary", NHANES, "ID", later=("Diabetes", "DiabetesAge"), repeated=True)
    return Task(rows, question, SplitSettings(), version)


def pbc_visits(folder: Path) -> Task:
    """Return death or transplant within two years of each visit, of visits after which that is known."""
    rows, version = read(folder, "survival_pbcseq.csv.gz", "trials")
    ahead = rows["futime"] - rows["day"]
    event = (rows["status"] > 0.0) & (ahead <= TWO_YEARS)
    rows = coded(rows.assign(gone=event.astype(float))[event | (ahead >= TWO_YEARS)], ("trt", "edema"))
    question = Question("gone", "binary", PBC, "id", "day", later=("futime", "status"))
    return Task(rows.reset_index(drop=True), question, FEW, version)


def framingham_visits(folder: Path) -> Task:
    """Return coronary disease within ten years of each examination, of those without it then."""
    rows, version = read(folder, "framingham-teaching.csv.gz")
    rows = coded(rows[rows["PREVCHD"] == 0.0], ("educ",))
    ahead = rows["TIMECHD"] - rows["TIME"]
    event = (rows["ANYCHD"] == 1.0) & (ahead <= TEN_YEARS)
    rows = rows.assign(CHD=event.astype(float))[event | (ahead >= TEN_YEARS) | (rows["DEATH"] == 1.0)]
    question = Question("CHD", "binary", FRAMINGHAM, "RANDID", "TIME")
    return Task(rows.reset_index(drop=True), question, FEW, version)


def respiratory_visits(folder: Path) -> Task:
    """Return whether the respiratory status is good at the next monthly visit."""
    rows, version = read(folder, "HSAUR_respiratory.csv.gz", "trials")
    rows = rows.sort_values(["subject", "month"], ignore_index=True)
    ahead = rows.groupby("subject")["status"].shift(-1)
    rows = coded(rows.assign(good=(ahead == "good").astype(float))[ahead.notna()], ("centre",))
    question = Question("good", "binary", ("centre", "treatment", "sex", "age", "status"), "subject", "month")
    return Task(rows.reset_index(drop=True), question, FEW, version)


TASKS: dict[str, Callable[[Path], Task]] = {
    one.__name__: one
    for one in (
        *(cleveland, hospitals, elsewhere, pima, framingham, framingham_times, nhanes),
        *(pbc_visits, framingham_visits, respiratory_visits),
    )
}


def measure(task: Task, resamples: int) -> dict[str, Any]:
    """Return the figures of every learner, by fold where folds are places, and what the promise comes to."""
    started, question = time.process_time(), task.question
    outcome = outcome_of(task.rows, question)
    learners = VISITS if question.visit else names(question.kind)
    found = validate(
        task.rows,
        outcome,
        question,
        learners,
        task.split,
        lambda step, share: sys.stderr.write(f"{share:4.0%} {step}\n"),
        task.folds,
    )
    settings = JudgeSettings(resamples=resamples)
    figures = judge(found, question, settings)
    events = outcome if outcome.ndim == 1 else outcome[:, 1]
    told: dict[str, Any] = {
        "data": task.version,
        "patients": int(np.unique(found.subjects).size),
        "events": int(events.sum()),
        "figures": rounded(frame_of(figures, question.kind).drop(columns="method")),
        "suspicious": [one.to_text() for one in suspicions(task.rows, outcome, question)],
        "cpu seconds": round(time.process_time() - started),
    }
    if task.split.name == "site" or task.folds:
        told["by place"] = rounded(by_fold(found, question))
    if question.visit:
        told["visits"] = len(task.rows)
        told["network"] = [
            network(figures, "logistic"),
            network(judge(found, question, settings, "boosting"), "boosting"),
        ]
    if question.kind == "binary":
        told["promise"] = promise(told["figures"])
    return told


def promise(figures: list[dict[str, Any]]) -> str:
    """Return in words whether 85 % accuracy holds, and beside what."""
    by = {(one["learner"], one["measure"]): one for one in figures}
    learners = [one for one in dict.fromkeys(one["learner"] for one in figures) if one != "base_rate"]
    best = max(learners, key=lambda one: by[one, "accuracy"]["value"])
    accuracy, above = by[best, "accuracy"], by[best, "accuracy above majority"]
    majority = by[best, "majority class"]["value"]
    holds = "reached" if accuracy["value"] >= PROMISED else "not reached"
    why = f"; the majority class alone has {majority:.3f}" if majority >= PROMISED else ""
    gain = f"{above['value']:+.3f} ({above['lower']:+.3f} to {above['upper']:+.3f}) above the majority class"
    return f"85 % {holds}: {best} {accuracy['value']:.3f}, {gain}{why}"


def network(figures: tuple[Figure, ...], other: str) -> str:
    """Return in words whether the network over visits wins against another, beside which the figures stand."""
    by = {one.measure: one.beside for one in figures if one.learner == "recurrent"}
    error, ranking = by["Brier"], by["AUROC"]
    assert error is not None and ranking is not None
    wins = "wins" if error.upper < 0.0 else "loses" if error.lower > 0.0 else "does not win"
    apart = [f"{one.value:+.4f} ({one.lower:+.4f} to {one.upper:+.4f})" for one in (error, ranking)]
    return f"the network {wins} against {other}: Brier {apart[0]}, AUROC {apart[1]}"


def rounded(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as JSON values of four digits."""
    return list(json.loads(frame.round(4).to_json(orient="records", double_precision=4)))


def leak(folder: Path) -> list[str]:
    """Return what is said of the age at diagnosis, which only diabetics have, where it is taken for a feature."""
    task = nhanes(folder)
    question = Question("diabetic", "binary", ("Age", "DiabetesAge"), "ID")
    return [one.to_text() for one in suspicions(task.rows, outcome_of(task.rows, question), question)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--resamples", type=int, default=300)
    parser.add_argument("--out", type=Path, help="also written here after each task")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    told: dict[str, Any] = {"scikit-learn": sklearn.__version__, "plain": dict(REFERENCE)}
    told["a feature from after the diagnosis"] = leak(Path(options.data))
    for name in options.task:
        sys.stderr.write(f"{name}\n")
        told[name] = measure(TASKS[name](Path(options.data)), options.resamples)
        if options.out:
            options.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
