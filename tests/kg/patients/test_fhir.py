"""A record in FHIR -> rows: what is stated, what is left out, what is refused, what of several stands."""

import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.build import build_graph
from kg.graph import Graph
from kg.patients.bundles import BundleError
from kg.patients.fhir import Reading, read
from kg.patients.terminology import lexicon
from tests.kg.patients.made_up_records import (
    LOINC,
    PATIENT,
    PERSON,
    PLANTED,
    PLANTS,
    bundle,
    coded,
    condition,
    genotype,
    medication,
    number,
    observation,
    variant,
)

DIABETES = condition("44054006", "Diabetes mellitus type 2 (disorder)", onsetDateTime="2011-03-04")

Read = Callable[..., tuple[Reading, Graph]]


@pytest.fixture
def reading(write: Callable[..., Path], key: bytes) -> Read:
    """Return a function that reads bundles of these resources, one a list, and checks their rows."""

    def made(
        *records: list[dict[str, Any]], patient: dict[str, Any] = PATIENT, now: datetime | None = None
    ) -> tuple[Reading, Graph]:
        paths = [write(bundle(*record, patient=patient), f"{n}.json") for n, record in enumerate(records)]
        found = read(paths, key, lexicon([]), now=now)
        graph, audit = build_graph([found.rows])
        assert not audit.rejected.num_rows
        return found, graph

    return made


def genotypes(row: dict[str, Any]) -> dict[str, str]:
    return dict(zip(row["genotyped_genes"], row["genotypes"], strict=True))


def edges(graph: Graph, relation: str, *attributes: str) -> list[tuple[Any, ...]]:
    rows = graph.edges[relation].to_pylist() if relation in graph.edges else []
    return sorted(tuple(row[name] for name in ("object", *attributes)) for row in rows)


def patient(graph: Graph) -> dict[str, Any]:
    (row,) = graph.nodes["Patient"].to_pylist()
    return row


def test_a_record_becomes_a_patient_with_edges(reading: Read) -> None:
    found, graph = reading(
        [
            DIABETES,
            condition("267036007", "Dyspnea (finding)", onsetDateTime="2020-01-01"),
            medication("855332", "Warfarin Sodium 5 MG Oral Tablet", authoredOn="2021-02-03T10:00:00+01:00"),
            number("6301-6", 2.4, "{INR}", effectiveDateTime="2021-07-22"),
            genotype("CYP2C9 *1/*3"),
        ]
    )
    assert edges(graph, "patient_has_condition") == [("DOID:9352",)]
    assert edges(graph, "patient_has_phenotype") == [("SNOMEDCT:267036007",)]
    assert edges(graph, "patient_takes_drug") == [("DRUGBANK:DB00682",)]
    assert edges(graph, "patient_has_measurement", "value", "unit") == [("LOINC:6301-6", 2.4, "{INR}")]
    assert edges(graph, "patient_carries_variant", "copies") == [("DBSNP:rs1057910", 1)]
    row = patient(graph)
    # The day before the 70th birthday.
    assert (row["sex"], row["age_years"], genotypes(row)) == ("female", 69.0, {"CYP2C9": "*1/*3"})
    assert (row["id"],) == found.patients
    assert not found.rejected
    assert not found.left_out


def test_all_days_of_a_patient_are_moved_by_the_patient_s_own_shift(reading: Read, key: bytes) -> None:
    days = {"2011-03-04": DIABETES, "2015-03-04": medication("11289", "warfarin", authoredOn="2015-03-04")}
    days["2016-02-29"] = number("6301-6", 2.4, "{INR}", effectiveDateTime="2016-02-29")
    shifts = set()
    for number_ in ("MRN-77120", "MRN-77121"):
        identity = {"type": {"coding": [{"code": "MR"}]}, "system": "urn:ward", "value": number_}
        _, graph = reading([*days.values()], patient=PATIENT | {"identifier": [identity]})
        found = sorted(row["day"] for rows in graph.edges.values() for row in rows.to_pylist())
        true = [(date.fromisoformat(day) - date(1970, 1, 1)).days for day in days]
        # The keyed hash of who it is, by Python's own hmac.
        digest = hmac.digest(key, json.dumps(["date shift", "urn:ward", number_]).encode(), "sha256")
        draw = int.from_bytes(digest[:8]) % 7300 - 3650
        shift = draw + (draw >= 0)
        assert found == [day + shift for day in true]
        shifts.add(shift)
    assert len(shifts) == 2
    assert 0 not in shifts


def test_a_date_without_a_day_is_no_day(reading: Read) -> None:
    _, graph = reading([DIABETES | {"onsetDateTime": "2011-03"}])
    assert edges(graph, "patient_has_condition", "day") == [("DOID:9352", None)]
    assert patient(graph)["age_years"] is None


OLD = {**PATIENT, "birthDate": "1926-02-03"}


def test_no_stored_number_of_an_old_patient_tells_an_age_over_90(reading: Read) -> None:
    days = {"44054006": "1926-02-03", "49436004": "1931-06-30", "194828000": "1931-07-04", "73211009": "2019-01-01"}
    found, graph = reading(
        [
            *(condition(code, "Unknown", onsetDateTime=day) for code, day in days.items()),
            medication("11289", "warfarin", authoredOn="1930-05-05"),
            number("30525-0", 95, "a", effectiveDateTime="2021-07-01"),
            number("6301-6", 2.4, "{INR}", effectiveDateTime="2021-07-01"),
            number("29463-7", 70, "kg", effectiveDateTime="1931-07-01"),
        ],
        patient=OLD,
    )
    rows = [row for relation in graph.edges.values() for row in relation.to_pylist()]
    dated = {row["object"]: row["day"] for row in rows if row.get("day") is not None}
    latest = dated["LOINC:6301-6"]
    # The oldest is three days less than 90 years (with 23 leap days) before the latest record.
    assert dated == {
        "LOINC:6301-6": latest,
        "SNOMEDCT:194828000": latest - (90 * 365 + 23 - 3),
        "DOID:9351": latest - (date(2021, 7, 1) - date(2019, 1, 1)).days,
    }
    assert len(rows) == 7
    assert patient(graph)["age_years"] == 90.0
    assert found.left_out == {("Observation", "a number of years that may be an age of 90 or more"): 1}
    numbers = [value for row in (*rows, patient(graph)) for value in row.values() if isinstance(value, float)]
    assert max(numbers) <= 90


def test_the_latest_record_of_all_bundles_counts(reading: Read) -> None:
    early = [DIABETES | {"onsetDateTime": "1930-01-01"}]
    late = [number("6301-6", 2.4, "{INR}", effectiveDateTime="2021-07-01")]
    for records in ([early, late], [late, early]):
        _, graph = reading(*records, patient=OLD)
        assert edges(graph, "patient_has_condition", "day") == [("DOID:9352", None)]


@pytest.mark.parametrize(
    "resource",
    [
        number("4548-4", 6.1, "%", status="entered-in-error", effectiveDateTime="2030-03-01"),
        genotype("CYP2C9 *1/*3", status="cancelled", effectiveDateTime="2030-03-01"),
        medication("11289", "warfarin", status="draft", authoredOn="2030-03-01"),
        number("4548-4", 6.1, "%", effectiveDateTime="2041-03-01"),
        number("4548-4", 6.1, "%", effectiveDateTime="9999-12-31"),
        observation("72166-2", effectiveDateTime="9999-12-31"),
        DIABETES | {"onsetDateTime": "1900-01-01"},
        DIABETES | {"onsetDateTime": 1262304000},
    ],
)
def test_what_does_not_hold_and_what_cannot_be_sets_nothing(reading: Read, resource: dict[str, Any]) -> None:
    weight = number("29463-7", 70, "kg", effectiveDateTime="2020-01-01")
    angina = condition("194828000", "Angina", onsetDateTime="2019-01-01")
    _, alone = reading([weight, angina])
    _, graph = reading([weight, angina, resource], now=datetime(2040, 1, 1, tzinfo=UTC))
    assert graph.edges.keys() == alone.edges.keys() == {"patient_has_condition", "patient_has_measurement"}
    for relation in graph.edges:
        assert edges(graph, relation, "day") == edges(alone, relation, "day")
    assert patient(graph)["age_years"] == 68.0
    assert patient(graph)["genotypes"] == []


@pytest.mark.parametrize(("born", "refused"), [("2040", ["birthDate"]), ("2040-01-03", ["birthDate"]), ("2039", [])])
def test_a_birth_to_come_is_refused(reading: Read, born: str, refused: list[str]) -> None:
    weight = number("29463-7", 7, "kg", effectiveDateTime="2039-03-01")
    now = datetime(2039, 12, 30, tzinfo=UTC)
    found, graph = reading([weight], patient=PATIENT | {"birthDate": born}, now=now)
    assert [rejection.element for rejection in found.rejected] == refused
    assert patient(graph)["age_years"] == (None if refused else 0.0)
    assert edges(graph, "patient_has_measurement", "value") == [("LOINC:29463-7", 7.0)]


@pytest.mark.parametrize(("born", "age"), [("1951", 59.0), ("1950-11", 60.0), ("1901-01-01", 90.0), (None, None)])
def test_an_age_is_that_at_the_latest_record(reading: Read, born: str | None, age: float | None) -> None:
    _, graph = reading(
        [DIABETES], patient={key: value for key, value in (PATIENT | {"birthDate": born}).items() if value}
    )
    assert patient(graph)["age_years"] == age


def test_every_value_and_every_date_is_kept(reading: Read) -> None:
    weights = [
        number("29463-7", kg, "kg", effectiveDateTime=day, id=f"w{n}")
        for n, (day, kg) in enumerate((("2019-05-01", 70), ("2020-05-01", 71), ("2020-05-01", 70.5)))
    ]
    later = DIABETES | {"onsetDateTime": "2018-01-01"}
    for records in ([[*weights, DIABETES, later]], [[weights[1], later, weights[2]], [DIABETES, weights[0]]]):
        found, graph = reading(*records)
        weighed = {value: day for _, value, day in edges(graph, "patient_has_measurement", "value", "day")}
        onsets = sorted(day for _, day in edges(graph, "patient_has_condition", "day"))
        assert weighed.keys() == {70.0, 71.0, 70.5}
        assert weighed[71.0] == weighed[70.5] == weighed[70.0] + 366
        assert onsets[1] - onsets[0] == (date(2018, 1, 1) - date(2011, 3, 4)).days
        assert weighed[71.0] - onsets[0] == (date(2020, 5, 1) - date(2011, 3, 4)).days
        assert not found.left_out


@pytest.mark.parametrize("identity", [{"id": "o-1"}, {}])
def test_a_record_that_is_read_twice_is_one_edge(reading: Read, identity: dict[str, str]) -> None:
    """It is known by its type and id, else by its content; two of one day are two."""
    weight = number("29463-7", 70, "kg", effectiveDateTime="2020-05-01", **identity)
    again = dict(reversed(weight.items()))
    other = number("29463-7", 71, "kg", effectiveDateTime="2020-05-01", **({"id": "o-2"} if identity else {}))
    diabetes = DIABETES | identity
    (_, graph) = reading([weight, other, diabetes], [diabetes, again])
    told = edges(graph, "patient_has_measurement", "value", "record")
    assert [value for _, value, _ in told] == [70.0, 71.0]
    (condition_told,) = edges(graph, "patient_has_condition", "record")
    records = {record for _, _, record in told} | {condition_told[1]}
    assert len(records) == 3
    assert all(re.fullmatch(r"[0-9a-f]{20}", record) for record in records)
    assert edges(reading([other, weight])[1], "patient_has_measurement", "value", "record") == told


def test_a_record_without_a_day_stays_apart_from_one_with(reading: Read) -> None:
    weight = number("29463-7", 70, "kg")
    _, graph = reading([weight, weight | {"effectiveDateTime": "2020-05-01"}, weight | {"effectiveDateTime": "2020"}])
    days = graph.edges["patient_has_measurement"]["day"]
    assert (len(days), days.null_count) == (3, 2)


def test_records_of_two_patients_never_share_a_name(reading: Read) -> None:
    weight = [number("29463-7", 70, "kg", id="1")]
    other = PATIENT | {"identifier": [{"system": "urn:ward", "value": "MRN-2"}]}
    names = {edges(reading(weight, patient=who)[1], "patient_has_measurement", "record")[0] for who in (PATIENT, other)}
    assert len(names) == 2


def test_components_are_measurements_of_their_own(reading: Read) -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mm[Hg]"}}
        for code, value in (("8480-6", 131), ("8462-4", 84))
    ]
    _, graph = reading([observation("85354-9", component=parts)])
    assert edges(graph, "patient_has_measurement", "value") == [("LOINC:8462-4", 84.0), ("LOINC:8480-6", 131.0)]


STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (DIABETES | {"verificationStatus": coded(STATUS, "refuted")}, "refuted"),
        (DIABETES | {"verificationStatus": coded(STATUS, "provisional")}, "not confirmed"),
        (DIABETES | {"verificationStatus": coded(STATUS, "entered-in-error")}, "entered in error"),
        (condition("73595000", "Stress (finding)"), "a social circumstance, not a clinical fact"),
        (condition("1", "x", system="urn:local"), "no code of SNOMED CT, HPO, or an ICD-10-CM code that is mapped"),
        (medication("11289", "warfarin", status="not-taken"), "not taken"),
        (medication("11289", "warfarin", intent="plan"), "planned, not ordered"),
        (medication("11289", "warfarin", doNotPerform=True), "an order not to give it"),
        (number("29463-7", 70, "kg", status="entered-in-error"), "entered in error"),
        (observation("29463-7", valueQuantity={"value": 5, "comparator": "<", "unit": "kg"}), "a bound, not a number"),
        (observation("29463-7", valueQuantity={"value": 5}), "a number without a unit"),
        (observation("72166-2", valueCodeableConcept={"text": "Never smoker"}), "no number"),
        (observation("84413-4", dataAbsentReason={"text": "not performed"}), "no genotype"),
        (observation("69548-6"), "a variant without a dbSNP identifier"),
    ],
)
def test_what_does_not_hold_is_left_out_and_counted(reading: Read, resource: dict[str, Any], reason: str) -> None:
    found, graph = reading([resource])
    assert found.left_out == {(resource["resourceType"], reason): 1}
    assert not found.rejected
    assert not graph.edges


@pytest.mark.parametrize(
    ("resource", "element"),
    [
        (condition("MRN-77120", "Diabetes"), "code.coding.code"),
        (condition("Ottoline", "Diabetes", system="http://hl7.org/fhir/sid/icd-10-cm"), "code.coding.code"),
        (DIABETES | {"verificationStatus": coded(STATUS, "Ottoline")}, "verificationStatus"),
        (medication("11289", "warfarin", status="Ottoline"), "status"),
        (medication("11289", "warfarin", intent="Ottoline"), "intent"),
        (number("Quillfeather-1", 70, "kg"), "code.coding.code"),
        (number("29463-7", 70, "kg of Ottoline"), "valueQuantity.unit"),
        (number("29463-7", 70, "{Quillfeather}"), "valueQuantity.unit"),
        (genotype("CYP2C9 *1/*3 of Ottoline"), "value[x]"),
        (genotype("CYP2C9 *1/*77"), "value[x]"),
    ],
)
def test_what_is_malformed_is_refused_without_its_value(reading: Read, resource: dict[str, Any], element: str) -> None:
    found, graph = reading([DIABETES, resource])
    (rejection,) = found.rejected
    assert (rejection.bundle, rejection.entry, rejection.element) == ("bundle 1 of 1", 3, element)
    assert edges(graph, "patient_has_condition") == [("DOID:9352",)]
    assert not [word for word in PLANTED if word in repr(found)]


def test_a_sex_that_fhir_does_not_know_is_refused(reading: Read) -> None:
    found, graph = reading([DIABETES], patient=PATIENT | {"gender": "Ottoline"})
    assert [rejection.element for rejection in found.rejected] == ["gender"]
    assert patient(graph)["sex"] is None


def test_a_name_that_holds_the_patient_s_own_is_not_taken(reading: Read) -> None:
    _, graph = reading([condition("267036007", "Dyspnea of MISS QUILLFEATHER"), number("8302-2", 163, "cm")])
    assert graph.nodes["Disease"]["name"].to_pylist() == ["SNOMEDCT 267036007"]


@pytest.mark.parametrize(
    ("resource", "called", "copies"),
    [
        (variant("rs9923231", state="LA6706-1"), {"VKORC1": "GA"}, [("DBSNP:rs9923231", 1)]),
        (variant("rs9923231", state="LA6705-3"), {"VKORC1": "AA"}, [("DBSNP:rs9923231", 2)]),
        (variant("rs9923231", state=None, value="LA9634-2"), {"VKORC1": "GG"}, []),
        (variant("rs6025", state="LA6706-1", alternate="A"), {}, [("DBSNP:rs6025", 1)]),
    ],
)
def test_variants_are_read_as_the_genomics_guide_codes_them(
    reading: Read, resource: dict[str, Any], called: dict[str, str], copies: list[tuple[str, int]]
) -> None:
    found, graph = reading([resource])
    assert genotypes(patient(graph)) == called
    assert edges(graph, "patient_carries_variant", "copies") == copies
    assert not found.rejected


@pytest.mark.parametrize(
    "resource", [variant("rs9923231", state=None), variant("rs9923231", state="LA6706-1", alternate="C")]
)
def test_variants_that_do_not_say_what_is_carried_are_refused(reading: Read, resource: dict[str, Any]) -> None:
    found, graph = reading([resource])
    assert len(found.rejected) == 1
    assert not genotypes(patient(graph))


def test_the_gene_may_stand_in_a_component(reading: Read) -> None:
    gene = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"text": "CYP2C9"}}
    _, graph = reading([genotype("*3/*1", component=[gene])])
    assert genotypes(patient(graph)) == {"CYP2C9": "*1/*3"}


def test_calls_that_contradict_are_all_refused(reading: Read) -> None:
    found, graph = reading([genotype("CYP2C9 *1/*3"), genotype("VKORC1 GA")], [genotype("CYP2C9 *1/*1")])
    assert [(r.bundle, r.entry, r.reason) for r in found.rejected] == [
        ("bundle 1 of 2", 2, "contradicts another call of CYP2C9"),
        ("bundle 2 of 2", 2, "contradicts another call of CYP2C9"),
    ]
    assert genotypes(patient(graph)) == {"VKORC1": "GA"}


def test_a_medication_may_be_a_resource_of_its_own(reading: Read) -> None:
    concept = medication("11289", "warfarin").pop("medicationCodeableConcept")
    inside = {"resourceType": "Medication", "id": "m1", "code": concept}
    order = medication("", "")
    del order["medicationCodeableConcept"]
    found, graph = reading(
        [inside, order | {"medicationReference": {"reference": "Medication/m1"}}],
        [order | {"medicationReference": {"reference": "Medication/m2"}}],
    )
    assert edges(graph, "patient_takes_drug") == [("DRUGBANK:DB00682",)]
    assert [rejection.element for rejection in found.rejected] == ["medicationReference"]


def test_a_patient_is_known_by_the_record_number(reading: Read) -> None:
    base = reading([DIABETES])[0].patients
    moved = PATIENT | {"id": "another-server", "identifier": PATIENT["identifier"][::-1], "name": [{"text": "Married"}]}
    assert reading([DIABETES], patient=moved)[0].patients == base
    assert reading([DIABETES], patient=PATIENT | {"identifier": []})[0].patients != base


def test_the_made_up_patients_are_read_whole(key: bytes) -> None:
    folder = Path(__file__).parents[3] / "kg" / "sources" / "starter" / "patients"
    found = read([folder], key, lexicon([]))
    assert len(found.patients) == 12
    assert not found.rejected
    assert not found.left_out


def mangled(value: Any, random: np.random.Generator) -> Any:
    """Return a copy of a JSON value with one of its parts, at random, in place of which stands something else."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    if not keys or random.random() < 0.15:
        return JUNK[random.integers(len(JUNK))]
    changed = dict(value) if isinstance(value, dict) else list(value)
    key = keys[random.integers(len(keys))]
    changed[key] = mangled(changed[key], random)
    return changed


JUNK: list[Any] = [
    None,
    True,
    -7,
    1e400,
    "",
    "Ottolië Quillfeäther",
    "2020-02-30",
    [],
    {},
    ["MRN-77-120-3"],
    {"Brambleby": 1},
]


def test_whatever_is_wrong_with_a_resource_no_message_tells_of_whom(write: Callable[..., Path], key: bytes) -> None:
    random = np.random.default_rng(20)
    resources = [
        DIABETES | {"verificationStatus": coded(STATUS, "confirmed")},
        medication("855332", "Warfarin Sodium 5 MG Oral Tablet", authoredOn="2021-02-03T10:00:00+01:00"),
        number("6301-6", 2.4, "{INR}", effectivePeriod={"start": "2021-07-22", "end": "2021-07-23"}),
        genotype(
            "CYP2C9 *1/*3", component=[{"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"text": "CYP2C9"}}]
        ),
        variant("rs9923231", state="LA6706-1"),
    ]
    words = [form for _, forms in PLANTS.values() for form in forms]
    refused = 0
    for _ in range(250):
        content = bundle(*resources, patient=PERSON)
        entry = random.integers(len(resources) + 1)
        content["entry"][entry] = {"resource": mangled(content["entry"][entry]["resource"], random)}
        try:
            found = read([write(content)], key, lexicon([]))
        except BundleError as failure:
            told = str(failure)
        else:
            graph, audit = build_graph([found.rows])
            assert not audit.rejected.num_rows
            told = repr(found) + repr([rows.to_pylist() for rows in (*graph.nodes.values(), *graph.edges.values())])
        refused += "bundle 1 of 1" in told
        assert not [word for word in words if word in told]
    assert refused > 60
