"""The text of a file: UTF-8 with or without a byte-order mark, plain or gzipped; whatever else it is, is named."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LINE_END = re.compile(r"\r\n|\r|\n")
"""What ends a line, in every file: no other control or Unicode character does."""

_UTF_8_MARK = codecs.BOM_UTF8
_FIRST_BYTES = {
    codecs.BOM_UTF32_LE: "UTF-32 text; save it as UTF-8 text",  # before UTF-16, whose mark its own begins with
    codecs.BOM_UTF32_BE: "UTF-32 text; save it as UTF-8 text",
    codecs.BOM_UTF16_LE: "UTF-16 text; save it as UTF-8 text",
    codecs.BOM_UTF16_BE: "UTF-16 text; save it as UTF-8 text",
    b"\x1f\x8b": "gzipped; unpack it, or let its name end in .gz",
    b"PK\x03\x04": "a zip archive or a workbook (.xlsx); save the table in it as text in UTF-8",
    b"\xd0\xcf\x11\xe0": "a workbook (.xls); save the table in it as text in UTF-8",
}
"""How a file begins that is no UTF-8 text -> what it is, and the cure."""


_LONGEST_MESSAGE = 2000


class FileError(ValueError):
    """A file that is not what it should be; the message begins with its name and says where the fault is.

    Of what a long one quotes, the middle is left out: whole files stand in one line by mistake.
    """

    def __init__(self, message: str) -> None:
        if len(message) > _LONGEST_MESSAGE:
            half = _LONGEST_MESSAGE // 2
            message = f"{message[:half]} [...] {message[-half:]}"
        super().__init__(message)


def read_text(path: str | Path) -> str:
    """Return a file's text without its byte-order mark; what ends in `.gz` is unpacked.

    Raises `FileError` for what is not UTF-8 text, `OSError` with the file's name for what cannot be opened.
    """
    return read_utf8(path).decode()


def read_utf8(path: str | Path) -> bytes:
    """Return the bytes of a file's text, known to be UTF-8; like `read_text`, for who decodes them later."""
    data = _contents(path)
    refuse_first_bytes(path, data)
    check_utf8(path, data)
    return without_mark(data)


def check_utf8(path: str | Path, data: bytes, line: int = 1, place: int = 0) -> None:
    """Raise `FileError` where these bytes, which begin in this line and at this byte of the file, are not UTF-8."""
    if b"\0" in data:
        _refuse_nul(path, data, line, place)
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as failure:
            line += line_ends(data[: failure.start])
            raise FileError(
                f"{path}, line {line}: byte {place + failure.start} is not UTF-8; save the file as UTF-8 text"
            ) from None


def line_ends(data: bytes) -> int:
    """Return how many lines end in these bytes.

    >>> line_ends(b"a\\nb\\r\\nc\\rd")
    3
    """
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def refuse_first_bytes(path: str | Path, data: bytes) -> None:
    """Raise `FileError` for a file that begins with these bytes if they are how something else than UTF-8 begins."""
    for begin, what in _FIRST_BYTES.items():
        if data.startswith(begin):
            raise FileError(f"{path} is {what}")


def without_mark(data: bytes) -> bytes:
    """Return the first bytes of a file without a byte-order mark."""
    return data.removeprefix(_UTF_8_MARK)


@contextmanager
def create_text(path: str | Path, final: str | Path | None = None) -> Iterator[TextIO]:
    """Open a file for text in UTF-8, with line ends as they are written.

    It is gzipped if its name ends in `.gz`, or the `final` name that it will have (see `kg.output.whole_file`).
    """
    with Path(path).open("wb") as stream:
        packed = Path(final or path).suffix == ".gz"
        binary = gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) if packed else stream
        with io.TextIOWrapper(binary, encoding="utf-8", newline="") as file:
            yield file


def _contents(path: str | Path) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            if Path(path).suffix != ".gz":
                return stream.read()
            with gzip.open(stream) as unpacked:
                return unpacked.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as failure:
        raise FileError(f"{path} is not gzipped text, or only a part of it: {failure}") from None
    except OSError as failure:
        raise OSError(failure.errno, failure.strerror, str(path)) from failure  # a failed read comes without the name


def _refuse_nul(path: str | Path, data: bytes, line: int, place: int) -> None:
    """Say where the first NUL byte is; ASCII text in UTF-16 has one in every second place, in UTF-32 three in four."""
    if data.count(0) > len(data) // 3:
        raise FileError(f"{path} looks like UTF-16 or UTF-32 text; save it as UTF-8 text")
    first = data.index(0)
    raise FileError(
        f"{path}, line {line + line_ends(data[:first])}: byte {place + first} is NUL, which no text has; "
        "write the file anew"
    )
