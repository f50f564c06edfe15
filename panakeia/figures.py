"""The figures that the report and the notebooks show; each function returns a matplotlib Figure."""

import io
from collections.abc import Mapping, Sequence
from itertools import cycle
from textwrap import fill

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from kg.paths import Path
from kg.schema import Step
from kg.search import Node

FEWEST = 20
"""Where fewer patients are left than this, no course is drawn: 90 % of them has no bounds (5 % is less than one)."""
TIME_WORDS = {"d": "day", "h": "hour"}
"""What a unit of time is called on an axis."""
HOURS = {"d": 24.0, "h": 1.0}
_SHORT_H = 72.0
"""The longest course that is drawn in hours."""
INK, MUTED, NEW, KNOWN = "#1f2933", "#7b8794", "#c05621", "#2b6cb0"
ARMS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1")
GOOD = "#2f855a"
"""The colour of a target range."""
KIND_COLOURS = {
    "Drug": "#bee3f8",
    "Disease": "#fed7d7",
    "Gene": "#c6f6d5",
    "Variant": "#e9d8fd",
    "PharmacologicClass": "#feebc8",
    "SideEffect": "#fefcbf",
    "Symptom": "#fefcbf",
    "Anatomy": "#e2e8f0",
}


def svg(figure: Figure) -> str:
    """Return a figure as an SVG element that can stand inside a page."""
    buffer = io.StringIO()
    with rc_context({"svg.hashsalt": "panakeia"}):  # else each run names its clip paths anew
        figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def candidates_figure(
    candidates: pd.DataFrame, *, listed: str = "in a source's list", unlisted: str = "in no source's list"
) -> Figure:
    """Draw at least one ranked drug: its probability as a dot, blue if a source lists it, the degree prior as a tick.

    The way between the two is the lift. `candidates` has the columns of `gnn.rank.rank`: name, probability, prior,
    known; `listed` and `unlisted` are what `gnn.checkpoint.Model.listed` says of the two colours.
    """
    figure, axes = single(7.2, 1.0 + 0.27 * len(candidates))
    rows = pd.Series(range(len(candidates)))
    known = candidates["known"].to_numpy(dtype=bool)
    scores, priors = candidates["probability"].to_numpy(), candidates["prior"].to_numpy()
    axes.hlines(rows, priors, scores, color="#cbd2d9", linewidth=1.5, zorder=1)
    for words, colour, mask in ((unlisted, NEW, ~known), (listed, KNOWN, known)):
        if mask.any():
            axes.scatter(scores[mask], rows[mask], color=colour, s=34, zorder=3, label=words)
    axes.scatter(priors, rows, marker="|", color=MUTED, s=70, zorder=2, label="degree prior")
    axes.set_yticks(list(rows), candidates["name"], fontsize=9)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("calibrated probability (dot) and degree prior (tick), log scale", fontsize=9)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.6)
    legend_above(figure)
    return figure


def reliability_figure(table: pd.DataFrame) -> Figure:
    """Draw a reliability plot: what was foretold across, what came true up, with its 95 % interval.

    `table` has the columns of `gnn.calibrate.reliability`.
    """
    figure, axes = single(4.2, 3.6)
    errors = [table["observed"] - table["lower"], table["upper"] - table["observed"]]
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, zorder=1)
    axes.errorbar(table["foretold"], table["observed"], yerr=errors, fmt="o", color=KNOWN, markersize=5, capsize=2)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability foretold", fontsize=9)
    axes.set_ylabel("share that came true", fontsize=9)
    axes.grid(color="#e4e7eb", linewidth=0.6)
    return figure


def paths_figure(paths: Sequence[Path]) -> Figure:
    """Draw at least one evidence path, one a row: nodes as boxes coloured by kind, relations on the arrows."""
    longest = max(len(path.nodes) for path in paths)
    figure, axes = single(2.1 * longest, 0.72 * len(paths))
    axes.axis("off")
    for row, path in enumerate(paths):
        gap = (longest - 1) / len(path.edges)
        for column, edge in enumerate(path.edges):
            _draw_arrow(axes, column * gap, (column + 1) * gap, row, edge.step)
        for column, node in enumerate(path.nodes):
            _draw_node(axes, column * gap, row, node)
    axes.set_xlim(-0.5, longest - 0.5)
    axes.set_ylim(len(paths) - 0.5, -0.6)
    return figure


def trajectory_figure(
    trajectories: Mapping[str, pd.DataFrame], *, observable: str, label: str, band: tuple[float, float] | None = None
) -> Figure:
    """Draw one observable in time for each named regimen: the value as a line, its interval as a band.

    Each frame has the columns of `twin.simulate.Trajectories.to_frame`, all in one unit of time; `band` is a target
    range to shade.
    """
    courses = {name: frame[frame["observable"] == observable] for name, frame in trajectories.items()}
    unit = next(iter(trajectories.values()))["time_unit"].iloc[0]
    return _courses_figure(courses, TIME_WORDS[unit], label, band)


def update_figure(
    before: pd.DataFrame,
    after: pd.DataFrame,
    measured: pd.DataFrame,
    *,
    observable: str,
    label: str,
    band: tuple[float, float] | None = None,
) -> Figure:
    """Draw what was foretold of one patient before and after measurements, with what was measured.

    `before` has the columns of `twin.simulate.Trajectories.to_frame`, `after` those of `twin.fit.forecast.Forecast`,
    in hours: the darker band is of the course, the paler one of a measurement. `measured` has time (hours), value and
    used: what the fit has not seen is a hollow dot. `band` is a target range to shade.
    """
    figure, axes = single(7.2, 3.6)
    own = [frame[frame["observable"] == observable] for frame in (before, after)]
    hours = [rows["time"] * HOURS[rows["time_unit"].iloc[0]] for rows in own]
    unit = "h" if hours[1].max() <= _SHORT_H else "d"
    (at, was), (then, now) = ((time / HOURS[unit], rows) for time, rows in zip(hours, own, strict=True))
    if band is not None:
        axes.axhspan(*band, color=GOOD, alpha=0.1, linewidth=0, label="target range")
    axes.fill_between(at, was["lower"], was["upper"], color=MUTED, alpha=0.18, linewidth=0)
    axes.plot(at, was["value"], color=MUTED, linewidth=1.4, linestyle="--", label="before: from covariates alone")
    for name, words, depth in (
        ("_measured", "after: what would be measured", 0.14),
        ("", "after: the true course", 0.28),
    ):
        lower, upper = now[f"lower{name}"], now[f"upper{name}"]
        axes.fill_between(then, lower, upper, color=KNOWN, alpha=depth, linewidth=0, label=words)
    axes.plot(then, now["value"], color=KNOWN, linewidth=1.8)
    for used, words in ((True, "measured"), (False, "measured later, not used")):
        rows = measured[measured["used"] == used]
        if len(rows):
            fill = NEW if used else "white"
            axes.scatter(
                rows["time"] / HOURS[unit], rows["value"], color=fill, edgecolor=NEW, s=30, zorder=4, label=words
            )
    if len(used_rows := measured[measured["used"]]):
        axes.axvline(used_rows["time"].max() / HOURS[unit], color=MUTED, linewidth=0.8, linestyle=":")
    if min(now["value"].min(), measured["value"].min()) >= 0 > axes.get_ylim()[0]:
        axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.set_xlabel(TIME_WORDS[unit], fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    legend_above(figure)
    return figure


def checked_figure(check: pd.DataFrame, *, label: str) -> Figure:
    """Draw each measurement in what the fitted patient makes up at its time; `check` is a predictive check's frame."""
    figure, axes = single(4.6, 3.0)
    place = range(len(check))
    axes.vlines(place, check["lower"], check["upper"], color=KNOWN, alpha=0.35, linewidth=9)
    inside = (check["lower"] <= check["value"]) & (check["value"] <= check["upper"])
    for where, words in ((inside, "measured, inside"), (~inside, "measured, outside")):
        if where.any():
            axes.scatter(
                [one for one in place if where.iloc[one]],
                check["value"][where],
                color=KNOWN if words.endswith("inside") else NEW,
                s=34,
                zorder=3,
                label=words,
            )
    axes.set_xticks(list(place), [f"{time / 24:.3g}" for time in check["time"]])
    axes.set_xlabel("day", fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    axes.margins(x=0.1)
    legend_above(figure)
    return figure


def arms_figure(quantiles: Mapping[str, pd.DataFrame], *, label: str, band: tuple[float, float] | None) -> Figure:
    """Draw each arm's median and 90 % range of an observable by day, while `FEWEST` patients or more are followed.

    Frames have day, n (how many are followed), median, lower, upper. The legend says how many there are at first and
    on the last day.
    """
    return _courses_figure(drawn_arms(quantiles), "day", label, band)


def drawn_arms(quantiles: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return what is drawn of each arm, by its words in the legend: time, value, lower, upper."""
    return {
        f"{arm}: {_followed(frame)}": frame[frame["n"] >= FEWEST].rename(columns={"day": "time", "median": "value"})
        for arm, frame in quantiles.items()
    }


def _courses_figure(
    courses: Mapping[str, pd.DataFrame], time: str, label: str, band: tuple[float, float] | None
) -> Figure:
    """Draw courses with the columns time, value, lower, upper."""
    figure, axes = single(7.2, 3.2)
    draw_courses(axes, courses)
    if band is not None:
        axes.axhspan(*band, color=GOOD, alpha=0.1, linewidth=0)
    axes.set_xlabel(time, fontsize=9)
    axes.set_ylabel(label, fontsize=9)
    legend_above(figure)
    return figure


def draw_courses(axes: Axes, courses: Mapping[str, pd.DataFrame]) -> None:
    """Draw courses with the columns time, value, lower, upper: lines in bands, each of its own colour."""
    for colour, (name, rows) in zip(cycle(ARMS), courses.items(), strict=False):
        axes.fill_between(rows["time"], rows["lower"], rows["upper"], color=colour, alpha=0.16, linewidth=0)
        axes.plot(rows["time"], rows["value"], color=colour, linewidth=1.8, label=name)


def _followed(frame: pd.DataFrame) -> str:
    """Say how many patients an arm has, and how many are left on its last day."""
    first, last = frame.iloc[0], frame.iloc[-1]
    left = "" if first["n"] == last["n"] else f", {last['n']:,.0f} left on day {last['day']:.0f}"
    return f"{first['n']:,.0f} patients{left}"


def legend_above(figure: Figure) -> None:
    """Say above the axes what is drawn, so that the words lie on nothing."""
    figure.legend(loc="outside upper left", frameon=False, fontsize=9, ncols=2)


def single(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of so many inches with one pair of axes."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    plain(axes)
    return figure, axes


def plain(axes: Axes) -> None:
    """Leave of axes what a reader needs."""
    axes.tick_params(labelsize=9, colors=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_node(axes: Axes, x: float, y: float, node: Node) -> None:
    half = 0.29
    box = FancyBboxPatch(
        (x - half, y - 0.26),
        2 * half,
        0.52,
        boxstyle="round,pad=0.01,rounding_size=0.06",
        facecolor=KIND_COLOURS.get(node.kind, "#edf2f7"),
        edgecolor="#9aa5b1",
        linewidth=0.7,
    )
    axes.add_patch(box)
    name = node.name if len(node.name) <= 20 else node.name[:19] + "…"
    axes.text(x, y - 0.05, name, ha="center", va="center", fontsize=7.5, color=INK)
    axes.text(x, y + 0.15, node.kind, ha="center", va="center", fontsize=6.5, color=MUTED)


def _draw_arrow(axes: Axes, start: float, end: float, y: float, step: Step) -> None:
    tail, head = (start + 0.3, end - 0.3) if step.forward else (end - 0.3, start + 0.3)
    shape = {"arrowstyle": "-" if step.symmetric else "->", "color": MUTED, "lw": 0.9}
    axes.annotate("", xy=(head, y), xytext=(tail, y), arrowprops=shape)
    words = fill(step.relation.replace("_", " "), 14)
    axes.text((start + end) / 2, y - 0.06, words, ha="center", va="bottom", fontsize=7, color=MUTED, linespacing=1.0)
