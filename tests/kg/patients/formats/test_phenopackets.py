"""Phenopackets: what is present and what is excluded, when, in which codes; what cannot be taken has its reason."""

import json
from collections import Counter
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.patients.formats.phenopacket.packet import read_packet
from kg.patients.moment import Moment
from kg.patients.record import Account, Age, Code, Event, LeftOut, Person, Place, Refused
from kg.patients.terminology import Terminology
from kg.patients.terms.meaning import EXACT
from kg.patients.terms.nodes import nodes
from kg.sources.phenopackets import variant
from tests.kg.patients.formats.made_up_packets import Json, described, diagnosed, duration, full, genomic, packet, term


def read(content: Json) -> tuple[Person, Account]:
    account = Account()
    return read_packet(content, json.dumps(content), Place("file 1 of 1", 1), account), account


def feature(**more: Any) -> Event:
    person, account = read(packet(phenotypicFeatures=[term("HP:0001166", **more)]))
    assert not account.rejected
    [event] = person.events
    return event


def refusal(content: Json) -> str:
    """Return the only reason for which something of a packet is rejected."""
    _, account = read(content)
    [rejection] = account.rejected
    return f"{rejection.table}: {rejection.element} {rejection.reason}"


def test_each_element_is_an_event() -> None:
    person, account = read(full())
    assert not account.rejected
    assert [(event.what, event.codes[0].system, event.negated) for event in person.events] == [
        ("condition", "HP", False),
        ("condition", "HP", True),
        ("condition", "OMIM", False),
        ("variant", "PANAKEIA", False),
        ("measurement", "LOINC", False),
        ("drug", "DRUGCENTRAL", False),
        ("procedure", "NCIT", False),
    ]
    seen, absent, disease, _, lab, drug, procedure = person.events
    assert (seen.at, absent.at, disease.at) == (None, Age(1096, "year"), Age(0, "year"))
    assert (lab.value, lab.unit, lab.at) == (7.5, "mg/dL", Moment(date(2019, 3, 7), 1290, "minute"))
    assert (drug.at, drug.until) == (Moment(date(2019, 3, 7), 0, "minute"), Moment(date(2019, 4, 1), 0, "minute"))
    assert procedure.at == lab.at
    assert len({event.record for event in person.events}) == len(person.events)
    assert person.whole and person.sex == "female"
    assert account.left_out == Counter({("MedicalAction", "the doses of a treatment"): 1})


def test_nothing_of_labels_is_in_an_event() -> None:
    person, account = read(full())
    assert "Quillfeather" not in repr((person.events, account))


def test_a_patient_is_told_by_the_packets_id_not_by_the_subjects() -> None:
    person, _ = read(full())
    assert person.identity == ("phenopacket", "PMID_1_Quillfeather_II-2")
    assert person.private.is_in("of II-2") and person.private.is_in("pmid 1 QUILLFEATHER ii 2")


def test_a_patients_variant_is_the_public_sources() -> None:
    person, _ = read(full())
    [event] = [event for event in person.events if event.what == "variant"]
    assert f"PANAKEIA:{event.codes[0].code}" == variant(described())["id"]
    hgvs, other = event.codes[1:]
    assert hgvs == Code("HGVS", "NC_000015.10:g.48510125G>A")
    assert other == Code("CLINVAR", "16464")  # which says the allele, as dbSNP's number does not


def test_a_variant_in_words_is_the_graphs_or_none() -> None:
    words = {"label": "Quillfeather deletion", "geneContext": {"valueId": "HGNC:3603", "symbol": "FBN1"}}
    event = read(diagnosed(genomic(words)))[0].events[-1]
    with pytest.raises(LeftOut, match="told in words"):
        Terminology(nodes([])).meanings(event)
    [meaning] = Terminology(nodes([variant(words)])).meanings(event)
    assert (meaning.node["id"], meaning.mapping) == (variant(words)["id"], EXACT)


@pytest.mark.parametrize(
    ("state", "copies"),
    [("GENO:0000135", 1), ("GENO:0000136", 2), ("GENO:0000134", 1), ("GENO:0000137", None), ("GENO:0000603", None)],
)
def test_copies_are_those_of_the_allelic_state(state: str, copies: int | None) -> None:
    person, _ = read(diagnosed(genomic(described(state))))
    assert [event.copies for event in person.events if event.what == "variant"] == [copies]


def test_a_diagnosis_is_a_condition_where_it_is_solved() -> None:
    solved, _ = read(diagnosed())
    assert [event.codes for event in solved.events] == [(Code("MONDO", "0007947"),)]
    unsolved, account = read(diagnosed(progress="IN_PROGRESS"))
    assert not unsolved.events
    assert account.left_out == {("Interpretation", "a diagnosis that is not called solved"): 1}


def test_a_variant_of_a_sample_is_not_the_patients_germline() -> None:
    person, account = read(diagnosed(genomic(described(), of="tumour 1")))
    assert [event.what for event in person.events] == ["condition"]
    assert [kind for kind, _ in account.left_out] == ["GenomicInterpretation"]


@pytest.mark.parametrize(
    ("onset", "at"),
    [
        ({"age": duration("P4Y3M2D")}, Age(1555, "day")),
        ({"age": duration("P4Y3M")}, Age(1553, "month")),
        ({"age": duration("P40Y")}, Age(14610, "year")),
        ({"age": duration("P2W")}, Age(14, "month")),
        ({"age": duration("P0D")}, Age(0, "day")),
        ({"ageRange": {"start": duration("P3Y"), "end": duration("P4Y")}}, Age(1096, "year")),
        ({"ageRange": {"start": duration("P3Y"), "end": duration("P9Y")}}, None),
        ({"ontologyClass": {"id": "HP:0003577", "label": "Congenital onset"}}, Age(0, "day")),
        ({"ontologyClass": {"id": "HP:0003623"}}, Age(0, "month")),
        ({"ontologyClass": {"id": "HP:0011463"}}, None),  # childhood: from one year to five
        ({"gestationalAge": {"weeks": 20}}, None),
        ({"age": duration("P1Y"), "timestamp": None}, Age(366, "year")),
        ({"timestamp": "1998-03-02T00:00:00Z"}, Moment(date(1998, 3, 2), 0, "minute")),
        ({"interval": {"start": "1998-03-02", "end": "1998-03-05"}}, Moment(date(1998, 3, 2))),
    ],
)
def test_a_time_is_read_as_far_as_it_is_told(onset: Json, at: Moment | Age | None) -> None:
    assert feature(onset=onset).at == at


def test_a_feature_ends_with_its_resolution() -> None:
    event = feature(onset={"age": duration("P1Y")}, resolution={"age": duration("P2Y")})
    assert event.until == Age(731, "year")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"onset": {"age": duration("4 years")}}, "onset.age"),
        ({"onset": {"age": duration("P400Y")}}, "is an age above 130 years"),
        ({"onset": {"age": duration("P")}}, "is no duration"),
        ({"onset": {"timestamp": 2019}}, "onset.timestamp is not a date"),
        ({"onset": {"whenever": {}}}, "is not one time"),
        ({"onset": {"age": duration("P1Y"), "timestamp": "2019"}}, "is not one time"),
        ({"onset": "P4Y"}, "onset is not an object"),
        ({"excluded": "true"}, "excluded is not true or false"),
        ({"negated": True}, "is not one of phenopackets version 2"),
        ({"type": {"id": "HP:123"}}, "no identifier of an ontology"),
        ({"type": {"id": "XYZ:0001166"}}, "no identifier of an ontology"),
        ({"type": {"id": "PANAKEIA:P-1"}}, "this program's own"),
        ({"type": None}, "type is missing"),
    ],
)
def test_a_feature_that_is_wrong_is_rejected_alone(wrong: Json, reason: str) -> None:
    content = packet(phenotypicFeatures=[term("HP:0001250"), term("HP:0001166") | wrong])
    assert reason in refusal(content)
    assert [event.codes for event in read(content)[0].events] == [(Code("HP", "0001250"),)]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"subject": {"sex": "female"}}, "sex is none of MALE"),
        ({"subject": {"dateOfBirth": "yesterday"}}, "dateOfBirth is not a date"),
        ({"measurements": [{"assay": {"id": "LOINC:1-1"}, "value": {"quantity": {"value": 1}}}]}, "unit is missing"),
        ({"measurements": [{"assay": {"id": "LOINC:1-1"}}]}, "value is missing"),
        ({"diseases": {"term": 1}}, "diseases is not a list"),
        ({"interpretations": [{"diagnosis": {"genomicInterpretations": [genomic({})]}}]}, "variationDescriptor"),
        (diagnosed(genomic(described("GENO:1"))), "allelicState.id is none of"),
    ],
)
def test_what_is_wrong_is_named(wrong: Json, reason: str) -> None:
    said = {"subject": {"id": "II-2"}, "phenotypicFeatures": [term("HP:0001250")]} | {
        name: value for name, value in wrong.items() if name not in ("id", "metaData")
    }
    assert reason in refusal(packet(**said))


def test_measurements_in_other_units_or_none_are_told() -> None:
    quantity = {"unit": {"id": "NCIT:C67015"}, "value": 4}
    assert "no unit of UCUM" in refusal(
        packet(
            phenotypicFeatures=[term("HP:0001250")],
            measurements=[{"assay": {"id": "LOINC:1-1"}, "value": {"quantity": quantity}}],
        )
    )
    coded = {"assay": {"id": "LOINC:1-1"}, "value": {"ontologyClass": {"id": "NCIT:C38758"}}}
    parts = [{"type": {"id": "LOINC:8480-6"}, "quantity": {"unit": {"id": "UCUM:mm[Hg]"}, "value": 131}}, {}]
    person, account = read(packet(measurements=[coded, {"complexValue": {"typedQuantities": parts}}]))
    assert [(event.value_code, event.value) for event in person.events] == [(Code("NCIT", "C38758"), None), (None, 131)]
    assert len(account.rejected) == 1  # the sibling without anything


@pytest.mark.parametrize(
    ("subject", "died", "seen"),
    [
        ({"timeAtLastEncounter": {"age": duration("P41Y")}}, None, Age(14976, "year")),
        ({"dateOfBirth": "2000-01-01T00:00:00Z", "timeAtLastEncounter": {"timestamp": "2001-01-01"}}, None, Age(366)),
        ({"timeAtLastEncounter": {"timestamp": "2001-01-01"}}, None, None),
        ({"vitalStatus": {"status": "DECEASED", "timeOfDeath": {"timestamp": "2019-01-02"}}}, date(2019, 1, 2), None),
        (
            {
                "dateOfBirth": "2000-01-01",
                "vitalStatus": {"status": "DECEASED", "timeOfDeath": {"age": duration("P0Y10D")}},
            },
            date(2000, 1, 11),
            None,
        ),
        ({"vitalStatus": {"status": "DECEASED", "timeOfDeath": {"age": duration("P9Y")}}}, None, None),
        ({"vitalStatus": {"status": "ALIVE", "timeOfDeath": {"timestamp": "2019-01-02"}}}, None, None),
    ],
)
def test_the_person_is_read(subject: Json, died: date | None, seen: Age | None) -> None:
    person, account = read(packet(subject={"id": "II-2", **subject}))
    assert not account.rejected
    assert (person.died and person.died.first, person.last_seen) == (died, seen)


@pytest.mark.parametrize("version", ["1.0.0", "", "3.0", "20", None])
def test_another_version_is_refused(version: str | None) -> None:
    with pytest.raises(Refused, match="phenopacketSchemaVersion"):
        read(packet(metaData={"phenopacketSchemaVersion": version}))


def places(value: Any) -> list[tuple[Any, ...]]:
    """Return the way to each part of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, one in inner for rest in places(one))]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.sampled_from([10**400, "\ud800", "P1Y", "HP:0000001", {}, [], [None], {"id": 1}, "GENO:0000135"]),
    st.text(max_size=5),
)


@settings(max_examples=300)
@given(way=st.sampled_from(places(full())), odd=ODD)
def test_whatever_stands_anywhere_a_packet_is_read_or_refused(way: tuple[Any, ...], odd: object) -> None:
    content: Any = {"": full()}
    inside = content
    *before, last = ("", *way)
    for key in before:
        inside = inside[key]
    inside[last] = odd
    if isinstance(content[""], dict):
        with suppress(Refused):
            read(content[""])
