"""Mitigations: thresholds by exact search, weights that make group and truth independent, and what they cost."""

import numpy as np
import pandas as pd
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score

from tests.twin.prognosis.fairness.patients import patients
from twin.prognosis.fairness.cases import Asked, cases_of
from twin.prognosis.fairness.compare import Settings
from twin.prognosis.fairness.mitigations.reweighing import Reweighing, weights_of
from twin.prognosis.fairness.mitigations.thresholds import Equal, Thresholds
from twin.prognosis.fairness.price import price
from twin.trials.analysis.table import AnalysisError

ASKED = Asked(("group",), "truth", "chance", threshold=0.4)


def rate(truth: np.ndarray, told: np.ndarray, equal: str) -> float:
    return float(told.mean() if equal == "selection_rate" else told[truth == 1.0].mean())


@pytest.mark.parametrize("equal", ["selection_rate", "true_positive_rate"])
def test_no_other_threshold_comes_nearer(equal: Equal) -> None:
    table = patients(400)
    cases = cases_of(table, ASKED)[0]
    wanted = rate(cases.truth, cases.prediction >= 0.4, equal)
    for group, cut in Thresholds(equal).choose(cases, "group").items():
        of = cases[cases.groups["group"] == group]
        tried = [abs(rate(of.truth, of.prediction >= one, equal) - wanted) for one in np.linspace(0, 1.001, 1002)]
        assert abs(rate(of.truth, of.prediction >= cut, equal) - wanted) == pytest.approx(min(tried), abs=1e-12)


def test_equal_rates_by_thresholds_are_as_near_as_fairlearn_brings_them() -> None:
    """Fairlearn may draw lots and move the common rate to be right most often; ours keeps the rate and draws none."""

    class Told(BaseEstimator):
        def fit(self, rows: pd.DataFrame, truth: pd.Series) -> "Told":
            return self

        def __sklearn_is_fitted__(self) -> bool:
            return True

        def predict_proba(self, rows: pd.DataFrame) -> np.ndarray:
            chance = rows["chance"].to_numpy()
            return np.column_stack([1.0 - chance, chance])

    table = patients(2000)
    theirs = ThresholdOptimizer(
        estimator=Told(), constraints="demographic_parity", prefit=True, predict_method="predict_proba", grid_size=200
    )
    theirs.fit(table[["chance"]], table["truth"], sensitive_features=table["group"])
    drawn = theirs.predict(table[["chance"]], sensitive_features=table["group"], random_state=0)
    common = float(drawn.mean())
    at = float(np.quantile(table["chance"], 1.0 - common))
    cases = cases_of(table, Asked(("group",), "truth", "chance", threshold=at))[0]
    cut = Thresholds("selection_rate").choose(cases, "group")
    ours = (table["chance"] >= table["group"].map(cut)).astype(float)
    gaps = [table.assign(told=told).groupby("group")["told"].mean() for told in (ours, drawn)]
    assert np.ptp(gaps[0]) <= np.ptp(gaps[1]) + 0.01
    assert accuracy_score(table["truth"], ours) == pytest.approx(accuracy_score(table["truth"], drawn), abs=0.015)


def test_weights_are_kamiran_and_calders_and_make_group_and_truth_independent() -> None:
    """Their Table: of ten applicants (Kamiran and Calders 2012, section 5.2), men hired weigh 0.75, women not 0.67."""
    group = np.array(["m"] * 5 + ["f"] * 5, object)
    truth = np.array([1, 1, 1, 1, 0, 1, 1, 0, 0, 0], float)
    weights = weights_of(group, truth)
    assert weights.tolist() == pytest.approx([0.75] * 4 + [2.0] + [1.5] * 2 + [2 / 3] * 3)
    joint = [weights[(group == one) & (truth == 1)].sum() / weights[group == one].sum() for one in ("m", "f")]
    assert joint == pytest.approx([0.6, 0.6])


@pytest.mark.parametrize("equal", ["selection_rate", "true_positive_rate", "equalized_odds"])
def test_the_gap_closes_on_rows_that_were_not_used(equal: Equal) -> None:
    table = patients(3000)
    table["chance"] = np.clip(table["chance"] + 0.2 * (table["group"] == "B"), 0.0, 1.0)
    found = price(table, ASKED, Thresholds(equal), Settings(draws=100))
    gap = next(one for one in found.gaps if one.metric == Thresholds(equal).equal)
    assert gap.after < gap.before / 3 and gap.upper < 0.0
    benefit = next(one for one in found.changes if (one.group, one.metric) == ("everybody", "net_benefit"))
    assert benefit.lower <= benefit.difference <= benefit.upper
    assert found.thresholds["B"] > found.thresholds["A"] and "before" in found.to_text()
    assert {row["metric"] for row in found.to_json()["gaps"]} >= {"selection_rate", "true_positive_rate"}


def test_a_reweighed_model_selects_more_alike() -> None:
    table = patients(2000)
    table["proxy"] = (table["group"] == "C") + 0.3 * np.random.default_rng(5).normal(size=2000)
    found = price(table, ASKED, Reweighing(("measured", "proxy")), Settings(draws=50))
    gap = next(one for one in found.gaps if one.metric == "selection_rate")
    assert gap.after < 0.6 * gap.before


@pytest.mark.parametrize("way", [Thresholds("true_positive_rate"), Reweighing(("measured", "sex"))])
def test_no_row_is_decided_by_its_own_truth(way: Thresholds | Reweighing) -> None:
    table = patients(400)
    cases = cases_of(table, ASKED)[0]
    seen = np.arange(400) % 4 != 0
    turned = table.assign(truth=np.where(seen, table["truth"], 1.0 - table["truth"]))
    decided = [way.decide(one, cases_of(one, ASKED)[0], "group", seen) for one in (table, turned)]
    np.testing.assert_array_equal(decided[0].chance, decided[1].chance)
    np.testing.assert_array_equal(decided[0].selected, decided[1].selected)
    assert len(decided[0].chance) == len(cases) - seen.sum()


def test_a_small_group_keeps_the_common_threshold() -> None:
    table = patients(300)
    table.loc[:19, "group"] = "small"
    assert Thresholds("selection_rate").choose(cases_of(table, ASKED)[0], "group")["small"] == 0.4


def test_what_cannot_be_mitigated_is_refused() -> None:
    with pytest.raises(AnalysisError, match="need chances from 0 to 1; these predictions are a class"):
        price(patients(100), Asked(("group",), "truth", "class"), Thresholds())
    with pytest.raises(AnalysisError, match="group is the group: it cannot be a feature"):
        price(patients(100), ASKED, Reweighing(("group",)))
