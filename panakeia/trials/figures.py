"""The figures of a trial's report; each function returns a matplotlib Figure."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from panakeia.figures import ARMS, GOOD, INK, KNOWN, MUTED, NEW, draw_courses, drawn_arms, legend_above, plain, single

Band = tuple[float | None, float | None]
"""Bounds of what counts as good; None where there is none."""
_NUMBER: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}


def panels_figure(panels: Mapping[str, Mapping[str, pd.DataFrame]], bands: Sequence[Band | None]) -> Figure:
    """Draw a panel for each label: every arm's median and 90 % range by day, while enough patients are followed.

    Frames have day, n, median, lower, upper (`panakeia.figures.arms_figure`); `bands` has a range to shade for each
    panel, or None. The legend is the first panel's.
    """
    figure = Figure(figsize=(7.2, 0.5 + 2.7 * len(panels)), layout="constrained")
    all_axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    for place, (axes, (label, quantiles), band) in enumerate(zip(all_axes, panels.items(), bands, strict=True)):
        plain(axes)
        draw_courses(axes, drawn_arms(quantiles))
        if band is not None:
            bottom, top = axes.get_ylim()
            low, high = (end if one is None else one for one, end in zip(band, (bottom, top), strict=True))
            axes.axhspan(low, high, color=GOOD, alpha=0.1, linewidth=0)
        axes.set_ylabel(label, fontsize=9)
        if place:
            for line in axes.lines:
                line.set_label("_")  # the arms are named once
    all_axes[-1].set_xlabel("day", fontsize=9)
    legend_above(figure)
    return figure


def survival_figure(curves: Mapping[str, pd.DataFrame], *, label: str) -> Figure:
    """Draw Kaplan-Meier curves in time, with intervals, and below them how many are at risk.

    Frames have time, at_risk, events, survival, lower, upper (`twin.trials.analysis.survival.Curve.to_frame`). A tick
    is where somebody was cut off.
    """
    figure = Figure(figsize=(7.2, 3.7 + 0.22 * len(curves)), layout="constrained")
    axes, below = figure.subplots(2, 1, height_ratios=(3.2, 0.2 + 0.22 * len(curves)))
    below.sharex(axes)
    plain(axes)
    end = max(float(curve["time"].max()) for curve in curves.values())
    for colour, (arm, curve) in zip(cycle(ARMS), curves.items(), strict=False):
        _draw_curve(axes, arm, curve, colour)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, end * 1.02)
    axes.set_ylabel(label, fontsize=9)
    axes.set_xlabel("day", fontsize=9)
    days = [day for day in MaxNLocator(8, integer=True).tick_values(0.0, end) if 0 <= day <= end]
    axes.set_xticks(days)
    _at_risk(below, curves, days)
    legend_above(figure)
    return figure


def _draw_curve(axes: Axes, arm: str, curve: pd.DataFrame, colour: str) -> None:
    time = np.concatenate([[0.0], curve["time"]])
    drawn = {name: np.concatenate([[1.0], curve[name]]) for name in ("survival", "lower", "upper")}
    axes.step(time, drawn["survival"], where="post", color=colour, linewidth=1.6, label=arm)
    axes.fill_between(time, drawn["lower"], drawn["upper"], step="post", color=colour, alpha=0.14, linewidth=0)
    leaving = np.append(curve["at_risk"].to_numpy()[1:], 0.0)
    cut = curve["at_risk"].to_numpy() - curve["events"].to_numpy() - leaving > 0
    axes.plot(curve["time"][cut], curve["survival"][cut], "|", color=colour, markersize=5, markeredgewidth=0.8)


def _at_risk(axes: Axes, curves: Mapping[str, pd.DataFrame], days: Sequence[float]) -> None:
    """Write how many are at risk in each arm on some days."""
    axes.tick_params(left=False, bottom=False, labelbottom=False, labelsize=8, pad=14)
    axes.spines[["left", "right", "top", "bottom"]].set_visible(False)
    for row, (colour, curve) in enumerate(zip(cycle(ARMS), curves.values(), strict=False)):
        for day in days:
            left = curve.loc[curve["time"] >= day, "at_risk"]
            axes.text(day, row, f"{left.max() if len(left) else 0:,.0f}", **_NUMBER, color=colour)
    axes.set_ylim(len(curves) - 0.4, -0.6)
    axes.set_yticks(range(len(curves)), list(curves))
    axes.set_title("at risk", fontsize=8, loc="left", color=MUTED)


def tornado_figure(rows: pd.DataFrame, *, base: float, label: str) -> Figure:
    """Draw how far each of several changes moves a figure from its base, the largest on top.

    `rows` has scenario, value, lower and upper, the last two the ends of an interval.
    """
    ordered = rows.assign(moved=(rows["value"] - base).abs()).sort_values("moved", kind="stable", ignore_index=True)
    figure, axes = single(7.2, 1.0 + 0.34 * len(ordered))
    places = np.arange(len(ordered))
    value = ordered["value"].to_numpy()
    colours = np.where(value < base, NEW, KNOWN)
    axes.barh(places, value - base, left=base, height=0.55, color=colours, alpha=0.75, linewidth=0)
    axes.hlines(places, ordered["lower"], ordered["upper"], color=INK, linewidth=1.0)
    axes.axvline(base, color=MUTED, linewidth=1.0)
    for place, one in zip(places, value, strict=True):
        axes.annotate(
            f"{one:.3g}", (one, place), (0, 9), textcoords="offset points", ha="center", fontsize=7, color=INK
        )
    axes.set_yticks(places, ordered["scenario"].tolist(), fontsize=8)
    axes.set_xlabel(f"{label} (line: {base:.3g} as designed)", fontsize=9)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure
