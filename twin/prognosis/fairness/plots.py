"""Plots of a comparison of groups; each function returns a matplotlib Figure."""

import numpy as np
from matplotlib.figure import Figure

from twin.prognosis.fairness.comparison import Comparison, Row

_DOT, _ALL, _INK = "#2b6cb0", "#7b8794", "#1f2933"
_ACROSS = 3


def groups_figure(found: Comparison, attribute: str | None = None, metrics: tuple[str, ...] = ()) -> Figure:
    """Draw a panel for each metric: each group's figure as a dot in its interval, everybody's as a line.

    A hollow dot rests on too few persons. Without an `attribute` it is the first; without `metrics` all are drawn.
    """
    attribute = attribute or found.asked.groups[0]
    names = metrics or tuple(dict.fromkeys(row.metric for row in found.rows))
    groups = list(dict.fromkeys(row.group for row in found.rows if row.attribute == attribute))
    down = -(-len(names) // _ACROSS)
    across = min(_ACROSS, len(names))
    size = (1.6 + 2.5 * across, 0.5 + down * (0.75 + 0.26 * len(groups)))
    figure = Figure(figsize=size, layout="constrained")
    panels = np.atleast_1d(figure.subplots(down, across, sharey=True, squeeze=False)).ravel()
    for axes, metric in zip(panels, names, strict=False):
        whole = next(row for row in found.rows if row.metric == metric and not row.attribute)
        axes.axvline(whole.value, color=_ALL, linewidth=0.9, linestyle="--")
        for place, group in enumerate(groups):
            row = found.figure_of(group, metric, attribute)
            axes.plot([row.lower, row.upper], [place, place], color=_DOT, linewidth=1.4, solid_capstyle="butt")
            axes.plot(row.value, place, "o", color=_DOT, markersize=5, markerfacecolor="white" if row.few else _DOT)
        axes.set_title(metric.replace("_", " "), fontsize=9, color=_INK)
        axes.set_yticks(range(len(groups)), [_called(found, attribute, group) for group in groups], fontsize=8)
        axes.set_ylim(len(groups) - 0.5, -0.5)
        axes.tick_params(labelsize=8, colors=_INK)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color="#e4e7eb", linewidth=0.6)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.suptitle(
        f"by {attribute}; dots: groups with {found.level:.0%} intervals (hollow: fewer than {found.fewest} persons), "
        "line: everybody",
        fontsize=8,
        color=_ALL,
    )
    return figure


def _called(found: Comparison, attribute: str, group: str) -> str:
    row: Row = next(one for one in found.rows if (one.attribute, one.group) == (attribute, group))
    return f"{group} ({row.n})"
