"""Plots of series; each function returns a matplotlib Figure."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.model import Floats
from twin.prognosis.series.course import Course, SeriesError
from twin.prognosis.series.glucose import MG_PER_DL_OF

BINS = 48
"""Half hours of a day."""
MOST = 24
TARGET, OUTER = (70.0, 180.0), (54.0, 250.0)
"""Bounds in mg/dL of the target range, and of the ranges beyond it (Battelino 2019)."""
_LINE, _TARGET, _OUTER, _INK = "#2b6cb0", "#2f855a", "#c05621", "#1f2933"
_LEVELS = (5.0, 25.0, 50.0, 75.0, 95.0)
_ACROSS = 4


def agp_figure(courses: Sequence[Course], unit: str) -> Figure:
    """Draw the ambulatory glucose profile of each series: median, 25 to 75 % and 5 to 95 % by half hour.

    The lines are 70 and 180 mg/dL (target) and 54 and 250. Nothing is smoothed. Raises `SeriesError` for more than
    `MOST` series.
    """
    if len(courses) > MOST:
        raise SeriesError(
            f"got {len(courses)} series to draw, expected at most {MOST}: choose one person (--patient ID)"
        )
    across = min(_ACROSS, len(courses))
    down = -(-len(courses) // across)
    single = len(courses) == 1
    size = (7.2, 3.6) if single else (0.8 + 2.7 * across, 0.9 + 1.9 * down)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, course in zip(panels, courses, strict=False):
        _draw(axes, course, unit)
        days = len(np.unique(np.floor((course.hours + course.clock[0]) / 24)))
        axes.set_title(f"{course.subject}: {days} days, {course.values.size:,} readings", fontsize=8, color=_INK)
    panels[0].set_ylim(bottom=0)  # shared, so not before all are drawn
    for axes in panels[len(courses) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(courses) - across) : len(courses)]:
        axes.tick_params(labelbottom=True)
    figure.supxlabel("hour of the day", fontsize=9)
    figure.supylabel(f"glucose, {unit}", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", frameon=False, fontsize=8, ncols=5 if not single else 3)
    return figure


def profile(course: Course) -> Floats:
    """Return the 5, 25, 50, 75 and 95 % quantiles of readings by half hour, [bin, level]; NaN where there is none."""
    place = np.minimum((course.clock * BINS / 24).astype(int), BINS - 1)
    found = np.full((BINS, len(_LEVELS)), np.nan)
    for one in np.unique(place):
        found[one] = np.percentile(course.values[place == one], _LEVELS)
    return found


def _draw(axes: Axes, course: Course, unit: str) -> None:
    low5, low25, median, high75, high95 = profile(course).T
    hours = (np.arange(BINS) + 0.5) * 24 / BINS
    axes.fill_between(hours, low5, high95, color=_LINE, alpha=0.15, linewidth=0, label="5 to 95 %")
    axes.fill_between(hours, low25, high75, color=_LINE, alpha=0.35, linewidth=0, label="25 to 75 %")
    axes.plot(hours, median, color=_LINE, linewidth=1.8, label="median")
    for bounds, colour, words in ((TARGET, _TARGET, "target, 70 to 180 mg/dL"), (OUTER, _OUTER, "54 and 250 mg/dL")):
        for place, bound in enumerate(bounds):
            axes.axhline(
                bound / MG_PER_DL_OF[unit],
                color=colour,
                linewidth=0.9,
                linestyle="-" if bounds is TARGET else ":",
                label=words if not place else None,
            )
    axes.set_xlim(0, 24)
    axes.set_xticks([0, 6, 12, 18, 24])
    axes.tick_params(labelsize=8, colors=_INK)
    axes.spines[["top", "right"]].set_visible(False)
