"""What the codes of records mean: conditions, medicines, measurements, allergies, variants, visits."""

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.patients.record import Code, Event, LeftOut, Place, What
from kg.patients.terminology import RECORDS_LICENCE, Meaning, Terminology, terminology
from kg.patients.terms.nodes import nodes
from kg.stores.protocol import Store

HERE = Place("labevents", 7)
NOTHING = Terminology(nodes([]))


def node(kind: str, curie: str, name: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "id": curie, "name": name, "synonyms": [], "xrefs": [], "provided_by": ["hpo"], **more}


GRAPH = Terminology(
    nodes(
        [
            node("Disease", "DOID:9352", "type 2 diabetes mellitus", xrefs=["MONDO:0005148", "ICD10:E11"]),
            node("Disease", "ORPHANET:552", "MODY", xrefs=["ICD10:E11.8", "SNOMEDCT:609561005"]),
            node("Disease", "DOID:1024", "leprosy", xrefs=["ICD10:A30", "ICD10:A30.9", "SNOMEDCT:81004002"]),
            node("Disease", "OMIM:1", "Chilblain lupus 1", synonyms=["Chilblains"]),
            node("Phenotype", "HP:0003077", "Hyperlipidemia", synonyms=["Elevated lipids"]),
            node("Phenotype", "HP:0009710", "Chilblains"),
            node("Phenotype", "HP:0000988", "Skin rash", xrefs=["SNOMEDCT:271807003", "UMLS:C0015230"]),
            node("Drug", "DRUGBANK:DB00030", "Insulin Regular"),
            node("Drug", "DRUGBANK:DB00186", "Lorazepam", atc_codes=["N05BA06"], xrefs=["RXNORM:6470"]),
            node("Drug", "DRUGBANK:DB00482", "Celecoxib"),
            node("Variant", "DBSNP:rs1057910", "CYP2C9*3"),
            node("Variant", "PANAKEIA:NC_1-g.1A-C", "x", hgvs=["NC_000001.11:g.100A>C"]),
            node("Disease", "SNOMEDCT:44465007", "Sprain of ankle", provided_by=["omop"]),
            node("Measurement", "LOINC:2160-0", "Creatinine", provided_by=["loinc"]),
        ],
        {"omop", "fhir"},
    )
)


WITH_ASPART = Terminology(nodes([node("Drug", "DRUGBANK:DB01306", "Insulin Aspart")]))


def meanings(what: What, *codes: Code, of: Terminology = GRAPH) -> tuple[Meaning, ...]:
    return of.meanings(Event(what, codes, None, HERE, ("row", "1")))


def told(what: What, *codes: Code, of: Terminology = GRAPH) -> tuple[str, str, str]:
    [found] = meanings(what, *codes, of=of)
    return found.node["id"], found.code, found.mapping.removeprefix("skos:")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([Code("SNOMEDCT", "44054006")], ("DOID:9352", "SNOMEDCT:44054006", "exactMatch")),
        ([Code("SNOMED", "88805009")], ("DOID:6000", "SNOMEDCT:88805009", "broadMatch")),
        ([Code("ICD10CM", "E119")], ("DOID:9352", "ICD10CM:E11.9", "broadMatch")),
        ([Code("ICD10", "E11.65")], ("DOID:9352", "ICD10CM:E11.65", "broadMatch")),
        ([Code("ICD9CM", "25000")], ("DOID:9352", "ICD9:250.00", "closeMatch")),
        ([Code("ICD9CM", "250.02 ")], ("DOID:9352", "ICD9:250.02", "broadMatch")),
        ([Code("ICD9", "42731")], ("DOID:0060224", "ICD9:427.31", "exactMatch")),
        ([Code("ICD10CM", "A30.2")], ("DOID:1024", "ICD10CM:A30.2", "broadMatch")),
        ([Code("ICD9", "E8497")], ("ICD9:E849.7", "ICD9:E849.7", "unmapped")),
        ([Code("ICD9", "E0008")], ("PANAKEIA:ICD9-E000.8", "ICD9:E000.8", "unmapped")),
        ([Code("HP", "0003077")], ("HP:0003077", "HP:0003077", "exactMatch")),
        ([Code("HP", "HP:0009999")], ("HP:0009999", "HP:0009999", "unmapped")),
        ([Code("MONDO", "0005148")], ("DOID:9352", "MONDO:0005148", "exactMatch")),
        ([Code("UMLS", "C0015230")], ("HP:0000988", "UMLS:C0015230", "exactMatch")),
        ([Code("SNOMEDCT", "999999999", "Elevated lipids", True)], ("HP:0003077", "SNOMEDCT:999999999", "closeMatch")),
        ([Code("SNOMEDCT", "999999999", "MODY")], ("ORPHANET:552", "SNOMEDCT:999999999", "closeMatch")),
    ],
)
def test_a_condition_maps_to_a_node(codes: list[Code], expected: tuple[str, str, str]) -> None:
    assert told("condition", *codes) == expected


def test_each_coding_is_judged_alone_and_the_best_answer_wins() -> None:
    good = Code("SNOMEDCT", "44054006", "Diabetes")
    for other in (
        Code("ICD10CM", "not a code"),
        Code("ICD10CM", "E119"),
        Code("urn:ward", "17"),
        Code("LOINC", "2160-0"),
    ):
        assert told("condition", other, good) == ("DOID:9352", "SNOMEDCT:44054006", "exactMatch")
    assert told("condition", Code("SNOMEDCT", "999999999"), Code("ICD10CM", "E11")) == (
        "DOID:9352",
        "ICD10CM:E11",
        "exactMatch",
    )


def test_a_rare_disease_s_code_of_icd_does_not_diagnose_it() -> None:
    assert told("condition", Code("ICD10CM", "E11.8"))[0] == "DOID:9352"
    assert told("condition", Code("SNOMEDCT", "609561005"))[0] == "ORPHANET:552"


def test_a_kind_is_decided_by_the_code_and_not_by_its_display() -> None:
    for known in (GRAPH, NOTHING):
        displays = ("Eruption of skin (finding)", "Eruption of skin", "Eruption of skin (disorder)", "")
        found = {told("condition", Code("SNOMEDCT", "271807003", display), of=known) for display in displays}
        assert len(found) == 1
        other = [
            meanings("condition", Code("SNOMEDCT", "999999999", f"Thing{tag}"), of=known) for tag in ("", " (finding)")
        ]
        assert [one.node["kind"] for [one] in other] == ["Disease", "Disease"]
    assert meanings("condition", Code("ICD10CM", "R99"))[0].relation == "patient_has_phenotype"


@pytest.mark.parametrize(
    "code",
    [
        Code("SNOMEDCT", "160245001"),
        Code("SNOMEDCT", "160903007", "Full-time employment (finding)"),
        Code("SNOMEDCT", "399211009", "History of myocardial infarction"),
        Code("SNOMEDCT", "840544004"),
        Code("SNOMEDCT", "999999999", "Suspected lung cancer"),
        Code("SNOMEDCT", "999999999", "Family history of diabetes (situation)"),
        Code("SNOMEDCT", "73761001"),
        Code("ICD9CM", "V1582"),
        Code("ICD10CM", "Z833"),
        Code("ICD10CM", "Z59.0"),
        Code("LOINC", "2160-0"),
        Code("RXNORM", "6470"),
        Code("SNOMEDCT", "Jane Miller"),
        Code("urn:ward", "17"),
    ],
)
def test_what_is_no_fact_about_the_patient_now_is_left_out(code: Code) -> None:
    for _ in range(2):
        with pytest.raises(LeftOut) as reason:
            meanings("condition", code)
        assert "Miller" not in str(reason.value)


def test_thoughts_of_suicide_and_do_not_resuscitate_stay() -> None:
    assert told("condition", Code("ICD9", "V6284"))[2] == "unmapped"
    assert told("condition", Code("ICD10CM", "Z66"))[0] == "ICD10CM:Z66"


def test_a_disease_of_the_table_that_the_graph_lacks_is_its_phenotype_of_that_name_or_new() -> None:
    fibrillation = node("Phenotype", "HP:0005110", "Atrial fibrillation")
    code = Code("SNOMEDCT", "49436004")
    assert told("condition", code, of=Terminology(nodes([fibrillation])))[::2] == ("HP:0005110", "exactMatch")
    assert told("condition", code, of=NOTHING)[::2] == ("DOID:0060224", "exactMatch")
    assert told("condition", Code("ICD10CM", "J18.2"), of=NOTHING)[::2] == ("DOID:552", "broadMatch")


def test_icd_means_the_same_with_and_without_a_display() -> None:
    for code in ("5990", "4280", "2724", "E8497", "7840", "V4581"):
        with_title = Code("ICD9CM", code, "Skin rash", True)
        assert told("condition", Code("ICD9CM", code)) == told("condition", with_title)


@pytest.mark.parametrize("display", ["ΜΈΝΙΈΡΗΣ", normalize("NFD", "μένιέρης (disorder)"), "Μένιέρησ"])
def test_a_display_in_any_spelling_names_the_graph_s_own_node(display: str) -> None:
    for row in (node("Disease", "DOID:1", "Μένιέρης"), node("Disease", "DOID:1", "other", synonyms=["Μένιέρης"])):
        assert told("condition", Code("SNOMEDCT", "999999999", display), of=Terminology(nodes([row])))[0] == "DOID:1"


def test_a_name_that_two_nodes_have_names_none() -> None:
    twice = Terminology(
        nodes([node("Disease", f"DOID:{n}", name) for n, name in enumerate(("Chickenpox", "chickenpox"))])
    )
    assert told("condition", Code("SNOMEDCT", "999999999", "Chickenpox", True), of=twice)[2] == "unmapped"


def test_a_product_in_any_spelling_names_the_graph_s_own_drug() -> None:
    known = Terminology(nodes([node("Drug", "DRUGBANK:DB90000", "Éthanolól")]))
    product = normalize("NFD", "5 MG ÉTHANOLÓL Tablet")
    assert told("drug", Code("RXNORM", "1", product), of=known)[0] == "DRUGBANK:DB90000"


def test_omim_s_synonyms_name_no_disease() -> None:
    assert told("condition", Code("SNOMEDCT", "999999999", "Chilblains", True))[0] == "HP:0009710"


@given(st.text(max_size=40), st.sampled_from(["condition", "drug", "measurement", "procedure", "allergy"]))
def test_no_display_is_taken_over(display: str, what: What) -> None:
    codes = {"condition": Code("SNOMEDCT", "999999999", display), "drug": Code("NDC", "00000000000", display)}
    code = codes.get(what, Code("SNOMEDCT", "888888888", display))
    try:
        found = meanings(what, code, of=NOTHING)
    except LeftOut:
        return
    own = {one.node["name"] for one in found if one.mapping == "unmapped"}
    assert own <= {"SNOMEDCT 999999999", "NDC 00000-0000-00", "SNOMEDCT 888888888"}


@pytest.mark.parametrize(
    ("product", "ingredients"),
    [
        ("Warfarin Sodium 5 MG Oral Tablet", ["Warfarin"]),
        ("Aspirin 81 MG Oral Tablet", ["Acetylsalicylic acid"]),
        ("Lasix 40mg", ["Furosemide"]),
        ("24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]", ["Metoprolol"]),
        ("NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector", ["Epinephrine"]),
        ("200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", ["Salbutamol"]),
        ("Yaz 28 Day Pack", ["Drospirenone", "Ethinyl Estradiol"]),
        ("Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet", ["Acetaminophen", "Oxycodone"]),
        ("{7 (Inert Ingredients 1 MG Oral Tablet) / 21 (Estradiol valerate 2 MG Oral Tablet) } Pack", ["Estradiol"]),
        ("{28 (Norethindrone 0.35 MG Oral Tablet) } Pack [Camila 28 Day]", ["Norethindrone"]),
        ("Acetaminophen 325mg Tab", ["Acetaminophen"]),
        ("0.9% Sodium Chloride (Mini Bag Plus)", ["Sodium chloride"]),
        ("Insulin Human Regular", ["Insulin Regular"]),
        ("D5 1/2NS", ["D-glucose", "Sodium chloride"]),
        ("Ipratropium-Albuterol Neb", ["Ipratropium bromide", "Salbutamol"]),
        ("Sulfameth/Trimethoprim DS", ["Sulfamethoxazole", "Trimethoprim"]),
        ("HYDROmorphone (Dilaudid)", []),
        ("LORazepam", ["Lorazepam"]),
        ("*NF* LORazepam 1 mg/mL", ["Lorazepam"]),
    ],
)
def test_a_product_is_its_ingredients(product: str, ingredients: list[str]) -> None:
    found = meanings("drug", Code("NDC", "00338004904", product))
    assert [one.node["name"] for one in found if one.mapping != "unmapped"] == ingredients
    assert {one.code for one in found} == {"NDC:00338-0049-04"}
    assert {one.relation for one in found} == {"patient_takes_drug"}


def test_an_unknown_ingredient_leaves_the_product_s_own_node_beside_the_others() -> None:
    product = Code("RXNORM", "1234567", "Aspirin 81 MG / Newdrug 5 MG Oral Tablet")
    found = meanings("drug", product)
    assert [(one.node["id"], one.mapping) for one in found] == [
        ("DRUGBANK:DB00945", "skos:broadMatch"),
        ("RXNORM:1234567", "unmapped"),
    ]


def test_insulin_is_not_any_insulin() -> None:
    assert told("drug", Code("NDC", "00003751001", "Insulin"))[2] == "unmapped"
    for name in ("Insulin", "", "Insulin Aspart"):
        [found] = meanings("drug", Code("NDC", "00169750111", name), of=WITH_ASPART)
        assert (found.node["id"], found.mapping) == ("DRUGBANK:DB01306", "skos:broadMatch")
    assert told("drug", Code("RXNORM", "86009", "Insulin Lispro 100 UNT/ML Injection"))[0] == "RXNORM:86009"


@pytest.mark.parametrize(
    ("code", "drug"),
    [
        (Code("RXNORM", "11289"), "DRUGBANK:DB00682"),
        (Code("RXNORM", "6470"), "DRUGBANK:DB00186"),
        (Code("ATC", "N05BA06"), "DRUGBANK:DB00186"),
        (Code("DRUGBANK", "DB00482"), "DRUGBANK:DB00482"),
    ],
)
def test_an_ingredient_s_own_code_is_exact(code: Code, drug: str) -> None:
    assert told("drug", code)[::2] == (drug, "exactMatch")


def test_what_a_medicine_comes_in_is_left_out() -> None:
    with pytest.raises(LeftOut, match="comes in"):
        meanings("drug", Code("PANAKEIA", "MIMIC-BAG50", "Vial"))
    with pytest.raises(LeftOut):
        meanings("drug", Code("urn:ward", "17", "Something"))
    assert told("drug", Code("CVX", "3"))[0] == "CVX:03"


def test_a_measurement_is_the_graph_s_or_its_code_s() -> None:
    assert told("measurement", Code("LOINC", "2160-0")) == ("LOINC:2160-0", "LOINC:2160-0", "exactMatch")
    assert told("measurement", Code("PANAKEIA", "MIMIC-50912", "Creatinine (Blood)", True)) == (
        "LOINC:2160-0",
        "PANAKEIA:MIMIC-50912",
        "exactMatch",
    )
    [own] = meanings("measurement", Code("PANAKEIA", "MIMIC-51678", "L (Blood)", True))
    assert (own.node["id"], own.node["name"], own.mapping) == ("PANAKEIA:MIMIC-51678", "L (Blood)", "unmapped")
    [named] = meanings("measurement", Code("LOINC", "8302-2", "Jane's height"))
    assert named.node["name"] == "Body height"


def test_a_procedure_of_icd_9_is_not_a_diagnosis() -> None:
    assert told("procedure", Code("ICD9CM", "3961"))[0] == "ICD9CM:39.61"
    assert told("procedure", Code("ICD10PCS", "02HV33Z"))[0] == "ICD10PCS:02HV33Z"
    assert told("procedure", Code("CPT", "93454"))[0] == "CPT:93454"


def test_an_allergy_is_to_a_drug_or_to_something_else() -> None:
    [drug] = meanings("allergy", Code("RXNORM", "1191", "Aspirin"))
    assert (drug.relation, drug.node["id"]) == ("patient_allergic_to_drug", "DRUGBANK:DB00945")
    [named] = meanings("allergy", Code("SNOMEDCT", "387458008", "Lorazepam (substance)"))
    assert named.relation == "patient_allergic_to_drug"
    [other] = meanings("allergy", Code("SNOMEDCT", "91935009", "Peanut of Jane"))
    assert (other.relation, other.node["kind"], other.node["name"]) == (
        "patient_allergic_to_entity",
        "Entity",
        "Allergy to peanuts",
    )
    with pytest.raises(LeftOut):
        meanings("allergy", Code("SNOMEDCT", "716186003"))


def test_a_code_has_one_kind_wherever_it_is_recorded() -> None:
    peanuts = Code("SNOMEDCT", "91935009", "Allergy to peanuts")
    assert meanings("condition", peanuts) == meanings("allergy", peanuts)
    assert meanings("procedure", Code("CVX", "140")) == meanings("drug", Code("CVX", "140"))
    assert told("procedure", Code("SNOMEDCT", "117015009"))[0] == "SNOMEDCT:117015009"
    assert told("measurement", Code("SNOMEDCT", "117015009"))[0] == "PANAKEIA:SNOMEDCT-117015009"


def test_a_variant_is_the_graph_s_or_its_own() -> None:
    assert told("variant", Code("DBSNP", "rs1057910"))[2] == "exactMatch"
    assert told("variant", Code("HGVS", "NC_000001.11:g.100A>C"))[0] == "PANAKEIA:NC_1-g.1A-C"
    [own] = meanings("variant", Code("DBSNP", "rs4244285"))
    assert (own.node["id"], own.node["name"], own.mapping) == ("DBSNP:rs4244285", "rs4244285", "unmapped")


def test_a_visit_is_of_a_known_kind_or_another() -> None:
    assert told("visit", Code("PANAKEIA", "visit-inpatient"))[0] == "PANAKEIA:visit-inpatient"
    assert told("visit", Code("PANAKEIA", "visit-to-jane"))[0] == "PANAKEIA:visit-other"


def test_a_node_that_only_records_made_stays_unmapped() -> None:
    [found] = meanings("condition", Code("SNOMEDCT", "44465007", "another text"))
    assert (found.node["name"], found.mapping) == ("Sprain of ankle", "unmapped")


def test_a_name_that_an_earlier_import_knew_stays() -> None:
    known = Terminology(nodes([node("Disease", "SNOMEDCT:99999999", "A public name", provided_by=["omop"])], {"omop"}))
    [found] = meanings("condition", Code("SNOMEDCT", "99999999"), of=known)
    assert found.node["name"] == "A public name"


def test_the_terminology_of_a_store_has_whole_nodes(store: Store) -> None:
    known = terminology(store)
    [found] = meanings("drug", Code("RXNORM", "11289"), of=known)
    assert found.node["inchi"] == "InChI=1S/x"
    assert found.node["synonyms"] == ["Coumadin", "Jantoven"]
    assert RECORDS_LICENCE.startswith("LicenseRef-")
