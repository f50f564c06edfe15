"""Units: UCUM's grammar, the spellings of laboratories, and that nothing else is a unit."""

import csv
import gzip
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.patients.terms import tables
from kg.patients.units import LONGEST, ucum, unit_of

ATOMS = {row["text"]: row["is"] for row in tables.rows("terms/ucum.tsv")}
METRIC = sorted(text for text, kind in ATOMS.items() if kind == "metric" and text not in ("l",))
ANNOTATIONS = sorted(text for text, kind in ATOMS.items() if kind == "annotation")

simple = st.builds(
    lambda prefix, atom, exponent: prefix + atom + exponent,
    st.sampled_from(("", "k", "m", "u", "n", "p", "d")),
    st.sampled_from(("g", "mol", "L", "m", "s", "Pa", "eq", "[iU]", "osm", "Hz")),
    st.sampled_from(("", "2", "3", "-1")),
)
annotated = st.builds(
    lambda unit, said: unit + (f"{{{said}}}" if said else ""), simple, st.sampled_from(("", *ANNOTATIONS))
)


@given(st.lists(annotated, min_size=1, max_size=3), st.sampled_from("./"), st.booleans())
def test_a_unit_of_the_grammar_is_itself(parts: list[str], joint: str, per: bool) -> None:
    unit = ("/" if per else "") + joint.join(parts)
    if len(unit) <= LONGEST:
        found = ucum(unit)
        assert found is not None
        assert ucum(found) == found


@given(st.text(st.sampled_from("./()[]{}*^%'"), max_size=8) | st.text(string.digits + "-.", min_size=2, max_size=12))
def test_signs_and_numbers_alone_are_none(text: str) -> None:
    found = ucum(text)
    assert found is None or text.strip() in ("%", "'", "''", "1") or "%" in text or "'" in text


@given(st.text(max_size=50))
def test_what_comes_out_goes_in(text: str) -> None:
    found = ucum(text)
    assert found is None or ucum(found) == found


NO_UNITS = "Miller|Jane Doe|12345678|987-65-4321|{Miller}|mg/dL{Miller}|m9.s8.g7.K6|10*99|7|mg/|(mg|mg)|//mg|mg//dL"
MORE = "| |mg dL|．|mg/dL for Jane|18.04.1961|D1234567|LOINC|Adam|Eva|Anna|Ali|Lee|Li|Ng|Kim|Max|Mia|Noah|Pat|Sam"


@pytest.mark.parametrize("text", [*NO_UNITS.split("|"), *MORE.split("|"), "m" * (LONGEST + 1)])
def test_what_is_no_unit_is_none(text: str) -> None:
    assert ucum(text) is None


@pytest.mark.parametrize("row", tables.rows("terms/unit_spellings.tsv"), ids=lambda row: row["written"])
def test_a_spelling_is_its_unit_in_any_capitals(row: dict[str, str]) -> None:
    assert ucum(row["written"]) == ucum(row["written"].upper()) == row["ucum"]
    assert "".join(row["written"].split()).casefold() == row["written"]
    assert row["ucum"].startswith("lg(") or ucum(row["ucum"]) == row["ucum"]


def test_a_blank_is_one_for_ratios_only() -> None:
    assert unit_of(None, "LOINC:6301-6") == unit_of(" ", "LOINC:2965-2") == "1"
    assert unit_of("", "LOINC:2160-0") is None
    assert unit_of("", "PANAKEIA:MIMIC-50825") is None
    assert unit_of("units", "LOINC:2756-5") == "[pH]"
    assert unit_of("units", "PANAKEIA:MIMIC-50996") == "[arb'U]"


@pytest.mark.mirror
def test_every_unit_of_mimic_s_laboratory_is_one(mirror: Path) -> None:
    with gzip.open(mirror / "patients/mimic-iv-demo/hosp/labevents.csv.gz", "rt", encoding="utf-8") as lines:
        units = {row["valueuom"].strip() for row in csv.DictReader(lines) if row["valuenum"]}
    assert len(units) > 40
    assert {unit for unit in units if ucum(unit) is None} == {""}


@pytest.mark.mirror
def test_every_unit_of_synthea_s_measurements_is_one(mirror: Path) -> None:
    with gzip.open(mirror / "patients/omop/synthea27/MEASUREMENT.csv.gz", "rt", encoding="utf-8") as lines:
        units = {row["unit_source_value"] for row in csv.DictReader(lines) if row["value_as_number"]}
    assert len(units) > 20
    assert {unit for unit in units if ucum(unit) is None} == set()
