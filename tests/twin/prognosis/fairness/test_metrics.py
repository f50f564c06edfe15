"""Every metric is fairlearn's MetricFrame's, of scikit-learn's functions, in each group."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from fairlearn import metrics as fair
from scipy.special import logit
from sklearn import metrics as sk

from tests.twin.prognosis.fairness.patients import patients
from twin.prognosis.fairness.cases import Asked, cases_of
from twin.prognosis.fairness.compare import EVERYBODY, Settings, compare
from twin.prognosis.fairness.metrics.choose import metrics_of
from twin.trials.analysis.table import AnalysisError

THRESHOLD = 0.4
FEW_DRAWS = Settings(draws=20)
RATES: dict[str, Callable[..., float]] = {
    "selection_rate": fair.selection_rate,
    "true_positive_rate": fair.true_positive_rate,
    "false_positive_rate": fair.false_positive_rate,
    "positive_predictive_value": sk.precision_score,
    "negative_predictive_value": lambda truth, told: sk.precision_score(1 - truth, 1 - told),
    "accuracy": sk.accuracy_score,
}


def slope(truth: np.ndarray, chance: np.ndarray) -> float:
    fit = sm.GLM(truth, sm.add_constant(logit(chance)), family=sm.families.Binomial()).fit()
    return float(fit.params[1])


def net_benefit(truth: np.ndarray, chance: np.ndarray) -> float:
    told = np.asarray(chance) >= THRESHOLD
    false = (told & (np.asarray(truth) == 0)).mean()
    return float((told & (np.asarray(truth) == 1)).mean() - false * THRESHOLD / (1 - THRESHOLD))


CHANCES: dict[str, Callable[..., float]] = {
    "auroc": sk.roc_auc_score,
    "brier": sk.brier_score_loss,
    "mean_chance": lambda truth, chance: float(np.mean(chance)),
    "observed_rate": lambda truth, chance: float(np.mean(truth)),
    "observed_minus_chance": lambda truth, chance: float(np.mean(truth) - np.mean(chance)),
    "calibration_slope": slope,
    "net_benefit": net_benefit,
}
NUMBERS: dict[str, Callable[..., float]] = {
    "mean_error": lambda truth, told: float(np.mean(told - truth)),
    "mean_absolute_error": sk.mean_absolute_error,
    "root_mean_squared_error": sk.root_mean_squared_error,
    "within_20_percent": lambda truth, told: float(np.mean(np.abs(told / truth - 1.0) <= 0.2)),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return patients()


@pytest.mark.parametrize(
    ("columns", "functions"),
    [(("truth", "chance"), CHANCES), (("truth", "class"), RATES), (("dose", "foretold"), NUMBERS)],
)
@pytest.mark.parametrize("groups", ["group", "group*sex"])
def test_every_metric_is_that_of_a_metric_frame(
    table: pd.DataFrame, columns: tuple[str, str], functions: dict[str, Callable[..., float]], groups: str
) -> None:
    found = compare(table, Asked((groups,), *columns, threshold=THRESHOLD), FEW_DRAWS)
    truth, told = (table[name] for name in columns)
    frame = fair.MetricFrame(metrics=functions, y_true=truth, y_pred=told, sensitive_features=table[groups.split("*")])
    for labels, row in frame.by_group.iterrows():
        group = labels if isinstance(labels, str) else " and ".join(labels)
        for name in functions:
            assert found.figure_of(group, name, groups).value == pytest.approx(row[name], abs=1e-7)
    for name in functions:
        assert found.figure_of(EVERYBODY, name).value == pytest.approx(frame.overall[name], abs=1e-7)


def test_rates_of_chances_are_those_of_classes_at_the_threshold(table: pd.DataFrame) -> None:
    chances = compare(table, Asked(("group",), "truth", "chance", threshold=THRESHOLD), FEW_DRAWS)
    classes = compare(table, Asked(("group",), "truth", "class"), FEW_DRAWS)
    assert (chances.kind, classes.kind) == ("chance", "class")
    for name in RATES:
        assert chances.figure_of("B", name, "group").value == classes.figure_of("B", name, "group").value


def test_every_metric_is_tested_above() -> None:
    told = [metric.name for kind in ("chance", "class", "number") for metric in metrics_of(kind)]
    assert set(told) == {*RATES, *CHANCES, *NUMBERS}


@pytest.mark.parametrize(("columns", "kind"), [(("truth", "chance"), "chance"), (("dose", "foretold"), "number")])
def test_weights_count_as_repeated_rows_do(table: pd.DataFrame, columns: tuple[str, str], kind: str) -> None:
    times = np.random.default_rng(1).integers(0, 4, 60)
    some = table.head(60)
    once = cases_of(some, Asked(("group",), *columns))[0]
    repeated = cases_of(some.loc[some.index.repeat(times)], Asked(("group",), *columns))[0]
    for metric in metrics_of(once.kind):
        weighed = metric.of(once, np.vstack([times, np.ones(60)]).astype(float))
        assert weighed[0] == pytest.approx(metric.value(repeated), abs=1e-6), metric.name
        assert weighed[1] == pytest.approx(metric.value(once), abs=1e-6), metric.name


def test_parity_is_fairlearn_s(table: pd.DataFrame) -> None:
    found = compare(table, Asked(("group",), "truth", "class"), FEW_DRAWS).parities["group"]
    given = {"y_true": table["truth"], "y_pred": table["class"], "sensitive_features": table["group"]}
    assert found == pytest.approx(
        {
            "demographic_parity_difference": fair.demographic_parity_difference(**given),
            "demographic_parity_ratio": fair.demographic_parity_ratio(**given),
            "equalized_odds_difference": fair.equalized_odds_difference(**given),
            "equalized_odds_ratio": fair.equalized_odds_ratio(**given),
        }
    )


def test_what_is_not_defined_is_not_a_number() -> None:
    table = pd.DataFrame({"truth": [1.0] * 4, "chance": [0.2, 0.4, 0.6, 0.8], "group": ["A", "A", "B", "B"]})
    found = compare(table, Asked(("group",), "truth", "chance"), FEW_DRAWS)
    for name in ("auroc", "false_positive_rate", "calibration_slope"):
        assert np.isnan(found.figure_of("A", name, "group").value)
    assert found.disparities == {"group": ()}


def test_a_metric_of_another_kind_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="a class has no metric auroc; expected any of selection_rate"):
        compare(table, Asked(("group",), "truth", "class"), Settings(("auroc",)))
