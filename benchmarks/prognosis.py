"""Claim: a prognosis learned from one half of a trial's patients saves a few percent of the other half's sample size.

    python benchmarks/prognosis.py --data DIR [--trial ACTG175 pbcseq IST colon] [--splits 10] [--out FILE.json]

prints one JSON object. Patients are split at random into a history, from which each learner learns (all arms; the
score sees no arm), and a trial, which is analysed unadjusted, adjusted as usual (ACTG175, pbcseq: the outcome's
baseline value; IST: age and being fully alert; colon: more than four positive nodes) and adjusted for the score
(PROCOVA), alone and beside the usual. The sequence twin is for trials with visits. Of each learner:

- `explained`: R2 (of chances, the AUROC too) in the trial, beside that of the usual covariates fitted to the history.
- `coverage`: the share of outcomes of the trial within their 90 % intervals.
- `saved`: the share of variance, and so of patients, saved beside the usual adjustment: mean over splits, the middle
  95 % of splits, and of the first split the bootstrap interval over its patients.
- `type I error`: arms dealt anew to the trial's patients; Clopper and Pearson's 95 % interval; nominal 0.05.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sklearn
from histories import HISTORIES, History

from twin.prognosis.conformal import coverage
from twin.prognosis.gain import saved, share_of, type_one_error
from twin.prognosis.learned import Learned, outcomes
from twin.prognosis.question import Learner
from twin.prognosis.sequence import SequenceTwin
from twin.prognosis.stacked import Stacked
from twin.prognosis.tabular import Boosting, Linear
from twin.trials.analysis.linear import Ancova, Procova, Unadjusted
from twin.trials.analysis.logistic import RiskDifference
from twin.trials.analysis.table import Estimator

LEARNERS: dict[str, Learner] = {
    "boosting": Boosting(),
    "linear": Linear(),
    "stacked": Stacked(),
    "sequence": SequenceTwin(),
}
SPLITS, RESAMPLES, DEALT = 10, 500, 2000
OUTCOME = "OUTCOME"
"""What is analysed: the outcome, or of times the pseudo-observation of the mean time without event."""


def halves(history: History, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the history and of the trial: half of the subjects each."""
    who = history.table["USUBJID"].unique()
    learned = np.random.default_rng(seed).permutation(who)[: who.size // 2]
    of = history.table["USUBJID"].isin(learned)
    return history.table[of].reset_index(drop=True), history.table[~of].reset_index(drop=True)


def at_end(rows: pd.DataFrame, history: History) -> pd.DataFrame:
    """Return one row a subject of the two arms: the visit at which they are compared, covariates without gaps."""
    rows = rows[rows["AVISITN"] == history.visit] if history.visit is not None else rows
    rows = rows[rows["TRT01P"].isin([history.arms.treatment, history.arms.control])].reset_index(drop=True)
    return rows.assign(**{OUTCOME: outcomes(rows, history.question)})


def analyses(history: History) -> dict[str, Estimator]:
    """Return the analyses of the trial by name; all but the first two read the score."""
    arms, usual = history.arms, history.usual
    if history.question.kind == "binary":
        return {
            "unadjusted": RiskDifference(arms, (), OUTCOME),
            "usual": RiskDifference(arms, usual, OUTCOME),
            "score": RiskDifference(arms, ("PROGNOSIS",), OUTCOME),
            "score and usual": RiskDifference(arms, ("PROGNOSIS", *usual), OUTCOME),
        }
    return {
        "unadjusted": Unadjusted(arms, OUTCOME),
        "usual": Ancova(arms, usual, OUTCOME),
        "score": Procova(arms, outcome=OUTCOME),
        "score and usual": Procova(arms, covariates=usual, outcome=OUTCOME),
    }


def scored(rows: pd.DataFrame, prognosis: Learned) -> pd.DataFrame:
    """Return the rows with what was foretold of them; a chance is a covariate by its log odds."""
    told = prognosis.predict(rows)
    if prognosis.question.kind == "binary":
        chance = told["PROGNOSIS"].clip(0.005, 0.995)
        told = told.assign(CHANCE=told["PROGNOSIS"], PROGNOSIS=np.log(chance / (1.0 - chance)))
    return pd.concat([rows, told], axis=1)


def explained(outcome: np.ndarray, forecast: np.ndarray) -> float:
    """Return R2: negative where the mean foretells better."""
    return float(1.0 - ((outcome - forecast) ** 2).sum() / ((outcome - outcome.mean()) ** 2).sum())


def of_split(history: History, learner: Learner, seed: int, dealt: int) -> dict[str, Any]:
    """Return the figures of one split."""
    past, trial = halves(history, seed)
    started = time.process_time()
    prognosis = learner.fit(past, history.question)
    spent = time.process_time() - started
    rows, told = scored(at_end(trial, history), prognosis), analyses(history)
    outcome = rows[OUTCOME].to_numpy()
    found: dict[str, Any] = {"cpu seconds": spent, "patients": len(rows)}
    forecast = rows["CHANCE" if "CHANCE" in rows else "PROGNOSIS"].to_numpy()
    found["explained"] = explained(outcome, forecast)
    if history.question.kind == "binary":
        from sklearn.metrics import roc_auc_score

        found["auroc"] = float(roc_auc_score(outcome, forecast))
        found["bounds' mean width"] = float((rows["UPPER"] - rows["LOWER"]).mean())
        found["observed minus foretold"] = float(outcome.mean() - forecast.mean())
    else:
        found["coverage"] = coverage(outcome, rows["LOWER"].to_numpy(), rows["UPPER"].to_numpy())
    estimates = {name: analysis(rows) for name, analysis in told.items()}
    for name in ("score", "score and usual"):
        share = 1.0 - (estimates[name].standard_error / estimates["usual"].standard_error) ** 2
        found[f"saved by {name}"] = share
    found["usual saves beside unadjusted"] = (
        1.0 - (estimates["usual"].standard_error / estimates["unadjusted"].standard_error) ** 2
    )
    errors = type_one_error(rows, told["score and usual"], history.arms, repeats=dealt, seed=seed)
    found["errors"] = round(errors.value * dealt)
    if seed == 0:
        found["bootstrap"] = saved(rows, told["score and usual"], told["usual"], resamples=RESAMPLES).share
    return found


def usual_explains(history: History, seed: int) -> float:
    """Return R2 in the trial of a linear model of the usual covariates, learned from the history."""
    past, trial = halves(history, seed)
    question = replace(history.question, features=history.usual)
    rows = at_end(trial, history)
    return explained(rows[OUTCOME].to_numpy(), Linear().fit(past, question).predict(rows)["PROGNOSIS"].to_numpy())


def summary(found: list[dict[str, Any]], dealt: int) -> dict[str, Any]:
    """Return mean and middle 95 % of splits."""
    told: dict[str, Any] = {}
    for name in found[0]:
        if name in ("bootstrap", "errors"):
            continue
        values = [one[name] for one in found]
        low, high = np.percentile(values, [2.5, 97.5])
        told[name] = {"mean": round(float(np.mean(values)), 4), "low": round(low, 4), "high": round(high, 4)}
    first = found[0]["bootstrap"]
    told["saved by score and usual"]["bootstrap of the first split"] = [round(first.lower, 4), round(first.upper, 4)]
    error = share_of(sum(one["errors"] for one in found), dealt * len(found), "arms dealt anew")
    told["type I error"] = {"value": round(error.value, 4), "low": round(error.lower, 4), "high": round(error.upper, 4)}
    return told


def measure(history: History, learners: Mapping[str, Learner], splits: int) -> dict[str, Any]:
    """Return the figures of one trial."""
    dealt = max(1, DEALT // splits)
    told: dict[str, Any] = {"data": history.version, "subjects": int(history.table["USUBJID"].nunique())}
    told["usual covariates"] = ", ".join(history.usual)
    told["usual explains"] = round(float(np.mean([usual_explains(history, seed) for seed in range(splits)])), 4)
    for name, learner in learners.items():
        if name == "sequence" and history.visit is None:
            continue  # one visit is no sequence
        if isinstance(learner, Stacked):
            learner = replace(learner, alone=history.usual)
        found = []
        for seed in range(splits):
            sys.stderr.write(f"{name}, split {seed}\n")
            found.append(of_split(history, learner, seed, dealt))
        told[name] = summary(found, dealt)
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--trial", nargs="+", choices=HISTORIES, default=list(HISTORIES))
    parser.add_argument("--learner", nargs="+", choices=LEARNERS, default=list(LEARNERS))
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--out", type=Path, help="also written here after each trial")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    told: dict[str, Any] = {"splits": options.splits, "scikit-learn": sklearn.__version__}
    for name in options.trial:
        history = HISTORIES[name](Path(options.data))
        told[name] = measure(history, {one: LEARNERS[one] for one in options.learner}, options.splits)
        if options.out:
            options.out.write_text(json.dumps(told, indent=2), encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
