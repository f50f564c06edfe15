"""Shape: the size and the form of a region, whatever its intensities.

Definitions are those of the Image Biomarker Standardisation Initiative (Zwanenburg et al., Radiology 2020) in the form
that pyradiomics gives them (van Griethuysen et al., Cancer Research 2017): area, volume and diameters are those of the
mesh, the axes those of the voxels' centres.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kg.patients.imaging.mesh import Points, area_mm2, surface, volume_mm3

_PLANES = {"Maximum2DDiameterSlice": 0, "Maximum2DDiameterColumn": 1, "Maximum2DDiameterRow": 2}
"""The diameters within planes, by the axis (z, y, x) that all points of such a plane share."""


def shape_features(inside: NDArray[np.bool_], spacing_mm: tuple[float, ...]) -> Mapping[str, float]:
    """Return the features of a mask by their names, nan where a region has no extent to divide by.

    `spacing_mm` is in the order x, y, z. Shapes: inside [z, y, x].
    """
    where = np.argwhere(inside)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    spacing = np.array(spacing_mm[::-1])
    box = inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    triangles = surface(box, spacing)
    area, volume = area_mm2(triangles), volume_mm3(triangles)
    points = np.unique(triangles.reshape(-1, 3), axis=0)
    major, minor, least = _axes(where * spacing)
    return {
        "VoxelVolume": float(len(where) * math.prod(spacing_mm)),
        "MeshVolume": volume,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "Sphericity": (36 * math.pi * volume**2) ** (1 / 3) / area,
        "Maximum3DDiameter": _greatest(_outermost(points)),
        **{name: _within_planes(points, axis) for name, axis in _PLANES.items()},
        "MajorAxisLength": 4 * math.sqrt(major),
        "MinorAxisLength": 4 * math.sqrt(minor),
        "LeastAxisLength": 4 * math.sqrt(least),
        "Elongation": math.sqrt(minor / major) if major > 0 else math.nan,
        "Flatness": math.sqrt(least / major) if major > 0 else math.nan,
    }


def _axes(centres_mm: Points) -> tuple[float, float, float]:
    """Return the variances of centres along their principal axes, the greatest first. Shapes: centres [voxel, axis]."""
    away = centres_mm - centres_mm.mean(axis=0)
    least, minor, major = np.maximum(np.linalg.eigvalsh(away.T @ away / len(away)), 0.0)
    return float(major), float(minor), float(least)


def _within_planes(points: Points, axis: int) -> float:
    """Return the greatest distance between points of one plane across an axis. Shapes: points [point, axis]."""
    ordered = points[np.argsort(points[:, axis], kind="stable")]
    begins = np.flatnonzero(np.diff(ordered[:, axis])) + 1
    return max(_greatest(_ends_of_lines(np.delete(plane, axis, axis=1))) for plane in np.split(ordered, begins))


def _ends_of_lines(points: Points) -> Points:
    """Return of the points of each line across the first axis the two outermost, among which the farthest are.

    Shapes: points [point, axis], out [end, axis].
    """
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]
    changes = np.flatnonzero(np.diff(ordered[:, 0]))
    ends: Points = ordered[np.unique(np.concatenate(([0], changes, changes + 1, [len(ordered) - 1])))]
    return ends


def _outermost(points: Points) -> Points:
    """Return the corners of the convex hull of a mesh's points, which always has a volume."""
    from scipy.spatial import ConvexHull

    corners: Points = points[ConvexHull(points).vertices]
    return corners


def _greatest(points: Points) -> float:
    """Return the greatest distance between two points. Shapes: points [point, axis]."""
    return max((float(np.linalg.norm(points[at:] - point, axis=1).max()) for at, point in enumerate(points)), default=0)
