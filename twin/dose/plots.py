"""Plots of dose searches; each function returns a matplotlib Figure."""

import numpy as np
from matplotlib.figure import Figure

from twin.dose.asked import Found
from twin.dose.subjects import middles, spread

INK, MUTED, BLUE, ORANGE = "#1f2933", "#7b8794", "#2b6cb0", "#c05621"
_TRIED = 25
_WIDER = 3.0


def dose_response_figure(found: Found, patient: int = 0) -> Figure:
    """Draw what one patient, by place, comes to on doses around the one found, with bounds, target and second dose."""
    asked, subjects = found.asked, found.subjects.only(np.array([patient]))
    name, model = asked.target.observable, found.subjects.model
    middle = float(found.tried[patient])
    doses = np.linspace(middle / _WIDER, min(middle * _WIDER, asked.bounds.most), _TRIED)
    value = middles(subjects, doses[:, None], asked.schedule, found.window, name)[:, 0]
    around = [
        spread(subjects, doses[[place]], asked.schedule, found.window, asked.target, ()) for place in range(_TRIED)
    ]
    figure = Figure(figsize=(7.2, 4.0), layout="constrained")
    axes = figure.subplots()
    lower, upper = (np.array([getattr(one, side)[0] for one in around]) for side in ("lower", "upper"))
    words = f"{subjects.level:.0%} of such patients" if subjects.level else "no variability"
    axes.fill_between(doses, lower, upper, color=BLUE, alpha=0.2, linewidth=0, label=words)
    axes.plot(doses, value, color=BLUE, linewidth=1.6, label="middle")
    if asked.target.is_range:
        axes.axhspan(asked.target.low, asked.target.high, color=ORANGE, alpha=0.15, linewidth=0)
    else:
        axes.axhline(asked.target.low, color=ORANGE, linewidth=1)
    for limit in asked.limits:
        if limit.observable == name:
            axes.axhline(limit.bound, color=MUTED, linewidth=1, linestyle="--")
    met = np.isfinite(found.dose[patient])
    axes.axvline(middle, color=ORANGE, linewidth=1, linestyle="-" if met else ":")
    axes.set_title(f"{middle:.4g} {model.dose_unit}" + ("" if met else ": nearest, not met"), fontsize=9, color=INK)
    axes.set_xlabel(f"dose {asked.schedule} ({model.dose_unit})", color=INK, fontsize=9)
    axes.set_ylabel(f"{name} ({model.observables[name]}), {asked.schedule.measure}", color=INK, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return figure
