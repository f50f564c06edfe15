"""Curves: what came true of what was foretold, by tenths of patients, and the net benefit of acting on a forecast.

Vickers AJ, Elkin EB. Med Decis Making 2006;26:565-574; of times, Vickers AJ et al. BMC Med Inform Decis Mak 2008;8:53.
"""

import numpy as np
import pandas as pd

from twin.estimate import Estimate, mean
from twin.model import Floats
from twin.prognosis.gain import share_of
from twin.prognosis.question import Question
from twin.prognosis.risk.measures.survival import chance_by
from twin.prognosis.risk.outcome import times_of
from twin.trials.analysis.survival import kaplan_meier

_TENTHS = 10
THRESHOLDS = np.round(np.arange(0.05, 0.51, 0.05), 2)
"""Chances at which somebody might act."""


def calibration_curve(outcome: Floats, score: Floats, question: Question, level: float = 0.95) -> pd.DataFrame:
    """Return by tenths of the score: patients, mean forecast, what came true of it with its interval."""
    edges = np.unique(np.quantile(score, np.linspace(0.0, 1.0, _TENTHS + 1)))
    place = np.searchsorted(edges[1:-1], score, side="right")
    rows = []
    for one in np.unique(place):
        some = place == one
        observed = _observed(outcome[some], question, level)
        rows.append(
            {
                "patients": int(some.sum()),
                "foretold": float(score[some].mean()),
                "observed": observed.value,
                "lower": observed.lower,
                "upper": observed.upper,
            }
        )
    return pd.DataFrame(rows)


def decision_curve(outcome: Floats, scores: pd.DataFrame, question: Question, level: float = 0.95) -> pd.DataFrame:
    """Return the net benefit of acting on each learner's chance, on everybody and on nobody, at each threshold.

    Net benefit is events acted on, less others acted on times threshold / (1 - threshold), for each patient. The
    interval is that of the difference from the better of all and nobody (normal, rows as independent; not of times).
    """
    rows = []
    for threshold in THRESHOLDS:
        odds = threshold / (1.0 - threshold)
        everybody = _benefit(outcome, np.ones(len(outcome), bool), odds, question)
        for name in scores:
            acted = scores[name].to_numpy() >= threshold
            value = _benefit(outcome, acted, odds, question)
            gain = _gain(outcome, acted, odds, everybody > 0.0, level) if outcome.ndim == 1 else None
            rows.append(
                {
                    "threshold": float(threshold),
                    "learner": name,
                    "net benefit": value,
                    "all": everybody,
                    "nobody": 0.0,
                    "above the better": value - max(everybody, 0.0),
                    "lower": gain.lower if gain else None,
                    "upper": gain.upper if gain else None,
                }
            )
    return pd.DataFrame(rows)


def _observed(outcome: Floats, question: Question, level: float) -> Estimate:
    if question.kind == "binary":
        return share_of(int(outcome.sum()), len(outcome), "share", level)
    if question.kind == "continuous":
        return mean(outcome, level)
    free = kaplan_meier(times_of(outcome), level=level).at(question.horizon or 0.0)
    return Estimate(1.0 - free.value, 1.0 - free.upper, 1.0 - free.lower, free.standard_error, level, free.method)


def _benefit(outcome: Floats, acted: np.ndarray, odds: float, question: Question) -> float:
    share = float(acted.mean())
    if not share:
        return 0.0
    if question.kind == "binary":
        return float((acted * (outcome - (1.0 - outcome) * odds)).mean())
    chance = chance_by(times_of(outcome[acted]), question.horizon or 0.0)
    return share * (chance - (1.0 - chance) * odds)


def _gain(outcome: Floats, acted: np.ndarray, odds: float, all_is_better: bool, level: float) -> Estimate:
    each = outcome - (1.0 - outcome) * odds
    return mean(each * (acted.astype(np.float64) - float(all_is_better)), level)
