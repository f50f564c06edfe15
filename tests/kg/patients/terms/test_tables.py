"""The shipped tables of codes: each row leads to a node, and the codes are real ones by their own check digits."""

import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pytest

from kg.check import node_faults
from kg.curie import pattern
from kg.files.obo import read_terms
from kg.names import folded
from kg.patients.record import Code
from kg.patients.terms import tables
from kg.patients.terms.codes import own_curie, written
from kg.patients.terms.meaning import MAPPINGS, UNMAPPED
from kg.schema import NODE_KINDS

CONDITIONS = tables.rows("terms/conditions.tsv")
DRUGS = tables.rows("terms/drugs.tsv")
CODES = tables.rows("terms/codes.tsv")
ICD_NAMES = tables.rows("terms/icd_names.tsv")
ITEMS = tables.rows("terms/mimic_items.tsv")

ICD_PROCEDURES = {"9": "ICD9CM", "10": "ICD10PCS"}

DIHEDRAL = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]
DIHEDRAL += [[1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6], [3, 4, 0, 1, 2, 8, 9, 5, 6, 7]]
DIHEDRAL += [[4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1], [6, 5, 9, 8, 7, 1, 0, 4, 3, 2]]
DIHEDRAL += [[7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
SHUFFLE = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def is_snomed(code: str) -> bool:
    """Say whether a code has SNOMED CT's check digit (Verhoeff's)."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        value = int(digit)
        for _ in range(place % 8):
            value = SHUFFLE[value]
        check = DIHEDRAL[check][value]
    return check == 0


def is_loinc(code: str) -> bool:
    """Say whether a code has LOINC's check digit (modulus 10)."""
    digits, _, check = code.partition("-")
    total = sum(sum(divmod(int(d) * (2 if place % 2 == 0 else 1), 10)) for place, d in enumerate(reversed(digits)))
    return str(-total % 10) == check


def test_every_condition_leads_to_a_node_of_its_kind() -> None:
    keys = [(row["system"], row["code"]) for row in CONDITIONS]
    assert len(set(keys)) == len(keys)
    for row in CONDITIONS:
        if row["node"]:
            assert re.match(pattern(NODE_KINDS[row["kind"]].prefixes), row["node"]), row
            assert row["mapping"] in set(MAPPINGS) - {UNMAPPED}
            assert row["name"] == row["name"].strip() != ""
        else:
            assert row["meaning"] and not row["kind"] + row["name"] + row["mapping"]


def test_every_medicine_leads_to_a_drug_or_is_none() -> None:
    assert len({(row["text"], row["node"]) for row in DRUGS}) == len(DRUGS)
    for row in DRUGS:
        assert not row["node"] + row["name"] or re.match(pattern(NODE_KINDS["Drug"].prefixes), row["node"]), row
        assert row["text"] == folded(row["text"]) != ""


def test_every_product_is_one_of_the_national_drug_code() -> None:
    assert [product for product in tables.products() if written(Code("NDC", f"{product}-01")) is None] == []


@pytest.mark.parametrize("rows", [CONDITIONS, DRUGS])
def test_a_node_has_one_name(rows: list[dict[str, str]]) -> None:
    names = defaultdict(set)
    for row in rows:
        names[row["node"]].add(row["name"])
    assert not {node: found for node, found in names.items() if len(found) > 1}


@pytest.mark.parametrize("rows", [CONDITIONS, CODES, ICD_NAMES])
def test_codes_are_written_as_their_systems_write_them(rows: list[dict[str, str]]) -> None:
    keys = [(row["system"], row["code"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert [key for key in keys if written(Code(*key)) != key] == []


def test_codes_have_the_check_digits_of_their_systems() -> None:
    assert is_snomed("74400008") and not is_snomed("74400009")
    assert is_loinc("2160-0") and not is_loinc("2160-1")
    codes = {(row["system"], row["code"]) for row in (*CONDITIONS, *CODES)} | {("LOINC", row["loinc"]) for row in ITEMS}
    assert [code for system, code in sorted(codes) if system == "SNOMEDCT" and not is_snomed(code)] == []
    assert [code for system, code in sorted(codes) if system == "LOINC" and not is_loinc(code)] == []


def test_every_item_s_measurement_has_a_public_name() -> None:
    assert len({row["item"] for row in ITEMS}) == len(ITEMS) > 100
    assert [
        row for row in ITEMS if ("LOINC", row["loinc"]) not in tables.codes() or row["mapping"] not in MAPPINGS
    ] == []


@pytest.fixture(scope="module")
def mondo(mirror: Path) -> dict[tuple[str, str], set[str]]:
    """The DOID identifiers that Mondo gives each code, by its system and the code."""
    systems = {"SCTID": "SNOMEDCT", "ICD10": "ICD10CM", "ICD10CM": "ICD10CM", "ICD9": "ICD9"}
    by_disease: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with gzip.open(mirror / "splits" / "txgnn" / "mondo_references.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            by_disease[row["mondo_id"]].append((row["ontology"], row["ontology_id"]))
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for references in by_disease.values():
        diseases = {f"DOID:{code}" for system, code in references if system == "DOID"}
        for system, code in references:
            if system in systems:
                found[systems[system], code] |= diseases
    return found


@pytest.mark.mirror
def test_exact_conditions_agree_with_mondo(mondo: dict[tuple[str, str], set[str]]) -> None:
    compared = [
        row
        for row in CONDITIONS
        if row["mapping"] == "skos:exactMatch" and row["kind"] == "Disease" and mondo.get((row["system"], row["code"]))
    ]
    assert len(compared) > 150
    assert [row for row in compared if row["node"] not in mondo[row["system"], row["code"]]] == []


@pytest.mark.mirror
def test_phenotypes_agree_with_the_human_phenotype_ontology(mirror: Path) -> None:
    terms = {term.id: term for term in read_terms(mirror / "ontology" / "hp-2025-01-16.obo.gz")}
    known: dict[str, set[str]] = defaultdict(set)
    for term in terms.values():
        for xref in term.xrefs:
            known[xref].add(term.id)
    phenotypes = [row for row in CONDITIONS if row["node"].startswith("HP:")]
    assert [row for row in phenotypes if terms[row["node"]].name != row["name"]] == []
    exact = [row for row in phenotypes if row["mapping"] == "skos:exactMatch"]
    stated = [(row, known[xref]) for row in exact if known.get(xref := f"SNOMEDCT_US:{row['code']}")]
    assert len(stated) > 30
    assert [(row["code"], row["name"], ids) for row, ids in stated if row["node"] not in ids] == []


@pytest.mark.mirror
def test_names_agree_with_hetionet(mirror: Path) -> None:
    nodes = (mirror / "hetionet" / "hetionet-v1.0-nodes.tsv").read_text(encoding="utf-8").splitlines()
    names = {line.split("\t")[0].partition("::")[2]: line.split("\t")[1] for line in nodes[1:]}
    rows = CONDITIONS + DRUGS
    stated = [(row["name"], names[key]) for row in rows if (key := row["node"].removeprefix("DRUGBANK:")) in names]
    assert len(stated) > 250
    assert [(ours, theirs) for ours, theirs in stated if ours != theirs] == []


@pytest.mark.mirror
def test_ingredients_agree_with_cpic(mirror: Path) -> None:
    with (mirror / "pgx" / "pypgx" / "cpic-table.csv").open(encoding="utf-8", newline="") as lines:
        names = {row["RxNorm"]: row["Drug"] for row in csv.DictReader(lines) if row["RxNorm"]}
    compared = [row for row in DRUGS if row["rxcui"] in names]
    assert len({row["rxcui"] for row in compared}) > 40
    for code in {row["rxcui"] for row in compared}:
        ours = {name.casefold() for row in compared if row["rxcui"] == code for name in (row["text"], row["name"])}
        assert names[code] in ours, code


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("table", "kind", "systems"),
    [
        ("d_icd_diagnoses", "Disease", {"9": "ICD9CM", "10": "ICD10CM"}),
        ("d_icd_procedures", "Procedure", ICD_PROCEDURES),
    ],
)
def test_no_code_of_icd_is_rejected_as_a_node(mirror: Path, table: str, kind: str, systems: dict[str, str]) -> None:
    path = mirror / "patients" / "mimic-iv-demo" / "hosp" / f"{table}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        listed = [Code(systems[row["icd_version"]], row["icd_code"]) for row in csv.DictReader(lines)]
    assert len(listed) > 80_000
    left = [one for one in listed if one.system == "ICD10PCS" and (len(one.code) < 7 or one.code.isalpha())]
    assert len(left) < 900  # headings, and eight that could be words
    aside = set(left)
    codes = [code for code in listed if code not in aside]
    told = [written(code, procedure=kind == "Procedure") for code in codes]
    ids = [own_curie(kind, *code) for code in told if code]
    assert len(set(ids)) == len(codes)
    assert not node_faults(kind, pa.table({"id": ids})).any()
