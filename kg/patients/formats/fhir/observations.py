"""Observations: each number and each coded result, of the observation itself and of each of its components, alone."""

import math
from collections.abc import Iterator
from typing import Any

from kg.patients.formats.fhir.codes import loinc, read_code, system_of
from kg.patients.formats.fhir.elements import Json, codings, must_be_known, objects, references, text
from kg.patients.formats.fhir.genomics import GENOMIC, genomic
from kg.patients.formats.fhir.stated import Resource, Statement
from kg.patients.formats.fhir.statuses import data_absent
from kg.patients.formats.fhir.times import NEVER, Span, when
from kg.patients.record import Code, LeftOut, Refused

_FOCUS = ("/observation-focusCode", "/observation-focal-subject")
"""Extensions of HL7's that say of what else an observation is."""

_PRESENCE = {
    **dict.fromkeys((("LOINC", "LA9633-4"), ("SNOMEDCT", "52101004")), True),
    **dict.fromkeys((("LOINC", "LA9634-2"), ("SNOMEDCT", "2667000")), False),
}
"""Present and absent, as LOINC and SNOMED CT code an answer."""


def observation(resource: Resource, otherwise: Span = NEVER) -> Iterator[Statement]:
    """Yield what an Observation states; `otherwise` is when it was if it does not say so itself.

    Raises `LeftOut` and `Refused` where it states nothing; a component is left out or refused alone.
    """
    raw = resource.raw
    if _of_another(raw):
        raise LeftOut("of something else than the patient (focus)")
    span = when(raw, "effective", "issued")
    span = otherwise if span == NEVER else span
    if loinc(raw.get("code")) & GENOMIC:
        yield from genomic(resource, span)
        return
    resource.refuse_faults()
    components = raw.get("component") or ()
    for number, part in enumerate((raw, *components)):
        element = f"component.{number - 1}." if number else ""
        try:
            if number:
                must_be_known(part)
            elif components and not _has_value(raw):
                continue  # a panel, which has no value of its own
            yield _result(resource, part, element, span)
        except LeftOut as reason:
            resource.leave_out(str(reason))
        except Refused as fault:
            resource.refuse(element + fault.element.removeprefix(element), fault.reason)


def _of_another(raw: Json) -> bool:
    """Say whether an observation is about another thing than its subject, such as a fetus."""
    focus = raw.get("focus")
    if any(str(found.get("url")).endswith(_FOCUS) for found in objects(raw.get("extension"))):
        return True
    subject = set(references(raw.get("subject")))
    return bool(focus) and not (subject and isinstance(focus, list) and {*references(focus)} == subject)


def _has_value(part: Json) -> bool:
    return data_absent(part) or any(name.startswith(("value", "_value")) for name in part)


def _result(resource: Resource, part: Json, element: str, span: Span) -> Statement:
    """Return the result of an observation or of one of its components."""
    if data_absent(part):
        raise LeftOut("a result that is absent")
    value = _value(part)
    found = resource.codes(part.get("code"), f"{element}code")
    if not found:
        raise LeftOut("no code of a known system")
    if isinstance(value, bool):
        if not any(code.system == "HP" for code in found):
            raise LeftOut("yes or no, not a number or a code")
        return resource.event("condition", found, span, negated=not value)
    if isinstance(value, Code):
        present = _PRESENCE.get((value.system, value.code))
        if present is not None and any(code.system == "HP" for code in found):
            return resource.event("condition", found, span, negated=not present)
        return resource.event("measurement", found, span, value_code=value)
    number, unit = value
    return resource.event("measurement", found, span, value=number, unit=unit)


def _value(part: Json) -> tuple[float, str] | Code | bool:
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict):
        return _number(quantity)
    if isinstance(part.get("valueBoolean"), bool):
        return bool(part["valueBoolean"])
    if part.get("valueInteger") is not None:
        raise LeftOut("a number without a unit")
    answer = part.get("valueCodeableConcept")
    if isinstance(answer, dict):
        return _answer(answer)
    raise LeftOut("no number or code")


def _answer(concept: Json) -> Code:
    read = [read_code(coding) for coding in codings(concept)]
    found = [code for code in read if isinstance(code, Code)]
    if found:
        return min(found, key=lambda code: ("LOINC", "SNOMEDCT", code.system).index(code.system))
    if any(isinstance(code, str) for code in read):
        raise Refused("valueCodeableConcept.coding.code", "is not a code of its system")
    raise LeftOut("a result without a code of a known system")


def _number(quantity: dict[str, Any]) -> tuple[float, str]:
    value = quantity.get("value")
    if value is None:
        raise LeftOut("no number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("valueQuantity.value", "is not a number")
    if quantity.get("comparator") or "_comparator" in quantity:
        raise LeftOut("a bound, not a number")
    unit = text(quantity.get("code")) if system_of(quantity.get("system")) == "UCUM" else None
    unit = unit or text(quantity.get("unit"))
    if not unit:
        raise LeftOut("a number without a unit")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused("valueQuantity.value", "is not a number that can be kept")
    return number, unit
