"""Codes to nodes: the shipped tables, the graph's own names, new nodes."""

import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path
from unicodedata import normalize

import pytest

from kg.curie import pattern
from kg.names import folded
from kg.patients.terminology import Code, LeftOut, Lexicon, condition, drugs, lexicon, measurement, read_lexicon, table
from kg.schema import NODE_KINDS
from kg.stores.protocol import Store

CONDITIONS = table("conditions.tsv")
DRUGS = table("drugs.tsv")
NOTHING = lexicon([])


def named(*names: str, kind: str = "Drug", prefix: str = "DRUGBANK:DB9") -> Lexicon:
    return lexicon(
        {"kind": kind, "id": f"{prefix}{n:04}", "name": name, "synonyms": []} for n, name in enumerate(names)
    )


def test_every_row_of_the_tables_leads_to_a_node() -> None:
    keys = [(row["system"], row["code"]) for row in CONDITIONS]
    assert len(set(keys)) == len(keys)
    for row in CONDITIONS:
        if row["node"]:
            assert re.match(pattern(NODE_KINDS[row["kind"]].prefixes), row["node"]), row
            assert row["name"] == row["name"].strip() != ""
        else:
            assert not row["kind"] + row["name"]
    for row in DRUGS:
        assert re.match(pattern(NODE_KINDS["Drug"].prefixes), row["node"]), row
        assert row["text"] == folded(row["text"]) != ""


@pytest.mark.parametrize("display", ["ΜΈΝΙΈΡΗΣ", normalize("NFD", "μένιέρης (disorder)"), "Μένιέρησ"])
def test_a_display_in_any_spelling_names_the_graph_s_own_node(display: str) -> None:
    row = {"kind": "Disease", "id": "DOID:1", "name": "other", "synonyms": ["Μένιέρης"]}
    for known in (lexicon([row]), lexicon([row | {"name": "Μένιέρης", "synonyms": []}])):
        assert condition([Code("SNOMEDCT", "99999999", display)], known)["id"] == "DOID:1"


def test_a_product_in_any_spelling_names_the_graph_s_own_drug() -> None:
    display = normalize("NFD", "5 MG ÉTHANOLÓL Tablet")
    assert [row["id"] for row in drugs([Code("RXNORM", "1", display)], named("Éthanolól"))] == ["DRUGBANK:DB90000"]


@pytest.mark.parametrize("rows", [CONDITIONS, DRUGS])
def test_a_node_has_one_name(rows: list[dict[str, str]]) -> None:
    names = defaultdict(set)
    for row in rows:
        names[row["node"]].add(row["name"])
    assert not {node: found for node, found in names.items() if len(found) > 1}


@pytest.mark.parametrize(
    ("code", "node"),
    [
        (Code("SNOMEDCT", "49436004", "Atrial Fibrillation"), "DOID:0060224"),
        (Code("ICD10CM", "E11.65"), "DOID:9352"),
        (Code("ICD10CM", "L40.50"), "DOID:9008"),
        (Code("ICD10CM", "L40.0"), "DOID:8893"),
        (Code("ICD10CM", "I10"), "DOID:10763"),
        (Code("SNOMEDCT", "44465007", "Sprain of ankle"), "SNOMEDCT:44465007"),
        (Code("SNOMEDCT", "267036007", "Dyspnea (finding)"), "SNOMEDCT:267036007"),
        (Code("HP", "0001250", "Seizure"), "HP:0001250"),
    ],
)
def test_a_condition_is_the_listed_disease_or_its_own_code(code: Code, node: str) -> None:
    assert condition([code], NOTHING)["id"] == node


def test_findings_are_phenotypes_and_diseases_are_not() -> None:
    assert condition([Code("SNOMEDCT", "267036007", "Dyspnea (finding)")], NOTHING)["kind"] == "Phenotype"
    assert condition([Code("SNOMEDCT", "999999999", "Someone's disease (disorder)")], NOTHING)["kind"] == "Disease"


def test_a_name_of_the_graph_counts_unless_two_nodes_have_it() -> None:
    known = named("Chickenpox", kind="Disease", prefix="DOID:9")
    assert condition([Code("SNOMEDCT", "38907003", "Chickenpox (disorder)")], known)["id"] == "DOID:90000"
    twice = named("Chickenpox", "chickenpox", kind="Disease", prefix="DOID:9")
    assert condition([Code("SNOMEDCT", "38907003", "Chickenpox (disorder)")], twice)["id"] == "SNOMEDCT:38907003"


@pytest.mark.parametrize(
    "code",
    [
        Code("SNOMEDCT", "160903007", "Full-time employment (finding)"),
        Code("SNOMEDCT", "399211009", "History of myocardial infarction (situation)"),
        Code("ICD10CM", "Z99.9", "Something else"),
    ],
)
def test_what_is_no_condition_is_left_out(code: Code) -> None:
    with pytest.raises(LeftOut):
        condition([code], NOTHING)


@pytest.mark.parametrize(
    ("product", "ingredients"),
    [
        ("Warfarin Sodium 5 MG Oral Tablet", ["Warfarin"]),
        ("Aspirin 81 MG Oral Tablet", ["Acetylsalicylic acid"]),
        ("Lasix 40mg", ["Furosemide"]),
        ("24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]", ["Metoprolol"]),
        ("Vitamin B 12 5 MG/ML Injectable Solution", ["Cyanocobalamin"]),
        ("NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector", ["Epinephrine"]),
        ("200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", ["Salbutamol"]),
        ("Penicillin V Potassium 250 MG Oral Tablet", ["Penicillin V"]),
        ("Yaz 28 Day Pack", ["Drospirenone", "Ethinyl Estradiol"]),
        ("Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet", ["Acetaminophen", "Oxycodone"]),
    ],
)
def test_a_product_is_its_ingredients(product: str, ingredients: list[str]) -> None:
    assert [row["name"] for row in drugs([Code("RXNORM", "1", product)], NOTHING)] == ingredients


def test_an_unknown_ingredient_stands_as_the_product() -> None:
    product = Code("RXNORM", "1234567", "Aspirin 81 MG / Newdrug 5 MG Oral Tablet")
    assert [row["id"] for row in drugs([product], NOTHING)] == ["DRUGBANK:DB00945", "RXNORM:1234567"]
    known = drugs([product], named("Newdrug"))
    assert [row["id"] for row in known] == ["DRUGBANK:DB00945", "DRUGBANK:DB90000"]


def test_an_ingredient_is_not_another_that_begins_like_it() -> None:
    (row,) = drugs([Code("RXNORM", "86009", "Insulin Lispro 100 UNT/ML Injection")], named("Insulin"))
    assert row["id"] == "RXNORM:86009"


def test_the_ingredient_s_own_code_is_enough() -> None:
    assert [row["name"] for row in drugs([Code("RXNORM", "11289")], NOTHING)] == ["Warfarin"]
    with pytest.raises(LeftOut):
        drugs([Code("SNOMEDCT", "372756006", "Warfarin")], NOTHING)


def test_a_measurement_without_a_name_is_named_by_its_code() -> None:
    assert measurement([Code("LOINC", "6301-6")], NOTHING)["name"] == "LOINC 6301-6"


def test_the_lexicon_of_a_store_has_whole_nodes(store: Store) -> None:
    known = read_lexicon(store)
    row = known.named("Drug", "COUMADIN")
    assert row is not None
    assert row["inchi"] == "InChI=1S/x"
    assert row["synonyms"] == ["Coumadin", "Jantoven"]
    assert known.row("Drug", row["id"], "another name") is row


@pytest.fixture(scope="module")
def mondo(mirror: Path) -> dict[str, set[str]]:
    """The DOID identifiers that Mondo gives each SNOMED CT code."""
    by_disease: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    with gzip.open(mirror / "splits" / "txgnn" / "mondo_references.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            by_disease[row["mondo_id"]][row["ontology"]].add(row["ontology_id"])
    found: dict[str, set[str]] = defaultdict(set)
    for names in by_disease.values():
        for code in names["SCTID"]:
            found[code] |= {f"DOID:{identifier}" for identifier in names["DOID"]}
    return found


BROADER = {"87433001", "34000006", "59621000"}
"""Emphysema, Crohn's disease, essential hypertension: mapped to the broader disease that Hetionet has."""


@pytest.mark.mirror
def test_conditions_agree_with_mondo(mondo: dict[str, set[str]]) -> None:
    compared = [row for row in CONDITIONS if row["system"] == "SNOMEDCT" and mondo.get(row["code"])]
    assert len(compared) > 100
    assert {row["code"] for row in compared if row["node"] not in mondo[row["code"]]} == BROADER


@pytest.mark.mirror
def test_names_agree_with_hetionet(mirror: Path) -> None:
    nodes = (mirror / "hetionet" / "hetionet-v1.0-nodes.tsv").read_text(encoding="utf-8").splitlines()
    names = {line.split("\t")[0].partition("::")[2]: line.split("\t")[1] for line in nodes[1:]}
    compared = 0
    for row in CONDITIONS + DRUGS:
        own = names.get(row["node"].removeprefix("DRUGBANK:"))
        assert own in (None, row["name"]), row
        compared += own is not None
    assert compared > 250


@pytest.mark.mirror
def test_ingredients_agree_with_cpic(mirror: Path) -> None:
    with (mirror / "pgx" / "pypgx" / "cpic-table.csv").open(encoding="utf-8", newline="") as lines:
        names = {row["RxNorm"]: row["Drug"] for row in csv.DictReader(lines) if row["RxNorm"]}
    compared = [row for row in DRUGS if row["rxcui"] in names]
    assert len({row["rxcui"] for row in compared}) > 40
    for code in {row["rxcui"] for row in compared}:
        ours = {name.casefold() for row in compared if row["rxcui"] == code for name in (row["text"], row["name"])}
        assert names[code] in ours, code
