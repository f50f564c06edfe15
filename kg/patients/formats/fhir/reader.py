"""The reader of FHIR: bundles one by one, files of lines together, and who could not be found until all were read."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kg.patients.formats.fhir.documents import (
    Entry,
    as_document,
    find_files,
    first_type,
    is_named_so,
    is_of_another_format,
    is_of_lines,
    open_document,
    read_lines,
)
from kg.patients.formats.fhir.scope import Scope, Shared
from kg.patients.record import Person, Place, Reading, RecordError

_FIRST = ("Patient", "Medication", "Practitioner", "RelatedPerson", "Person", "PractitionerRole")
"""The types of resources that others refer to: files of them are read before others."""


@dataclass(frozen=True)
class Fhir:
    """FHIR R4: bundles, NDJSON, single resources."""

    name: str = "fhir"
    describes: str = "FHIR R4 bundles (JSON) or bulk exports (NDJSON)"
    url: str = "https://hl7.org/fhir/R4"

    def sniff(self, path: Path) -> bool:
        """Say whether a file's head names a resource type, or a folder has such a file and no records but FHIR's."""
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file())
            return any(map(first_type, filter(is_named_so, files))) and not any(map(is_of_another_format, files))
        return first_type(path) is not None

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the patients of bundle after bundle, then those of all files of lines together.

        The last one also has the private words of the people who are in no patient's document. Raises `RecordError`
        for a file that cannot be read, and where there is no patient in any.
        """
        shared = Shared(reading)
        held: Person | None = None
        for person in _persons(find_files([Path(path) for path in paths]), shared):
            if held is not None:
                yield held
            held = person
        if held is None:
            raise RecordError(_nobody(reading))
        yield replace(held, private=held.private | shared.others)


READER = Fhir()


def _nobody(reading: Reading) -> str:
    rejected = [fault for fault in reading.account.rejected if fault.table == "Patient"]
    if not rejected:
        return "no FHIR Patient in these files: expected bundles or NDJSON with the records of patients"
    first = rejected[0]
    return f"{first.place.file}, entry {first.place.line}: the Patient is not valid: {first.element} {first.reason}"


def _persons(files: Sequence[Path], shared: Shared) -> Iterator[Person]:
    lines: list[tuple[Path, str]] = []
    for number, path in enumerate(files, start=1):
        shared.reading.progress(f"read file {number} of {len(files)}", (number - 1) / len(files))
        if is_of_lines(path):
            lines.append((path, f"file {number} of {len(files)}"))
            continue
        name = f"bundle {number} of {len(files)}"
        try:
            document = open_document(path, name, shared.account)
            scope = Scope(shared, newest_first=document.newest_first, digest=document.sha256)
            scope.read(document.entries)
            if document.entries and scope.is_of_nobody:
                shared.account.leave_out("Bundle", "a bundle without a patient")
        except RecordError as failure:
            raise RecordError(f"{failure}; files are counted in the order of their paths") from None
        yield from scope.persons()
    if lines:
        yield from _of_lines(lines, shared)
    yield from shared.late()


def _of_lines(files: Sequence[tuple[Path, str]], shared: Shared) -> Iterator[Person]:
    """Yield the patients of files that have a resource a line; a line may be a bundle too, which stands for itself."""
    scope = Scope(shared)
    content = hashlib.sha256()
    order = 0
    for number, (path, name) in enumerate(sorted(files, key=lambda file: _rank(first_type(file[0])))):
        shared.reading.progress(f"read {name}", number / len(files))
        for line, text, raw in read_lines(path, name, shared.account):
            content.update(text.encode())
            order += 1
            if raw.get("resourceType") == "Bundle":
                document = as_document(raw, name, shared.account, hashlib.sha256(text.encode()).hexdigest(), line)
                inner = Scope(shared, newest_first=document.newest_first, digest=document.sha256)
                inner.read(document.entries)
                yield from inner.persons()
            else:
                scope.read([Entry(Place(name, line), order, raw)])
    scope.digest = content.hexdigest()
    yield from scope.persons()


def _rank(kind: str | None) -> int:
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
