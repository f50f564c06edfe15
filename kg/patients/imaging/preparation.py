"""Preparation: what is done to an image before its features are computed, each step as pyradiomics defines it.

Intensities without a unit (MR) are normalised over the whole image; voxels of different sizes are brought to one; and
of a region, voxels far from its mean are left out.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kg.patients.imaging.error import ImagingError
from kg.patients.imaging.regions import Region
from kg.patients.imaging.volumes import Volume, toolkit

_MOST_VOXELS = 100_000_000
"""More voxels than a region is resampled to: about a gigabyte while it lasts."""
_PADDING = 5
"""Voxels of the new size that are resampled around a region."""


@dataclass(frozen=True)
class Preparation:
    """Which steps are taken, in this order.

    `normalize` is what a standard deviation of the whole image becomes; `resample_mm` the new spacing (x, y, z);
    `within_sd` how many standard deviations of the region's own a voxel may lie from its mean.
    """

    normalize: float | None = None
    resample_mm: tuple[float, ...] | None = None
    within_sd: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no size."""
        for name, value in (("normalize", self.normalize), ("within_sd", self.within_sd)):
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ImagingError(f"{name} is {value}: expected a number above 0")
        if self.resample_mm is not None and not (
            len(self.resample_mm) == 3 and all(np.isfinite(one) and one > 0 for one in self.resample_mm)
        ):
            raise ImagingError(f"resample_mm is {self.resample_mm}: expected three distances in mm, x, y, z, above 0")


def prepared(region: Region, steps: Preparation) -> Region:
    """Return a region normalised and resampled; raises `ImagingError` where that cannot be."""
    if steps.normalize is not None:
        region = replace(region, image=_normalized(region.image, steps.normalize))
    if steps.resample_mm is not None:
        region = _resampled(region, steps.resample_mm)
    return region


def within(region: Region, sd: float | None) -> Region:
    """Return a region without the voxels that lie more than so many standard deviations from its mean."""
    if sd is None:
        return region
    values = region.values
    low, high = values.mean() - sd * values.std(), values.mean() + sd * values.std()
    kept = region.inside & (region.image.voxels >= low) & (region.image.voxels <= high)
    if not kept.any():
        raise ImagingError(f"no voxel of the region lies within {sd:g} standard deviations of its mean: take more")
    return replace(region, inside=kept)


def _normalized(image: Volume, scale: float) -> Volume:
    _check_finite(image, "normalised")
    voxels = image.voxels.astype(np.float64)
    spread = voxels.std(ddof=1)
    if not spread > 0:
        raise ImagingError("all voxels of the image are alike: it cannot be normalised")
    return replace(image, voxels=(voxels - voxels.mean()) / spread * scale)


def _resampled(region: Region, spacing_mm: tuple[float, ...]) -> Region:
    """Return a region at another spacing: B-splines of the image, the mask's nearest voxel.

    The new grid begins at the corner of the image, and covers the region with some voxels around it; where the region
    is one voxel thick, the spacing stays.
    """
    _check_finite(region.image, "resampled")
    sitk, image = toolkit(), region.image
    old = np.array(image.spacing)
    where = np.argwhere(region.inside)[:, ::-1]
    first, beyond = where.min(axis=0), where.max(axis=0) + 1
    new = np.where(beyond - first > 1, spacing_mm, old)
    ratio = old / new
    low = np.maximum(np.floor((first - 0.5) * ratio - _PADDING), 0)
    most = np.ceil(np.array(image.voxels.shape[::-1]) * ratio) - 1
    high = np.minimum(np.ceil((beyond - 0.5) * ratio + _PADDING), most)
    whole = _image(image.voxels, image)
    begin = 0.5 * (new - old) / old + low / ratio
    many = float(np.prod(high - low + 1))
    if many > _MOST_VOXELS:
        told = " x ".join(f"{one:g}" for one in new)
        raise ImagingError(
            f"at {told} mm the region and what is around it are {many:,.0f} voxels, expected at most {_MOST_VOXELS:,}: "
            "take larger ones"
        )
    sampler = sitk.ResampleImageFilter()
    sampler.SetOutputSpacing(new.tolist())
    sampler.SetOutputDirection(image.direction)
    sampler.SetOutputOrigin(whole.TransformContinuousIndexToPhysicalPoint(begin.tolist()))
    sampler.SetSize([int(one) for one in high - low + 1])
    sampler.SetInterpolator(sitk.sitkBSpline)
    intensities = sampler.Execute(whole)
    sampler.SetInterpolator(sitk.sitkNearestNeighbor)
    inside = sitk.GetArrayFromImage(sampler.Execute(_image(region.inside.astype(np.uint8), image))) == 1
    if not inside.any():
        raise ImagingError("no voxel of the region is left at the new spacing: it is too coarse for it")
    voxels = sitk.GetArrayFromImage(intensities)
    grid = replace(image, voxels=voxels, spacing=tuple(new.tolist()), origin=intensities.GetOrigin())
    return Region(grid, inside, region.label)


def _image(voxels: Any, like: Volume) -> Any:
    """Return voxels as an image of SimpleITK on the grid of a volume."""
    image = toolkit().GetImageFromArray(voxels)
    image.SetSpacing(like.spacing)
    image.SetOrigin(like.origin)
    image.SetDirection(like.direction)
    return image


def _check_finite(image: Volume, done: str) -> None:
    strange = int((~np.isfinite(image.voxels)).sum())
    if strange:
        raise ImagingError(f"{strange} voxels of the image are not finite: it cannot be {done}; fill them first")
