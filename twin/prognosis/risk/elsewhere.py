"""Elsewhere: a trained risk judged on other patients (another hospital, a later year), beside its worth at home."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.prognosis.question import Question
from twin.prognosis.risk.curves import calibration_curve
from twin.prognosis.risk.judge import JudgeSettings, judge
from twin.prognosis.risk.outcome import outcome_of
from twin.prognosis.risk.provenance import Provenance
from twin.prognosis.risk.split import Fold
from twin.prognosis.risk.train import Risk
from twin.prognosis.risk.validate import Validated
from twin.trials.analysis.table import require


@dataclass(frozen=True)
class Elsewhere:
    """Figures in other patients, and at home in those left out; the calibration curve; rows, and how many flagged."""

    figures: pd.DataFrame
    calibration: pd.DataFrame
    rows: int
    flagged: int
    provenance: Provenance


def judge_elsewhere(risk: Risk, table: pd.DataFrame, settings: JudgeSettings | None = None) -> Elsewhere:
    """Return what a risk is worth in patients that it did not learn from; rows without an outcome are left out.

    Nothing is learned here: no recalibration, no choice. Raises `AnalysisError` where the table does not fit.
    """
    question: Question = risk.question
    require(table, [question.outcome])
    rows = table[table[question.outcome].notna()].reset_index(drop=True)
    told, outcome = risk.predict(rows), outcome_of(rows, question)
    score = told["PROGNOSIS"].to_numpy()
    everybody = Fold("elsewhere", np.arange(0), np.arange(len(rows)))
    seen = Validated(
        outcome, question.subjects(rows), (everybody,), pd.DataFrame({risk.learner: score}), {risk.learner: ("",)}, {}
    )
    home = risk.report.figures[risk.report.figures["learner"] == risk.learner].set_index("measure")
    found = [
        {
            "measure": one.measure,
            "value": one.own.value,
            "lower": one.own.lower,
            "upper": one.own.upper,
            "at home": home["value"].get(one.measure),
            "home lower": home["lower"].get(one.measure),
            "home upper": home["upper"].get(one.measure),
            "method": one.own.method,
        }
        for one in judge(seen, question, settings, reference=risk.learner)
    ]
    return Elsewhere(
        pd.DataFrame(found),
        calibration_curve(outcome, score, question),
        len(rows),
        int((told["FLAGS"] != "").sum()),
        Provenance.of(table, risk.ranges.features),
    )
