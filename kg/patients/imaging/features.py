"""Features: from an image and a mask to numbers under the names of pyradiomics, with their units and their settings."""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from kg.patients.imaging.intensities import intensity_features
from kg.patients.imaging.preparation import Preparation, prepared, within
from kg.patients.imaging.regions import Region, region
from kg.patients.imaging.shape import shape_features
from kg.patients.imaging.volumes import read_volume

MODEL = "panakeia-radiomics"
"""What the evidence of a feature names as its model."""
_SHAPE_UNITS = {
    "VoxelVolume": "mm3",
    "MeshVolume": "mm3",
    "SurfaceArea": "mm2",
    "SurfaceVolumeRatio": "/mm",
    "Sphericity": "1",
    "Elongation": "1",
    "Flatness": "1",
}
"""Of all others it is mm."""
_INTENSITY_UNITS = {
    "Energy": "{unit}2",
    "TotalEnergy": "mm3.{unit}2",
    "Variance": "{unit}2",
    "Entropy": "bit",
    "Uniformity": "1",
    "Skewness": "1",
    "Kurtosis": "1",
}
"""Of all others it is the intensities' own."""
_HOUNSFIELD, _ARBITRARY = "[hnsf'U]", "[arb'U]"


@dataclass(frozen=True)
class Settings:
    """How features are computed: the histogram's `bin_width`, the `shift` before squares, and what is done before."""

    bin_width: float = 25.0
    shift: float = 0.0
    preparation: Preparation = field(default_factory=Preparation)

    def told(self) -> str:
        """Return the settings in a few words, those that differ from none.

        >>> Settings(preparation=Preparation(resample_mm=(2, 2, 2))).told()
        'bin width 25, resampled to 2 x 2 x 2 mm'
        """
        steps = self.preparation
        parts = [f"bin width {self.bin_width:g}"]
        parts += [f"shift {self.shift:g}"] if self.shift else []
        parts += [f"normalized to {steps.normalize:g}"] if steps.normalize is not None else []
        if steps.resample_mm is not None:
            parts.append(f"resampled to {' x '.join(f'{one:g}' for one in steps.resample_mm)} mm")
        parts += [f"within {steps.within_sd:g} SD"] if steps.within_sd is not None else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Features:
    """The features of a region by their names, with units in UCUM; nan where one is not defined.

    `digest` is that of the voxels, the mask and the geometry: it tells this region from all others, and holds nothing
    of a header. `region` is as it was read, before any preparation.
    """

    values: Mapping[str, float]
    units: Mapping[str, str]
    settings: Settings
    region: Region
    digest: str

    @property
    def model_version(self) -> str:
        """The version that the evidence names, one word: that of this package, and the settings as its local part."""
        return f"{version('panakeia')}+{re.sub('[^A-Za-z0-9.]+', '-', self.settings.told())}"

    def to_frame(self) -> pd.DataFrame:
        """Return the features as rows: feature, value, unit."""
        rows = [(name, value, self.units[name]) for name, value in self.values.items()]
        return pd.DataFrame(rows, columns=["feature", "value", "unit"])

    def to_json(self) -> dict[str, Any]:
        """Return the features, their units, the settings and the geometry; what is not defined is null."""
        image = self.region.image
        return {
            "model": MODEL,
            "model_version": self.model_version,
            "settings": asdict(self.settings),
            "label": self.region.label,
            "voxels": int(self.region.inside.sum()),
            "size": list(reversed(image.voxels.shape)),
            "spacing_mm": list(image.spacing),
            "modality": image.modality or None,
            "digest": self.digest,
            "features": {name: None if math.isnan(value) else value for name, value in self.values.items()},
            "units": dict(self.units),
        }

    def to_text(self) -> str:
        """Return what was measured, and how."""
        image = self.region.image
        size = " x ".join(map(str, reversed(image.voxels.shape)))
        spacing = " x ".join(f"{one:.4g}" for one in image.spacing)
        voxels = int(self.region.inside.sum())
        return (
            f"{len(self.values)} features of label {self.region.label}: {voxels:,} voxels of {size}, {spacing} mm"
            f"{', ' + image.modality if image.modality else ''}\n  by {MODEL} {self.model_version}; "
            "names and definitions are pyradiomics' (IBSI)"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def features(image: str | Path, mask: str | Path, label: int = 1, settings: Settings | None = None) -> Features:
    """Return the first-order and shape features of a label of a mask.

    Both are files of NRRD or NIfTI, DICOM, or a folder with one DICOM series. Raises `ImagingError` for what cannot be
    read or does not fit together, `ImagingMissing` without SimpleITK.
    """
    return features_of(region(read_volume(image), read_volume(mask, "the mask"), label), settings or Settings())


def features_of(found: Region, settings: Settings) -> Features:
    """Return the first-order and shape features of a region, those of the shape with all its voxels."""
    ready = prepared(found, settings.preparation)
    kept = within(ready, settings.preparation.within_sd)
    spacing = ready.image.spacing
    shape = shape_features(ready.inside, spacing)
    intensities = intensity_features(kept.values, math.prod(spacing), settings.bin_width, settings.shift)
    unit = _HOUNSFIELD if found.image.modality == "CT" else _ARBITRARY
    if settings.preparation.normalize is not None:
        unit = _ARBITRARY
    units = {f"original_shape_{name}": _SHAPE_UNITS.get(name, "mm") for name in shape}
    units |= {
        f"original_firstorder_{name}": _INTENSITY_UNITS.get(name, "{unit}").replace("{unit}", unit)
        for name in intensities
    }
    values = {f"original_shape_{name}": value for name, value in shape.items()}
    values |= {f"original_firstorder_{name}": value for name, value in intensities.items()}
    return Features(values, units, settings, found, _digest(found))


def _digest(found: Region) -> str:
    """Return a digest of what was measured: the voxels, which of them are inside, and where they lie."""
    image = found.image
    told = hashlib.sha256(repr((image.voxels.shape, str(image.voxels.dtype), image.spacing)).encode())
    told.update(image.voxels.tobytes())
    told.update(found.inside.tobytes())
    return told.hexdigest()
