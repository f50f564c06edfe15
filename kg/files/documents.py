"""JSON documents of public sources, one a file or many in an archive, with the lines that their parts stand in."""

import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.files.text import FileError, read_text


@dataclass(frozen=True)
class Document:
    """A JSON document: the name of its file, its text and what it says."""

    name: str
    text: str
    content: Any

    def of(self, *keys: str) -> Any:
        """Return what stands under a key, under the next one in there, and so on; raises `FileError` for none."""
        value = self.content
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                raise FileError(f"{self.name}: expected {key!r}" + (f" in {keys[0]!r}" if key != keys[0] else ""))
            value = value[key]
        return value

    def lines(self, key: str) -> list[int]:
        """Return the number, from 1, of the line of each place where a key stands, in order."""
        marker = f'"{key}":'
        lines = enumerate(self.text.split("\n"), start=1)
        return [number for number, line in lines for _ in range(line.count(marker))]

    def placed(self, items: Sequence[Any], key: str) -> list[tuple[Any, int]]:
        """Return each item of a list with the line in which its key stands; the lists of the document come in order.

        Where the document does not say `key` in every item, the line is the first.
        """
        lines = self.lines(key)
        return list(zip(items, lines if len(lines) >= len(items) else [1] * len(items), strict=False))

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Make a part that is missing or of another type, inside the block, a `FileError` that names the file."""
        try:
            yield
        except KeyError as failure:
            raise FileError(f"{self.name}: expected {failure.args[0]!r}, which is not there") from failure
        except (AttributeError, IndexError, TypeError, ValueError) as failure:
            if isinstance(failure, FileError):
                raise
            raise FileError(f"{self.name}: a part is not what it should be: {failure}") from failure


def read_document(path: str | Path) -> Document:
    """Return the JSON document of a file, unpacked if its name ends in `.gz`; raises `FileError`, `OSError`."""
    return _parsed(Path(path).name, read_text(path))


def read_archive(path: str | Path) -> Iterator[Document]:
    """Yield the JSON documents of a gzipped tar archive, by name; raises `FileError`, `OSError`."""
    try:
        with tarfile.open(path, "r:gz") as archive:
            members = [member for member in archive if member.isfile() and member.name.endswith(".json")]
            for member in sorted(members, key=lambda member: member.name):
                stream = archive.extractfile(member)
                content = stream.read() if stream else b""
                name = f"{Path(path).name}/{member.name.rpartition('/')[2]}"
                try:
                    text = content.decode("utf-8-sig")
                except UnicodeDecodeError as failure:
                    raise FileError(f"{name}: byte {failure.start} is not UTF-8; save it as UTF-8 text") from None
                yield _parsed(name, text)
    except (tarfile.TarError, EOFError, zlib.error) as failure:
        raise FileError(f"{path} is no gzipped tar archive, or only a part of it: {failure}") from None


def _parsed(name: str, text: str) -> Document:
    try:
        return Document(name, text, json.loads(text))
    except RecursionError:
        raise FileError(f"{name}: too many lists and objects inside each other") from None
    except ValueError as failure:
        raise FileError(f"{name}: not JSON: {failure}") from None
