"""A tornado shows how far each scenario moves the power from the design's own."""

import pandas as pd
import pytest

from panakeia.trials.sensitivity import sensitivity_section

RATES = {"as designed": 0.8, "adherence 0.9": 0.7, "dropout": 0.78, "larger effect": 0.95, "no effect": 0.025}
PRIMARY = pd.DataFrame(
    {
        "scenario": list(RATES),
        "treated": "guided",
        "null": [name == "no effect" for name in RATES],
        "rejected": list(RATES.values()),
        "rejected_lower": [rate - 0.01 for rate in RATES.values()],
        "rejected_upper": [rate + 0.01 for rate in RATES.values()],
    }
)


def test_the_largest_change_is_on_top_and_no_effect_is_left_out() -> None:
    section = sensitivity_section(PRIMARY)
    assert section.figure is not None
    (axes,) = section.figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["dropout", "adherence 0.9", "larger effect"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([-0.02, -0.1, 0.15])
    assert {bar.get_x() for bar in axes.patches} == {0.8}


def test_a_design_without_its_own_scenario_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no scenario is 'as designed'; got adherence 0\.9"):
        sensitivity_section(PRIMARY.iloc[1:2])
