"""Formats of patients' records, one module (or package) each, with a `kg.patients.record.Reader` called `READER`.

A new format is a new module here: it is found by its name, and by what its files look like.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from kg.patients.record import Reader, RecordError

_RECORDS = (".json", ".ndjson", ".jsonl", ".vcf")
"""How the name of a file ends that holds records: where no reader knows one in a folder, it is broken."""


@cache
def readers() -> Mapping[str, Reader]:
    """Return every reader by the name of its format.

    >>> "fhir" in readers()
    True
    """
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {found.READER.name: found.READER for found in modules}


def reader(name: str) -> Reader:
    """Return the reader of a format; raises `RecordError` where there is none of this name."""
    if name not in readers():
        raise RecordError(f"there is no format of this name; expected one of {', '.join(sorted(readers()))}")
    return readers()[name]


def sorted_by_format(paths: Iterable[Path], format: str | None = None) -> dict[str, list[Path]]:
    """Return which of these files and folders each reader is to read, by its name.

    A folder that is no data set by itself is searched; what is no record there, by its name, is passed over. With
    `format`, all is of that one. Raises `RecordError` for a path that does not exist, for one that no reader knows, and
    where there is nothing to read.
    """
    given = list(dict.fromkeys(Path(path) for path in paths))
    if not given:
        raise RecordError(f"no path was given: expected patients' records, {_known()}")
    found: dict[str, list[Path]] = {}
    for number, path in enumerate(given, start=1):
        if not path.exists():
            raise RecordError(f"path {number} of {len(given)} does not exist: expected patients' records, {_known()}")
        here: dict[str, list[Path]] = {reader(format).name: [path]} if format else {}
        strange = 0 if format else _search(path, here)
        if strange or not here:
            what = f"path {number} of {len(given)}"
            if path.is_file():
                told = f"{what} is of no known format"
            elif strange:
                told = f"{what} holds {strange} file{'s' * (strange != 1)} of no known format"
            else:
                told = f"{what} holds no patients' records of a known format"
            raise RecordError(f"{told}: expected {_known()}; name the format (--format) to be told what is wrong")
        for name, files in here.items():
            found.setdefault(name, []).extend(files)
    return {name: list({path.resolve(): path for path in files}.values()) for name, files in found.items()}


def _search(path: Path, found: dict[str, list[Path]]) -> int:
    """Add what lies at a path to what was found, by format; return how many files look like records and are none."""
    for one in readers().values():
        if one.sniff(path):
            found.setdefault(one.name, []).append(path)
            return 0
    if path.is_dir():
        return sum(_search(child, found) for child in sorted(path.iterdir()))
    return path.name.lower().removesuffix(".gz").removesuffix(".bgz").endswith(_RECORDS)


def _known() -> str:
    return ", ".join(f"{one.describes} ({name})" for name, one in sorted(readers().items()))
