"""Plots of a population's fit; each function returns a matplotlib Figure."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.fit.diagnose import etas, goodness_of_fit, predictive_check
from twin.fit.population import PopulationFit

INK, MUTED, BLUE, ORANGE = "#1f2933", "#7b8794", "#2b6cb0", "#c05621"


def goodness_of_fit_figure(fit: PopulationFit) -> Figure:
    """Draw measurements against what is foretold of them, and residuals against time and the foretold."""
    table, figure = goodness_of_fit(fit), Figure(figsize=(8.0, 7.0), layout="constrained")
    panels = figure.subplots(2, 2)
    for axes, foretold, words in ((panels[0, 0], "PRED", "typical patient"), (panels[0, 1], "IPRED", "own parameters")):
        axes.scatter(table[foretold], table["DV"], s=12, color=BLUE, alpha=0.6)
        ends = [float(table[[foretold, "DV"]].min().min()), float(table[[foretold, "DV"]].max().max())]
        axes.plot(ends, ends, color=MUTED, linewidth=1)
        _named(axes, f"{foretold}: {words}", "measured (DV)")
    for axes, across, words in ((panels[1, 0], "time_h", "time (h)"), (panels[1, 1], "PRED", "PRED: typical patient")):
        axes.scatter(table[across], table["CWRES"], s=12, color=BLUE, alpha=0.6)
        for level in (-1.96, 0.0, 1.96):
            axes.axhline(level, color=MUTED, linewidth=1, linestyle="-" if level == 0 else "--")
        _named(axes, words, "CWRES")
    return figure


def predictive_check_figure(fit: PopulationFit, seed: int = 0) -> Figure:
    """Draw the visual predictive check of each observable: measured percentiles within those of made-up data."""
    table = predictive_check(fit, seed=seed)
    names = list(dict.fromkeys(table["observable"]))
    figure = Figure(figsize=(7.2, 3.6 * len(names)), layout="constrained")
    for axes, name in zip(np.atleast_1d(figure.subplots(len(names), 1)), names, strict=True):
        own = table[table["observable"] == name]
        for share, some in own.groupby("percentile"):
            colour = ORANGE if share == 0.5 else BLUE
            axes.fill_between(some["time_h"], some["lower"], some["upper"], color=colour, alpha=0.2, linewidth=0)
            axes.plot(some["time_h"], some["measured"], color=colour, marker="o", markersize=3, linewidth=1.2)
        _named(axes, "time (h)", f"{name} ({fit.layout.model.observables[name]})")
        axes.set_title("5th, 50th and 95th percentile: measured (lines), 95 % of simulated (bands)", fontsize=9)
    return figure


def etas_figure(fit: PopulationFit) -> Figure:
    """Draw each parameter's etas against what the population's Omega expects, and against each other."""
    table, omega = etas(fit), fit.population.omega()
    names, count = list(fit.layout.etas), max(1, len(fit.layout.etas))
    figure = Figure(figsize=(2.6 * count, 2.6 * count), layout="constrained")
    panels = np.atleast_2d(figure.subplots(count, count, squeeze=False))
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            axes = panels[i, j]
            if i == j:
                _against_normal(axes, table[one], float(np.sqrt(omega[i, i])))
            else:
                axes.scatter(table[other], table[one], s=10, color=BLUE, alpha=0.6)
            _named(axes, other if i == len(names) - 1 else "", one if j == 0 else "")
    return figure


def _against_normal(axes: Axes, values: pd.Series, sd: float) -> None:
    axes.hist(values, bins="auto", density=True, color=BLUE, alpha=0.4)
    across = np.linspace(-3 * sd, 3 * sd, 101)
    axes.plot(across, np.exp(-0.5 * (across / sd) ** 2) / (sd * np.sqrt(2 * np.pi)), color=ORANGE, linewidth=1.2)


def _named(axes: Axes, across: str, up: str) -> None:
    axes.set_xlabel(across, color=INK, fontsize=9)
    axes.set_ylabel(up, color=INK, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
