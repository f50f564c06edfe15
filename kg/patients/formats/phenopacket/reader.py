"""The reader of phenopackets: files of one packet, one a line, families and cohorts."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from kg.files.lines import read_lines
from kg.files.text import FileError, read_text
from kg.patients.formats.phenopacket.members import Json, camel, member, objects
from kg.patients.formats.phenopacket.packet import read_packet
from kg.patients.record import Person, Place, Reading, RecordError, Refused

LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
SUFFIXES = (".json", ".json.gz", *LINES)
HEAD = 1 << 16
"""Bytes of a file that are looked at to tell its format."""

_LOOKS_LIKE = re.compile(rb'"(phenotypic_?[fF]eatures|phenopacket_?[sS]chema_?[vV]ersion|meta_?[dD]ata|proband)"\s*:')
_FHIR = re.compile(rb'"resourceType"\s*:')


@dataclass(frozen=True)
class Phenopackets:
    """GA4GH phenopackets, version 2, as JSON."""

    name: str = "phenopacket"
    describes: str = "GA4GH phenopackets v2 (JSON, one a file or one a line)"
    url: str = "https://phenopacket-schema.readthedocs.io/en/2.0.0/"

    def sniff(self, path: Path) -> bool:
        """Say whether a file begins like a phenopacket of any version; a folder is none, but may hold some."""
        if not path.name.lower().endswith(SUFFIXES) or path.is_dir():
            return False
        head = _head(path)
        return _FHIR.search(head) is None and _LOOKS_LIKE.search(head) is not None

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the patient of each packet; raises `RecordError` for a file without one that can be read."""
        files = [file for path in paths for file in (_files(path) if path.is_dir() else [path])]
        packets = _Packets(reading)
        for number, path in enumerate(files, start=1):
            if len(files) > len(paths) and not self.sniff(path):  # beside the packets of a folder
                reading.account.leave_out("file", "no phenopacket")
                continue
            yield from packets.of_file(path, f"file {number} of {len(files)}")
            reading.progress("read", number / len(files))


READER = Phenopackets()


@dataclass(frozen=True)
class _Packets:
    """The packets of an import, and which ids they had: a second packet of the same id would be another patient."""

    reading: Reading
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def of_file(self, path: Path, name: str) -> Iterator[Person]:
        """Yield the patients of a file; raises `RecordError` where it has none, for the first of its reasons."""
        before, found = len(self.reading.account.rejected), 0
        for place, text in _texts(path, name):
            for person in self._persons(text, place):
                found += 1
                yield person
        if found:
            return
        rejected = self.reading.account.rejected[before:]
        why = f"; line {rejected[0].place.line}: {rejected[0].element} {rejected[0].reason}" if rejected else ""
        raise RecordError(f"{name} has no phenopacket of version 2 that can be read{why}")

    def _persons(self, text: str, place: Place) -> Iterator[Person]:
        account = self.reading.account
        try:
            packets = list(_packets(_parsed(text)))
        except Refused as fault:
            account.reject(place, "Phenopacket", fault.element, fault.reason)
            return
        for number, packet in enumerate(packets, start=1):
            at = place if len(packets) == 1 else Place(place.file, number)
            try:
                person = read_packet(packet, text if len(packets) == 1 else json.dumps(packet), at, account)
                again = person.identity in self.seen
                if self.seen.setdefault(person.identity, person.digest) != person.digest:
                    raise Refused("id", "is that of another packet of this import; ids must differ")
            except Refused as fault:
                account.reject(at, "Phenopacket", fault.element, fault.reason)
            else:
                if again:
                    account.leave_out("Phenopacket", "the same packet once more")
                else:
                    yield person


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name.lower().endswith(SUFFIXES))


def _head(path: Path) -> bytes:
    """Return how a file begins, unpacked; nothing where it cannot be read, which reading it tells."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            return stream.read(HEAD)
    except (OSError, EOFError, zlib.error):
        return b""


def _texts(path: Path, name: str) -> Iterator[tuple[Place, str]]:
    """Yield the texts of a file, each with its place; the file's own name, which may be a patient's, is not told."""
    try:
        if path.name.lower().endswith(LINES):
            for line, text in read_lines(path):
                if text.strip():
                    yield Place(name, line), text
        else:
            yield Place(name, 1), read_text(path)
    except (FileError, OSError):
        raise RecordError(
            f"{name} cannot be read: expected JSON in UTF-8, gzipped where its name ends in .gz"
        ) from None


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_constant)
        return camel(value) if '"meta_data"' in text else value
    except RecursionError:
        raise Refused("the packet", "has too many lists and objects inside each other") from None
    except ValueError:
        raise Refused("the packet", "is not JSON") from None


def _no_constant(_: str) -> NoReturn:
    raise ValueError("JSON has no NaN and no Infinity")


def _packets(value: object) -> Iterator[Json]:
    """Yield the packets of a document: itself, those of a list, of a family or of a cohort.

    Who has no metadata of their own has those of the family or cohort.
    """
    if isinstance(value, list):
        for one in value:
            yield from _packets(one)
        return
    if not isinstance(value, dict):
        raise Refused("the packet", "is not an object")
    proband = member(value, "proband", dict)
    members = [*([proband] if proband else ()), *objects(value, "relatives"), *objects(value, "members")]
    if not members:
        yield value
    for one in members:
        yield {"metaData": value.get("metaData"), **one}
