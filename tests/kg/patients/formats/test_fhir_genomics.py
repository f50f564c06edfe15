"""Genotypes and variants in FHIR: of the germline, of the allele that is meant, in as many copies as are told."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from kg.patients.formats.fhir import genomics
from kg.patients.pharmacogenomics import listed_genes
from kg.patients.terms.tables import rows
from tests.kg.patients.formats.fhir_files import ReadFiles, codes, of
from tests.kg.patients.made_up_records import LOINC, Resource, coded, genotype, number, observation, variant

NAMELESS = "a variant without a dbSNP identifier or a place in a genome"
WEIGHT = number("29463-7", 70, "kg")


def component(code: str, value: str | None = None, answer: str | None = None) -> Resource:
    said = {"valueString": value} if value else {"valueCodeableConcept": coded(LOINC, answer or "")}
    return {"code": coded(LOINC, code), **said}


def alleles(rs_id: str, reference: str | None, alternate: str | None, state: str = "LA6706-1") -> Resource:
    """A variant by its identifier, with the alleles that are given."""
    parts = [component("81255-2", rs_id), component("53034-5", answer=state)]
    parts += [component("69547-8", reference)] if reference else []
    parts += [component("69551-0", alternate)] if alternate else []
    return observation("69548-6", component=parts)


def carried(found: Any) -> list[tuple[str, int, bool]]:
    return [(*codes(event), event.copies, event.negated) for event in found.events if event.what == "variant"]


def test_a_genotype_is_a_call_of_its_gene(read_fhir: ReadFiles) -> None:
    gene = component("48018-6", "CYP2C9")
    found = read_fhir(
        of(genotype("CYP2C9 *3/*1", id="g", effectiveDateTime="2020-02-03"), genotype("*1/*2", component=[gene]))
    )
    assert [(call.gene, call.diplotypes, call.method, call.copies) for call in found.calls] == [
        ("CYP2C9", ("*1/*3",), "record", (("rs1057910", 1),)),
        ("CYP2C9", ("*1/*2",), "record", (("rs1799853", 1),)),
    ]
    first = found.calls[0]
    assert first.at is not None
    assert (first.record, first.place.line, first.at.first.isoformat()) == (("Observation", "id", "g"), 2, "2020-02-03")
    assert not found.account.rejected


def test_the_gene_studied_is_the_one_that_is_listed(read_fhir: ReadFiles) -> None:
    concept = {"text": "cytochrome P450", "coding": [{"display": "CYP2C9", "code": "HGNC:2623"}]}
    part = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": concept}
    assert [call.gene for call in read_fhir(of(genotype("*3/*1", component=[part]))).calls] == ["CYP2C9"]
    bare = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"coding": [{"code": "HGNC:2623"}]}}
    assert [call.gene for call in read_fhir(of(genotype("CYP2C9 *3/*1", component=[bare]))).calls] == ["CYP2C9"]
    local = {"code": coded("urn:ward", "48018-6"), "valueCodeableConcept": {"text": "CYP2C19"}}
    assert [call.gene for call in read_fhir(of(genotype("CYP2C9 *1/*3", component=[local]))).calls] == ["CYP2C9"]
    two = [component("48018-6", "CYP2C9"), component("48018-6", "CYP2C19")]
    assert read_fhir(of(genotype("*1/*3", component=two))).elements == ["component"]


@pytest.mark.parametrize("text", ["CYP2C9 *1/*77", "CYP2C9 *1/*3 of Ottoline", "Quillfeather *1/*3"])
def test_a_genotype_that_is_not_understood_is_refused_unquoted(read_fhir: ReadFiles, text: str) -> None:
    found = read_fhir(of(genotype(text)))
    ((_, element, reason),) = found.faults
    assert element == "value[x]"
    assert reason.startswith("is not understood: expected")
    assert not [word for word in ("*77", "Ottoline", "Quillfeather") if word in repr(found.account)]
    assert not found.calls


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (observation("84413-4"), "no genotype"),
        (observation("84413-4", dataAbsentReason={"text": "not performed"}), "a result that is absent"),
        (observation("84414-2", valueCodeableConcept={"text": "*3"}), "one haplotype, not a genotype"),
        (observation("69548-6"), NAMELESS),
        (variant("HGVS", state="LA6705-3"), NAMELESS),
    ],
)
def test_what_says_no_genotype_is_left_out(read_fhir: ReadFiles, resource: Resource, reason: str) -> None:
    found = read_fhir(of(resource, WEIGHT))
    assert found.left_out == {("Observation", reason): 1}
    assert len(found.events) == 1


@pytest.mark.parametrize("answer", ["LA6684-0", "LA10429-1", "LA18195-0", "LA18196-8", "LA18197-6", "LA0-0"])
@pytest.mark.parametrize("made", [variant("rs9923231", state="LA6706-1"), genotype("CYP2C9 *1/*3", component=[])])
def test_what_is_not_of_the_germline_is_not_the_patient_s(read_fhir: ReadFiles, made: Resource, answer: str) -> None:
    found = read_fhir(of(made | {"component": [*made["component"], component("48002-0", answer=answer)]}, WEIGHT))
    assert found.left_out == {("Observation", "not of the germline"): 1}
    assert not found.calls + [event for event in found.events if event.what == "variant"]


@pytest.mark.parametrize("said", [{"valueString": "somatic"}, {"valueCodeableConcept": {"text": "Germline"}}, {}])
def test_a_source_that_cannot_be_read_is_not_the_germline(read_fhir: ReadFiles, said: Resource) -> None:
    made = variant("rs9923231", state="LA6706-1")
    made["component"].append({"code": coded(LOINC, "48002-0"), **said})
    assert not carried(read_fhir(of(made)))


@pytest.mark.parametrize(
    "more",
    [
        {"category": [{"text": "Tumor sequencing"}]},
        {"category": [coded(LOINC, "LA6684-0")]},
        {"method": {"coding": [{"display": "Somatic panel"}]}},
        {"specimen": {"display": "tumour, left breast"}},
    ],
)
def test_what_is_of_a_tumour_is_not_the_patient_s(read_fhir: ReadFiles, more: Resource) -> None:
    assert not carried(read_fhir(of(variant("rs6025", state="LA6706-1") | more)))
    made = variant("rs6025", state="LA6706-1")
    made["component"].append({"code": {"text": "Source"}, "valueCodeableConcept": {"text": "SOMATIC variant"}})
    assert not carried(read_fhir(of(made)))


@pytest.mark.parametrize("answer", ["LA6683-2", "LA18194-3", "LA26807-0"])
def test_what_is_of_the_germline_is_taken(read_fhir: ReadFiles, answer: str) -> None:
    made = variant("rs6025", state="LA6706-1")
    made["component"].append(component("48002-0", answer=answer))
    assert carried(read_fhir(of(made))) == [("DBSNP:rs6025", 1, False)]


def test_a_gene_or_a_disease_may_be_called_after_tumours(read_fhir: ReadFiles) -> None:
    made = variant("rs6025", state="LA6706-1")
    made["component"] += [component("48018-6", "tumor protein p53"), component("81259-4", "Hereditary neoplasm")]
    assert carried(read_fhir(of(made))) == [("DBSNP:rs6025", 1, False)]


def test_a_component_that_is_bad_may_be_what_forbids(read_fhir: ReadFiles) -> None:
    made = variant("rs6025", state="LA6706-1")
    for bad in ({"code": coded(LOINC, "48002-0"), "valueString": 7}, {"modifierExtension": [{"url": "u"}], "code": {}}):
        found = read_fhir(of(made | {"component": [*made["component"], bad]}))
        assert len(found.elements) == 1
        assert not found.events


@pytest.mark.parametrize(
    ("answer", "state", "copies"),
    [
        ("LA9633-4", "LA6705-3", 2),
        ("LA9633-4", "LA6706-1", 1),
        ("LA9633-4", "LA6707-9", 1),
        ("LA9634-2", "LA6705-3", 0),
        ("LA9634-2", None, 0),
        ("LA9633-4", None, None),
        ("LA9633-4", "LA6704-6", None),  # homoplasmic: no number of copies
        ("LA18198-4", "LA6706-1", None),  # no call
    ],
)
def test_copies_are_as_many_as_the_allelic_state_says(
    read_fhir: ReadFiles, answer: str, state: str | None, copies: int | None
) -> None:
    found = read_fhir(of(variant("rs9923231", state=state, value=answer)))
    assert carried(found) == ([] if copies is None else [("DBSNP:rs9923231", copies, copies == 0)])
    assert len(found.elements) == (copies is None)
    genotypes = {None: [], 0: ["GG"], 1: ["GA"], 2: ["AA"]}
    assert [call.diplotypes[0] for call in found.calls] == genotypes[copies]


@pytest.mark.parametrize(
    "value", [{"valueCodeableConcept": {"text": "Absent"}}, {"valueString": "absent"}, {"valueBoolean": False}]
)
def test_an_answer_that_cannot_be_read_is_no_presence(read_fhir: ReadFiles, value: Resource) -> None:
    made = {key: said for key, said in variant("rs6025", state="LA6706-1").items() if key != "valueCodeableConcept"}
    assert read_fhir(of(made | value)).elements == ["value[x]"]
    assert carried(read_fhir(of(made))) == [("DBSNP:rs6025", 1, False)]


@pytest.mark.parametrize(
    ("rs_id", "reference", "alternate", "taken"),
    [
        ("rs9923231", "C", "T", True),
        ("rs9923231", "G", "A", True),  # on the gene's own strand
        ("rs9923231", None, "A", True),
        ("rs9923231", None, "C", False),
        ("rs9923231", "C", "G", False),
        ("rs9923231", None, None, True),
        ("rs3064744", "CAT", "CATAT", True),  # *28
        ("rs3064744", "-", "AT", True),
        ("rs3064744", "CAT", "C", False),  # *36
        ("rs3064744", "CAT", "CATATAT", False),  # *37
        ("rs3064744", None, "C", False),
        ("rs3064744", None, None, False),
        ("rs7900194", "G", "A", True),  # CYP2C9*8
        ("rs7900194", "G", "T", False),  # *27
        ("rs7900194", None, "T", False),
        ("rs7900194", "C", "T", True),
        ("rs1800462", "C", "G", True),
        ("rs1800462", None, "C", False),
        ("rs9332131", "GA", "G", True),
        ("rs9332131", "A", "-", True),
        ("rs6025", "C", "T", True),  # not listed: nothing to compare with
        ("rs6025", "C", "C", False),
        ("rs6025", None, "Ottoline", False),
    ],
)
def test_the_alternate_allele_decides(
    read_fhir: ReadFiles, rs_id: str, reference: str | None, alternate: str | None, *, taken: bool
) -> None:
    found = read_fhir(of(alleles(rs_id, reference, alternate)))
    assert carried(found) == [(f"DBSNP:{rs_id}", 1, False)] * taken
    assert found.elements == ["component"] * (not taken)
    assert "Ottoline" not in repr(found.account)


@pytest.mark.parametrize(
    ("hgvs", "taken"),
    [("NC_000010.11:g.94942309G>A", True), ("NM_000771.4:c.449G>T", False), ("NP_000762.2:p.Arg150His", False)],
)
def test_the_alleles_may_stand_in_hgvs(read_fhir: ReadFiles, hgvs: str, *, taken: bool) -> None:
    made = alleles("rs7900194", None, None)
    made["component"].append(component("81290-9" if ":g." in hgvs else "48004-6", hgvs))
    assert [codes(event)[0] for event in read_fhir(of(made)).events] == ["DBSNP:rs7900194"] * taken


def test_a_variant_may_be_told_by_its_place(read_fhir: ReadFiles) -> None:
    place = "NC_000002.12:g.233760235_233760236del"
    codes_of = ["PANAKEIA:NC_000002.12-g.233760235_233760236del", f"HGVS:{place}"]
    alone = observation("69548-6", component=[component("53034-5", answer="LA6706-1"), component("81290-9", place)])
    other = alleles("rs3064744", "CAT", "C")
    other["component"].append(component("81290-9", place))
    for made in (alone, other):  # the identifier would stand for another allele
        (event,) = read_fhir(of(made)).events
        assert (codes(event), event.copies) == (codes_of, 1)
    both = alleles("rs7900194", "G", "A")
    both["component"].append(component("81290-9", "NC_000010.11:g.94942309G>A"))
    (event,) = read_fhir(of(both)).events
    assert codes(event)[0] == "DBSNP:rs7900194"
    alone["component"].append(component("81290-9", "NC_000010.11:g.94942309G>A"))
    assert read_fhir(of(alone)).elements == ["component"]
    words = observation(
        "69548-6", component=[component("53034-5", answer="LA6706-1"), component("81290-9", "g.Ottoline")]
    )
    assert read_fhir(of(words)).left_out == {("Observation", NAMELESS): 1}


def test_a_variant_has_one_identifier_and_one_of_each_allele(read_fhir: ReadFiles) -> None:
    for more in (component("81255-2", "rs9923231"), component("69551-0", "A"), component("53034-5", answer="LA6705-3")):
        made = alleles("rs6025", "C", "T")
        made["component"].append(more)
        assert read_fhir(of(made)).elements == ["component"]


def test_a_star_allele_is_never_called_from_one_variant(read_fhir: ReadFiles) -> None:
    found = read_fhir(of(alleles("rs4244285", "G", "A")))
    assert (carried(found), found.calls) == ([("DBSNP:rs4244285", 1, False)], [])


def report(*contained: Resource, status: str = "final", **more: Any) -> Resource:
    named = [{"id": f"v{n}", **inner} for n, inner in enumerate(contained)]
    return {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": status,
        "code": coded(LOINC, "81247-9"),
        "effectiveDateTime": "2020-02-03",
        "contained": named,
        "result": [{"reference": f"#{inner['id']}"} for inner in named],
        **more,
    }


def test_what_a_report_contains_is_read(read_fhir: ReadFiles) -> None:
    bad = variant("rs7", state="LA6706-1") | {"status": "Ottoline"}
    found = read_fhir(
        of(report(variant("rs6025", state="LA6706-1"), bad, genotype("CYP2C9 *1/*3"), {"resourceType": "Observation"}))
    )
    assert carried(found) == [("DBSNP:rs6025", 1, False)]
    assert [call.diplotypes for call in found.calls] == [("*1/*3",)]
    (event,) = found.events
    assert event.at is not None
    assert (event.record, event.at.first.isoformat()) == (("DiagnosticReport", "id", "r"), "2020-02-03")
    assert found.elements == ["contained.status", "contained.code"]


def test_a_report_that_does_not_hold_has_no_results(read_fhir: ReadFiles) -> None:
    inner = variant("rs6025", state="LA6706-1")
    for status in ("registered", "cancelled", "entered-in-error", "unknown", "Ottoline"):
        found = read_fhir(of(report(inner, status=status)))
        assert not found.events
    assert not read_fhir(of(report(inner | {"subject": {"reference": "Patient/another"}}))).events
    assert not read_fhir(of(report(inner, result=[]))).events
    assert read_fhir(of(report(inner | {"subject": {"reference": "Patient/pat-8812/_history/3"}}))).events
    grouped = observation("51969-4", id="g", hasMember=[{"reference": "#v0"}])
    within = report(inner)
    within |= {"contained": [*within["contained"], grouped], "result": [{"reference": "#g"}]}
    assert carried(read_fhir(of(within))) == [("DBSNP:rs6025", 1, False)]


def test_what_a_group_contains_is_read(read_fhir: ReadFiles) -> None:
    members = [variant("rs6025", state="LA6706-1") | {"id": "v"}, variant("rs7", state="LA6706-1") | {"id": "w"}]
    group = observation("51969-4", contained=members, hasMember=[{"reference": "#v"}])
    found = read_fhir(of(group))
    assert carried(found) == [("DBSNP:rs6025", 1, False)]
    assert found.left_out == {
        ("Observation", "no number or code"): 1,
        ("Observation", "a contained result to which nothing refers"): 1,
    }


def test_every_variant_of_a_star_allele_has_its_alternate() -> None:
    told = {rs for row in rows("star_alleles.tsv") for rs in (row["variants"] or "").split(";") if rs}
    assert genomics._alternates().keys() >= told
    assert {row["gene"] for row in rows("star_alleles.tsv")} == listed_genes()


@pytest.mark.mirror
def test_the_alternates_are_those_of_pharmcat(mirror: Path) -> None:
    stated: dict[str, tuple[str, set[str]]] = {}
    for path in (mirror / "pgx" / "pharmcat" / "alleles").glob("*_translation.json.gz"):
        for found in json.loads(gzip.decompress(path.read_bytes()))["variants"]:
            if found.get("rsid"):
                stated[found["rsid"]] = (found["ref"], set(found["alts"]))
    with (Path(genomics.__file__).parent / "alternates.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            others = set(filter(None, row["others"].split(";")))
            assert stated[row["variant"]] == (row["reference"], others | {row["alternate"]})
