"""Made-up FHIR files, and what the reader makes of them."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kg.patients.formats.fhir import READER
from kg.patients.record import Account, Event, GeneCall, Person, Reading
from tests.kg.patients.made_up_records import PATIENT, Resource, bundle

NOW = datetime(2021, 6, 5, 12, tzinfo=UTC)

BORN_1960: Resource = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-02-03"}
"""A patient of whom only this is known."""


@dataclass(frozen=True)
class Found:
    """What was read: the persons, and what became of the rest."""

    persons: tuple[Person, ...]
    account: Account

    @property
    def person(self) -> Person:
        """The only person."""
        (person,) = self.persons
        return person

    @property
    def events(self) -> list[Event]:
        """The events of all persons."""
        return [event for person in self.persons for event in person.events]

    @property
    def calls(self) -> list[GeneCall]:
        """The genotypes of all persons."""
        return [call for person in self.persons for call in person.calls]

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """The line, the element and the reason of what was refused."""
        return [(fault.place.line, fault.element, fault.reason) for fault in self.account.rejected]

    @property
    def elements(self) -> list[str]:
        """The elements that were refused."""
        return [fault.element for fault in self.account.rejected]

    @property
    def left_out(self) -> dict[tuple[str, str], int]:
        """What was left out on purpose."""
        return dict(self.account.left_out)


ReadFiles = Callable[..., Found]
"""Write contents into files and read them all: bundles, or lists of resources a line each."""


def read_paths(paths: Iterable[Path]) -> Found:
    """Return what the reader makes of these paths."""
    account = Account()
    return Found(tuple(READER.read(list(paths), Reading(account, NOW))), account)


def write_all(folder: Path, contents: Iterable[Resource | list[Resource]]) -> list[Path]:
    """Write each content into a file of its own: a bundle as JSON, a list as lines."""
    paths = []
    for number, content in enumerate(contents, start=1):
        is_lines = isinstance(content, list)
        text = "\n".join(map(json.dumps, content)) + "\n" if is_lines else json.dumps(content)
        path = folder / f"{number:02}_Ottoline_Quillfeather.{'ndjson' if is_lines else 'json'}"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def codes(event: Event) -> list[str]:
    """Return the codes of an event as CURIEs."""
    return [f"{code.system}:{code.code}" for code in event.codes]


def of(*resources: Resource, patient: Resource = PATIENT, kind: str = "collection", **more: object) -> Resource:
    """Return a bundle of this type of a patient and resources about the patient."""
    return bundle(*resources, patient=patient) | {"type": kind} | more
