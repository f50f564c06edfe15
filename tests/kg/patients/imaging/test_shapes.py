"""Shapes and intensities whose features are known in closed form, and what may not change them."""

import math
from collections import Counter

import numpy as np
import pytest

from kg.patients.imaging import mesh
from kg.patients.imaging.error import ImagingError
from kg.patients.imaging.features import Settings, features_of
from kg.patients.imaging.intensities import intensity_features
from kg.patients.imaging.preparation import Preparation, prepared, within
from kg.patients.imaging.regions import Region
from kg.patients.imaging.shape import shape_features
from kg.patients.imaging.volumes import Volume


def ellipsoid(radii_mm: tuple[float, ...], spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return the voxels (z, y, x) whose centres are within an ellipsoid of these radii (x, y, z)."""
    half = [math.ceil(radius / step) + 1 for radius, step in zip(radii_mm, spacing_mm, strict=True)]
    axes = [np.arange(-n, n + 1) * step for n, step in zip(half, spacing_mm, strict=True)]
    z, y, x = np.meshgrid(*axes[::-1], indexing="ij")
    return sum((place / radius) ** 2 for place, radius in zip((x, y, z), radii_mm, strict=True)) <= 1


def test_a_sphere() -> None:
    found = shape_features(ellipsoid((20, 20, 20), (1, 1, 1)), (1.0, 1.0, 1.0))
    volume = 4 / 3 * math.pi * 20**3
    assert found["VoxelVolume"] == pytest.approx(volume, rel=5e-3)
    assert found["MeshVolume"] == pytest.approx(volume, rel=1e-2)
    assert found["Maximum3DDiameter"] == pytest.approx(40, abs=1.5)
    assert found["MajorAxisLength"] == pytest.approx(2 * 2 / math.sqrt(5) * 20, rel=5e-3)  # 4 sqrt(r^2 / 5)
    assert found["Elongation"] == pytest.approx(1) == found["Flatness"]
    assert 0.9 < found["Sphericity"] < 1  # a mesh of voxels has steps: its area stays above the sphere's


def test_an_ellipsoid_of_flat_voxels() -> None:
    spacing = (0.5, 0.5, 2.0)
    found = shape_features(ellipsoid((12, 18, 30), spacing), spacing)
    axes = [found[name] for name in ("MajorAxisLength", "MinorAxisLength", "LeastAxisLength")]
    assert axes == pytest.approx([4 * radius / math.sqrt(5) for radius in (30, 18, 12)], rel=1e-2)
    assert found["VoxelVolume"] == pytest.approx(4 / 3 * math.pi * 12 * 18 * 30, rel=5e-3)
    assert found["Elongation"] == pytest.approx(18 / 30, rel=1e-2)


def test_a_box() -> None:
    """Marching cubes cut the edges of a box: its volume and area are known exactly."""
    a, b, c = 4, 5, 7
    found = shape_features(np.ones((a, b, c), bool), (1.0, 1.0, 1.0))
    edges = (a - 1) + (b - 1) + (c - 1)  # of unit cubes along the cut edges, four of each direction
    assert found["VoxelVolume"] == a * b * c
    assert found["MeshVolume"] == pytest.approx(a * b * c - 4 * edges / 8 - 8 * (1 / 8 - 1 / 48))
    faces = 2 * ((a - 1) * (b - 1) + (b - 1) * (c - 1) + (a - 1) * (c - 1))
    assert found["SurfaceArea"] == pytest.approx(faces + 4 * edges * math.sqrt(0.5) + 8 * math.sqrt(3) / 8)
    assert found["Maximum2DDiameterSlice"] == pytest.approx(math.hypot(b - 1, c))
    assert found["MajorAxisLength"] == pytest.approx(4 * math.sqrt((c**2 - 1) / 12))


def test_one_voxel_has_no_form() -> None:
    found = shape_features(np.ones((1, 1, 1), bool), (1.0, 2.0, 3.0))
    assert found["MeshVolume"] == pytest.approx(6 / 6)  # an octahedron
    assert found["Maximum3DDiameter"] == pytest.approx(3)
    assert found["MajorAxisLength"] == 0 and math.isnan(found["Elongation"])


def test_no_axis_is_special_but_by_name() -> None:
    """A convex region has no two corners that touch by an edge alone: there every table has one surface."""
    inside = ellipsoid((6, 9, 14), (1, 1, 1))
    same = {name: value for name, value in shape_features(inside, (1, 1, 1)).items() if "2D" not in name}
    for order in ((1, 0, 2), (2, 1, 0), (1, 2, 0)):
        turned = shape_features(inside.transpose(order), (1, 1, 1))
        assert {name: turned[name] for name in same} == pytest.approx(same, rel=1e-9)
    planes = shape_features(inside, (1.0, 1.0, 1.0))
    turned = shape_features(inside.transpose(2, 1, 0), (1.0, 1.0, 1.0))
    assert turned["Maximum2DDiameterRow"] == pytest.approx(planes["Maximum2DDiameterSlice"])


def test_where_a_region_lies_and_how_it_is_turned_changes_nothing() -> None:
    voxels = np.random.default_rng(3).normal(size=(9, 11, 12))
    inside = np.zeros(voxels.shape, bool)
    inside[2:7, 3:9, 1:10] = ellipsoid((4, 2.5, 2), (1, 1, 1))[1:6, 1:7, 1:10]
    here = Volume(voxels, (1.0, 2.0, 3.0))
    away = Volume(voxels, (1.0, 2.0, 3.0), (50.0, -20.0, 7.0), (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    found = [features_of(Region(image, inside, 1), Settings(bin_width=0.5)).values for image in (here, away)]
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("case", range(128))
def test_each_case_of_the_table_closes(case: int) -> None:
    """Triangles go through the edges whose ends differ; what two share runs both ways, the rest lies on the sides."""
    inside = [bool(case >> corner & 1) for corner in range(8)]
    crossed = {edge for edge, (a, b) in enumerate(mesh.EDGES) if inside[a] != inside[b]}
    triangles = mesh.TRIANGLES[case]
    assert {edge for one in triangles for edge in one} == crossed
    sides = Counter((one[k], one[(k + 1) % 3]) for one in triangles for k in range(3))
    assert all(count == 1 for count in sides.values())
    for start, end in sides:
        if (end, start) not in sides:
            corners = np.array([mesh.CORNERS[corner] for edge in (start, end) for corner in mesh.EDGES[edge]])
            assert (corners == corners[0]).all(axis=0).any()


def test_a_normal_distribution() -> None:
    values = np.random.default_rng(1).normal(100, 15, 400_000)
    found = intensity_features(values, 2.0, bin_width=1.0)
    assert found["Mean"] == pytest.approx(100, abs=0.1) and found["StandardDeviation"] == pytest.approx(15, rel=5e-3)
    assert found["Skewness"] == pytest.approx(0, abs=0.02) and found["Kurtosis"] == pytest.approx(3, abs=0.05)
    assert found["Entropy"] == pytest.approx(0.5 * math.log2(2 * math.pi * math.e * 15**2), abs=0.01)
    assert found["InterquartileRange"] == pytest.approx(2 * 0.674490 * 15, rel=1e-2)
    assert found["MeanAbsoluteDeviation"] == pytest.approx(15 * math.sqrt(2 / math.pi), rel=1e-2)
    assert found["TotalEnergy"] == 2 * found["Energy"]


def test_a_flat_region() -> None:
    found = intensity_features(np.full(8, -3.0), 1.0, 25.0)
    assert (found["Entropy"], found["Uniformity"], found["Skewness"], found["Kurtosis"]) == (0, 1, 0, 0)
    assert found["RobustMeanAbsoluteDeviation"] == found["Variance"] == 0


def test_bins_begin_at_their_multiples() -> None:
    """Bins of 25 from 50: 50 and 74 are in one, 75 in the next, whatever the smallest value."""
    found = intensity_features(np.array([60.0, 74.0, 75.0, 99.0]), 1.0, 25.0)
    assert (found["Entropy"], found["Uniformity"]) == (1, 0.5)


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf, 1e-9])
def test_a_width_that_is_none(width: float) -> None:
    with pytest.raises(ImagingError, match="bins"):
        intensity_features(np.array([0.0, 5.0]), 1.0, width)


def test_normalized_intensities() -> None:
    voxels = np.random.default_rng(2).uniform(0, 9, (4, 5, 6))
    region = Region(Volume(voxels, (1.0, 1.0, 1.0)), np.ones(voxels.shape, bool), 1)
    done = prepared(region, Preparation(normalize=100)).image.voxels
    assert (done.mean(), done.std(ddof=1)) == pytest.approx((0, 100), abs=1e-9)


def test_voxels_far_from_the_mean_are_left_out() -> None:
    voxels = np.array([[[0.0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 100]]])
    region = Region(Volume(voxels, (1.0, 1.0, 1.0)), np.ones(voxels.shape, bool), 1)
    assert within(region, 3).values.max() == 2
    assert within(region, None) is region


def test_resampling_keeps_a_volume() -> None:
    spacing = (1.0, 1.0, 3.0)
    inside = ellipsoid((14, 14, 14), spacing)
    region = Region(Volume(inside.astype(np.float64), spacing), inside, 1)
    done = prepared(region, Preparation(resample_mm=(1, 1, 1)))
    assert done.image.spacing == (1, 1, 1)
    assert done.inside.sum() == pytest.approx(3 * inside.sum(), rel=0.03)


@pytest.mark.parametrize(
    "steps",
    [
        {"normalize": 0.0},
        {"normalize": math.nan},
        {"within_sd": -1.0},
        {"resample_mm": (1.0, 1.0)},
        {"resample_mm": (1.0, 0.0, 1.0)},
    ],
)
def test_steps_that_cannot_be(steps: dict[str, object]) -> None:
    with pytest.raises(ImagingError, match="expected"):
        Preparation(**steps)  # type: ignore[arg-type]


def test_steps_that_an_image_does_not_allow() -> None:
    inside = np.ones((3, 3, 3), bool)
    flat = Region(Volume(np.zeros((3, 3, 3)), (1.0, 1.0, 1.0)), inside, 1)
    holed = np.arange(27.0).reshape(3, 3, 3)
    holed[0, 0, 0] = np.nan
    for image, steps, told in (
        (flat.image, Preparation(normalize=1), "alike"),
        (Volume(holed, (1.0, 1.0, 1.0)), Preparation(normalize=1), "1 voxels of the image are not finite"),
        (Volume(holed, (1.0, 1.0, 1.0)), Preparation(resample_mm=(1, 1, 1)), "not finite"),
        (flat.image, Preparation(resample_mm=(0.001, 0.001, 0.001)), "take larger ones"),
    ):
        with pytest.raises(ImagingError, match=told):
            prepared(Region(image, inside, 1), steps)
