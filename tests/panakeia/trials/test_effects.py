"""Endpoints are told as trial, as twins and in truth; curves and rates are those of textbooks."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from panakeia.trials.effects import curves, effects_section, effects_table, medians, survival_sections
from panakeia.trials.figures import survival_figure
from panakeia.trials.safety import events_table, exposure_table, poisson_interval
from twin.trials.analysis.survival import Times, kaplan_meier
from twin.trials.result import TrialResult


def test_a_comparison_stands_beside_the_truth(warfarin: TrialResult) -> None:
    section = effects_section(warfarin)
    by_arm, compared = (table.rows for table in section.tables)
    ttr = warfarin.subjects.groupby("ARM", sort=False)["TTR"].mean()
    assert [said.split("%")[0] for said in by_arm["estimate"][:2]] == [f"{100 * one:.1f}" for one in ttr]
    row, difference = compared.iloc[0], warfarin.differences[0]
    assert row["comparison"] == "genotype-guided - standard"
    for column, estimate in (
        ("as_a_parallel_trial", difference.parallel),
        ("as_twins", difference.twins),
        ("true", difference.truth),
    ):
        assert row[column].startswith(f"{100 * estimate.value:+.1f} points ({100 * estimate.lower:+.1f} to ")
    assert float(row["p"]) == pytest.approx(difference.parallel.p_value, rel=0.01)
    assert "had nobody left" in section.caption and warfarin.monte_carlo in section.caption


def test_adjusted_p_values_are_shown_where_there_are_any(warfarin: TrialResult) -> None:
    assert "adjusted_p" not in effects_table(warfarin)
    first, *others = warfarin.endpoints
    adjusted = replace(first, differences=tuple(replace(one, adjusted_p=0.5) for one in first.differences))
    table = effects_table(replace(warfarin, endpoints=(adjusted, *others)))
    assert table["adjusted_p"].tolist()[0] == "0.5" and table["adjusted_p"].tolist()[1:] == table["p"].tolist()[1:]


def test_a_hazard_ratio_is_no_logarithm_and_twins_differ_in_days(survival: TrialResult) -> None:
    row, difference = effects_table(survival).iloc[0], survival.differences[0]
    assert row["as_a_parallel_trial"].startswith(f"hazard ratio {math.exp(difference.parallel.value):.3g} (")
    assert row["true"].startswith(f"hazard ratio {math.exp(difference.truth.value):.3g} (")
    assert row["as_twins"].startswith(f"{difference.twins.value:+.3g} days without the event (")


def test_curves_are_of_the_subjects_that_the_trial_shows(survival: TrialResult) -> None:
    (section,) = survival_sections(survival)
    told = section.tables[0].rows.set_index("arm")
    for arm, curve in curves(survival, survival.primary).items():
        mine = survival.subjects[survival.subjects["ARM"] == arm].dropna(subset="OS")
        again = kaplan_meier(Times(mine["OS"].to_numpy(), 1.0 - mine["OSCNSR"].to_numpy()))
        np.testing.assert_array_equal(curve.survival, again.survival)
        assert told.loc[arm, "n"] == len(mine) and told.loc[arm, "events"] == (mine["OSCNSR"] == 0).sum()


def test_a_median_that_is_not_reached_is_said_to_be_so(survival: TrialResult) -> None:
    early = replace(
        survival,
        courses=tuple(
            replace(course, events={name: np.full(course.n, np.inf) for name in course.events})
            for course in survival.courses
        ),
    )
    assert medians(early, early.primary)["median"].tolist() == ["not reached"] * 2


def test_the_curve_of_a_textbook_is_drawn_with_its_numbers_at_risk() -> None:
    """Remission of leukaemia on 6-MP: Freireich 1963, as Collett prints it (Modelling Survival Data, table 2.2)."""
    weeks = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
    event = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
    curve = kaplan_meier(Times(np.array(weeks, float), np.array(event, float))).to_frame()
    figure = survival_figure({"6-MP": curve}, label="in remission")
    above, below = figure.axes
    (line,) = [line for line in above.lines if line.get_label() == "6-MP"]
    drawn = dict(zip(line.get_xdata().tolist(), line.get_ydata().tolist(), strict=True))
    assert {week: round(drawn[week], 4) for week in (0, 6, 7, 10, 13, 16, 22, 23)} == {
        **{0: 1.0, 6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902},
        **{16: 0.6275, 22: 0.5378, 23: 0.4482},
    }
    at = {text.get_position()[0]: text.get_text() for text in below.texts}
    assert (at[0.0], at[10.0], at[20.0], at[30.0]) == ("21", "15", "8", "4")


def test_rates_have_exact_poisson_intervals(survival: TrialResult) -> None:
    """Garwood's table: 0 events have up to 3.69, 3 events 0.62 to 8.77 (95 %)."""
    assert poisson_interval(0) == (0.0, pytest.approx(3.689, abs=1e-3))
    assert poisson_interval(3) == (pytest.approx(0.619, abs=1e-3), pytest.approx(8.767, abs=1e-3))
    table = events_table(survival)
    assert table["event"].tolist() == ["death", "death", "dropout", "dropout"]
    mine = survival.subjects[survival.subjects["ARM"] == "from the start"]
    death = table.iloc[0]
    assert death["patients"] == mine["death_DY"].notna().sum()
    years = np.minimum(mine["EOSDY"], survival.design.days).sum() / 365.25
    assert death["patient-years at risk"] == pytest.approx(years)
    assert death["per 100 patient-years"].startswith(f"{100 * death['patients'] / years:.3g} (")


def test_a_threshold_that_was_passed_is_an_event(warfarin: TrialResult) -> None:
    table = events_table(warfarin)
    assert table["event"].unique().tolist() == ["measured with INR above 4"]
    over = warfarin.subjects.groupby("ARM", sort=False)["INROVER4"].sum()
    assert table["patients"].tolist() == over.astype(int).tolist()
    exposed = exposure_table(warfarin).set_index("arm")
    assert exposed["patient-years"].tolist() == pytest.approx([40 * 84 / 365.25] * 2)
    doses = warfarin.subjects.groupby("ARM", sort=False)["DOSEMEAN"].mean()
    assert exposed["mean daily dose given [mg]"].tolist() == pytest.approx(doses.tolist())
    assert exposed["taken"].tolist() == ["100.0%"] * 2
    assert isinstance(table, pd.DataFrame)
