"""Elements: the lists of a phenopacket, each element judged alone.

An excluded feature or disease is an event that says what is absent. Free text (labels, descriptions) is not taken.
"""

from collections.abc import Callable, Iterator
from typing import Any

from kg.patients.formats.phenopacket.members import Json, check_known, member, needed, number, objects, term
from kg.patients.formats.phenopacket.told import Told
from kg.patients.formats.phenopacket.variants import carried
from kg.patients.moment import Moment
from kg.patients.record import Code, Event, Refused, What

_FEATURE = frozenset(
    ("type", "excluded", "description", "severity", "modifiers", "onset", "resolution", "evidence"),
)
_DISEASE = frozenset(
    (
        *("term", "excluded", "onset", "resolution"),
        *("diseaseStage", "clinicalTnmFinding", "primarySite", "laterality"),
    )
)
_MEASUREMENT = frozenset(("description", "assay", "value", "complexValue", "timeObserved", "procedure"))
_ACTION = frozenset(
    (
        *("procedure", "treatment", "radiationTherapy", "therapeuticRegimen", "treatmentTarget", "treatmentIntent"),
        *("responseToTreatment", "adverseEvents", "treatmentTerminationReason"),
    )
)
_DETAILS = ("severity", "modifiers", "diseaseStage", "clinicalTnmFinding", "primarySite", "laterality")
"""What is told beside the term and is not taken: it is counted."""


def events(packet: Json, whole: Told) -> Iterator[Event]:
    """Yield the events of all elements; one that cannot be taken is told to the account."""
    for name, (kind, read) in LISTS.items():
        with whole.judged():
            for index, one in enumerate(objects(packet, name)):
                told = whole.part(kind, index)
                with told.judged():
                    yield from read(one, told, packet)


def _feature(one: Json, told: Told, packet: Json) -> Iterator[Event]:
    check_known(one, _FEATURE)
    yield _stated(one, "type", told)


def _disease(one: Json, told: Told, packet: Json) -> Iterator[Event]:
    check_known(one, _DISEASE)
    yield _stated(one, "term", told)


def _stated(one: Json, name: str, told: Told) -> Event:
    code, absent = term(one, name), member(one, "excluded", bool) is True
    at, until = told.span(one, "onset")
    until = until or told.span(one, "resolution")[0]
    for detail in _DETAILS:
        if one.get(detail):
            told.leave_out(detail)
    return _event("condition", code, told, at=at, until=until, negated=absent)


def _interpretation(one: Json, told: Told, packet: Json) -> Iterator[Event]:
    """Yield the variants of an interpretation, and its disease where it is solved and the diseases lack it."""
    diagnosis = member(one, "diagnosis", dict) or {}
    if member(diagnosis, "disease", dict):
        named = term(diagnosis, "disease")
        listed = [member(disease, "term", dict) or {} for disease in objects(packet, "diseases")]
        if one.get("progressStatus") != "SOLVED":
            told.leave_out("a diagnosis that is not called solved")
        elif diagnosis["disease"]["id"] not in [disease.get("id") for disease in listed]:
            yield _event("condition", named, told, at=None)
    for index, genomic in enumerate(objects(diagnosis, "genomicInterpretations")):
        part = told.part("GenomicInterpretation", index)
        with part.judged():
            yield from _variant(genomic, part, packet["subject"].get("id"))


def _variant(genomic: Json, told: Told, subject: object) -> Iterator[Event]:
    """Yield a variant that is described, however sure it is to cause the disease: the patient carries it."""
    if "variantInterpretation" not in genomic:
        told.leave_out("a gene without a variant")
    elif genomic.get("subjectOrBiosampleId") != subject:
        told.leave_out("a variant of a sample or of somebody else, which the patient's germline need not have")
    else:
        described = needed(needed(genomic, "variantInterpretation", dict), "variationDescriptor", dict)
        codes, copies = carried(described)
        yield Event("variant", codes, None, told.place, told.record, copies=copies)


def _measurement(one: Json, told: Told, packet: Json) -> Iterator[Event]:
    check_known(one, _MEASUREMENT)
    at, until = told.span(one, "timeObserved")
    complex_value, value = member(one, "complexValue", dict), member(one, "value", dict)
    if complex_value:
        for index, quantity in enumerate(objects(complex_value, "typedQuantities")):
            part = told.part("TypedQuantity", index)
            with part.judged():
                amount = _quantity(needed(quantity, "quantity", dict))
                yield _event("measurement", term(quantity, "type"), part, at=at, until=until, **amount)
    elif value and member(value, "ontologyClass", dict):
        found = term(value, "ontologyClass")
        yield _event("measurement", term(one, "assay"), told, at=at, until=until, value_code=found)
    else:
        amount = _quantity(needed(needed(one, "value", dict), "quantity", dict))
        yield _event("measurement", term(one, "assay"), told, at=at, until=until, **amount)


def _quantity(quantity: Json) -> dict[str, Any]:
    """Return a quantity's value and its UCUM unit; a number in a unit of another system could mean anything."""
    system, _, unit = needed(needed(quantity, "unit", dict), "id", str).partition(":")
    if system.upper() != "UCUM" or not unit:
        raise Refused("quantity.unit.id", "is no unit of UCUM, such as UCUM:mg/dL")
    return {"value": number(quantity, "value"), "unit": unit}


def _action(one: Json, told: Told, packet: Json) -> Iterator[Event]:
    """Yield the drug of a treatment, from the first day it is told for to the last, or a procedure."""
    check_known(one, _ACTION)
    treatment, procedure = member(one, "treatment", dict), member(one, "procedure", dict)
    if treatment:
        intervals = objects(treatment, "doseIntervals")
        spans = [told.span({"doseIntervals": {"interval": one.get("interval")}}, "doseIntervals") for one in intervals]
        days = [when for span in spans for when in span if isinstance(when, Moment)]
        first = min(days, key=lambda day: day.first, default=None)
        last = max(days, key=lambda day: day.last, default=None)
        if intervals:
            told.leave_out("the doses of a treatment")
        yield _event("drug", term(treatment, "agent"), told, at=first, until=last)
    elif procedure:
        at, until = told.span(procedure, "performed")
        yield _event("procedure", term(procedure, "code"), told, at=at, until=until)
    else:
        told.leave_out("a radiation therapy or a regimen")


def _event(what: What, code: Code, told: Told, **more: Any) -> Event:
    return Event(what, (code,), place=told.place, record=told.record, **more)


LISTS: dict[str, tuple[str, Callable[[Json, Told, Json], Iterator[Event]]]] = {
    "phenotypicFeatures": ("PhenotypicFeature", _feature),
    "diseases": ("Disease", _disease),
    "interpretations": ("Interpretation", _interpretation),
    "measurements": ("Measurement", _measurement),
    "medicalActions": ("MedicalAction", _action),
}
"""The lists of a packet that are read: what an element of each is called, and what reads it."""
