"""Explain: what each feature adds to one patient's forecast, by Shapley values; they add up to it exactly.

Linear models are explained on the scale on which they are linear (log odds, log hazard), trees by their own exact
values (Lundberg SM et al. Nat Mach Intell 2020;2:56-67); no patient's row is kept for it. Networks over visits have no
closed form: orders of features are drawn, the parts still make the whole, and each has its Monte-Carlo error. A
contribution says what the model made of a value, not what would follow if it were changed.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.learned import Forecast
from twin.prognosis.question import LearnMissing
from twin.prognosis.risk.hazards import HazardForecast
from twin.prognosis.risk.histories import Histories
from twin.prognosis.risk.shapley import shapley
from twin.prognosis.risk.visits import VisitForecast
from twin.prognosis.tabular import TableForecast, inputs_of
from twin.trials.analysis.table import AnalysisError

_OF_FEATURE = re.compile(r"(?:__|missingindicator_)f([0-9]+)(?=_|$)")


@dataclass(frozen=True)
class Contributions:
    """What each feature adds, [row, feature], to the `base`, [row] the sum; all on a scale that is named.

    `error` is the Monte-Carlo standard error of each part, where parts were found by drawing.
    """

    scale: str
    base: float
    each: pd.DataFrame
    error: pd.DataFrame | None = None

    @property
    def score(self) -> Floats:
        """Return the base and all contributions together, [row]."""
        return np.asarray(self.base + self.each.to_numpy().sum(axis=1), np.float64)

    def forecast(self) -> Floats:
        """Return the scores as chances, or numbers; of log hazard ratios, which need the baseline, the ratios."""
        if self.scale == "log odds":
            return np.asarray(1.0 / (1.0 + np.exp(-self.score)))
        return np.asarray(np.exp(self.score)) if self.scale == "log hazard ratio" else self.score

    def to_frame(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the features of the first row with their values in a table, the largest contribution first."""
        each = self.each.iloc[0]
        order = each.abs().sort_values(ascending=False, kind="stable").index
        values = [table[name].iloc[0] for name in order]
        error = {} if self.error is None else {"error": self.error.iloc[0][order].to_numpy()}
        return pd.DataFrame({"feature": order, "value": values, "contribution": each[order].to_numpy(), **error})


def centre_of(forecast: Forecast, rows: pd.DataFrame) -> Floats:
    """Return the mean of the encoded inputs of the rows learned from, [column]: where explanations begin."""
    if isinstance(forecast, VisitForecast):
        return np.asarray(forecast.inputs(rows).mean(axis=0))
    encoder, features, question = _parts(forecast)[:3]
    if encoder is None:
        return np.zeros(0)
    return np.asarray(encoder.transform(inputs_of(features, rows, question)).mean(axis=0), np.float64)


def contributions(forecast: Forecast, centre: Floats, table: pd.DataFrame, row: int | None = None) -> Contributions:
    """Return what each feature adds to the forecast of each row, or of one by its place, beside the others.

    Raises `LearnMissing` where trees need shap.
    """
    if isinstance(forecast, VisitForecast):
        return _of_visits(forecast, centre, table, range(len(table)) if row is None else [row])
    table = table if row is None else table.iloc[[row]]
    encoder, features, question, last = _parts(forecast)
    names = [*features.names, *([question.visit] if question.visit else [])]
    if encoder is None:
        told = forecast(table)
        scale = "number" if question.kind == "continuous" else "chance"
        return Contributions(scale, float(told[0]), pd.DataFrame(0.0, index=table.index, columns=names))
    inputs = encoder.transform(inputs_of(features, table, question))
    scale, base, columns = _columns(last, centre, inputs, question.kind)
    each = np.zeros((len(table), len(names)))
    for column, name in enumerate(encoder.get_feature_names_out([f"f{place}" for place in range(len(names))])):
        found = _OF_FEATURE.search(name)
        if found is None:
            raise AnalysisError(f"the model has a column {name} that belongs to no feature; train it anew")
        each[:, int(found[1])] += columns[:, column]
    return Contributions(scale, base, pd.DataFrame(each, index=table.index, columns=names))


def _of_visits(forecast: VisitForecast, centre: Floats, table: pd.DataFrame, rows: Sequence[int]) -> Contributions:
    """Return the parts by drawing: a feature that has not joined is the mean at every visit.

    Until the visit has joined, its row alone is read, as that of a first visit at the mean time; so all begin alike.
    """
    histories, inputs = Histories.of(table, forecast.question), forecast.inputs(table)
    names, owners = [*forecast.features.names, str(forecast.question.visit)], forecast.owners
    found = []
    for row in rows:
        read = inputs[histories.until(row)]

        def worth(joined: np.ndarray, read: Floats = read) -> Floats:
            score, whole = np.empty(len(joined)), joined[:, -1]
            for some, history in ((whole, read), (~whole, read[-1:])):
                asked = np.where(joined[some][:, None, owners], history, centre)
                score[some] = forecast.scores(asked)[:, -1]
            return score

        found.append(shapley(worth, len(names)))
    base = float(forecast.scores(centre[None, None])[0, 0])
    each, error = (
        pd.DataFrame(np.array(part), index=table.index[list(rows)], columns=names) for part in zip(*found, strict=True)
    )
    return Contributions("number" if forecast.question.kind == "continuous" else "log odds", base, each, error)


def _parts(forecast: Any) -> tuple[Any, Any, Any, Any]:
    """Return a forecast's encoder (None where there is none), features, question, and what follows the encoder."""
    if isinstance(forecast, HazardForecast):
        return forecast.encoder, forecast.features, forecast.question, forecast.coefficients
    if isinstance(forecast, TableForecast) and hasattr(forecast.estimator, "steps"):
        encoder, last = (step for _, step in forecast.estimator.steps)
        return encoder, forecast.features, forecast.question, last
    return None, forecast.features, forecast.question, None


def _columns(last: Any, centre: Floats, inputs: Floats, kind: str) -> tuple[str, float, Floats]:
    """Return the scale, the base, and what each encoded column adds, [row, column]."""
    if isinstance(last, np.ndarray):
        return "log hazard ratio", float(centre @ last), (inputs - centre) * last
    if hasattr(last, "coef_"):
        coefficients = np.ravel(last.coef_)
        base = float(np.ravel(last.intercept_)[0] + centre @ coefficients)
        return "log odds" if kind == "binary" else "number", base, (inputs - centre) * coefficients
    found, base = _of_trees(last, inputs)
    if kind == "continuous":
        return "number", base, found
    return "log odds" if hasattr(last, "decision_function") else "chance", base, found


def _of_trees(last: Any, inputs: Floats) -> tuple[Floats, float]:
    """Return the trees' exact values [row, column] and their base; of classes, those of the event."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # shap warns of its own plots as it is imported
            import shap
    except ImportError:
        raise LearnMissing("explaining trees needs shap: pip install 'panakeia[learn]'") from None
    explainer = shap.TreeExplainer(last)
    values = np.asarray(explainer.shap_values(inputs, check_additivity=False), np.float64)
    base = np.ravel(explainer.expected_value)
    return (values[:, :, 1], float(base[1])) if values.ndim == 3 else (values, float(base[0]))
