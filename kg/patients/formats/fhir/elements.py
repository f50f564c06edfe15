"""Elements of a FHIR resource as JSON: reach into them whatever stands there, and read no further than is safe.

A resource is validated before it is read, but the validator is lenient where we must not be: it takes a number for a
date and a text for a number. So what is read is the JSON itself, and each value is asked what it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kg.patients.record import Refused

Json = Mapping[str, Any]
"""An object of JSON: a resource, or an element of one."""

_UNKNOWN_MODIFIER = "changes the meaning in a way that is not known here"


def member(value: Any, name: str) -> Any:
    """Return what an object holds under this name, None where it is no object or holds nothing.

    >>> member({"code": {"text": "a"}}, "code"), member("a text", "code")
    ({'text': 'a'}, None)
    """
    return value.get(name) if isinstance(value, Mapping) else None


def objects(value: Any) -> list[Json]:
    """Return the objects in a list; what else stands in it, or is no list, gives none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """Return a text that says something, else None."""
    return value.strip() or None if isinstance(value, str) else None


def codings(concept: Any) -> list[Json]:
    """Return the codings of a CodeableConcept."""
    return objects(member(concept, "coding"))


def tagged(resource: Json, label: str) -> bool:
    """Say whether a resource's `meta.tag` has this code."""
    return any(tag.get("code") == label for tag in objects(member(resource.get("meta"), "tag")))


def must_be_known(element: Json, path: str = "") -> None:
    """Raise `Refused` for an element that says that it must not be read without knowing rules that we do not know."""
    if element.get("modifierExtension"):
        raise Refused(f"{path}modifierExtension", _UNKNOWN_MODIFIER)
    if element.get("implicitRules") or element.get("_implicitRules"):
        raise Refused(f"{path}implicitRules", _UNKNOWN_MODIFIER)


def references(value: Any) -> Iterator[str]:
    """Yield what the References in a list, or one Reference, refer to."""
    for item in objects(value if isinstance(value, list) else [value]):
        reference = text(item.get("reference"))
        if reference:
            yield reference
