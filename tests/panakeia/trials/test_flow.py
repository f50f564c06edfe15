"""The flow of patients adds up, arm by arm, to what became of each of them."""

from panakeia.trials.flow import flow_section, flow_table
from twin.trials.result import TrialResult


def test_who_is_allocated_dies_leaves_or_is_followed_to_the_end(survival: TrialResult) -> None:
    table = flow_table(survival).set_index("stage")
    assert table.index.tolist()[:3] == ["allocated", "died (death)", "left (dropout)"]
    subjects = survival.subjects
    for arm in table.columns:
        mine = subjects[subjects["ARM"] == arm]
        assert table.loc["allocated", arm] == len(mine)
        assert table.loc["died (death)", arm] == (mine["EOSSTT"] == "DIED").sum()
        assert table.loc["left (dropout)", arm] == (mine["EOSSTT"] == "DISCONTINUED").sum()
        assert table.loc["followed to the end", arm] == (mine["EOSSTT"] == "COMPLETED").sum()
        assert table.loc["analysed for OS", arm] == mine["OS"].notna().sum()
    ended = table.loc[["died (death)", "left (dropout)", "followed to the end"]].sum()
    lost = table.loc["not computable"] if "not computable" in table.index else 0
    assert (ended + lost).tolist() == table.loc["allocated"].tolist()
    assert table.loc["allocated"].sum() == 60


def words(result: TrialResult) -> list[str]:
    figure = flow_section(result).figure
    assert figure is not None
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_the_figure_has_a_column_an_arm_below_who_was_enrolled(survival: TrialResult, warfarin: TrialResult) -> None:
    boxes = words(survival)
    assert boxes[0] == "Enrolled\nn = 60" and len(boxes) == 1 + 3 * 2
    table = flow_table(survival).set_index("stage")
    assert f"died (death): {table.iloc[1, 0]}" in boxes[2] and f"OS: {table.loc['analysed for OS'].iloc[0]}" in boxes[3]
    assert words(warfarin)[0] == "Enrolled\nn = 40, each in every arm"
