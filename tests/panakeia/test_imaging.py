"""Features of an image, from the command to a patient's record and a cohort, as a user runs it."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from panakeia import Session
from tests.panakeia.conftest import Panakeia

COHORT = """
name = "Large lesions"
[entry]
measurement = "original_shape_VoxelVolume"
value = { at_least = 100 }
unit = "mm3"
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An image and a mask of 60 voxels, each of 2 mm3."""
    voxels = np.random.default_rng(4).integers(0, 500, (8, 9, 10)).astype(np.int16)
    inside = np.zeros(voxels.shape, np.uint8)
    inside[2:5, 2:6, 3:8] = 1
    paths = tmp_path / "Quillfeather.nrrd", tmp_path / "Quillfeather_mask.nrrd"
    for path, content in zip(paths, (voxels, inside), strict=True):
        image = sitk.GetImageFromArray(content)
        image.SetSpacing((1.0, 1.0, 2.0))
        sitk.WriteImage(image, str(path))
    return paths


@pytest.fixture
def store(starter_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the starter graph, and a key."""
    monkeypatch.setenv("PANAKEIA_KEY", "a key that only the tests know, and who reads them")
    copy = tmp_path / "graph.lbdb"
    copy.write_bytes(starter_store.read_bytes())
    return copy


def test_from_an_image_to_a_cohort(panakeia: Panakeia, store: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    with Session(store) as session:
        patient = session.patient_list().to_frame()["id"][0]
    scores = tmp_path / "scores.csv"
    of_the_patient = ("--patient", patient, "--day", "2019-03-04", "--out", scores)
    run = panakeia("imaging", "features", *files, *of_the_patient, "--json")
    found = run.json()
    assert found["features"]["original_shape_VoxelVolume"] == 120
    assert "Quillfeather" not in run.out + run.err + scores.read_text(encoding="utf-8")

    done = panakeia("patient", "import", scores, "--store", store)
    assert done.status == 0 and "0 rejected" in done.out
    shown = panakeia("patient", "show", patient, "--store", store).out
    version = found["model_version"]
    assert f"original_shape_VoxelVolume = 120 mm3  (by panakeia-radiomics {version})" in shown
    events = panakeia("patient", "show", patient, "--store", store, "--json").json()["events"]
    told = [event for event in events if "model" in event]
    assert len(told) == 33
    assert {(event["model"], event["model_version"]) for event in told} == {("panakeia-radiomics", version)}

    (tmp_path / "cohort.toml").write_text(COHORT, encoding="utf-8")
    members = panakeia("cohort", tmp_path / "cohort.toml", "--store", store, "--json").json()
    assert members["patients"] == [patient]
    (tmp_path / "cohort.toml").write_text(COHORT.replace("100", "121"), encoding="utf-8")
    assert patient not in panakeia("cohort", tmp_path / "cohort.toml", "--store", store, "--json").out


def test_the_picture_holds_pixels_alone(panakeia: Panakeia, files: tuple[Path, Path], tmp_path: Path) -> None:
    picture = tmp_path / "slice.png"
    assert panakeia("imaging", "features", *files, "--plot", picture).status == 0
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG") and b"Quillfeather" not in content
    shown = sitk.GetArrayFromImage(sitk.ReadImage(str(picture)))
    assert len(np.unique(shown.reshape(-1, shown.shape[-1]), axis=0)) > 20  # greys, and the outline


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--label", "2"), "the mask has no label 2; it has 1"),
        (("--label", "0"), "expected a whole number of at least 1"),
        (("--bin-width", "0"), "the bins' width is 0"),
        (("--resample", "1,1"), "expected three distances"),
        (("--out", "scores.csv"), "give both the file (out) and whose image"),
        (("--day", "2019-01-01"), "give --patient too"),
        (("--patient", "4711", "--day", "March", "--out", "scores.csv"), "the day is not a date"),
        (("--plot", "slice.jpg"), "ends in .png"),
    ],
)
def test_what_cannot_be(
    panakeia: Panakeia,
    files: tuple[Path, Path],
    options: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    run = panakeia("imaging", "features", *files, *options)
    assert run.status != 0 and told in " ".join(run.err.replace("│", " ").split())
    assert sorted(tmp_path.iterdir()) == before


def test_an_output_is_no_input(panakeia: Panakeia, files: tuple[Path, Path]) -> None:
    run = panakeia("imaging", "features", *files, "--patient", "4711", "--out", files[0])
    assert run.status != 0 and "is also an input" in run.err
