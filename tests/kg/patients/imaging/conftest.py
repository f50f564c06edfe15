"""What the tests of images share: the published image, and a way to write images that anybody could have made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from kg.patients.imaging.regions import Region, region
from kg.patients.imaging.volumes import read_volume

NAME, BORN, NUMBER = "Quillfeather^Ottoline", "19540712", "MRN-7781234"
"""What the header of a DICOM file says of a patient."""

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def imaging(mirror: Path) -> Path:
    """The folder of the published image and its published features."""
    return mirror / "imaging"


@pytest.fixture(scope="session")
def brain(imaging: Path) -> Region:
    return region(read_volume(imaging / "brain1_image.nrrd"), read_volume(imaging / "brain1_label.nrrd", "the mask"))


def image_of(voxels: Any, spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> Any:
    image = sitk.GetImageFromArray(np.asarray(voxels))
    image.SetSpacing(spacing)
    return image


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes voxels to a file with a patient's name, and returns its path."""

    def written(voxels: Any, name: str = "Quillfeather.nrrd", **geometry: Any) -> Path:
        image = voxels if isinstance(voxels, sitk.Image) else sitk.GetImageFromArray(np.asarray(voxels), isVector=False)
        for key, value in geometry.items():
            getattr(image, f"Set{key}")(value)
        sitk.WriteImage(image, str(tmp_path / name))
        return tmp_path / name

    return written


def write_series(
    folder: Path,
    voxels: Any,
    places_mm: list[float],
    series: str = "1.2.826.0.1.3680043.2.1125.1",
    aside_mm: float = 0.0,
) -> Path:
    """Write slices (z, y, x) as one DICOM series that says in its header who the patient is."""
    folder.mkdir(exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for number, (pixels, place) in enumerate(zip(np.asarray(voxels, np.int16), places_mm, strict=True)):
        image = sitk.GetImageFromArray(pixels)
        image.SetSpacing((0.5, 0.75))
        for tag, value in {
            "0008|0060": "CT",
            "0010|0010": NAME,
            "0010|0020": NUMBER,
            "0010|0030": BORN,
            "0020|000d": "1.2.826.0.1.3680043.2.1125.9",
            "0020|000e": series,
            "0008|0018": f"{series}.{number + 1}",
            "0020|0013": str(number + 1),
            "0020|0032": f"{number * aside_mm}\\0\\{place}",
            "0020|0037": "1\\0\\0\\0\\1\\0",
            "0018|0050": "2",
        }.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"Quillfeather_{series.rpartition('.')[2]}_{number}.dcm"))
        writer.Execute(image)
    return folder
