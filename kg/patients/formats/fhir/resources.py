"""Resources: what each type other than observations states: conditions, drugs, allergies, procedures, visits.

A reader of a type yields events; it raises `LeftOut` or `Refused` for a resource of which nothing is taken.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kg.patients.formats.fhir.codes import hl7_code, read_code
from kg.patients.formats.fhir.elements import Json, codings, member, must_be_known, objects, text
from kg.patients.formats.fhir.observations import observation
from kg.patients.formats.fhir.stated import Resource, Statement
from kg.patients.formats.fhir.statuses import medication_must_hold, must_hold
from kg.patients.formats.fhir.times import Span, ended, when
from kg.patients.formats.fhir.validate import validated
from kg.patients.record import Code, Event, LeftOut, Refused

NO_CODE = "no code of a known system"

_VISITS = {
    **dict.fromkeys(("IMP", "ACUTE", "NONAC"), "inpatient"),
    "AMB": "ambulatory",
    "EMER": "emergency",
    "OBSENC": "observation",
    "HH": "home",
    "VR": "virtual",
    **dict.fromkeys(("SS", "FLD", "PRENC"), "other"),
}
"""HL7's classes of encounters (v3-ActCode) -> our kinds of visits."""
_FAMILY = frozenset((("SNOMEDCT", "57177007"), ("SNOMEDCT", "416471007"), ("LOINC", "10157-6")))
"""Categories of conditions that are the family's."""


def statements(resource: Resource) -> list[Statement]:
    """Return what a resource states; raises `LeftOut` and `Refused` for one that states nothing."""
    must_be_known(resource.raw)
    present = must_hold(resource.kind, resource.raw)
    if resource.kind == "Observation":
        return list(_observation(resource))
    try:
        found = list(READERS[resource.kind](resource, present))
    except (LeftOut, Refused):
        resource.refuse_faults()
        raise
    resource.refuse_faults()  # and not before, for a resource may have to wait for another, and is read again then
    return found


def _condition(resource: Resource, present: bool) -> Iterator[Event]:
    raw = resource.raw
    span = ended(when(raw, "onset", "recordedDate"), raw, "abatement")
    kinds = (read_code(coding) for category in objects(raw.get("category")) for coding in codings(category))
    if any(isinstance(kind, Code) and (kind.system, kind.code) in _FAMILY for kind in kinds):
        raise LeftOut("of the family, not of the patient")
    yield resource.event("condition", _some(resource, raw.get("code"), "code"), span, negated=not present)


def _allergy(resource: Resource, present: bool) -> Iterator[Event]:
    raw = resource.raw
    span = when(raw, "onset", "recordedDate")
    concepts = [("code", raw.get("code"))] if raw.get("code") else _substances(raw)
    if not concepts:
        raise LeftOut(NO_CODE)
    for found in _each(resource, concepts):
        yield resource.event("allergy", found, span, negated=not present)


def _substances(raw: Json) -> list[tuple[str, Any]]:
    reactions = objects(raw.get("reaction"))
    for number, reaction in enumerate(reactions):
        must_be_known(reaction, f"reaction.{number}.")
    return [("reaction.substance", found["substance"]) for found in reactions if found.get("substance")]


def _procedure(resource: Resource, present: bool) -> Iterator[Event]:
    found = _some(resource, resource.raw.get("code"), "code")
    yield resource.event("procedure", found, when(resource.raw, "performed"))


def _immunization(resource: Resource, present: bool) -> Iterator[Event]:
    found = _some(resource, resource.raw.get("vaccineCode"), "vaccineCode")
    yield resource.event("procedure", found, when(resource.raw, "occurrence"))


def _encounter(resource: Resource, present: bool) -> Iterator[Event]:
    span = when(resource.raw, "period")
    try:
        kind = _VISITS[hl7_code({"coding": [resource.raw.get("class")]}, "v3-ActCode", "class")]
    except (Refused, KeyError):
        raise LeftOut("a class of encounter that is not known") from None
    yield resource.event("visit", [Code("PANAKEIA", f"visit-{kind}", f"{kind} visit".capitalize(), public=True)], span)


def _drug(times: Callable[[Json], Span]) -> Callable[[Resource, bool], Iterator[Event]]:
    """Return the reader of a type of resource that has a medication and says when in its own way."""

    def read(resource: Resource, present: bool) -> Iterator[Event]:
        span = times(resource.raw)
        for found in _each(resource, _medicines(resource)):
            yield resource.event("drug", found, span)

    return read


def _medicines(resource: Resource) -> list[tuple[str, Any]]:
    """Return the concepts of what was taken: of a product, or of each of its ingredients where it has no code."""
    raw = resource.raw
    if raw.get("medicationCodeableConcept"):
        return [("medicationCodeableConcept", raw["medicationCodeableConcept"])]
    reference = text(member(raw.get("medicationReference"), "reference")) or ""
    contained = {f"#{inner.get('id')}": inner for inner in objects(raw.get("contained"))}
    medication = contained.get(reference) or resource.medication(reference)
    if medication is None or medication.get("resourceType") != "Medication":
        raise Refused("medicationReference", "refers to no Medication that is here")
    must_be_known(medication, "medicationReference.")
    medication_must_hold(medication)
    if medication.get("code"):
        return [("medicationReference.code", medication["code"])]
    parts = [part for part in objects(medication.get("ingredient")) if part.get("isActive") is not False]
    for part in parts:
        must_be_known(part, "medicationReference.ingredient.")
    if not parts:
        raise LeftOut("a medication without a code")
    return [("medicationReference.ingredient", part.get("itemCodeableConcept")) for part in parts]


def _report(resource: Resource, present: bool) -> Iterator[Statement]:
    """Yield what the results state that a report contains; those that it refers to are read where they stand."""
    if not _results_inside(resource.raw):
        raise LeftOut("a report, whose results are read where they stand")
    yield from _inside(resource, resource.raw.get("result"))


def _observation(resource: Resource) -> Iterator[Statement]:
    """Yield what an observation states, and the members of its group that it contains."""
    if not _results_inside(resource.raw):
        yield from observation(resource)
        return
    try:
        yield from observation(resource)
    except LeftOut as reason:  # a group states nothing itself
        resource.leave_out(str(reason))
    yield from _inside(resource, resource.raw.get("hasMember"))


def _results_inside(raw: Json) -> list[Json]:
    return [inner for inner in objects(raw.get("contained")) if inner.get("resourceType") == "Observation"]


def _inside(resource: Resource, members: Any) -> Iterator[Statement]:
    """Yield what those of the contained results state to which the resource refers, as its own or as a group's."""
    span = when(resource.raw, "effective", "issued")
    inside = {f"#{text(inner.get('id'))}": inner for inner in _results_inside(resource.raw)}
    referred = {text(member(result, "reference")) for result in objects(members)}
    for name, inner in inside.items():
        if name in referred:
            referred |= {text(part.get("reference")) for part in objects(inner.get("hasMember"))}
    for name, inner in inside.items():
        if name not in referred:
            resource.leave_out("a contained result to which nothing refers")
            continue
        try:
            yield from _contained(resource, inner, span)
        except LeftOut as reason:
            resource.leave_out(str(reason))
        except Refused as fault:
            resource.refuse(f"contained.{fault.element}", fault.reason)


def _contained(resource: Resource, inner: Json, span: Span) -> list[Statement]:
    valid, faults = validated({"subject": resource.raw.get("subject"), **inner}, "Observation")
    if not resource.is_of_the_same(valid["subject"]):
        raise Refused("subject", "is not that of what contains it")
    must_be_known(valid)
    must_hold("Observation", valid)
    told = tuple((f"contained.{element}", reason) for element, reason in faults)
    return list(observation(replace(resource, raw=valid, faults=told), span))


def _each(resource: Resource, concepts: list[tuple[str, Any]]) -> Iterator[tuple[Code, ...]]:
    """Yield the codes of each concept; of several, one that has none is left out or refused alone."""
    for element, concept in concepts:
        try:
            yield _some(resource, concept, element)
        except LeftOut as reason:
            if len(concepts) == 1:
                raise
            resource.leave_out(str(reason))
        except Refused as fault:
            if len(concepts) == 1:
                raise
            resource.refuse(fault.element, fault.reason)


def _some(resource: Resource, concept: Any, element: str) -> tuple[Code, ...]:
    """Return the codes of a concept; raises `LeftOut` if it has none of a known system."""
    found = resource.codes(concept, element)
    if not found:
        raise LeftOut(NO_CODE)
    return found


READERS: Mapping[str, Callable[[Resource, bool], Iterator[Statement]]] = {
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "Procedure": _procedure,
    "Immunization": _immunization,
    "Encounter": _encounter,
    "MedicationRequest": _drug(lambda raw: when(raw, "authoredOn")),
    "MedicationStatement": _drug(lambda raw: when(raw, "effective", "dateAsserted")),
    "MedicationAdministration": _drug(lambda raw: when(raw, "effective")),
    "MedicationDispense": _drug(lambda raw: when(raw, "whenHandedOver", "whenPrepared")),
    "DiagnosticReport": _report,
}
"""A resource type, but observations -> what reads it, told whether the resource states presence or absence."""
