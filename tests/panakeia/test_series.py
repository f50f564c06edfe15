"""Series, described as a user does it."""

import json
from pathlib import Path

import pandas as pd
import pytest

from panakeia import Session
from panakeia.commands.series import duration
from tests.panakeia.conftest import Panakeia
from twin.prognosis.series.course import Settings


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    times = pd.date_range("2024-03-01", periods=96, freq="30min")
    frame = pd.concat(
        pd.DataFrame({"id": who, "time": times, "gl": [level + 30 * (place % 4) for place in range(96)]})
        for who, level in (("MRN-1", 90), ("MRN-2", 150))
    )
    path = tmp_path / "readings.csv"
    frame.to_csv(path, index=False)
    return path


def test_features(panakeia: Panakeia, readings: Path) -> None:
    found = panakeia("series", "features", readings, "--window", "1d", "--json").json()
    assert [one["id"] for one in found["series"]] == ["MRN-1", "MRN-2"] and found["columns"]["value"] == "gl"
    assert [w["n"] for w in found["series"][0]["windows"]] == [48, 48] and "glucose" not in found["series"][0]
    same = Session().series_features(pd.read_csv(readings), settings=Settings(window_h=24))
    assert json.loads(json.dumps(same.to_json())) == found
    assert len(same.to_frame()) == 2 and "series: 2, rows: 192" in same.to_text() and "MRN-2" in same._repr_html_()


def test_glucose_with_its_profile(panakeia: Panakeia, readings: Path, tmp_path: Path) -> None:
    plot = tmp_path / "agp.png"
    found = panakeia("series", "features", readings, "--glucose", "--plot", plot, "--json").json()
    glucose = found["series"][0]["glucose"]
    assert glucose["mean"] == 135.0 and glucose["gmi"] == pytest.approx(3.31 + 0.02392 * 135)
    assert glucose["in_70_180"] == 1.0 and glucose["mage"] == 90.0 and glucose["modd"] == 0.0
    assert found["unit"] == "mg/dL" and plot.read_bytes().startswith(b"\x89PNG")
    text = panakeia("series", "features", readings, "--glucose", "--patient", "MRN-2").out
    assert "MRN-1" not in text and "fewer than 14 days" in text


def test_bad_input_is_told_before_anything_is_written(panakeia: Panakeia, readings: Path, tmp_path: Path) -> None:
    plot = tmp_path / "agp.png"
    wrong = panakeia("series", "features", readings, "--glucose", "--unit", "mmol/L", "--plot", plot)
    assert wrong.status == 2 and "2 of 2 series" in wrong.err and "MRN" not in wrong.err and not plot.exists()
    assert "give --glucose too" in panakeia("series", "features", readings, "--unit", "mg/dL").err
    assert "say that the values are glucose" in panakeia("series", "features", readings, "--plot", plot).err
    assert "also an input" in panakeia("series", "features", readings, "--glucose", "--plot", readings).err
    assert "such as 7d" in panakeia("series", "features", readings, "--window", "7").err
    assert duration("1.5h") == 1.5


def test_what_was_rejected_is_told_and_not_shown(panakeia: Panakeia, readings: Path) -> None:
    with readings.open("a", encoding="utf-8") as file:
        file.write("MRN-1,2024-03-01,Low\nMRN-1,2024-03-01 00:00,90\n")
    shown = panakeia("series", "features", readings)
    assert "rejected, a value that is no number: 1, in lines 194" in shown.out and "Low" not in shown.out
    assert "had already: 1; their mean is taken" in shown.out and "not in order of time: 1" in shown.out


@pytest.mark.mirror
def test_the_persons_of_hall(panakeia: Panakeia, mirror: Path) -> None:
    found = panakeia("series", "features", mirror / "series" / "cgm-hall.csv.gz", "--json").json()
    assert len(found["series"]) == 19 and sum(one["n"] for one in found["series"]) == 34_890


def test_the_labs_of_a_patient_of_the_graph(panakeia: Panakeia, tmp_path: Path) -> None:
    """Ten weights, one a day, and one of another unit: two series, on shifted days."""
    store, bundle, key = tmp_path / "g.lbdb", tmp_path / "one.json", tmp_path / "key.txt"
    key.write_text("c5" * 32, encoding="utf-8")
    bundle.write_text(json.dumps(weighed(range(10))), encoding="utf-8")
    panakeia("build", "--source", "starter", "--store", store)
    panakeia("patient", "import", bundle, "--store", store, "--key-file", key)
    listed = panakeia("patient", "list", "--store", store, "--json").json()
    [who] = [one for one in listed if one["events"] == 10]
    found = panakeia("series", "features", "--store", store, "--patient", who["id"], "--json").json()
    by_kind = {one["kind"]: one for one in found["series"]}
    kilograms = next(one for kind, one in by_kind.items() if kind.endswith(", kg"))
    assert (kilograms["n"], kilograms["span_days"]) == (10, 9.0)
    assert kilograms["slope"] == pytest.approx(0.5) and kilograms["mean"] == pytest.approx(72.25)
    assert "2024-03" not in kilograms["first"]
    assert "give a table of readings" in panakeia("series", "features", "--store", store).err
    assert "series features" in panakeia("patient", "journal", "--store", store).out


def weighed(days: range) -> dict[str, object]:
    """Return a bundle of a patient who gains half a kilogram a day."""
    coding = [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]
    seen = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"o{day}",
                "status": "final",
                "code": {"coding": coding},
                "subject": {"reference": "Patient/p"},
                "effectiveDateTime": f"2024-03-{day + 1:02}",
                "valueQuantity": {
                    "value": 70 + 0.5 * day,
                    "unit": "kg",
                    "system": "http://unitsofmeasure.org",
                    "code": "kg",
                },
            }
        }
        for day in days
    ]
    person = {"resource": {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1960-05-01"}}
    return {"resourceType": "Bundle", "type": "collection", "entry": [person, *seen]}
