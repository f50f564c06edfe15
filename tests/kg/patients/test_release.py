"""What may be told of a cohort: bands of ages, wider tables, counts with noise, and who is in a cohort's file."""

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from kg.files.text import FileError
from kg.patients import release
from kg.patients.budget import Budget
from kg.patients.members import read_members, read_people
from kg.patients.release import Asked, count, disclose, possible_cells
from kg.patients.suppression import HIDDEN

LEFT = Budget(Decimal(1), Decimal("0.5"))
PEOPLE = pd.DataFrame(
    {
        "age": [float(age) for age in range(30, 60)] * 2 + [90.0] * 12 + [None] * 3,
        "sex": ["female"] * 30 + ["male"] * 30 + ["female"] * 12 + ["unknown"] * 3,
        "DOID:9352": [age % 3 == 0 for age in range(30, 60)] * 2 + [True] * 12 + [False] * 3,
    }
)


def test_small_cells_are_not_told() -> None:
    found = disclose(PEOPLE, Asked(("age", "sex"), ("DOID:9352",), age_band_years=10), left_out=2)
    assert found.table["age"].tolist() == [*("30-39",) * 2, *("40-49",) * 2, *("50-59",) * 2, "90+", "unknown"]
    # Six cells of ten and one of three hold 63: if the twelve were shown, none of the seven could be 1.
    assert found.table["people"].tolist() == [*("<11",) * 6, HIDDEN, "<11"]
    assert (found.total, found.below, found.figures.k_anonymity) == (75, 7, 3)
    shown = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert shown["table"][0] == {"age": "30-39", "sex": "female", "people": "<11"}
    assert shown["figures"]["k_anonymity"] == 3
    assert "7 of 8 classes have fewer than 11 people" in found.to_text()
    assert "2 of the cohort are not in the store" in found.to_text()
    assert found.to_frame().to_html(index=False) in found._repr_html_()


def test_what_would_reach_k_is_said() -> None:
    known = PEOPLE[PEOPLE["age"].notna()]
    found = disclose(known, Asked(("age", "sex"), age_band_years=5))
    first = found.suffices()
    assert first == {
        "quasi": ["age", "sex"],
        "age_band_years": 15,
        "k_anonymity": 12,
        "classes_below": 0,
        "suffices": True,
    }
    assert "a table by age, sex alone, ages in bands of 15 years, reaches k = 11" in found.to_text()
    tried = [(row["age_band_years"], row["quasi"]) for row in found.to_json()["wider"]]
    assert tried[:5] == [(band, ["age", "sex"]) for band in (10, 15, 20, 30, 45)]
    assert (None, ["sex"]) in tried
    for row in found.to_json()["wider"]:
        again = disclose(known, Asked(tuple(row["quasi"]), age_band_years=row["age_band_years"]))
        assert (again.figures.k_anonymity, again.below) == (row["k_anonymity"], row["classes_below"])


def test_where_nothing_wider_is_left_that_is_said() -> None:
    found = disclose(pd.DataFrame({"sex": ["female", "male"]}), Asked(("sex",)))
    assert found.wider.empty and found.suffices() is None
    assert "no wider table reaches k = 11" in found.to_text()


def test_a_band_holds_its_ages_and_those_past_90_are_one() -> None:
    ages = pd.DataFrame({"age": [0.0, 9.0, 9.9, 10.0, 89.0, 90.0, 97.0]})
    told = [
        disclose(ages, Asked(("age",), threshold=2, age_band_years=width)).table["age"].tolist() for width in (10, 7)
    ]
    assert told == [["0-9", "10-19", "80-89", "90+"], ["0-6", "7-13", "84+"]]


@pytest.mark.parametrize("width", [1, 5, 7, 10, 30, 45, 90, 91, 200])
def test_every_age_has_a_possible_band(width: int) -> None:
    ages = pd.DataFrame({"age": [float(age) for age in range(120)]})
    told = disclose(ages, Asked(("age",), threshold=2, age_band_years=width)).table["age"]
    assert set(told) <= {cell[0] for cell in possible_cells(Asked(("age",), age_band_years=width))}


def test_noisy_counts_have_every_cell_that_there_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(("age", "sex", "DOID:9352"), age_band_years=30)
    spent: list[float] = []

    def none(counts: list[int], epsilon: float) -> list[int]:
        spent.append(epsilon)
        return list(counts)

    monkeypatch.setattr(release, "noisy", none)
    found = count(PEOPLE, asked, 0.5, LEFT)
    assert (sum(spent), found.total, found.table["people"].sum()) == (0.5, 75, 75)
    cells = {tuple(row[:3]): row[3] for row in found.table.itertuples(index=False)}
    assert set(cells) == set(possible_cells(asked)) and len(cells) == 40
    assert (cells["30-59", "female", True], cells["90+", "female", True], cells["90+", "male", False]) == (10, 12, 0)
    nobody = count(PEOPLE.head(0), asked, 0.5, LEFT)
    assert nobody.table[["age", "sex", "DOID:9352"]].equals(found.table[["age", "sex", "DOID:9352"]])
    odd = count(pd.DataFrame({"sex": ["female", "none of these"]}), Asked(("sex",)), 0.5, LEFT)
    assert odd.table["people"].tolist() == [1, 0, 1, 0]
    assert count(PEOPLE, Asked(()), 0.5, LEFT).total == 75


def test_noisy_counts_are_noisy_and_say_what_is_left() -> None:
    found = count(PEOPLE, Asked(("sex",)), 0.1, LEFT)
    again = [count(PEOPLE, Asked(("sex",)), 0.1, LEFT).total for _ in range(8)]
    assert len({found.total, *again}) > 1
    shown = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert shown["budget"] == {"total": 1.0, "spent": 0.5, "left": 0.5}
    assert len(shown["table"]) == 4 and shown["within_95_percent"] == found.within > 20
    assert "0.5 is left" in found.to_text()
    assert found.to_frame().to_html(index=False) in found._repr_html_()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"quasi": ("age",), "threshold": 1}, "expected 2 or more"),
        ({"quasi": ("age",), "age_band_years": 0}, "has 0 years"),
        ({"quasi": ("age", "sex"), "sensitive": ("sex",)}, "sex is given as quasi-identifier and as sensitive"),
    ],
)
def test_what_cannot_be_asked(asked: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Asked(**asked)  # type: ignore[arg-type]


def test_more_cells_than_there_is_room_for() -> None:
    with pytest.raises(ValueError, match=r"24,117,248 cells: expected at most 100,000"):
        possible_cells(Asked(("age", "sex", *(f"DOID:{n}" for n in range(16)))))


def test_ages_that_are_no_numbers_have_no_bands() -> None:
    ages = pd.DataFrame({"age": ["old", "young"]})
    with pytest.raises(ValueError, match="not all numbers"):
        disclose(ages, Asked(("age",), age_band_years=10))
    assert disclose(ages, Asked(("age",))).wider.empty


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", '{"patients": ["PANAKEIA:P-0", "PANAKEIA:P-1"], "attrition": []}'),
        ("c.json", '[{"id": "PANAKEIA:P-0"}, {"id": "PANAKEIA:P-1"}]'),
        ("c.csv", "id,age\nPANAKEIA:P-0,3\nPANAKEIA:P-1,4\n"),
        ("c.csv", "patient\nPANAKEIA:P-0\nPANAKEIA:P-1\n"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_cohort_s_file(tmp_path: Path, name: str, text: str, packed: bool) -> None:
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    assert read_members(path) == ("PANAKEIA:P-0", "PANAKEIA:P-1")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.json", '{"people": []}', "lists no patients: expected"),
        ("c.json", '{"patients": ["PANAKEIA:P-0", 7]}', "patient 2 of 2 is no pseudonym"),
        ("c.json", '{"patients": [{"name": "Ottoline"}]}', "patient 1 of 1 is no pseudonym"),
        ("c.csv", "name\nOttoline\n", "has the columns name: expected id"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=message) as told:
        read_members(tmp_path / name)
    assert "Ottoline" not in str(told.value)


def test_a_table_of_people(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("age,town,weight,note\n34,a,1.5,x\n,b,2,x\n", encoding="utf-8")
    found = read_people(tmp_path / "p.csv", ["age", "town", "weight"])
    assert found is not None
    assert found["age"].dtype == found["weight"].dtype == float
    assert found["age"].isna().tolist() == [False, True]
    assert read_people(tmp_path / "p.csv", ["age", "sex"]) is None
    assert read_people(tmp_path / "p.json", ["age"]) is None
