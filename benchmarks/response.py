"""Claim: who gains is told apart from chance: on simulated trials as often as it should be, on two real ones as it is.

    python benchmarks/response.py --data DIR [--trial ACTG175 IST] [--repeats 5] [--null 40]

prints one JSON object. Of each trial, each learner (R, X) and each base (ridge, boosted trees): AUTOC, the Qini
coefficient, the slope of the best linear projection and the last fifth less the first, with 95 % intervals, all on
patients that the model had not seen; beside them the same with arms dealt anew (`null`: no effect is true by design),
of which the share that is called heterogeneous is the type I error, with Clopper and Pearson's interval.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from histories import HISTORIES

from twin.estimate import Estimate
from twin.prognosis.gain import share_of
from twin.prognosis.response.base import Base
from twin.prognosis.response.crossfit import Honest
from twin.prognosis.response.learners.learner import EffectLearner
from twin.prognosis.response.learners.r import RLearner
from twin.prognosis.response.learners.x import XLearner
from twin.prognosis.response.question import Asked
from twin.prognosis.response.response import Response, Settings, respond
from twin.trials.analysis.table import Arms

LEARNERS: dict[str, EffectLearner] = {
    "R, ridge": RLearner(Base("linear")),
    "R, trees": RLearner(Base("boosting")),
    "X, ridge": XLearner(Base("linear")),
    "X, trees": XLearner(Base("boosting")),
}


def trials(folder: Path) -> dict[str, tuple[pd.DataFrame, Asked, str]]:
    """Return each trial's table, what is asked of it, and the data's version."""
    aids, stroke = HISTORIES["ACTG175"](folder), HISTORIES["IST"](folder)
    week_20 = aids.table[aids.table["AVISITN"] == 20.0].reset_index(drop=True)
    features = aids.question.features
    raw = pd.read_csv(folder / "trials" / "ACTG175.csv.gz")
    times = week_20.merge(
        pd.DataFrame({"USUBJID": raw["pidnum"], "DAYS": raw["days"], "CNSR": 1 - raw["cens"]}), on="USUBJID"
    )
    combined = times.assign(TRT01P=np.where(times["TRT01P"] == "zidovudine", "zidovudine", "another"))
    return {
        "ACTG175, CD4 at week 20, zidovudine + didanosine": (week_20, Asked("AVAL", aids.arms, features), aids.version),
        "ACTG175, days without event to day 1,000, any other than zidovudine": (
            combined,
            Asked("DAYS", Arms("another", "zidovudine"), features, "survival", horizon=1000.0),
            aids.version,
        ),
        "IST, dead or dependent after 6 months, aspirin": (
            stroke.table,
            Asked("AVAL", stroke.arms, stroke.question.features, "binary", "lower", 0.5),
            stroke.version,
        ),
    }


def told(found: Response) -> dict[str, Any]:
    """Return the figures of one learner."""
    figures = {
        "gain of all": found.average,
        "AUTOC": found.autoc,
        "Qini": found.qini,
        "slope": found.slope,
        "last fifth less first": found.apart,
    }
    half = found.enrichment.iloc[2]
    return {
        **{name: _rounded(one) for name, one in figures.items()},
        "slope's p": found.slope.p_value,
        "gain of the half foretold to gain most": [round(float(half[name]), 4) for name in ("gain", "lower", "upper")],
        "its trial's size": None if half["patients"] != half["patients"] else round(float(half["patients"]), 3),
        "heterogeneity found": found.found,
    }


def null(table: pd.DataFrame, asked: Asked, settings: Settings, deals: int) -> dict[str, Any]:
    """Return how often heterogeneity is found where arms are dealt anew, by AUTOC and by the slope's p below 0.05."""
    arms, found = asked.arms, {"by AUTOC": 0, "by slope": 0}
    rows = arms.rows(table, [])
    for deal in range(deals):
        order = np.random.default_rng([7, deal]).permutation(len(rows))
        dealt = rows.assign(**{arms.column: rows[arms.column].to_numpy()[order]})
        one = respond(dealt, asked, replace(settings, honest=replace(settings.honest, seed=deal)))
        found["by AUTOC"] += one.found
        found["by slope"] += (one.slope.p_value if one.slope.p_value is not None else 1.0) < 0.05
    return {name: _rounded(share_of(count, deals, "")) for name, count in found.items()}


def _rounded(one: Estimate) -> list[float]:
    return [round(value, 4) for value in (one.value, one.lower, one.upper)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--trial", nargs="+", default=["ACTG175", "IST"], help="those whose names begin so")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--null", type=int, default=40, help="deals of arms without effect, by the ridge R-learner")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    printed: dict[str, Any] = {}
    for name, (table, asked, version) in trials(Path(options.data)).items():
        if not name.startswith(tuple(options.trial)):
            continue
        printed[name] = {"data": version}
        for called, learner in LEARNERS.items():
            started = time.process_time()
            found = respond(table, asked, Settings(learner, Honest(repeats=options.repeats)))
            printed[name][called] = {**told(found), "cpu seconds": round(time.process_time() - started, 1)}
            printed[name]["patients"] = found.counts
            sys.stderr.write(f"{name}, {called}: {found.verdict()}\n")
        if options.null and asked.kind == "continuous":
            settings = Settings(LEARNERS["R, ridge"], Honest(repeats=1), draws=300)
            printed[name]["arms dealt anew"] = null(table, asked, settings, options.null)
    print(json.dumps(printed, indent=2))


if __name__ == "__main__":
    main()
