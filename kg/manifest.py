"""Manifest: what a build reads, by name of a data set or from a TOML file that lists data sets and files of one's own.

A `[[source]]` table has the `name` of a data set of `kg.sources`, or a `format` of `kg.formats` with the files and the
head of a release: `name`, `version`, `licence` (SPDX), `citation`, `url`. Paths are relative to the manifest.
"""

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kg.formats
import kg.sources
from kg.fetch import Fetch, PublicFile
from kg.files.text import FileError
from kg.files.toml import read_toml
from kg.graph import SourceRelease
from kg.rows import Rows

_HEAD = ("name", "version", "licence", "citation", "url")


class UnknownSource(ValueError):
    """A name that is no data set's."""


@dataclass(frozen=True)
class Input:
    """Something that a build can read: its name, its licence, and how."""

    name: str
    licence: str
    read: Callable[[Fetch], Rows]
    files: tuple[PublicFile, ...] = ()


def source_names() -> list[str]:
    """Return the names of the data sets: the modules of `kg.sources`.

    >>> "hetionet" in source_names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(kg.sources.__path__))


def format_names() -> list[str]:
    """Return the names of the formats: the modules of `kg.formats`.

    >>> "sssom" in format_names()
    True
    """
    return sorted(module.name for module in pkgutil.iter_modules(kg.formats.__path__))


def source(name: str) -> Input:
    """Return the data set of this name; raises `UnknownSource`."""
    if name not in source_names():
        raise UnknownSource(f"there is no source {name!r}; the sources are {', '.join(source_names())}")
    module = importlib.import_module(f"kg.sources.{name}")
    return Input(name, module.SOURCE.licence, module.read, module.SOURCE.files)


def read_manifest(path: str | Path) -> list[Input]:
    """Return what a manifest lists, in its order.

    Raises `FileError` naming the file and the entry for what is not as it should be, and where a file does not exist.
    """
    content = read_toml(path)
    entries = content.pop("source", None)
    if content or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FileError(f"{path}: expected tables [[source]] and nothing else, got {', '.join(content) or 'none'}")
    inputs = [_input(f"{path}, source {number}", entry, Path(path)) for number, entry in enumerate(entries, start=1)]
    names = [one.name for one in inputs]
    if twice := {name for name in names if names.count(name) > 1}:
        raise FileError(f"{path}: {', '.join(sorted(twice))} stands there twice: give each source a name of its own")
    return inputs


def _input(where: str, entry: Mapping[str, Any], manifest: Path) -> Input:
    if "format" not in entry:
        if unknown := entry.keys() - {"name"}:
            raise FileError(f"{where}: got {', '.join(sorted(unknown))}, expected name alone, or format with its files")
        try:
            return source(_text(where, entry, "name"))
        except UnknownSource as failure:
            raise FileError(f"{where}: {failure}") from None
    form = _text(where, entry, "format")
    if form not in format_names():
        raise FileError(f"{where}: there is no format {form!r}; the formats are {', '.join(format_names())}")
    module = importlib.import_module(f"kg.formats.{form}")
    if unknown := entry.keys() - {"format", *_HEAD, *module.FILES}:
        expected = ", ".join((*_HEAD, *module.FILES))
        raise FileError(f"{where}: got {', '.join(sorted(unknown))}, expected format, {expected}")
    head = {key: _text(where, entry, key) for key in _HEAD}
    if head["name"] in source_names():
        raise FileError(f"{where}: {head['name']} is the name of a data set: give yours another")
    files = {key: _file(where, manifest.parent / _text(where, entry, key)) for key in module.FILES}

    def read(fetch: Fetch) -> Rows:
        sums = {path.name: _sha256(path) for path in files.values()}
        rows: Rows = module.read(files, SourceRelease(**head, files=sums))
        return rows

    return Input(head["name"], head["licence"], read)


def _text(where: str, entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        got = "nothing" if value is None else repr(value)
        raise FileError(f"{where}: expected a text as {key}, got {got}")
    return value


def _file(where: str, path: Path) -> Path:
    if not path.is_file():
        raise FileError(f"{where}: {path} is no file")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
