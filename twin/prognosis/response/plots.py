"""Plots of who gains; each function returns a matplotlib Figure."""

from matplotlib.figure import Figure

from twin.prognosis.response.response import Response

_DOT, _NONE, _INK = "#2b6cb0", "#7b8794", "#1f2933"


def response_figure(found: Response) -> Figure:
    """Draw the targeting curve with its interval, and the gain in each fifth beside that foretold and that of all."""
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    curve, groups = figure.subplots(1, 2)
    told = found.targeting
    curve.axhline(0.0, color=_NONE, linewidth=0.9, linestyle="--")
    curve.fill_between(told["share"], told["lower"], told["upper"], color=_DOT, alpha=0.16, linewidth=0)
    curve.plot(told["share"], told["gain"], color=_DOT, linewidth=1.8)
    curve.set_xlabel("share treated, foretold to gain most first", fontsize=9)
    curve.set_ylabel("their gain less that of all", fontsize=9)
    curve.set_xlim(0, 1)
    autoc = found.autoc
    curve.set_title(f"AUTOC {autoc.value:.3g} ({autoc.lower:.3g} to {autoc.upper:.3g})", fontsize=9, color=_INK)
    parts = found.fifths
    groups.axhline(found.average.value, color=_NONE, linewidth=0.9, linestyle="--", label="all")
    errors = [parts["effect"] - parts["lower"], parts["upper"] - parts["effect"]]
    groups.errorbar(
        parts["fifth"], parts["effect"], errors, fmt="o", color=_DOT, capsize=2, markersize=5, label="found"
    )
    groups.plot(parts["fifth"], parts["foretold"], "_", color="#c05621", markersize=14, label="foretold")
    groups.set_xticks(parts["fifth"])
    groups.set_xlabel("fifth of the gain foretold", fontsize=9)
    groups.set_ylabel(f"gain in {found.asked.outcome}", fontsize=9)
    groups.legend(frameon=False, fontsize=8)
    for axes in (curve, groups):
        axes.tick_params(labelsize=8, colors=_INK)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
