"""A trial's report says what its result says, in the units that a reader knows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from panakeia.trials.page import assumptions_section, trial_section
from tests.panakeia.test_figures import legend
from twin.trials.result import TrialResult

ASSUMPTIONS = pd.DataFrame(
    [
        ("population", "a", None, "", "a survey"),
        ("population", "b", None, "", ""),
        ("population", "c", None, "", ""),
        ("parameters", "d", 0.31, "CV", "a guess"),
        ("parameters", "e", 6.0, "1", "a guess"),
        ("conduct", "f", 1.0, "1", "a guess"),
        ("parameters", "g", None, "", "another"),
    ],
    columns=["about", "assumption", "value", "unit", "reason"],
)


def test_a_trial_shows_every_endpoint_of_its_arms_and_their_differences(warfarin: TrialResult) -> None:
    section = trial_section(warfarin)
    assert section.title == "The trial: Genotype-guided start of warfarin"
    assert section.lead == f"{warfarin.estimand} The first arm is the control."
    assert section.figure is not None
    assert legend(section.figure) == ["standard: 40 patients", "genotype-guided: 40 patients"]
    (table,) = section.tables
    assert table.rows["endpoint"].tolist() == ["TTR"] * 4 + ["TTRTRUE"] * 4 + ["INROVER4"] * 4
    ttr = warfarin.subjects.groupby("ARM", sort=False)["TTR"]
    first = table.rows.iloc[:2]
    assert first["estimate"].tolist() == [f"{100 * value:.3g}" for value in ttr.mean()]
    assert first["n"].tolist() == [40, 40] and first["unit"].tolist() == ["%", "%"]
    assert table.rows["quantity"].tolist()[2:4] == [
        "genotype-guided - standard, each patient in both arms",
        "genotype-guided - standard, as a parallel trial",
    ]
    lower, upper = table.rows["95% interval"][2].split(" to ")
    twins = warfarin.differences[0].twins
    assert [float(lower), float(upper)] == pytest.approx([100 * twins.lower, 100 * twins.upper], rel=5e-3)
    assert "who are still followed, where these are 20 or more" in section.caption
    assert warfarin.monte_carlo in section.caption


def test_the_target_of_a_trial_is_its_own(warfarin: TrialResult) -> None:
    primary = warfarin.primary
    other = replace(primary, endpoint=primary.endpoint.model_copy(update={"low": 2.5, "high": 3.5}))
    figure = trial_section(replace(warfarin, endpoints=(other,))).figure
    assert figure is not None
    (axes,) = figure.axes
    (target,) = axes.patches
    assert target.get_extents().transformed(axes.transData.inverted()).intervaly.tolist() == pytest.approx([2.5, 3.5])


def test_a_trial_without_a_range_shows_none(survival: TrialResult) -> None:
    figure = trial_section(survival).figure
    assert figure is not None and not figure.axes[0].patches


def test_assumptions_are_a_table_that_says_nothing_twice_in_a_row(warfarin: TrialResult) -> None:
    (table,) = assumptions_section(replace(warfarin, assumptions=ASSUMPTIONS)).tables
    assert table.rows.columns.tolist() == ["about", "assumption", "value", "unit", "reason"]
    assert table.rows["about"].tolist() == ["population", "", "", "parameters", "", "conduct", "parameters"]
    assert table.rows["assumption"].tolist() == list("abcdefg")
    assert table.rows["unit"].tolist() == ["", "", "", "CV", "", "", ""]
    assert table.rows["reason"].tolist() == ["a survey", "", "", "a guess", "as above", "as above", "another"]
    assert not table.folded
    assert np.isnan(table.rows["value"][0])
