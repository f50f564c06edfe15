"""Scores: what models found of patients, one a row: a CSV (or JSON) of measures with the model and its version.

The columns are `patient`, `day`, `measure`, `value`, `unit`, `model`, `model_version`, and as far as they are known
`system`, `sha256`, `url`, `agent_type`, `knowledge_level`, `record`. A patient is told by `system` and `patient`, as
other records tell theirs (an identifier's system in FHIR), or by the pseudonym in the store: then days are those of
the patient's shifted calendar. A score whose model or version is not named is refused: nobody could say later what it
rests on. `record` tells apart what one model found of one measure on one day, such as two lesions.
"""

import csv
import gzip
import hashlib
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.curie import OWN, CurieError, parse
from kg.files.number import number
from kg.files.text import FileError, read_text
from kg.patients.deidentify import is_pseudonym
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.private import NOTHING, SHORTEST_NUMBER, Private, as_words
from kg.patients.record import Code, Event, Found, Person, Place, Reading, RecordError, Refused
from kg.patients.tables import read_table

NEEDED = ("patient", "measure", "value")
WANTED = (
    *("day", "unit", "model", "model_version", "system", "sha256", "url"),
    *("agent_type", "knowledge_level", "record"),
)
COLUMNS = (*NEEDED, *WANTED)
AGENTS = ("computational_model", "image_processing_agent", "data_analysis_pipeline")
LEVELS = ("prediction", "observation", "statistical_association")
TABLES, DOCUMENTS = (".csv", ".csv.gz"), (".json", ".json.gz")
_HEAD = 1 << 14
_SCORE = "score-"
"""How our own code of a measure begins."""
_MODEL = ("model", "model_version")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:()+,%&#<>=* -]{0,99}")
"""What a measure and a model may be called."""
_RELEASE = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}")
"""What a model's version looks like: one word with a digit, which no person's name is."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,300}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")

Row = Mapping[str, str | None]


@dataclass(frozen=True)
class Scores:
    """Tables of scores, CSV or JSON."""

    name: str = "scores"
    describes: str = "models' scores (CSV or JSON rows: patient, day, measure, value, unit, model, model_version)"
    url: str = "https://github.com/panakeia"

    def sniff(self, path: Path) -> bool:
        """Say whether a file begins like a table of scores; a folder is none, but may hold some."""
        name = path.name.casefold()
        if path.is_dir() or not name.endswith((*TABLES, *DOCUMENTS)):
            return False
        try:
            with gzip.open(path) if name.endswith(".gz") else path.open("rb") as stream:
                head = stream.read(_HEAD).decode(errors="replace").removeprefix("\ufeff")
        except (OSError, EOFError, zlib.error):
            return False
        if name.endswith(DOCUMENTS):
            return head.lstrip().startswith("[") and all(f'"{key}"' in head for key in ("measure", _MODEL[0]))
        header = next(csv.reader(head.splitlines()[:1]), [])
        columns = {cell.strip().casefold() for cell in header}
        return columns.issuperset(NEEDED) and not columns.isdisjoint(_MODEL)

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield the patients of each table, with the scores that are whole; raises `RecordError` for a broken table."""
        files = [file for path in paths for file in (_files(path, self) if path.is_dir() else [path])]
        for at, path in enumerate(files, start=1):
            table = "scores" if len(files) == 1 else f"scores {at} of {len(files)}"
            rows = _of_json(path, table) if path.name.casefold().endswith(DOCUMENTS) else _of_csv(path, table, reading)
            yield from _persons(rows, table, reading)
            reading.progress("read", at / len(files))


READER = Scores()


def _files(folder: Path, reader: Scores) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and reader.sniff(file))


def _of_csv(path: Path, table: str, reading: Reading) -> Iterator[tuple[int, Row]]:
    columns = read_table(path, table, NEEDED, WANTED, reading.account).columns
    told = [columns[name].to_pylist() for name in (*COLUMNS, "line")]
    for *cells, line in zip(*told, strict=True):
        yield line, dict(zip(COLUMNS, cells, strict=True))


def _of_json(path: Path, table: str) -> Iterator[tuple[int, Row]]:
    """Yield the objects of a list, each with its number from 1; numbers become text as they stand there."""
    try:
        rows = json.loads(read_text(path), parse_float=str, parse_int=str, parse_constant=str)
    except (FileError, OSError, ValueError, RecursionError):
        raise RecordError(f"the {table} cannot be read: expected JSON in UTF-8, a list of objects") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RecordError(f'the {table} is no list of objects: expected [{{"patient": ..., "measure": ...}}, ...]')
    for line, row in enumerate(rows, start=1):
        cells = {name: row.get(name) for name in COLUMNS}
        yield line, {name: _cell(value) for name, value in cells.items()}


def _cell(value: Any) -> str | None:
    """Return a value of JSON as a table has it; what is no text and no number is no cell that anything accepts."""
    text = value.strip() if isinstance(value, str) else None if value is None else "[]"
    return text or None


def _persons(rows: Iterator[tuple[int, Row]], table: str, reading: Reading) -> Iterator[Person]:
    """Yield each patient once, in the order of the rows."""
    found: dict[tuple[str, str], list[Event]] = {}
    places: dict[tuple[str, str], Place] = {}
    for line, row in rows:
        place = Place(table, line)
        try:
            identity = _identity(row)
            event = _event(row, identity, place)
        except Refused as fault:
            reading.account.reject(place, "score", fault.element, fault.reason)
            continue
        found.setdefault(identity, []).append(event)
        places.setdefault(identity, place)
    for identity, events in found.items():
        known = identity[0] == OWN
        yield Person(identity, places[identity], tuple(events), shifted=known, private=_private(identity))


def _identity(row: Row) -> tuple[str, str]:
    """Return whose score it is: a pseudonym under our own prefix, else the system and the identifier."""
    patient, system = row["patient"], row["system"]
    if not patient:
        raise Refused("patient", "is missing")
    bare = patient.removeprefix(f"{OWN}:")
    if is_pseudonym(bare):
        if system:
            raise Refused("system", "stands beside a pseudonym; expected one or the other")
        return OWN, f"{OWN}:{bare}"
    return system or "scores", patient


def _private(identity: tuple[str, str]) -> Private:
    if identity[0] == OWN:
        return NOTHING
    words = as_words(identity[1])
    run = words.replace(" ", "")
    long = len(run) >= SHORTEST_NUMBER
    return Private(frozenset({words} if long else ()), frozenset({run} if long and any(map(str.isdigit, run)) else ()))


def _event(row: Row, identity: tuple[str, str], place: Place) -> Event:
    """Return the measurement that a row states; raises `Refused` for a row that is not whole."""
    for name in _MODEL:
        if not row[name]:
            raise Refused(name, "is missing: a score is refused whose model and version are not named")
    measure, model = (_named(row, name) for name in ("measure", _MODEL[0]))
    version = _shaped(row, _MODEL[1], _RELEASE, "one word with a digit, as 0.3.1 is") or ""
    private = _private(identity)
    if any(private.is_in(text) for text in (measure, model, version, row["url"] or "")):
        raise Refused("the row", "names the patient in its measure, its model or its address")
    value = number(row["value"] or "")
    if value is None or not math.isfinite(value):
        raise Refused("value", "is not a number")
    return Event(
        "measurement",
        (_code(measure),),
        _day(row["day"]),
        place,
        ("score", measure, row["day"] or "", model, version, row["record"] or ""),
        value=value,
        unit=row["unit"],
        found=Found(
            model,
            version,
            _one_of(row, "agent_type", AGENTS),
            _one_of(row, "knowledge_level", LEVELS),
            _shaped(row, "sha256", _SHA256, "64 hexadecimal digits in small letters"),
            _shaped(row, "url", _URL, "an http or https address"),
        ),
    )


def _named(row: Row, name: str) -> str:
    text = " ".join((row[name] or "").split())
    if not _NAME.fullmatch(text):
        expected = "at most 100 letters (a to z), digits, spaces and _ . / : ( ) + , % & # < > = * -"
        raise Refused(name, f"is missing or no name: expected {expected}")
    return text


def _shaped(row: Row, name: str, shape: re.Pattern[str], expected: str) -> str | None:
    text = row[name]
    if text and not shape.fullmatch(text):
        raise Refused(name, f"is not {expected}")
    return text or None


def _one_of(row: Row, name: str, expected: tuple[str, ...]) -> str:
    text = row[name] or expected[0]
    if text not in expected:
        raise Refused(name, f"is none of {', '.join(expected)}")
    return text


def _code(measure: str) -> Code:
    """Return the code of a measure: its CURIE if it is one, else a code of our own, made of its name."""
    try:
        curie = parse(measure)
    except CurieError:
        return Code(OWN, _SCORE + _slug(measure), measure, public=True)
    if curie.prefix == OWN and not curie.identifier.startswith(_SCORE):
        raise Refused("measure", f"is an identifier of something else: expected {OWN}:{_SCORE}NAME, or a name")
    return Code(curie.prefix, curie.identifier)


def _slug(measure: str) -> str:
    """Return a measure's name as it may stand in an identifier; what loses more than spaces has a digest of all of it.

    >>> _slug("MGMT methylation"), _slug("Ki-67 > 20 %"), _slug("Ki-67 < 20 %")
    ('MGMT-methylation', 'Ki-67-20-c3a59a', 'Ki-67-20-b18880')
    """
    plain = _UNSAFE.sub("-", measure).strip("-")
    lost = _UNSAFE.search(measure.replace(" ", ""))
    return f"{plain}-{hashlib.sha256(measure.encode()).hexdigest()[:6]}" if lost else plain


def _day(text: str | None) -> Moment | None:
    """Return when it was, None where that is not told."""
    try:
        return read_moment(text) if text else None
    except NoMoment as reason:
        raise Refused("day", str(reason)) from None
