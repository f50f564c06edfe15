"""Codes: what a code of each system looks like, and that a name is none of any."""

import pytest

from kg.curie import OWN, prefixes
from kg.patients.record import Code
from kg.patients.terms.codes import MIMIC, written

NAMES = ("Quillfeather", "QUILLFEATHER", "quillfeather", "MATTHEW", "Ottoline-Quillfeather", "MATTHEWSXY")


@pytest.mark.parametrize("system", sorted({*prefixes(), "HGVS"} - {OWN, MIMIC}))
def test_a_name_is_a_code_of_no_system(system: str) -> None:
    assert [written(Code(system, name)) for name in NAMES] == [None] * len(NAMES)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("HCPCS", "J1885"),
        ("ICD10PCS", "0DTJ4ZZ"),
        ("UNII", "362O9ITL9D"),
        ("HGVS", "NM_000138.5:c.1129C>T"),
        ("HGVS", "NP_078942.3:p.(Asn59IlefsTer51)"),
        ("HGVS", "NC_000003.12:g.[136152145_136152149delinsC;136152802_136152981inv]"),
        ("HGVS", "NM_024666.5:c.870+1G>A"),
    ],
)
def test_a_code_is_one(system: str, code: str) -> None:
    assert written(Code(system, code)) == (system, code)


@pytest.mark.parametrize("said", ["NC_000015.10:g.Quillfeather", "Quillfeather:c.1A>C", "UCUM:4711", "c.1129C>T"])
def test_words_in_hgvs_are_no_variant(said: str) -> None:
    assert written(Code("HGVS", said)) is None
