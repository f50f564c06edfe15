"""Documents: files of FHIR, found, opened, and taken apart into the resources that stand in them.

What a file is called and what a bad value says may name the patient, so messages hold neither: a file is named by its
place ("bundle 3 of 50", files in the order of their paths), a resource by the number of its entry or line.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from kg.patients.formats.fhir.elements import Json, member, text
from kg.patients.formats.fhir.stated import numbered
from kg.patients.record import Account, Place, RecordError

LINES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
SUFFIXES = (".json", ".json.gz", *LINES)
_OTHERS = (".vcf", ".bcf", ".csv", ".tsv", ".parquet", ".maf")
BUNDLES = (
    *("document", "message", "transaction", "transaction-response", "batch", "batch-response"),
    *("history", "searchset", "collection", "subscription-notification"),
)
"""The types of bundle that FHIR R4 and R4B know."""
HEAD = 1 << 16
"""Bytes of a file that are looked at to tell its format."""

_EXPECTED = "expected a FHIR R4 bundle or resource as JSON, or NDJSON, plain or gzipped"
_RESOURCE_TYPE = re.compile(r'"resourceType"\s*:\s*"([A-Z][A-Za-z]{2,60})"')
_ETAG = re.compile(r'W/"([^"]*)"')
_DEEPEST = 5
"""Bundles within bundles, as answers to a batch have them, below which none is read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource, not validated yet, where it stands and under which URL; or which record is deleted, and its version.

    `order` counts the entries from 0, -1 for what a transaction deletes before all else.
    """

    place: Place
    order: int
    resource: dict[str, Any] | None = None
    url: str | None = None
    deletes: tuple[str, str] | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The entries of a bundle; `newest_first` if it is a history. `sha256` is that of the JSON."""

    entries: tuple[Entry, ...]
    newest_first: bool
    sha256: str


def find_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files at these paths: files as they are, folders searched for JSON and NDJSON, plain or gzipped.

    Raises `RecordError` for a path that does not exist or a folder without such a file.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and is_named_so(file))
            if not inside:
                raise RecordError(
                    f"the folder {path} holds no bundle: expected files that end in {', '.join(SUFFIXES)}"
                )
            found += inside
        elif path.exists():
            found.append(path)
        else:
            raise RecordError(f"{path} does not exist: expected FHIR R4 bundles, NDJSON, or folders of them")
    if not found:
        raise RecordError("no path was given: expected FHIR R4 bundles, NDJSON, or folders of them")
    return tuple({path.resolve(): path for path in found}.values())


def is_named_so(path: Path) -> bool:
    """Say whether a file is called as JSON and NDJSON are."""
    return path.name.lower().endswith(SUFFIXES)


def first_type(path: Path) -> str | None:
    """Return the first resource type that the head of a file names; None if it is no JSON with a resource."""
    head = _head(path)
    found = _RESOURCE_TYPE.search(head) if head.startswith("{") else None
    return found[1] if found else None


def is_of_another_format(path: Path) -> bool:
    """Say whether a file is called as other records are, or is JSON and neither FHIR nor the manifest of an export."""
    if not is_named_so(path):
        return path.name.lower().removesuffix(".gz").removesuffix(".bgz").endswith(_OTHERS)
    head = _head(path)
    return head.startswith("{") and not _RESOURCE_TYPE.search(head) and '"transactionTime"' not in head


def _head(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            packed = opened.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            return file.read(HEAD).decode("utf-8-sig", errors="replace").lstrip()
    except (OSError, EOFError, zlib.error):
        return ""


def is_of_lines(path: Path) -> bool:
    """Say whether a file is called as those are that have a resource a line, or begins with two such lines."""
    if path.name.lower().endswith(LINES):
        return True
    first, _, rest = _head(path).partition("\n")
    return first.rstrip().endswith("}") and rest.lstrip().startswith("{")


def open_document(path: Path, name: str, account: Account) -> Document:
    """Return the document in this file under this name, which messages use in place of the file's own.

    Raises `RecordError` if the file cannot be read or is no FHIR.
    """
    content = _content(path, name)
    try:
        raw = json.loads(content)
    except RecursionError:
        raise RecordError(f"{name} is nested too deeply: {_EXPECTED}") from None
    except ValueError as failure:
        where = f" (line {failure.lineno})" if isinstance(failure, json.JSONDecodeError) else ""
        raise RecordError(f"{name} is not JSON{where}: {_EXPECTED}") from None
    return as_document(raw, name, account, hashlib.sha256(content).hexdigest())


def as_document(raw: Any, name: str, account: Account, sha256: str, line: int = 0) -> Document:
    """Return a bundle, or a resource by itself, as a document; `line` is where it stands in a file of lines."""
    kind = member(raw, "resourceType")
    if not isinstance(raw, dict) or not isinstance(kind, str):
        if member(raw, "transactionTime") is not None and isinstance(member(raw, "output"), list):
            account.leave_out("other files", "the manifest of a bulk export")
            return Document((), False, sha256)
        raise RecordError(f'{name} is not a FHIR bundle: expected an object with "resourceType": "Bundle"; {_EXPECTED}')
    if kind != "Bundle":
        _of_this_version(raw, name)
        return Document((Entry(Place(name, line or 1), 0, raw),), False, sha256)
    entries = tuple(_entries(raw, name, account, line))
    return Document(entries, raw.get("type") == "history", sha256)


def read_lines(path: Path, name: str, account: Account) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield the number, the text and the object of each line of a file; a line that is no JSON object is refused.

    Raises `RecordError` if the file cannot be read, or has no line that is one.
    """
    good = bad = 0
    for number, line in enumerate(_lines(path, name), start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        try:
            raw = json.loads(line.strip("\ufeff \t\r\n"))
        except (ValueError, RecursionError):
            raw = None
        if isinstance(raw, dict):
            good += 1
            yield number, line, raw
        else:
            bad += 1
            account.reject(Place(name, number), "NDJSON", "line", "is no JSON object")
    if bad and not good:
        raise RecordError(f"{name} is not NDJSON: {_EXPECTED}")


def _lines(path: Path, name: str) -> Iterator[str]:
    try:
        with path.open("rb") as opened:
            packed = opened.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            for line in file:
                yield line.decode(errors="replace")
    except (OSError, EOFError, zlib.error) as failure:
        _unreadable(failure, name)


def _content(path: Path, name: str) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except (OSError, EOFError, zlib.error) as failure:
        _unreadable(failure, name)


def _unreadable(failure: Exception, name: str) -> NoReturn:
    reason = getattr(failure, "strerror", None) or "not a whole gzip file"
    raise RecordError(f"{name} cannot be read ({reason}): {_EXPECTED}") from None


def _entries(bundle: Json, name: str, account: Account, line: int, depth: int = 0) -> Iterator[Entry]:
    """Yield the entries of a bundle, and of the bundles in it."""
    _of_this_version(bundle, name)
    if not isinstance(bundle.get("entry", []), list):
        raise RecordError(f'{name} is not a FHIR bundle: expected "entry" to be a list')
    if bundle.get("type") not in (None, *BUNDLES):
        raise RecordError(f"{name} is a bundle of a type that FHIR R4 does not know: expected {', '.join(BUNDLES)}")
    for order, entry in enumerate(bundle.get("entry", [])):
        place = Place(name, line or order + 1)
        resource = member(entry, "resource")
        deletes = _deletion(entry)
        if not isinstance(entry, dict):
            account.reject(place, "Bundle", "entry", "is no object")
        elif deletes:
            etag = _ETAG.search(str(member(entry.get("response"), "etag")))
            version = numbered(etag and etag[1], member(entry.get("response"), "lastModified"))
            first = -1 if bundle.get("type") == "transaction" else order
            yield Entry(place, first, deletes=deletes, version=version)
        elif isinstance(resource, dict) and resource.get("resourceType") == "Bundle" and depth < _DEEPEST:
            yield from _entries(resource, name, account, line or order + 1, depth + 1)
        elif isinstance(resource, dict):
            _of_this_version(resource, name)
            yield Entry(place, order, resource, text(entry.get("fullUrl")))
        elif resource is not None:
            account.reject(place, "Bundle", "entry.resource", "is no object")


def _deletion(entry: Any) -> tuple[str, str] | None:
    """Return the type and the id of the resource that an entry deletes."""
    request = member(entry, "request")
    parts = str(member(request, "url")).partition("?")[0].split("/_history")[0].split("/")
    if member(request, "method") != "DELETE" or len(parts) < 2 or not all(parts[-2:]):
        return None
    return parts[-2], parts[-1]


def _of_this_version(raw: Json, name: str) -> None:
    if raw.get("implicitRules") and raw.get("resourceType") == "Bundle":
        raise RecordError(f"{name} names rules (implicitRules) that are not known here: {_EXPECTED} without them")
    version = raw.get("fhirVersion")
    if isinstance(version, str) and not version.startswith("4."):
        raise RecordError(f"{name} is of another version of FHIR: expected R4 (4.0.1) or R4B (4.3.0); convert it")
