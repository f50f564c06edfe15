"""Volumes: an image or a mask of three dimensions with its geometry, read from NRRD, NIfTI or a DICOM series.

Of a header only the geometry and the modality are read, and what ITK would say about a file is not let through: it
quotes headers and names of files, and these may be a patient's.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.files.reach import is_sent, reached
from kg.patients.imaging.error import ImagingError, ImagingMissing

_READERS = {
    ".nrrd": "NrrdImageIO",
    ".nhdr": "NrrdImageIO",
    ".nii": "NiftiImageIO",
    ".nii.gz": "NiftiImageIO",
    ".dcm": "GDCMImageIO",
}
"""How the name of a file ends -> ITK's reader of it."""
_CALLED = {"NrrdImageIO": "NRRD", "NiftiImageIO": "NIfTI", "GDCMImageIO": "DICOM"}
_EXPECTED = "expected NRRD (.nrrd, .nhdr), NIfTI (.nii, .nii.gz), DICOM (.dcm) or a folder with one DICOM series"
_POSITION, _ORIENTATION, _MODALITY = "0020|0032", "0020|0037", "0008|0060"
_UNEVEN = 0.01
"""The part of the distance between slices by which it may differ: positions are written with few decimals."""
MOST_BYTES, MOST_SENT_BYTES = 8 << 30, 1 << 30
"""The most of memory that a header may ask for, before a voxel is read; of one that was sent, less."""

Voxels = NDArray[Any]


@dataclass(frozen=True)
class Volume:
    """A grid of voxels in space: `spacing` and `origin` (mm) and `direction` (cosines, row by row), in order x, y, z.

    `modality` is that of DICOM (`CT`, `MR`), empty where no header tells it.

    Shapes: voxels [z, y, x].
    """

    voxels: Voxels
    spacing: tuple[float, ...]
    origin: tuple[float, ...] = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    modality: str = ""


def toolkit() -> ModuleType:
    """Return SimpleITK; raises `ImagingMissing` where it is not installed."""
    try:
        import SimpleITK
    except ImportError:
        raise ImagingMissing from None
    return SimpleITK


def read_volume(path: str | Path, what: str = "the image") -> Volume:
    """Read a file, or a folder with one DICOM series; `what` it is stands in messages in place of its name.

    Raises `ImagingError` for what is no image of three dimensions with one number in a voxel, `ImagingMissing` without
    SimpleITK.
    """
    sitk, given = toolkit(), Path(path)
    if not given.exists():
        raise ImagingError(f"{what} does not exist: {_EXPECTED}")
    name = given.name.casefold()
    ending = next((one for one in sorted(_READERS, key=len, reverse=True) if name.endswith(one)), None)
    if not given.is_dir() and ending is None:
        raise ImagingError(f"{what} is of no known format, by its name: {_EXPECTED}")
    with _silent(sitk):
        try:
            if given.is_dir():
                return _series(sitk, given, what)
            return _of_file(sitk, given, _READERS[ending or ""], what)
        except RuntimeError:  # ITK's own words quote the file
            told = "a folder of DICOM" if given.is_dir() else _CALLED[_READERS[ending or ""]]
            raise ImagingError(
                f"{what} cannot be read as {told}: it is broken, cut short, of another format, or its axes are not at "
                "right angles"
            ) from None


def _of_file(sitk: ModuleType, path: Path, io: str, what: str) -> Volume:
    reader = sitk.ImageFileReader()
    reader.SetImageIO(io)
    reader.SetFileName(str(path))
    if io == "NrrdImageIO":
        _check_reach(path, what)
    reader.ReadImageInformation()
    _check_layout(reader.GetDimension(), reader.GetNumberOfComponents(), what)
    one = sitk.Image([1] * reader.GetDimension(), reader.GetPixelID()).GetSizeOfPixelComponent()
    most = MOST_SENT_BYTES if is_sent() else MOST_BYTES
    if (size := math.prod(reader.GetSize()) * one) > most:
        raise ImagingError(f"{what} takes {size:,} bytes by its header: expected at most {most:,}")
    modality = reader.GetMetaData(_MODALITY) if io == "GDCMImageIO" and reader.HasMetaDataKey(_MODALITY) else ""
    return _volume(sitk, reader.Execute(), what, modality)


def _check_reach(path: Path, what: str) -> None:
    """Refuse a header whose data lie where it may not reach: `data file` names one, or in a LIST or by a pattern more.

    A header of any length is read to its end, an empty line: what lies beyond some length would be followed unseen.
    See https://teem.sourceforge.net/nrrd/format.html, detached headers.
    """
    with path.open("rb") as file:
        header = b"".join(takewhile(b"\n".__ne__, file)).decode("utf-8", "replace")
    listed = False
    for line in header.splitlines():
        key, _, value = line.partition(":")
        if key.strip().casefold() in ("data file", "datafile"):
            listed = value.strip().upper().startswith("LIST")
            name = "" if value.strip().startswith("LIST") else value.strip()
        elif listed:
            name = line.strip()
        else:
            continue
        if name:
            try:
                reached(str(path.parent / name))
            except ValueError:
                raise ImagingError(
                    f"{what} has its data in another file: send it as one (.nrrd with its data)"
                ) from None


def _series(sitk: ModuleType, folder: Path, what: str) -> Volume:
    """Read the one series of a folder, in the order of its slices in space."""
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if len(series) != 1:
        held = f"holds {len(series)} DICOM series" if series else "holds no DICOM series"
        raise ImagingError(f"{what} {held}: expected a folder with one (folders in it are not looked into)")
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
    if len(files) == 1:
        return _of_file(sitk, Path(files[0]), "GDCMImageIO", what)
    positions: list[list[float]] = []
    normal, modality = np.zeros(3), ""
    for file in files:
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(file)
        reader.ReadImageInformation()
        _check_layout(reader.GetDimension(), reader.GetNumberOfComponents(), what)
        if not all(reader.HasMetaDataKey(key) for key in (_POSITION, _ORIENTATION)):
            raise ImagingError(
                f"{what} has slices that do not say where they lie (Image Position or Orientation Patient)"
            )
        axes = np.array(_numbers(reader.GetMetaData(_ORIENTATION), 6, what)).reshape(2, 3)
        if positions and np.abs(np.cross(*axes) - normal).max() > 1e-3:
            raise ImagingError(f"{what} has slices of several orientations: expected parallel ones, of one series")
        normal = np.cross(*axes)
        positions.append(_numbers(reader.GetMetaData(_POSITION), 3, what))
        modality = reader.GetMetaData(_MODALITY) if reader.HasMetaDataKey(_MODALITY) else ""
    _check_even(np.array(positions), normal, what)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    return _volume(sitk, reader.Execute(), what, modality)


def _check_even(positions: NDArray[np.float64], normal: NDArray[np.float64], what: str) -> None:
    """Raise `ImagingError` where slices do not lie evenly, one straight above the other, along their normal.

    Shapes: positions [slice, x y z] (mm), normal [x y z].
    """
    places = positions @ normal
    gaps = np.diff(np.sort(places))
    usual = float(np.median(gaps))
    if usual <= 0 or gaps.min() < _UNEVEN * usual:
        raise ImagingError(f"{what} has several slices at one place: expected one of each, of one series")
    uneven = int((np.abs(gaps - usual) > _UNEVEN * usual).sum())
    if uneven:
        raise ImagingError(
            f"{what} has slices that do not lie evenly: {uneven} of {len(gaps)} distances differ from {usual:g} mm "
            f"({gaps.min():g} to {gaps.max():g} mm); slices are missing, or were taken otherwise: resample the series"
        )
    aside = positions - np.outer(places, normal)
    shift = float(np.abs(aside - aside[0]).max())
    if shift > _UNEVEN * usual:
        raise ImagingError(
            f"{what} has slices that do not lie straight above each other, by up to {shift:.3g} mm (a tilted gantry?): "
            "its voxels are no boxes; resample the series on a straight grid"
        )


def _numbers(text: str, count: int, what: str) -> list[float]:
    try:
        found = [float(part) for part in text.split("\\")]
    except ValueError:
        found = []
    if len(found) != count:
        raise ImagingError(f"{what} has slices whose place cannot be read (Image Position or Orientation Patient)")
    return found


def _check_layout(dimensions: int, components: int, what: str) -> None:
    if dimensions != 3:
        raise ImagingError(
            f"{what} has {dimensions} dimensions: expected 3; take one volume of it, or the whole series"
        )
    if components != 1:
        raise ImagingError(f"{what} has {components} numbers in each voxel (colours?): expected one")


def _volume(sitk: ModuleType, image: Any, what: str, modality: str) -> Volume:
    _check_layout(image.GetDimension(), image.GetNumberOfComponentsPerPixel(), what)
    voxels = sitk.GetArrayFromImage(image)
    if np.iscomplexobj(voxels):
        raise ImagingError(f"{what} has complex numbers in its voxels: expected real ones, such as the magnitude")
    modality = modality.strip() if modality.strip().isalnum() and len(modality.strip()) < 5 else ""
    return Volume(voxels, image.GetSpacing(), image.GetOrigin(), image.GetDirection(), modality)


@contextmanager
def _silent(sitk: ModuleType) -> Iterator[None]:
    """Let ITK say nothing meanwhile: its warnings quote names of files and values of headers."""
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(before)
