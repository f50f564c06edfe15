"""The lines of a file, one after the other: for what is too large, or too long, to be held as one text."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from kg.files.text import LINE_END, FileError, refuse_first_bytes, without_mark


def read_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Yield each line's number, from 1, and its text without what ends it; what ends in `.gz` is unpacked.

    A byte-order mark is left out. Raises `FileError`, which names file and line, for what is not UTF-8 text or is cut
    off, `OSError` with the file's name for what cannot be opened.
    """
    number = 0
    try:
        with Path(path).open("rb") as stream:
            if Path(path).suffix != ".gz":
                yield from _lines(path, stream)
                return
            with gzip.open(stream) as unpacked:
                for number, line in _lines(path, unpacked):
                    yield number, line
    except (gzip.BadGzipFile, EOFError, zlib.error) as failure:
        raise FileError(
            f"{path}, after line {number}: not gzipped text, or only a part of it: {failure}; get the file anew"
        ) from None


def _lines(path: str | Path, stream: BinaryIO | gzip.GzipFile) -> Iterator[tuple[int, str]]:
    number = 0
    for data in stream:  # ends at a line feed; a carriage return alone is looked for below
        if not number:
            refuse_first_bytes(path, data)
            data = without_mark(data)
        if b"\0" in data:
            raise FileError(f"{path}, line {number + 1}: a NUL byte, which no text has; save the file as UTF-8 text")
        try:
            text = data.decode()
        except UnicodeDecodeError as failure:
            raise FileError(
                f"{path}, line {number + 1}: byte {failure.start} of it is not UTF-8; save the file as UTF-8 text"
            ) from None
        text = text.removesuffix("\n").removesuffix("\r")
        for line in LINE_END.split(text) if "\r" in text else (text,):
            number += 1
            yield number, line
