"""Validate: a resource against FHIR R4B, and what is wrong with it, told by the element and never by its value.

R4B (4.3.0) holds for R4 (4.0.1) in all types that are read here. Whatever a validator stumbles over, it is this one
resource that is refused. Components and codings are judged each alone: a bad one is taken out and the rest stands.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from pydantic import ValidationError

from kg.patients.formats.fhir.elements import Json
from kg.patients.record import Refused

READ_TYPES = (
    *("Patient", "Condition", "Observation", "AllergyIntolerance", "Procedure", "Encounter", "Immunization"),
    *("MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense", "Medication"),
    *("DiagnosticReport", "Consent"),
)
"""The resource types that are read; all others are counted and left out."""

ALONE = ("component", "coding")
"""Lists whose items are judged each alone."""

_DATED = frozenset(
    (
        *("birthDate", "deceasedDateTime", "onsetDateTime", "abatementDateTime", "recordedDate", "authoredOn"),
        *("dateAsserted", "effectiveDateTime", "effectiveInstant", "issued", "performedDateTime", "occurrenceDateTime"),
        *("whenHandedOver", "whenPrepared", "dateTime"),
    )
)
"""The elements that hold a date or a time that is read."""

_SHAPES_OF_R5: dict[str, tuple[str, type]] = {"Encounter": ("class", list), "AllergyIntolerance": ("type", dict)}
"""A resource type -> an element that was no list, or no object, before R5."""

_FAULTS = {
    "missing": "is missing",
    "extra_forbidden": "holds an element that FHIR does not know",
    "value_error": "has a value that FHIR does not allow",
}


class OtherVersion(Exception):
    """A resource of another version of FHIR; the message says which."""


Fault = tuple[str, str]
"""The element that is at fault, and why."""
Step = str | int


def validated(resource: Json, kind: str) -> tuple[Json, list[Fault]]:
    """Return a resource of one of `READ_TYPES` less its bad components and codings, and what is wrong with these.

    Raises `Refused` for a resource that is not valid without them either, `OtherVersion` for one of R5.
    """
    faults: list[Fault] = []
    while True:
        try:
            bad = _check(resource, kind)
        except OtherVersion:
            raise
        except RecursionError:
            raise Refused(kind, "is nested too deeply") from None
        except LookupError:
            raise Refused("contained", "holds a resource of a type that FHIR R4B does not know") from None
        except Exception:  # the models stumble over shapes that they do not expect, in many ways
            raise Refused(kind, "has an element of a shape that FHIR does not allow") from None
        if bad is None:
            return resource, faults
        steps, fault = bad
        item = _item_alone(steps)
        if item is None:
            raise Refused(*fault)
        resource = _without(resource, item)
        faults.append(fault)


def _check(resource: Json, kind: str) -> tuple[tuple[Step, ...], Fault] | None:
    """Return where the first fault of a resource is, and what; None if it is valid."""
    for steps in _numbers_for_dates(resource):
        return steps, (_path(steps, kind), "is a number: expected a date")
    try:
        _model(kind).model_validate(resource)
    except ValidationError as failure:
        if resource.keys() & _only_in_r5(kind) or _has_shape_of_r5(resource, kind):
            raise OtherVersion("R5") from None
        return _told(failure, kind)
    return None


def _told(failure: ValidationError, kind: str) -> tuple[tuple[Step, ...], Fault]:
    """Return where a fault is and what; an element that FHIR does not know is not named, since its name may be data."""
    error = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    steps = tuple(error["loc"])
    told = steps[:-1] if error["type"] == "extra_forbidden" else steps
    if not told and error["type"] == "value_error":
        return steps, (kind, "lacks one of the elements it must have, or has two of which it may have one")
    return steps, (_path(told, kind), _FAULTS.get(error["type"], "is not of the type that FHIR expects"))


def _path(steps: tuple[Step, ...], kind: str) -> str:
    return ".".join(str(step) for step in steps) or kind


@cache
def _model(kind: str, package: str = "fhir.resources.R4B") -> Any:
    return getattr(import_module(f"{package}.{kind.lower()}"), kind)


def _has_shape_of_r5(resource: Json, kind: str) -> bool:
    """Say whether an element is of the type that R5 gives it."""
    element, shape = _SHAPES_OF_R5.get(kind, ("", list))
    value = resource.get(element)
    return isinstance(value, shape) and bool(value)


@cache
def _only_in_r5(kind: str) -> frozenset[str]:
    """Return the elements that a type has in R5 and not in R4B."""
    r5, r4b = (
        {field.alias or name for name, field in model.model_fields.items()}
        for model in (_model(kind, "fhir.resources"), _model(kind))
    )
    return frozenset(name for name in r5 - r4b if not name.startswith("_"))


def _numbers_for_dates(resource: Json) -> Iterator[tuple[Step, ...]]:
    """Yield where a number stands in place of a date: the models take it for seconds since 1970."""
    for name, value in resource.items():
        if name in _DATED and _is_number(value):
            yield (name,)
        elif name.endswith(("Period", "period")) and isinstance(value, dict):
            for end in ("start", "end"):
                if _is_number(value.get(end)):
                    yield name, end


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _item_alone(steps: tuple[Step, ...]) -> tuple[Step, ...] | None:
    """Return the steps to the item of `ALONE` that these are in, the outermost; None if they are in none.

    Of a coding whose display is bad, it is the display alone.
    """
    if len(steps) > 2 and steps[-3] == "coding" and steps[-1] == "display":
        return steps
    for length in range(1, len(steps)):
        if steps[length - 1] in ALONE and isinstance(steps[length], int):
            return steps[: length + 1]
    return None


def _without(value: Any, steps: tuple[Step, ...]) -> Any:
    """Return a copy of a JSON value less the item at these steps, and less a list that would be empty then."""
    step, rest = steps[0], steps[1:]
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], *([_without(value[step], rest)] if rest else []), *value[step + 1 :]]
    inner = _without(value[step], rest) if rest else []
    return {name: part for name, part in {**value, step: inner}.items() if name != step or part != []}
