"""Groups compared: intervals as long as they should be, chance called chance, few persons never a headline."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.twin.prognosis.fairness.patients import patients
from twin.prognosis.fairness.cases import NOT_STATED, Asked, cases_of
from twin.prognosis.fairness.compare import Settings, compare
from twin.trials.analysis.table import AnalysisError, MissingColumn, MissingValues

RATE = Settings(("selection_rate",))


def test_an_interval_is_as_long_as_the_normal_one() -> None:
    found = compare(patients(2000), Asked(("group",), "truth", "class"), RATE).figure_of("A", "selection_rate", "group")
    error = np.sqrt(found.value * (1.0 - found.value) / found.persons)
    assert found.upper - found.lower == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_rows_of_a_subject_are_drawn_together() -> None:
    """Each row six times: the interval is that of the rows once, and not shorter by the root of six."""
    once = patients(600).assign(USUBJID=np.arange(600))
    often = pd.concat([once] * 6)
    rows = [compare(one, Asked(("group",), "truth", "class"), RATE) for one in (once, often)]
    first, second = (one.figure_of("A", "selection_rate", "group") for one in rows)
    assert (second.rows, second.n, second.persons) == (6 * first.rows, first.n, first.n)
    assert second.upper - second.lower == pytest.approx(first.upper - first.lower, rel=0.1)


def test_groups_that_are_alike_are_seldom_called_different() -> None:
    """Five groups dealt by lot: the largest difference of all pairs is significant in one trial of twenty."""
    random, found = np.random.default_rng(3), 0
    for seed in range(100):
        table = pd.DataFrame(
            {"truth": random.integers(0, 2, 500), "class": random.integers(0, 2, 500), "g": random.integers(0, 5, 500)}
        )
        [gap] = compare(table, Asked(("g",), "truth", "class"), Settings(("accuracy",), 200, seed=seed)).disparities[
            "g"
        ]
        assert gap.pairs == 10
        found += (gap.difference.p_value or 1.0) <= 0.05
    assert binomtest(found, 100, 0.05).pvalue > 0.01


def test_a_true_difference_is_found_and_told_in_words() -> None:
    found = compare(patients(3000), Asked(("group",), "truth", "chance"), Settings(("observed_minus_chance",)))
    [gap] = found.disparities["group"]
    assert gap.largest.group == "C" and (gap.difference.p_value or 1.0) < 0.01
    assert gap.difference.lower < gap.difference.value < gap.difference.upper
    assert "largest in C" in gap.words() and "not easily chance (p < 0.001 over 3 pairs of groups)" in gap.words()


def test_a_small_group_is_marked_and_never_the_largest() -> None:
    table = patients(600)
    table.loc[:19, ["group", "class"]] = ["small", 1.0]
    found = compare(table, Asked(("group",), "truth", "class"), RATE)
    small = found.figure_of("small", "selection_rate", "group")
    assert small.few and small.value == 1.0
    assert small.lower == pytest.approx(0.025 ** (1 / 20))  # Clopper and Pearson's, of 20 of 20
    [gap] = found.disparities["group"]
    assert gap.largest.group != "small" and gap.too_few == ("small",)
    assert found.parities["group"]["demographic_parity_difference"] == gap.difference.value
    assert "small" in found.to_text()


def test_a_rate_of_few_events_is_no_basis_either() -> None:
    table = patients(600).query("group == 'A'").reset_index(drop=True)
    other = pd.DataFrame({"group": "rare", "truth": [1.0] * 5 + [0.0] * 95, "class": [1.0] * 5 + [0.0] * 95})
    found = compare(
        pd.concat([table, other], ignore_index=True),
        Asked(("group",), "truth", "class"),
        Settings(("true_positive_rate", "selection_rate")),
    )
    assert found.figure_of("rare", "true_positive_rate", "group").few
    assert not found.figure_of("rare", "selection_rate", "group").few
    assert [one.metric for one in found.disparities["group"]] == ["selection_rate"]


def test_missing_groups_are_a_group_and_missing_values_are_counted() -> None:
    table = patients(300)
    table.loc[:49, "group"] = None
    table.loc[:9, "chance"] = np.nan
    found = compare(table, Asked(("group",), "truth", "chance"), RATE)
    row = found.figure_of(NOT_STATED, "selection_rate", "group")
    assert (row.n, row.left_out, found.left_out) == (40, 10, 10)


def test_figures_that_were_measured_elsewhere_have_their_mean() -> None:
    table = pd.DataFrame({"recall": np.arange(80) / 80, "known": ["little"] * 40 + ["well"] * 40})
    found = compare(table, Asked(("known",), figure="recall"))
    assert found.figure_of("well", "mean_figure", "known").value == pytest.approx(np.arange(40, 80).mean() / 80)
    assert found.to_json()["kind"] == "figure" and not found.parities["known"]


def test_the_same_seed_gives_the_same_intervals_and_json_has_no_nan() -> None:
    import json

    table, asked = patients(100), Asked(("group*sex",), "truth", "chance")
    first, again = (compare(table, asked, Settings(draws=50)).to_json() for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(again, allow_nan=False)


@pytest.mark.parametrize(
    ("change", "asked", "error", "told"),
    [
        ({}, {"groups": ("race",)}, MissingColumn, "no column race to group by; it has group"),
        ({}, {"groups": ("measured",)}, AnalysisError, "different values; expected groups, 40 at most"),
        ({}, {"groups": ()}, AnalysisError, "there is no group"),
        ({}, {"prediction": "sex"}, MissingValues, "sex holds text in some rows, expected numbers"),
        ({}, {"prediction": "measured"}, AnalysisError, "some predictions lie outside 0 to 1"),
        ({}, {"kind": "class"}, AnalysisError, "chance has values that are neither 0 nor 1"),
        ({}, {"threshold": 1.5}, AnalysisError, "got the threshold 1.5"),
        ({}, {"figure": "dose"}, AnalysisError, "and not both"),
        ({"chance": np.nan}, {}, MissingValues, "no row has truth and chance"),
    ],
)
def test_bad_input_is_refused(
    change: dict[str, float], asked: dict[str, object], error: type[ValueError], told: str
) -> None:
    with pytest.raises(error, match=told):
        cases_of(
            patients(100).assign(**change),
            Asked(**{"groups": ("group",), "truth": "truth", "prediction": "chance", **asked}),
        )
