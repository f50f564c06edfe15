"""Plots of operating characteristics; each function returns a matplotlib Figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.trials.operating import OperatingCharacteristics
from twin.trials.variants import short

INK, MUTED = "#1f2933", "#7b8794"
COLOURS = ("#2b6cb0", "#c05621", "#2f855a", "#6b46c1", "#b7791f")
_ALPHA = 0.025


def power_figure(found: OperatingCharacteristics) -> Figure:
    """Draw how often the primary endpoint's first comparison succeeds under each scenario, with Monte-Carlo intervals,
    and, where a trial has several looks, at which it stops."""
    rows = found.primary[found.primary["treated"] == found.design.arms[1].name]
    several = len(set(found.stopping["look"])) > 1
    height = 1.4 + 0.36 * len(rows)
    figure = Figure(figsize=(9.2 if several else 6.4, height), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1)) if several else [figure.subplots()]
    _rates(axes[0], rows)
    if several:
        _stops(axes[1], rows["scenario"].tolist(), found.stopping)
    return figure


def curve_figure(found: OperatingCharacteristics, along: str) -> Figure:
    """Draw power against one of the keys that the design varies, a line for each combination of the others.

    Raises `ValueError` for a key that it does not vary.
    """
    keys = list(found.design.vary)
    if along not in keys:
        raise ValueError(f"got {along!r}, expected a key that the design varies: {', '.join(keys) or 'none'}")
    points = _points(found, along, [key for key in keys if key != along])
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for place, (name, line) in enumerate(points.groupby("line", sort=False)):
        colour, ordered = COLOURS[place % len(COLOURS)], line.sort_values("x")
        axes.plot(ordered["x"], ordered["rejected"], "o-", color=colour, linewidth=1.6, markersize=4, label=str(name))
        bounds = ordered[["rejected_lower", "rejected_upper"]].to_numpy().T
        axes.fill_between(ordered["x"], *bounds, color=colour, alpha=0.15, linewidth=0)
    for level in (0.8, 0.9):
        axes.axhline(level, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(along, color=INK, fontsize=9)
    axes.set_ylabel(f"power ({found.replicates} trials a point, 95 % intervals)", color=INK, fontsize=9)
    axes.set_title(f"{found.design.endpoints[0].name}: {found.design.arms[1].name}", fontsize=9, color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    if points["line"].nunique() > 1 or points["line"].iloc[0]:
        axes.legend(frameon=False, fontsize=8)
    return figure


def _points(found: OperatingCharacteristics, along: str, others: Sequence[str]) -> pd.DataFrame:
    """Return the power at each point of the grid: x, line (what else is varied), and its interval."""
    rows: list[dict[str, Any]] = []
    primary = found.primary[found.primary["treated"] == found.design.arms[1].name].set_index("scenario")
    for scenario in found.scenarios:
        if set(scenario.set) == set(found.design.vary):
            line = ", ".join(f"{short(key)} {scenario.set[key]}" for key in others)
            row = primary.loc[scenario.name]
            names = ("rejected", "rejected_lower", "rejected_upper")
            rows.append({"x": scenario.set[along], "line": line, **{name: row[name] for name in names}})
    return pd.DataFrame(rows)


def _rates(axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows))[::-1]
    colours = [COLOURS[1] if null else COLOURS[0] for null in rows["null"]]
    axes.hlines(places, rows["rejected_lower"], rows["rejected_upper"], color=colours, linewidth=1.6)
    axes.scatter(rows["rejected"], places, color=colours, s=22, zorder=3)
    for at in (_ALPHA, 0.8, 0.9):
        axes.axvline(at, color=MUTED, linewidth=0.8, linestyle=":")
    for place, share in zip(places, rows["rejected"], strict=True):
        axes.annotate(f"{share:.3f}", (share, place), (0, 6), textcoords="offset points", fontsize=7, ha="center")
    axes.set_yticks(places, rows["scenario"].tolist(), fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_xlabel("power (orange: type I error)", color=INK, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _stops(axes: Axes, scenarios: Sequence[str], stopping: pd.DataFrame) -> None:
    places = dict(zip(scenarios, np.arange(len(scenarios))[::-1], strict=True))
    looks = sorted(set(stopping["look"]))
    shades = np.linspace(0.9, 0.35, len(looks))
    for name, place in places.items():
        rows, start = stopping[stopping["scenario"] == name], 0.0
        for kind, colour in (("efficacy", COLOURS[2]), ("futility", COLOURS[4]), ("not_rejected", MUTED)):
            for look, shade in zip(rows["look"], shades, strict=False):
                share = float(rows.loc[rows["look"] == look, kind].iloc[0])
                axes.barh(place, share, left=start, height=0.6, color=colour, alpha=float(shade), linewidth=0)
                if share > 0.06:
                    axes.text(start + share / 2, place, str(look), ha="center", va="center", fontsize=7, color="white")
                start += share
    axes.set_xlim(0, 1)
    axes.set_xlabel("stops at look: green efficacy, ochre futility, grey neither", color=INK, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
