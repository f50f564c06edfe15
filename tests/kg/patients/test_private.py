"""What tells who a patient is: each element keeps its own words out, in any spelling, and no others."""

from typing import Any

import pytest

from kg.patients.private import NOTHING, Private, as_words, private_words
from tests.kg.patients.made_up_records import PERSON, PLANTED_CONDITIONS, PLANTS, Resource, without


def private(patient: Resource) -> Private:
    return private_words(patient)


def passing(patient: Resource) -> set[str]:
    found = private(patient)
    return {text for _, text in PLANTED_CONDITIONS.values() if not found.is_in(f"Dyspnea of {text}")}


def test_every_element_is_looked_for_in_any_spelling() -> None:
    assert not passing(PERSON)
    nobody = {"resourceType": "Patient", "gender": "female", "extension": [PERSON["extension"][-1]]}
    assert len(passing(nobody)) == len(PLANTED_CONDITIONS)


@pytest.mark.parametrize("name", PLANTS)
def test_each_element_keeps_its_own_words_out(name: str) -> None:
    path, forms = PLANTS[name]
    assert passing(without(PERSON, path)) == set(forms)


@pytest.mark.parametrize(
    "text",
    [
        "Acute respiratory failure (disorder)",
        "Hemoglobin A1c/Hemoglobin.total in Blood",
        "Warfarin Sodium 5 MG Oral Tablet",
        "Main-street syndrome, mews type",  # a street is no single word of it
        "Silverbramblebyite",  # a name is a whole word
        "Wheelchair dependence",  # an extension that is no name is a whole
        "Flat affect",  # what begins an address is too common
        "White matter disease",  # a race is a code
        "Record keeping",  # what kind of identifier it is
        "1951 strain",  # a year is no birthday
        "Influenza A 120 3",  # a piece of the record number
        "Tetanus 7712 vaccine",
        "Ward 5",
    ],
)
def test_public_names_pass(text: str) -> None:
    assert not private(PERSON).is_in(text)


@pytest.mark.parametrize("value", ["7", "Q", "é"])
def test_one_letter_or_digit_tells_nobody(value: str) -> None:
    patient = {"resourceType": "Patient", "name": [{"given": [value]}], "identifier": [{"value": value}]}
    assert not private(patient).is_in(f"Factor {value} fever")


def test_a_town_s_number_is_nobody_s() -> None:
    found = private({"resourceType": "Patient", "address": [{"postalCode": "11289", "city": "Queens"}]})
    assert not found.is_code("11289")
    assert found.is_in("QUEENS")


def test_what_any_keeps_out_all_keep_out() -> None:
    both = private({"name": [{"family": "Ng"}]}) | private({"identifier": [{"value": "77-12-03"}]})
    assert both.is_in("Ng")
    assert both.is_code("rs771203")
    assert not (NOTHING | NOTHING).is_in("Ng")


@pytest.mark.parametrize("value", [None, 7, "x", [None, 7, "x"], {"given": {"x": [7]}}, [{"given": [None]}]])
def test_whatever_stands_in_an_element_is_passed_over(value: Any) -> None:
    elements = ("name", "identifier", "telecom", "address", "contact", "contained", "extension", "birthDate")
    for element in elements:
        found = private({"resourceType": "Practitioner", element: value, "id": "person-90417"})
        assert found.is_in("PERSON 90417")


def test_what_is_nested_deeply_is_found() -> None:
    deep: Any = {"family": "Zelderloo"}
    for _ in range(5000):
        deep = [{"inner": deep}]
    assert private({"contact": [{"name": deep}]}).is_in("Zelderloo")


def test_two_letters_are_a_name() -> None:
    found = private({"resourceType": "Patient", "name": [{"family": "Ng", "given": ["Li"]}]})
    assert found.is_in("Angina of Mr. NG")
    assert found.is_in("Li, angina")
    assert not found.is_in("Angina, lingering")


def test_short_words_of_a_long_name_are_no_name() -> None:
    found = private({"resourceType": "Patient", "name": [{"family": "de la Cruz"}]})
    assert found.is_in("Angina of Cruz")
    assert found.is_in("Angina, DE-LA  CRUZ")
    assert not found.is_in("Tic de Guinon, fever a la mode")


@pytest.mark.parametrize(
    ("identifier", "code", "is_code"),
    [
        ("771203", "771203", True),
        ("77-12-03", "771203", True),
        ("MRN-771203", "771203", True),
        ("771203", "9771203", False),
        ("771203", "7712031", False),
        ("a-771203-b", "A771203B", True),
        ("1234", "1234", True),
        ("x-1234", "1234", False),
        ("x-12345", "12345", True),
        ("123-45-6789", "NC_000001.11-g.123456789A-T", True),
        ("123-45-6789", "NC_000001.11-g.1234567890A-T", False),
        ("29463", "29463-7", False),
        ("ABCDEF", "12345", False),
        ("00 49 1840 555 0199", "5550199", True),
        ("00 49 1840 555 0199", "550199", False),
    ],
)
def test_a_code_is_the_patient_s_own_only_as_a_whole(identifier: str, code: str, *, is_code: bool) -> None:
    patient = {"resourceType": "Patient", "identifier": [{"value": identifier}]}
    assert private(patient).is_code(code) is is_code


def test_words_are_found_whole() -> None:
    text = as_words("Graves' disease of MR. de-la  CRUZ (born 1951-07-23)")
    assert all(as_words(found) in text for found in ("graves", "De la Cruz", "1951-07-23"))
    assert all(as_words(absent) not in text for absent in ("grave", "Cruz 1951", "Cru"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë", "ZOE\u0308"),
        ("Straße", "STRASSE"),
        ("Łódź", "łódz"),
        ("ﬁlip", "Filip"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("İnci", "inci"),
        ("Jo\u200bhn", "john"),
        ("\uff2a\uff4f\uff48\uff4e", "John"),
        ("٤٧١١", "4711"),
        ("John_2Smith", "john 2 smith"),
    ],
)
def test_one_word_has_one_form(one: str, other: str) -> None:
    assert as_words(one) == as_words(other)
    assert as_words(one).strip()
