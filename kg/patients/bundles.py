"""FHIR R4 bundles as files: find them, open them, validate them resource by resource, blame without quoting.

What a bundle's file is called and what a bad value says may name the patient, so messages hold neither: a bundle is
named by its place ("bundle 3 of 50", files in the order of their paths), a resource by the number of its entry, a
fault by the path of the element. Resources are validated against FHIR R4B (4.3.0), which holds for R4 (4.0.1) in all
resource types that are read here.
"""

import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medication import Medication
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.medicationstatement import MedicationStatement
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from pydantic import ValidationError

READ_TYPES: dict[str, Any] = {
    model.__name__: model
    for model in (Patient, Condition, MedicationRequest, MedicationStatement, Medication, Observation)
}
"""The resource types that are read; all others are counted and left out."""

_DATED = frozenset(
    (
        *("birthDate", "onsetDateTime", "recordedDate", "authoredOn", "dateAsserted"),
        *("effectiveDateTime", "effectiveInstant", "issued", "start"),
    )
)
"""The elements that hold a date or a time that is read."""

SUFFIXES = (".json", ".json.gz")

_FAULTS = {
    "missing": "is missing",
    "extra_forbidden": "holds an element that FHIR does not know",
    "value_error": "has a value that FHIR does not allow",
}


class Refused(Exception):
    """A resource that cannot be taken: the element that is at fault, and why, without its value."""

    def __init__(self, element: str, reason: str) -> None:
        super().__init__(f"{element} {reason}")
        self.element = element
        self.reason = reason


class BundleError(ValueError):
    """A file that is no FHIR bundle of one patient."""


@dataclass(frozen=True)
class Rejection:
    """A resource that is left out because it is bad: where it stands and why, never what it says.

    `entry` counts from 1; it is 0 where the whole bundle is meant.
    """

    bundle: str
    entry: int
    resource: str
    element: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """A valid resource, the number of its entry in the bundle, from 1, and what tells it from other resources.

    `identity` is the resource's type and id, or, if it has no id, its type and a digest of its content.
    """

    number: int
    resource: Any
    identity: tuple[str, ...]


@dataclass(frozen=True)
class Bundle:
    """The record of one patient: the valid resources of the types that are read.

    `medications` are the bundle's Medication resources under the references that point to them; `skipped` counts, by
    resource type and reason, what is left out on purpose; `sha256` is that of the JSON.
    """

    name: str
    patient: Entry
    entries: tuple[Entry, ...]
    medications: Mapping[str, Any]
    rejected: tuple[Rejection, ...]
    skipped: Mapping[tuple[str, str], int]
    sha256: str


def find_bundles(paths: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the bundle files at these paths: files as they are, folders searched for .json and .json.gz.

    Raises `BundleError` for a path that does not exist or a folder without a bundle.
    """
    found: list[Path] = []
    for path in map(Path, [paths] if isinstance(paths, str | Path) else paths):
        if path.is_dir():
            inside = sorted(child for child in path.rglob("*") if child.is_file() and child.name.endswith(SUFFIXES))
            if not inside:
                raise BundleError(
                    f"the folder {path} holds no bundle: expected files that end in {' or '.join(SUFFIXES)}"
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise BundleError(f"{path} does not exist: expected a FHIR R4 bundle or a folder of bundles")
    if not found:
        raise BundleError("no path was given: expected FHIR R4 bundles or folders of bundles")
    return tuple({path.resolve(): path for path in found}.values())


def read_bundle(path: str | Path, name: str) -> Bundle:
    """Return the bundle in this file under this name, which messages use in place of the file's own.

    Bad resources are in `rejected`. Raises `BundleError` if the file cannot be read, is not a FHIR bundle, or does
    not hold exactly one valid Patient.
    """
    content = _content(Path(path), name)
    valid: list[Entry] = []
    rejected: list[Rejection] = []
    skipped: Counter[tuple[str, str]] = Counter()
    references: dict[int, set[str]] = {}
    for number, url, raw in _raw_resources(content, name):
        kind = raw.get("resourceType")
        if not isinstance(kind, str) or kind not in READ_TYPES:
            skipped["other resources", "a type that is not read"] += 1
            continue
        try:
            valid.append(Entry(number, _validated(raw, kind), _identity(raw, kind)))
        except ValidationError as failure:
            rejected.append(_rejection(failure, name, number, kind))
        except Refused as fault:
            rejected.append(Rejection(name, number, kind, fault.element, fault.reason))
        references[number] = {reference for reference in (url, raw.get("id") and f"{kind}/{raw['id']}") if reference}
    patient = _only_patient(valid, rejected, name)
    entries: list[Entry] = []
    medications: dict[str, Any] = {}
    for entry in valid:
        if isinstance(entry.resource, Medication):
            medications |= dict.fromkeys(references[entry.number], entry.resource)
        elif entry is patient:
            continue
        elif _refers(entry.resource.subject, references[patient.number]):
            entries.append(entry)
        else:
            kind = type(entry.resource).__name__
            rejected.append(Rejection(name, entry.number, kind, "subject", "does not refer to the bundle's Patient"))
    sha256 = hashlib.sha256(content).hexdigest()
    return Bundle(name, patient, tuple(entries), medications, tuple(rejected), skipped, sha256)


def _identity(raw: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    if raw.get("id"):
        return kind, "id", str(raw["id"])
    return kind, "content", hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()


def _validated(raw: Mapping[str, Any], kind: str) -> Any:
    """Return the resource; raises `Refused` for what the models of FHIR mistake or stumble over."""
    try:
        element = next(_numbers_for_dates(raw), None)
        if element:
            raise Refused(element, "is a number: expected a date")
        return READ_TYPES[kind].model_validate(raw)
    except RecursionError:
        raise Refused(kind, "is nested too deeply") from None
    except LookupError:
        raise Refused("contained", "holds a resource of a type that FHIR R4B does not know") from None


def _numbers_for_dates(value: Any, key: str = "") -> Iterator[str]:
    """Yield the names of elements that hold a number where a date stands: the models take it for seconds since 1970."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _numbers_for_dates(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers_for_dates(inner, key)
    elif isinstance(value, int | float) and not isinstance(value, bool) and key in _DATED:
        yield key


def _refers(subject: Any, references: Set[str]) -> bool:
    """Say whether a Reference means the resource with these references; a server's address before it does not count."""
    reference = getattr(subject, "reference", None) or ""
    return reference in references or "/".join(reference.split("/")[-2:]) in references


def _content(path: Path, name: str) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (OSError, EOFError, zlib.error) as failure:
        reason = getattr(failure, "strerror", None) or "not a whole gzip file"
        raise BundleError(f"{name} cannot be read ({reason}): expected JSON, plain or gzipped") from None


def _raw_resources(content: bytes, name: str) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
    """Yield the number of each entry that has a resource, its full URL and the resource, not validated yet."""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as failure:
        where = f" (line {failure.lineno})" if isinstance(failure, json.JSONDecodeError) else ""
        raise BundleError(f"{name} is not JSON{where}: expected a FHIR R4 bundle, plain or gzipped") from None
    if not isinstance(raw, dict) or raw.get("resourceType") != "Bundle" or not isinstance(raw.get("entry"), list):
        raise BundleError(
            f'{name} is not a FHIR bundle: expected an object with "resourceType": "Bundle" and a list "entry"'
        )
    for number, entry in enumerate(raw["entry"], start=1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            url = entry.get("fullUrl")
            yield number, url if isinstance(url, str) else None, resource


def _only_patient(valid: Sequence[Entry], rejected: Sequence[Rejection], name: str) -> Entry:
    patients = [entry for entry in valid if isinstance(entry.resource, Patient)]
    bad = [rejection for rejection in rejected if rejection.resource == "Patient"]
    if bad:
        raise BundleError(f"{name}, entry {bad[0].entry}: the Patient is not valid: {bad[0].element} {bad[0].reason}")
    if len(patients) != 1:
        raise BundleError(f"{name} holds {len(patients) or 'no'} Patient resources: expected the record of one patient")
    return patients[0]


def _rejection(failure: ValidationError, name: str, number: int, kind: str) -> Rejection:
    """Say which element is at fault; an element that FHIR does not know is not named, since its name may be data."""
    error = failure.errors(include_url=False, include_context=False, include_input=False)[0]
    path = error["loc"][:-1] if error["type"] == "extra_forbidden" else error["loc"]
    element = ".".join(str(step) for step in path) or kind
    if not path and error["type"] == "value_error":
        reason = "lacks one of the elements it must have, or has two of which it may have one"
    else:
        reason = _FAULTS.get(error["type"], "is not of the type that FHIR expects")
    return Rejection(name, number, kind, element, reason)
