"""Response: who gains from a treatment: learned honestly, judged, and put into words."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.progress import Progress, silent
from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.response.base import Fitted
from twin.prognosis.response.crossfit import Foretold, Honest, crossfit
from twin.prognosis.response.enrich import GAIN, STRATUM, enrichment, strata
from twin.prognosis.response.judged import fifths, projection, targeting
from twin.prognosis.response.learners.learner import EffectLearner
from twin.prognosis.response.learners.r import RLearner
from twin.prognosis.response.question import Asked, Trial


@dataclass(frozen=True)
class Settings:
    """How effects are learned, dealt into folds and judged; strata are of equal size."""

    learner: EffectLearner = field(default_factory=RLearner)
    honest: Honest = field(default_factory=Honest)
    draws: int = 1000
    level: float = 0.95
    strata: int = 2


@dataclass(frozen=True)
class Response:
    """Who gains; an answer. Effects are gains: above 0 is better, whichever outcomes are.

    `patients` has the rows that were learned from with GAIN and STRATUM, foretold by models that had not seen them;
    `predict` foretells others by the model of all. `average`, `slope`, `autoc` and `qini` are explained in
    `twin.prognosis.response.judged`, the columns of `fifths`, `targeting` and `enrichment` there and in `enrich`, whose
    size of a trial is NaN where no heterogeneity is found; `who` compares the first and the last fifth.
    """

    asked: Asked
    counts: dict[str, int]
    propensity: float
    left_out: int
    average: Estimate
    slope: Estimate
    autoc: Estimate
    qini: Estimate
    targeting: pd.DataFrame
    fifths: pd.DataFrame
    apart: Estimate
    enrichment: pd.DataFrame
    who: pd.DataFrame
    patients: pd.DataFrame
    cuts: Floats
    foretell: Fitted

    @property
    def found(self) -> bool:
        """Say whether gains differ by more than chance: AUTOC's interval is above 0."""
        return self.autoc.lower > 0.0

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return GAIN and STRATUM of each row of a table, outcomes unread; raises `MissingColumn`."""
        gain = self.asked.sign * self.foretell(table)
        return pd.DataFrame({GAIN: gain, STRATUM: strata(gain, self.cuts)}, index=table.index)

    def verdict(self) -> str:
        """Say in a sentence whether some gain more than others."""
        figures = {"AUTOC": self.autoc, "slope": self.slope, "last fifth less first": self.apart}
        told = ", ".join(f"{name} {_interval(one)}" for name, one in figures.items())
        if self.found:
            return f"some gain more than others, by more than chance: {told}"
        return (
            f"no heterogeneity found: {told}; the order in which patients are foretold to gain is no better than chance"
            " here, which does not show that all gain alike"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the gain in each fifth of the gain foretold."""
        return self.fifths

    def to_json(self) -> dict[str, Any]:
        """Return everything but the patients as JSON values."""
        return {
            "outcome": self.asked.outcome,
            "kind": self.asked.kind,
            "better": self.asked.better,
            "treatment": self.asked.arms.treatment,
            "control": self.asked.arms.control,
            "subjects": self.counts,
            "propensity": self.propensity,
            "left_out": self.left_out,
            "verdict": self.verdict(),
            "heterogeneity_found": self.found,
            "average": _plain(self.average.to_json()),
            "slope": _plain(self.slope.to_json()),
            "autoc": _plain(self.autoc.to_json()),
            "qini": _plain(self.qini.to_json()),
            "last_less_first_fifth": _plain(self.apart.to_json()),
            "fifths": _records(self.fifths),
            "targeting": _records(self.targeting),
            "enrichment": _records(self.enrichment),
            "who": _records(self.who),
        }

    def to_text(self) -> str:
        """Return the verdict, what enrichment would give, and what to know."""
        asked, counts = self.asked, ", ".join(f"{count:,} on {arm}" for arm, count in self.counts.items())
        lines = [
            f"{asked.outcome}, {asked.better} is better: {counts}; gain of {asked.arms.treatment} over"
            f" {asked.arms.control} {_interval(self.average)}",
            self.verdict(),
        ]
        for row in self.enrichment.to_dict("records")[1:]:
            gain = f"{row['gain']:.3g} ({row['lower']:.3g} to {row['upper']:.3g})"
            told = f"the {row['share']:.0%} foretold to gain most gain {gain}"
            if row["patients"] == row["patients"]:
                told += f": a trial of them needs {row['patients']:.2g} of the patients, {row['screened']:.2g} screened"
            lines.append(told)
        lines.append(
            f"foretold by models that had not seen the patient; {self.left_out} rows without an outcome are left out;"
            f" chance of treatment {self.propensity:.3g}"
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def respond(
    table: pd.DataFrame, asked: Asked, settings: Settings | None = None, progress: Progress = silent
) -> Response:
    """Return who gains from a treatment, in a table of a randomised trial with a row a subject.

    Raises `AnalysisError`, or `LearnMissing` without scikit-learn.
    """
    settings = settings or Settings()
    trial, level = Trial.of(table, asked), settings.level
    found = _as_gains(crossfit(trial, settings.learner, settings.honest, progress), asked.sign)
    average, slope = projection(found, trial.treated, trial.propensity, level)
    curve, autoc, qini = targeting(
        found.effect, found.score, draws=settings.draws, seed=settings.honest.seed, level=level
    )
    groups, apart = fifths(found.effect, found.score, level)
    smaller = enrichment(found.effect, found.score, found.outcome, trial.treated, level)
    cuts = np.quantile(found.effect, np.arange(1, settings.strata) / settings.strata)
    everybody = trial.outcomes(np.ones(len(trial), bool))
    final = settings.learner.fit(trial.table, asked.features, everybody, trial.treated, trial.propensity)
    patients = trial.table.assign(**{GAIN: found.effect, STRATUM: strata(found.effect, cuts)})
    return Response(
        asked,
        {asked.arms.treatment: int(trial.treated.sum()), asked.arms.control: int((1.0 - trial.treated).sum())},
        trial.propensity,
        trial.left_out,
        average,
        slope,
        autoc,
        qini,
        curve,
        groups,
        apart,
        smaller if autoc.lower > 0.0 else smaller.assign(patients=np.nan, screened=np.nan),
        _who(trial.table, found.effect, asked.features),
        patients,
        cuts,
        final,
    )


def _as_gains(found: Foretold, sign: float) -> Foretold:
    return Foretold(sign * found.effect, sign * found.score, sign * found.mean, sign * found.outcome)


def _who(table: pd.DataFrame, gain: Floats, features: tuple[str, ...]) -> pd.DataFrame:
    """Return each feature's mean, or each level's share, in the fifths that are foretold to gain least and most."""
    rank = pd.Series(gain).rank(method="first", pct=True).to_numpy()
    least, most, rows = rank <= 0.2, rank > 0.8, []
    for name in features:
        column = table[name]
        if pd.api.types.is_numeric_dtype(column):
            rows.append((name, "mean", float(column[least].mean()), float(column[most].mean())))
            continue
        for level in sorted({str(value) for value in column.dropna()}):
            same = column.astype(str) == level
            rows.append((f"{name}={level}", "share", float(same[least].mean()), float(same[most].mean())))
    return pd.DataFrame(rows, columns=["feature", "of", "gain_least", "gain_most"])


def _interval(one: Estimate) -> str:
    return f"{one.value:.3g} ({one.lower:.3g} to {one.upper:.3g})"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain({str(name): value for name, value in row.items()}) for row in frame.to_dict("records")]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as JSON has them: what is not a number is null."""
    return {name: None if isinstance(value, float) and value != value else value for name, value in values.items()}
