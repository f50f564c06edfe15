"""Claim: controls from elsewhere save patients where elsewhere is like here, and else find effects that are not there.

    python benchmarks/external_controls.py --data DIR [--repeats 1000] [--out FILE.json]

prints one JSON object. Trials are drawn from real patients who all had the same treatment, so that the effect is 0:
100 called treated and 50 control (ACTG175, zidovudine, CD4 cells at 20 weeks), 300 and 150 (IST, without aspirin, dead
or dependent at 6 months). External controls come from the same patients (`alike`); from them, rather those with few CD4
cells, which is measured (`sicker`); from them, with outcomes shifted by a quarter of a deviation, which is not
(`shifted`); or from where the data themselves differ: patients already treated for HIV, for a trial of those who were
not; British patients, for a trial of Italian ones. The score is linear, and learned from the external controls alone.

Of each method: `bias` (in deviations of the outcome) with its Monte Carlo 95 % interval, `rmse`, `type I error` at
0.05 with Clopper and Pearson's interval, and `power` for an effect of 0.4 deviations.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from histories import actg175, ist

from twin.prognosis.external import External, Pooled, PowerPrior, RobustMap, Weighted
from twin.prognosis.gain import share_of
from twin.prognosis.learned import CrossValidation
from twin.prognosis.question import Question
from twin.prognosis.tabular import Linear
from twin.trials.analysis.linear import Ancova, Unadjusted
from twin.trials.analysis.table import Arms, Estimator

REPEATS, EFFECT, SHIFT, ALPHA = 1000, 0.4, 0.25, 0.05
TREATED, CONTROL, ELSEWHERE = "treated", "control", "elsewhere"
ARMS = Arms(TREATED, CONTROL)
PLAIN, SCORED = External(ARMS, ELSEWHERE), External(ARMS, ELSEWHERE, score="PROGNOSIS")
LEARNER = Linear(validation=CrossValidation(folds=3))

Draw = Callable[[np.random.Generator], pd.DataFrame]


def methods(alike_in: tuple[str, ...]) -> dict[str, tuple[Estimator, bool]]:
    """Return each analysis, and whether the trial has concurrent controls for it."""
    return {
        "trial alone": (Unadjusted(ARMS), True),
        "trial alone, score": (Ancova(ARMS, ("PROGNOSIS",)), True),
        "pooled": (Pooled(PLAIN), True),
        "pooled, score": (Pooled(SCORED), True),
        "weighted": (Weighted(PLAIN, alike_in), True),
        "weighted, score": (Weighted(SCORED, alike_in), True),
        "power prior 0.5, score": (PowerPrior(SCORED), True),
        "robust MAP, score": (RobustMap(SCORED), True),
        "no control: external": (Pooled(PLAIN), False),
        "no control: weighted": (Weighted(PLAIN, alike_in), False),
        "no control: twins": (Pooled(SCORED), False),
    }


def groups(here: pd.DataFrame, elsewhere: pd.DataFrame, sizes: tuple[int, int]) -> pd.DataFrame:
    """Return a trial of shuffled patients from here, and those from elsewhere."""
    treated, control = sizes
    arm = np.repeat([TREATED, CONTROL], [treated, control])
    return pd.concat(
        [here.iloc[: treated + control].assign(TRT01P=arm), elsewhere.assign(TRT01P=ELSEWHERE)], ignore_index=True
    )


def from_the_same(pool: pd.DataFrame, sizes: tuple[int, int], external: int, kind: str) -> Draw:
    """Return how trial and external controls are drawn from one pool of patients."""
    few = np.exp(-0.5 * (pool["BASE"] - pool["BASE"].mean()) / pool["BASE"].std()).to_numpy()

    def draw(random: np.random.Generator) -> pd.DataFrame:
        order, count = random.permutation(len(pool)), sum(sizes)
        if kind == "sicker":  # the external ones first, by weight: those who are left are the healthier
            order = np.argsort(random.exponential(size=len(pool)) / few)[::-1]
        here, elsewhere = order[:count], order[count:][-external:]
        table = groups(pool.iloc[random.permutation(here)], pool.iloc[elsewhere], sizes)
        if kind == "shifted":
            table["AVAL"] += np.where(table["TRT01P"] == ELSEWHERE, SHIFT * pool["AVAL"].std(), 0.0)
        return table

    return draw


def from_two(here: pd.DataFrame, elsewhere: pd.DataFrame, sizes: tuple[int, int], external: int) -> Draw:
    """Return how a trial is drawn from patients here, and its external controls from others."""

    def draw(random: np.random.Generator) -> pd.DataFrame:
        trial = here.iloc[random.permutation(len(here))]
        return groups(trial, elsewhere.iloc[random.permutation(len(elsewhere))[:external]], sizes)

    return draw


def scenarios(folder: Path) -> tuple[dict[str, tuple[Draw, Question, tuple[str, ...]]], list[str]]:
    """Return how trials are drawn, what is foretold from what, and what weights make alike; and the data's versions."""
    hiv, stroke = actg175(folder), ist(folder)
    table = hiv.table[(hiv.table["AVISITN"] == 20.0) & (hiv.table["TRT01P"] == "zidovudine")].reset_index(drop=True)
    features = tuple(
        name for name in hiv.question.features if name not in ("strat", "oprior", "z30", "preanti")
    )  # what tells the treated from the untreated would leave nobody alike
    asked = Question(features=features)
    naive = table[table["strat"] == 1].reset_index(drop=True)
    other = table[table["strat"] != 1].reset_index(drop=True)
    told: dict[str, tuple[Draw, Question, tuple[str, ...]]] = {
        f"ACTG175, {kind}": (from_the_same(table, (100, 50), 300, kind), asked, ("BASE", "age", "cd80"))
        for kind in ("alike", "sicker", "shifted")
    }
    told["ACTG175, treated before"] = (from_two(naive, other, (100, 50), 300), asked, ("BASE", "age", "cd80"))
    without = stroke.table[stroke.table["TRT01P"] == "no aspirin"]
    italian, british = (without[without["COUNTRY"] == name].reset_index(drop=True) for name in ("ITAL", "UK"))
    question = Question(features=stroke.question.features)
    weigh = ("AGE", "ALERT", "RSBP", "RDELAY")
    told["IST, British for Italian"] = (from_two(italian, british, (300, 150), 1000), question, weigh)
    return told, [hiv.version, stroke.version]


def scored(table: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the table with PROGNOSIS, learned from elsewhere; of those elsewhere out of fold."""
    elsewhere = table["TRT01P"] == ELSEWHERE
    learned = LEARNER.fit(table[elsewhere].drop(columns="USUBJID"), question)
    score = np.empty(len(table))
    score[elsewhere] = learned.out_of_fold["PROGNOSIS"]
    score[~elsewhere] = learned.predict(table[~elsewhere])["PROGNOSIS"]
    return table.assign(PROGNOSIS=score)


def measure(draw: Draw, question: Question, alike_in: tuple[str, ...], repeats: int) -> dict[str, Any]:
    """Return the figures of every method over many trials without an effect, and their power where there is one."""
    random, told = np.random.default_rng(0), methods(alike_in)
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in told}
    spread = 0.0
    for _ in range(repeats):
        table = scored(draw(random), question)
        spread = float(table.loc[table["TRT01P"] != ELSEWHERE, "AVAL"].std())
        better = table.assign(AVAL=table["AVAL"] + np.where(table["TRT01P"] == TREATED, EFFECT * spread, 0.0))
        for name, (analysis, concurrent) in told.items():
            null, real = (analysis(one if concurrent else one[one["TRT01P"] != CONTROL]) for one in (table, better))
            found[name].append((null.value / spread, null.p_value or 1.0, real.p_value or 1.0))
    return {name: _figures(np.array(rows)) for name, rows in found.items()}


def _figures(rows: np.ndarray) -> dict[str, Any]:
    value, null, real = rows.T
    error = share_of(int((null < ALPHA).sum()), null.size, "trials")
    half = 1.96 * value.std(ddof=1) / np.sqrt(value.size)
    return {
        "bias": [round(float(part), 3) for part in (value.mean(), value.mean() - half, value.mean() + half)],
        "rmse": round(float(np.sqrt((value**2).mean())), 3),
        "type I error": [round(part, 3) for part in (error.value, error.lower, error.upper)],
        "power": round(float((real < ALPHA).mean()), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--out", type=Path, help="also written here after each scenario")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    asked, versions = scenarios(Path(options.data))
    told: dict[str, Any] = {"data": versions, "repeats": options.repeats, "effect": EFFECT, "shift": SHIFT}
    for name, (draw, question, alike_in) in asked.items():
        sys.stderr.write(f"{name}\n")
        told[name] = measure(draw, question, alike_in, options.repeats)
        if options.out:
            options.out.write_text(json.dumps(told, indent=2), encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
