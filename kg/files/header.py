"""The header line of a table: every column with a name of its own, and the needed ones among them."""

import unicodedata
from collections.abc import Sequence

from kg.files.text import FileError

SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", " ": "spaces"}
"""What may stand between the columns of a table, and its plural."""


def check_header(origin: object, header: Sequence[str], needed: Sequence[str], separator: str, line: int = 1) -> None:
    """Check the cells of a table's first line, which is the file's unless comments stand before it.

    Raises `FileError`, which names `origin`, for a line without text, columns between other separators, a column
    without a name, two columns with one name, and a needed column that is not there. Names that differ only in spaces
    around them, in invisible characters or in how letters are composed count as one.
    """
    where = f"{origin}, line {line}"
    if not any(map(_seen, header)):
        raise FileError(f"{where}: nothing there; expected a header with {_wanted(needed)}")
    missing = [name for name in needed if name not in header]
    if missing:
        _check_separator(where, header, needed, separator)
    for column, name in enumerate(header, start=1):
        if not _seen(name):
            last = ", or take the separator from the end of each line" if column == len(header) else ""
            raise FileError(f"{where}: column {column} has no name; name it or take it out{last}")
    places: dict[str, int] = {}
    for column, name in enumerate(header, start=1):
        first = places.setdefault(_seen(name), column)
        if first != column:
            twins = f"{header[first - 1]!a} and {name!a}" if name != header[first - 1] else f"both {name!r}"
            raise FileError(f"{where}: columns {first} and {column} are {twins}; expected names that differ")
    if missing:
        lost = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
        raise FileError(
            f"{where}: {lost} missing among {_listed(header, missing)}; "
            f"expected {', '.join(needed)}, separated by {SEPARATORS[separator]}"
        )


def _wanted(needed: Sequence[str]) -> str:
    return f"the columns {', '.join(needed)}" if needed else "the names of the columns"


def _check_separator(where: str, header: Sequence[str], needed: Sequence[str], separator: str) -> None:
    """Name the separator that the needed columns stand between, if it is another than the expected one."""
    if {*needed} <= {*map(_bare, header)}:
        return
    line = separator.join(header)
    for other, plural in SEPARATORS.items():
        if {*needed} <= {*map(_bare, line.split(other))}:
            raise FileError(f"{where}: the columns are separated by {plural}; expected {SEPARATORS[separator]}")


def _listed(header: Sequence[str], missing: Sequence[str]) -> str:
    """Return the names that are there; one that looks like a missing one, with all that hides in it."""
    alike = {_bare(name).casefold() for name in missing}
    return ", ".join(f"{name!a} (not the same)" if _bare(name).casefold() in alike else name for name in header)


def _bare(name: str) -> str:
    """Return a name without quotation marks around it."""
    return _seen(_seen(name).strip("\"'"))


def _seen(name: str) -> str:
    """Return what a reader sees of a name: no characters without shape, no spaces around it, letters composed."""
    if name.isascii() and name.isprintable():
        return name.strip()
    shaped = "".join(character for character in name if unicodedata.category(character) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", shaped).strip()
