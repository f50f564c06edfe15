"""Stated: one resource that is being read, with what tells it apart, and the events that it makes."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kg.patients.formats.fhir.codes import codes
from kg.patients.formats.fhir.elements import Json, member, text
from kg.patients.formats.fhir.times import Span
from kg.patients.record import Account, Code, Event, GeneCall, Place, What

Statement = Event | GeneCall
Record = tuple[str, ...]

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_LONGEST_VERSION = 18
"""Digits of a version above which it is no number that a store can hold."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A valid resource, where it stands, what tells it and its version apart, and who is told what is not taken.

    `medication` finds the Medication that a reference means; `is_of_the_same` says whether a subject is its own;
    `faults` are the elements taken out since they are bad; `alleles` those that are known beside the listed, by gene.
    """

    raw: Json
    kind: str
    place: Place
    record: Record
    version: int | None
    account: Account
    medication: Callable[[str], Json | None]
    is_of_the_same: Callable[[Any], bool]
    faults: tuple[tuple[str, str], ...] = ()
    alleles: Mapping[str, Collection[str]] = field(default_factory=dict)

    def refuse(self, element: str, reason: str) -> None:
        """Note that a part of the resource is refused."""
        self.account.reject(self.place, self.kind, element, reason)

    def refuse_faults(self) -> None:
        """Note the elements that were taken out."""
        for element, reason in self.faults:
            self.refuse(element, reason)

    def leave_out(self, reason: str) -> None:
        """Count a part of the resource, or all of it, as left out on purpose."""
        self.account.leave_out(self.kind, reason)

    def codes(self, concept: Any, element: str) -> tuple[Code, ...]:
        """Return the codes of known systems of a concept; those that are none are refused each alone."""
        return codes(concept, element, self.refuse)

    def event(self, what: What, found: Iterable[Code], span: Span, **more: Any) -> Event:
        """Return an event of this resource's."""
        at, until = span
        return Event(what, tuple(found), at, self.place, self.record, until=until, version=self.version, **more)


def record_of(resource: Json, kind: str) -> Record:
    """Return what tells a resource from all others: its type and id, or, if it has no id, its type and a digest."""
    name = text(resource.get("id"))
    if name:
        return kind, "id", name
    return kind, "content", hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()


def version_of(resource: Json) -> int | None:
    """Return a number that grows with the versions of a resource; None if it does not tell its version.

    >>> version_of({"meta": {"versionId": "2"}}), version_of({"meta": {"lastUpdated": "1970-01-01T00:00:01Z"}})
    (2, 1000000)
    """
    meta = resource.get("meta")
    return numbered(member(meta, "versionId"), member(meta, "lastUpdated"))


def numbered(version: Any, updated: Any) -> int | None:
    """Return a version as a number: itself, else the microseconds from 1970 until it was made."""
    if isinstance(version, str) and version.isascii() and version.isdigit() and len(version) <= _LONGEST_VERSION:
        return int(version)
    try:
        made = datetime.fromisoformat(updated)
        return round((made - _EPOCH).total_seconds() * 1e6)
    except (TypeError, ValueError):
        return None
