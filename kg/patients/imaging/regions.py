"""Regions: an image and the voxels of it that a mask marks with a label; what does not fit together is refused."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.patients.imaging.error import ImagingError
from kg.patients.imaging.volumes import Volume, Voxels

SPACING_TOLERANCE = 1e-4
"""The part of a spacing, and of a direction's cosine, by which two grids may differ: NIfTI keeps 32 bits of each."""
ORIGIN_TOLERANCE = 0.01
"""The part of a voxel by which the origins of two grids may differ."""
_LABELS_SHOWN = 20
_MOST_LABELS = 500
"""More labels than any atlas of the body has."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Region:
    """The voxels of an image that a mask marks with a `label`, at least one.

    Shapes: inside [z, y, x].
    """

    image: Volume
    inside: Mask
    label: int

    @property
    def values(self) -> NDArray[np.float64]:
        """The intensities inside. Shapes: [voxel]."""
        return self.image.voxels[self.inside].astype(np.float64)


def region(image: Volume, mask: Volume, label: int = 1) -> Region:
    """Return the region of a label.

    Raises `ImagingError` where the mask is on another grid, holds no labels or not this one, and where a voxel of the
    region is not finite.
    """
    check_grid(image, mask)
    inside = mask_of(mask, label)
    found = Region(image, inside, label)
    strange = int((~np.isfinite(found.values)).sum())
    if strange:
        raise ImagingError(
            f"{strange} of the {int(inside.sum())} voxels of label {label} are not finite in the image: expected "
            "numbers; leave these voxels out of the mask, or fill them where you know their values"
        )
    return found


def check_grid(image: Volume, mask: Volume) -> None:
    """Raise `ImagingError`, which says what differs, where a mask does not lie on the image's own voxels."""
    if image.voxels.shape != mask.voxels.shape:
        came, expected = (_shape(one) for one in (mask, image))
        raise ImagingError(f"the mask is {came} voxels, the image {expected}: {_RESAMPLE}")
    away = np.abs(np.subtract(image.spacing, mask.spacing)) / image.spacing
    if away.max() > SPACING_TOLERANCE:
        came, expected = (_text(one.spacing) for one in (mask, image))
        raise ImagingError(f"the mask's voxels are {came} mm apart, the image's {expected}: {_RESAMPLE}")
    if np.abs(np.subtract(image.direction, mask.direction)).max() > SPACING_TOLERANCE:
        raise ImagingError(f"the mask has another orientation than the image (direction cosines): {_RESAMPLE}")
    turned = np.reshape(image.direction, (3, 3)).T @ np.subtract(mask.origin, image.origin)
    if (np.abs(turned) / image.spacing).max() > ORIGIN_TOLERANCE:
        raise ImagingError(f"the mask begins {_text(turned)} mm away from the image (x, y, z of its grid): {_RESAMPLE}")


_RESAMPLE = "expected a mask on the image's own grid; resample it there, to the nearest neighbour"


def mask_of(mask: Volume, label: int) -> Mask:
    """Return where a mask has a label; raises `ImagingError` where it has none, or not this one."""
    labels = _labels(mask.voxels)
    if not labels:
        raise ImagingError("the mask is empty: every voxel is 0, expected voxels with a label")
    if label not in labels:
        shown = ", ".join(map(str, labels[:_LABELS_SHOWN]))
        more = f" and {len(labels) - _LABELS_SHOWN} more" if len(labels) > _LABELS_SHOWN else ""
        raise ImagingError(f"the mask has no label {label}; it has {shown}{more}: name one of them (--label)")
    return np.asarray(mask.voxels == label)


def _labels(voxels: Voxels) -> list[int]:
    """Return the labels of a mask in order, without 0, which is outside."""
    if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
        raise ImagingError("the mask has voxels that are not finite: expected whole numbers, 0 outside")
    found = np.unique(voxels)
    if len(found) > _MOST_LABELS:
        raise ImagingError(
            f"the mask has {len(found):,} different values, more than any segmentation has labels: is it the image, or "
            "probabilities? The image comes first, the mask second; cut probabilities where a voxel counts as inside"
        )
    whole = [int(one) for one in found if one == int(one)]
    if len(whole) < len(found):
        raise ImagingError(
            f"the mask has {len(found) - len(whole)} values that are no whole numbers: expected labels, 0 outside; "
            "is it an image, or probabilities? cut those where a voxel counts as inside"
        )
    return [one for one in whole if one]


def _shape(volume: Volume) -> str:
    return " x ".join(map(str, reversed(volume.voxels.shape)))


def _text(numbers: object) -> str:
    return " x ".join(f"{one:.6g}" for one in np.asarray(numbers, np.float64))
