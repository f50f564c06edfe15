"""Figures of a risk: calibration, decision curve, importance, dependence, one patient's contributions (matplotlib)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.prognosis.question import level
from twin.prognosis.risk.explain import Contributions
from twin.prognosis.risk.measure import measures_of
from twin.prognosis.risk.train import Risk

INK, MUTED, BLUE, ORANGE = "#1f2933", "#7b8794", "#2b6cb0", "#c05621"
COLOURS = (BLUE, ORANGE, "#2f855a", "#6b46c1")
_SHOWN = 12
"""So many features are drawn, the most important."""


def figures(risk: Risk) -> Mapping[str, Figure]:
    """Return the figures of a risk by name; a number has no decision curve."""
    found = {
        "calibration": calibration_figure(risk),
        "importance": importance_figure(risk),
        "dependence": dependence_figure(risk),
    }
    if risk.question.kind != "continuous":
        found["decision"] = decision_figure(risk)
    return found


def calibration_figure(risk: Risk) -> Figure:
    """Draw what was foretold across and what came true up, by tenths of patients left out, with 95 % intervals."""
    table, figure = risk.report.calibration.astype(float), Figure(figsize=(5.0, 4.8), layout="constrained")
    axes = figure.subplots()
    low, high = (table[["observed", "lower", "upper"]].min().min(), table[["observed", "lower", "upper"]].max().max())
    ends = [min(low, table["foretold"].min()), max(high, table["foretold"].max())]
    axes.plot(ends, ends, color=MUTED, linewidth=1, linestyle="--")
    bars = np.array([table["observed"] - table["lower"], table["upper"] - table["observed"]]).clip(min=0.0)
    axes.errorbar(table["foretold"], table["observed"], yerr=bars, fmt="o", color=BLUE, markersize=4, linewidth=1)
    _named(axes, f"foretold by {risk.learner}", "observed")
    return figure


def decision_figure(risk: Risk) -> Figure:
    """Draw the net benefit of acting at each threshold on the model, on everybody and on nobody."""
    table, figure = risk.report.decision, Figure(figsize=(5.8, 4.2), layout="constrained")
    axes = figure.subplots()
    for colour, (name, some) in zip(COLOURS, table.groupby("learner", sort=False), strict=False):
        axes.plot(some["threshold"], some["net benefit"], color=colour, linewidth=1.6, label=str(name))
    some = table.drop_duplicates("threshold")
    axes.plot(some["threshold"], some["all"], color=MUTED, linewidth=1, linestyle="--", label="all")
    axes.axhline(0.0, color=INK, linewidth=0.8, label="nobody")
    top = float(table["net benefit"].max())
    axes.set_ylim(-0.15 * max(top, 0.01), 1.1 * max(top, 0.01))
    _named(axes, "acted on from this chance", "net benefit a patient")
    axes.legend(fontsize=8, frameon=False)
    return figure


def importance_figure(risk: Risk) -> Figure:
    """Draw what held-out forecasts lose when a feature is dealt anew, with its deviation over repeats."""
    table = risk.report.importance.head(_SHOWN)[::-1]
    figure = Figure(figsize=(6.0, 1.0 + 0.28 * len(table)), layout="constrained")
    axes, ranking = figure.subplots(), measures_of(risk.question.kind).ranking
    axes.barh(table["feature"], table[f"loss of {ranking}"], xerr=table["deviation"], color=BLUE, height=0.6)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    _named(axes, f"loss of {ranking} in patients left out", "")
    return figure


def dependence_figure(risk: Risk) -> Figure:
    """Draw the mean forecast as each of the most important features is set to each of its values in all patients."""
    shown = risk.report.importance["feature"].head(6).tolist()
    columns = min(3, len(shown))
    rows = int(np.ceil(len(shown) / columns))
    figure = Figure(figsize=(2.7 * columns, 2.4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes in panels.ravel()[len(shown) :]:
        axes.set_visible(False)
    levels = dict(zip(risk.ranges.features.names, risk.ranges.features.levels, strict=True))
    for axes, name in zip(panels.ravel(), shown, strict=False):
        some = risk.report.dependence[risk.report.dependence["feature"] == name]
        if levels[name] is None:
            axes.plot(some["value"].astype(float), some["forecast"], color=BLUE, marker="o", markersize=3)
        else:
            axes.bar(some["value"].astype(str), some["forecast"], color=BLUE, width=0.5)
        _named(axes, name, "mean forecast" if axes in panels[:, 0] else "")
    return figure


def contributions_figure(found: Contributions, values: "pd.Series[float]") -> Figure:
    """Draw what each feature adds to the first patient's forecast, the largest first."""
    each = found.each.iloc[0]
    each = each[each.abs().sort_values(ascending=False).index][:_SHOWN][::-1]
    figure = Figure(figsize=(6.4, 1.0 + 0.3 * len(each)), layout="constrained")
    axes = figure.subplots()
    labels = [f"{name} = {level(values[name]) if pd.notna(values[name]) else 'missing'}" for name in each.index]
    axes.barh(labels, each.to_numpy(), color=np.where(each > 0.0, ORANGE, BLUE), height=0.6)
    axes.axvline(0.0, color=MUTED, linewidth=0.8)
    _named(axes, f"added to {found.base:.2f}, {found.scale}; together {found.score[0]:.2f}", "")
    return figure


def _named(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across, fontsize=9, color=INK)
    axes.set_ylabel(up, fontsize=9, color=INK)
    axes.tick_params(labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
