"""Images from files: what the formats give alike, what is refused, and that nothing of a header comes through."""

import builtins
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from kg.files.reach import within
from kg.patients.imaging.error import ImagingError, ImagingMissing
from kg.patients.imaging.features import features
from kg.patients.imaging.regions import region
from kg.patients.imaging.volumes import Volume, read_volume
from tests.kg.patients.imaging.conftest import BORN, NAME, NUMBER, Write, image_of, write_series

VOXELS = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
INSIDE = np.zeros(VOXELS.shape, np.uint8)
INSIDE[1:3, 1:4, 2:5] = 1


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr", "a.nii", "a.nii.gz"])
def test_formats_give_the_same(write: Write, name: str) -> None:
    path = write(VOXELS, name, Spacing=(0.5, 0.75, 2.0), Origin=(1.0, -2.0, 3.0), Direction=(0, 1, 0, 1, 0, 0, 0, 0, 1))
    found = read_volume(path)
    assert np.array_equal(found.voxels, VOXELS)
    assert found.spacing == pytest.approx((0.5, 0.75, 2.0)) and found.origin == pytest.approx((1, -2, 3))
    assert found.direction == pytest.approx((0, 1, 0, 1, 0, 0, 0, 0, 1))


def test_a_mask_in_another_format(write: Write) -> None:
    """NIfTI keeps 32 bits of a spacing such as 0.7; that is the same grid."""
    spacing = (0.7, 0.7, 3.3)
    image, mask = write(VOXELS, "a.nrrd", Spacing=spacing), write(INSIDE, "m.nii.gz", Spacing=spacing)
    assert features(image, mask).values["original_shape_VoxelVolume"] == pytest.approx(18 * 0.7 * 0.7 * 3.3, rel=1e-6)


def test_a_series_of_dicom(tmp_path: Path, write: Write) -> None:
    folder = write_series(tmp_path / "Quillfeather", VOXELS, [0.0, 2.0, 4.0, 6.0])
    found = read_volume(folder)
    assert np.array_equal(found.voxels, VOXELS)
    assert found.spacing == pytest.approx((0.5, 0.75, 2.0)) and found.modality == "CT"
    measured = features(folder, write(INSIDE, "m.nrrd", Spacing=(0.5, 0.75, 2.0)))
    assert measured.units["original_firstorder_Mean"] == "[hnsf'U]"


def test_slices_are_ordered_by_their_place(tmp_path: Path) -> None:
    found = read_volume(write_series(tmp_path / "d", VOXELS, [6.0, 4.0, 2.0, 0.0]))
    assert np.array_equal(found.voxels, VOXELS[::-1])


def test_nothing_of_a_header_is_told(
    tmp_path: Path, write: Write, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_series(tmp_path / "Quillfeather", VOXELS, [0.0, 2.0, 4.0, 6.0])
    mask = write(INSIDE, "Quillfeather_mask.nrrd", Spacing=(0.5, 0.75, 2.0))
    measured = features(folder, mask)
    told = json.dumps(measured.to_json()) + measured.to_text() + repr(measured) + repr(read_volume(folder))
    uneven = write_series(tmp_path / "uneven", VOXELS, [0.0, 2.0, 4.0, 9.0])
    broken = tmp_path / "Quillfeather_broken.dcm"
    whole = next(iter(sorted(folder.iterdir()))).read_bytes()
    broken.write_bytes(whole[:-100])
    for path in (uneven, broken, tmp_path / "Quillfeather_is_not_here.nrrd"):
        with pytest.raises(ImagingError) as refused:
            read_volume(path)
        told += str(refused.value) + repr(refused.value.__cause__)
    out, err = capfd.readouterr()
    told = (told + out + err + caplog.text).casefold()
    secrets = ("quillfeather", "ottoline", BORN, NUMBER, "7781234", "3680043", str(tmp_path))
    assert not [secret for secret in secrets if secret.casefold() in told]
    assert NAME.encode() in whole  # the header does say who it is


def test_what_itk_says_is_let_through_again(write: Write) -> None:
    before = sitk.ProcessObject.GetGlobalWarningDisplay()
    read_volume(write(VOXELS))
    assert sitk.ProcessObject.GetGlobalWarningDisplay() == before


def test_several_series(tmp_path: Path) -> None:
    write_series(tmp_path / "d", VOXELS, [0.0, 2.0, 4.0, 6.0])
    write_series(tmp_path / "d", VOXELS[:2], [0.0, 2.0], series="1.2.826.0.1.3680043.2.1125.2")
    with pytest.raises(ImagingError, match="holds 2 DICOM series: expected a folder with one"):
        read_volume(tmp_path / "d")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ImagingError, match="holds no DICOM series"):
        read_volume(tmp_path / "empty")


@pytest.mark.parametrize(
    ("places", "told"),
    [
        ([0.0, 2.0, 4.0, 9.0], "1 of 3 distances differ from 2 mm"),
        ([0.0, 2.0, 2.0, 4.0], "several slices at one place"),
    ],
)
def test_slices_that_do_not_lie_evenly(tmp_path: Path, places: list[float], told: str) -> None:
    with pytest.raises(ImagingError, match=told):
        read_volume(write_series(tmp_path / "d", VOXELS, places))


@pytest.mark.parametrize(
    ("voxels", "told"),
    [
        (np.zeros((5, 6), np.int16), "has 2 dimensions: expected 3"),
        (np.zeros((2, 4, 5, 6), np.int16), "has 4 dimensions: expected 3"),
        (sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), np.uint8), isVector=True), "has 3 numbers in each voxel"),
    ],
)
def test_images_of_other_dimensions(write: Write, voxels: Any, told: str) -> None:
    with pytest.raises(ImagingError, match=told):
        read_volume(write(voxels))


def test_slices_of_a_tilted_gantry(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "d", VOXELS, [0.0, 2.0, 4.0, 6.0], aside_mm=0.4)
    with pytest.raises(ImagingError, match=r"straight above each other, by up to 1.2 mm"):
        read_volume(folder)


def test_files_that_are_no_images(tmp_path: Path) -> None:
    for name, told in (
        ("a.png", "of no known format"),
        ("a.nrrd", "broken"),
        ("a.nii.gz", "broken"),
        ("a.dcm", "broken"),
    ):
        (tmp_path / name).write_bytes(b"NRRD0004\nno header at all")
        with pytest.raises(ImagingError, match=told):
            read_volume(tmp_path / name)


def test_a_mask_on_another_grid(write: Write) -> None:
    image = read_volume(write(VOXELS, Spacing=(1.0, 1.0, 2.0)))
    same = {"Spacing": (1.0, 1.0, 2.0)}
    turned = (0, 1, 0, 1, 0, 0, 0, 0, 1)
    for voxels, geometry, told in (
        (INSIDE[:3], same, "the mask is 6 x 5 x 3 voxels, the image 6 x 5 x 4"),
        (INSIDE, {"Spacing": (1.0, 1.0, 2.5)}, "the mask's voxels are 1 x 1 x 2.5 mm apart, the image's 1 x 1 x 2"),
        (INSIDE, same | {"Direction": turned}, "another orientation"),
        (INSIDE, same | {"Origin": (0.0, 0.0, 4.0)}, "begins 0 x 0 x 4 mm away"),
    ):
        with pytest.raises(ImagingError, match=told):
            region(image, read_volume(write(voxels, "mask.nrrd", **geometry), "the mask"))


def test_labels(write: Write) -> None:
    image = read_volume(write(image_of(VOXELS)))
    many = np.where(INSIDE, 1 + np.indices(INSIDE.shape).sum(0), 0).astype(np.float32)
    for voxels, told in (
        (np.zeros_like(INSIDE), "the mask is empty"),
        (INSIDE * 7, r"no label 1; it has 7: name one of them \(--label\)"),
        (many, "no label 1; it has 5, 6, 7, 8, 9"),
        (many * np.float32(0.3), "values that are no whole numbers"),
        (np.where(INSIDE, np.nan, 0).astype(np.float32), "mask has voxels that are not finite"),
        (np.arange(INSIDE.size, dtype=np.int16).reshape(INSIDE.shape) * 0 + 1, None),
    ):
        mask = read_volume(write(voxels, "mask.nrrd"), "the mask")
        if told is None:
            assert region(image, mask).inside.all()
            continue
        with pytest.raises(ImagingError, match=told):
            region(image, mask)
    assert region(image, read_volume(write(many, "mask.nrrd")), 7).label == 7


def test_an_image_in_place_of_the_mask() -> None:
    noise = Volume(np.arange(1000).reshape(10, 10, 10), (1.0, 1.0, 1.0))
    with pytest.raises(ImagingError, match="is it the image"):
        region(noise, noise)


def test_voxels_that_are_not_finite(write: Write) -> None:
    voxels = VOXELS.astype(np.float32)
    voxels[0, 0, 0] = np.nan  # outside: nothing rests on it
    mask = read_volume(write(INSIDE, "mask.nrrd"))
    assert region(read_volume(write(voxels)), mask).values.size == 18
    voxels[1, 1, 2] = np.inf
    with pytest.raises(ImagingError, match="1 of the 18 voxels of label 1 are not finite"):
        region(read_volume(write(voxels)), mask)


def test_without_the_extra(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path, found = write(VOXELS), builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "SimpleITK":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImagingMissing, match=r"pip install 'panakeia\[imaging\]'"):
        read_volume(path)


def test_a_header_that_asks_for_more_than_the_memory_may_give_is_refused(tmp_path: Path) -> None:
    header = (
        "NRRD0005\ntype: double\ndimension: 3\nspace: left-posterior-superior\nsizes: {0} {0} {0}\nencoding: gzip\n"
    )
    header += "endian: little\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n\n"
    large, larger = tmp_path / "large.nrrd", tmp_path / "larger.nrrd"
    large.write_bytes(header.format(600).encode() + gzip.compress(b"0"))
    larger.write_bytes(header.format(1100).encode() + gzip.compress(b"0"))
    with within(tmp_path), pytest.raises(ImagingError, match="takes 1,728,000,000 bytes by its header"):
        read_volume(large)
    with pytest.raises(ImagingError, match="takes 10,648,000,000 bytes by its header: expected at most 8,589,934,592"):
        read_volume(larger)
