"""Slices: the middle slice of a region with the mask's outline, its pixels and nothing of a header."""

from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from kg.patients.imaging.regions import Region

_OUTLINE = "#f6ad55"
_HEIGHT_IN = 5.0
_DARKEST, _LIGHTEST = 1, 99
"""The percentiles of the slice that are drawn black and white."""


def slice_figure(region: "Region") -> Figure:
    """Draw the slice (across z) in the middle of a region, in true proportions, with the outline of the region."""
    image = region.image
    touched = np.flatnonzero(region.inside.any(axis=(1, 2)))
    at = int(touched[len(touched) // 2])
    pixels, inside = image.voxels[at].astype(np.float64), region.inside[at]
    finite = pixels[np.isfinite(pixels)]
    dark, light = np.percentile(finite, (_DARKEST, _LIGHTEST))
    x_mm, y_mm = image.spacing[:2]
    wide, high = pixels.shape[1] * x_mm, pixels.shape[0] * y_mm
    figure = Figure(figsize=(max(1.0, _HEIGHT_IN * wide / high), _HEIGHT_IN))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    extent = (-x_mm / 2, wide - x_mm / 2, high - y_mm / 2, -y_mm / 2)
    if light <= dark:
        dark, light = floor(dark), ceil(dark) + 1
    axes.imshow(pixels, cmap="gray", vmin=dark, vmax=light, extent=extent, interpolation="nearest")
    for start, end in _borders(inside):
        axes.plot(
            [(one - 0.5) * x_mm for one in (start[1], end[1])],
            [(one - 0.5) * y_mm for one in (start[0], end[0])],
            color=_OUTLINE,
            linewidth=1.2,
        )
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
    return figure


def _borders(inside: np.ndarray) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return the sides of pixels between inside and outside, each from corner to corner (row, column)."""
    padded = np.pad(inside, 1)
    flat = np.argwhere(padded[1:] != padded[:-1])
    upright = np.argwhere(padded[:, 1:] != padded[:, :-1])
    found = [((int(row), int(column) - 1), (int(row), int(column))) for row, column in flat]
    return found + [((int(row) - 1, int(column)), (int(row), int(column))) for row, column in upright]
