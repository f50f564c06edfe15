"""The flow of patients through a trial, as CONSORT 2010 draws it."""

from collections.abc import Sequence
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from panakeia.figures import INK, MUTED
from panakeia.report import Section, Table
from twin.trials.result import TrialResult

_WIDTH, _LINE = 30, 0.21
"""Characters in a line of a box, and the height of a line."""


def flow_section(result: TrialResult) -> Section:
    """Draw and list who was enrolled, allocated, to whom what happened, who was analysed."""
    return Section(
        title="Flow of patients",
        figure=flow_figure(result),
        tables=(Table(flow_table(result), "Patients by arm", folded=True),),
        caption=(
            "Nobody is screened out: the population states who may be enrolled. What is counted happened while patients"
            " were followed; one patient may have several events."
        ),
    )


def flow_table(result: TrialResult) -> pd.DataFrame:
    """Return counts, a row a stage, a column an arm."""
    stages = _stages(result)
    return pd.DataFrame(
        {"stage": list(stages[0]), **dict(zip(_arms(result), (s.values() for s in stages), strict=True))}
    )


def _arms(result: TrialResult) -> list[str]:
    return list(result.counts)


def _stages(result: TrialResult) -> list[dict[str, int]]:
    """Return the stages of each arm in order, with their counts."""
    hazards = {hazard.name: hazard for hazard in result.design.hazards}
    found = []
    for arm, counts in result.counts.items():
        happened = {
            hazards[name].past: counts[f"event: {name}"]
            for name in sorted(hazards, key=lambda name: hazards[name].then in ("leave", "die"))
        }
        analysed = {f"analysed for {one.endpoint.name}": one.counts[arm] for one in result.endpoints}
        lost = {"not computable": counts["failed"]} if counts["failed"] else {}
        found.append(
            {
                "allocated": counts["enrolled"],
                **happened,
                **lost,
                "followed to the end": counts["completed"],
                **analysed,
            }
        )
    names = list(dict.fromkeys(name for stages in found for name in stages))
    order = sorted(names, key=lambda name: (name.startswith("analysed"), name == "followed to the end"))
    return [{name: stages.get(name, 0) for name in order} for stages in found]


def flow_figure(result: TrialResult) -> Figure:
    """Draw the flow: enrolled at the top, a column an arm."""
    stages, twins = _stages(result), result.design.trial.design == "twins"
    enrolled = stages[0]["allocated"] if twins else sum(one["allocated"] for one in stages)
    columns = [_boxes(arm, one) for arm, one in zip(_arms(result), stages, strict=True)]
    heights = [max(_height(column[row]) for column in columns) for row in range(3)]
    top = "Enrolled\n" + f"n = {enrolled:,}" + (", each in every arm" if twins else "")
    total = _height(top) + sum(heights) + 4 * 0.35
    figure = Figure(figsize=(3.1 * len(columns), total), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, 3.1 * len(columns))
    axes.set_ylim(total, 0)
    middle = 3.1 * len(columns) / 2
    _box(axes, middle, 0.1, _height(top), top)
    for place, column in enumerate(columns):
        x, above = 3.1 * place + 1.55, 0.1 + _height(top)
        _line(axes, [(middle, above), (middle, above + 0.17), (x, above + 0.17), (x, above + 0.35)])
        for row, text in enumerate(column):
            y = above + 0.35
            if row:
                _line(axes, [(x, above), (x, y)])
            _box(axes, x, y, heights[row], text)
            above = y + heights[row]
    return figure


def _boxes(arm: str, stages: dict[str, int]) -> Sequence[str]:
    """Return the texts of an arm's boxes: allocation, follow-up, analysis."""
    first = f"{fill(arm, _WIDTH)}\nallocated: {stages['allocated']:,}"
    analysed = [name for name in stages if name.startswith("analysed")]
    follow_up = [name for name in stages if name not in ("allocated", *analysed)]
    return (
        first,
        "\n".join(["Follow-up", *(_told(name, stages[name]) for name in follow_up)]),
        "\n".join(["Analysis", *(_told(name.removeprefix("analysed for "), stages[name]) for name in analysed)]),
    )


def _told(name: str, count: int) -> str:
    return fill(f"{name}: {count:,}", _WIDTH, subsequent_indent="  ")


def _height(text: str) -> float:
    return _LINE * (text.count("\n") + 1) + 0.2


def _box(axes: Axes, x: float, y: float, height: float, text: str) -> None:
    axes.add_patch(Rectangle((x - 1.4, y), 2.8, height, facecolor="#f7fafc", edgecolor="#9aa5b1", linewidth=0.8))
    axes.text(x, y + height / 2, text, ha="center", va="center", fontsize=8.5, color=INK, linespacing=1.35)


def _line(axes: Axes, points: Sequence[tuple[float, float]]) -> None:
    *before, end = points
    axes.plot(*zip(*points, strict=True), color=MUTED, linewidth=0.9)
    axes.annotate("", xy=end, xytext=before[-1], arrowprops={"arrowstyle": "->", "color": MUTED, "lw": 0.9})
