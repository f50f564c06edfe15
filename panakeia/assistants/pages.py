"""Pages: an answer as an assistant takes it: text and structure of at most so many bytes, and a cursor to the rest."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mcp_types import CallToolResult, TextContent

from panakeia.assistants.pieces import Piece, Place, cut, joined, lengths, spans, written

BUDGET = 16_000
"""No answer has more bytes than this, text and structure together."""
_ENVELOPE = 300
"""Bytes left for what the protocol writes around an answer."""
_MOST_NAMED = 40
_HEAD = 800
"""So many letters of an answer's words stand before its values."""
_NOTHING_READ = "Computed from what was given: nothing was read from the graph"


@dataclass(frozen=True)
class About:
    """What an answer is of: the verb, the data's version, the sources read, and the folder that the verb's files are
    kept in, by its name, with theirs."""

    verb: str
    version: str
    sources: tuple[str, ...] = ()
    kept: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whole:
    """An answer before it is cut: its words, its values, and what it is of; `key` tells it from others."""

    key: str
    words: str
    values: Any
    about: About


@dataclass(frozen=True)
class _Cut:
    """An answer in pieces: how long its lists are, and the last piece under each name."""

    pieces: tuple[Piece, ...]
    lengths: Mapping[Place, int]
    lasts: Mapping[str, int]


def page(whole: Whole, start: int) -> CallToolResult:
    """Return the pieces of an answer from `start` on, as many as the budget takes; raises `ValueError` past its end."""
    pieces = tuple(_pieces(whole))
    if not 0 <= start < len(pieces):
        raise ValueError("the cursor is past the end of the answer: ask again without it")
    made = _Cut(pieces, lengths(pieces), {_name(piece): place for place, piece in enumerate(pieces)})
    fits, too_many = start + 1, _bound(pieces, start) + 1
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if _size(_result(whole, made, start, middle)) <= BUDGET - _ENVELOPE:
            fits = middle
        else:
            too_many = middle
    return _result(whole, made, start, fits)


def _pieces(whole: Whole) -> Iterator[Piece]:
    """Yield an answer's pieces: the beginning of its words, its values, and what is left of long words."""
    head, rest = whole.words[:_HEAD], whole.words[_HEAD:]
    yield Piece(("text",), head + ("..." if rest else ""))
    yield from cut(whole.values, ("answer",))
    if rest:
        yield from cut(rest, ("rest_of_text",))


def _bound(pieces: Sequence[Piece], start: int) -> int:
    """Return an end that is surely not too early: there the pieces alone fill the budget."""
    size, stop = 0, start
    while stop < len(pieces) and size <= BUDGET:
        size += len(written(pieces[stop].value).encode())
        stop += 1
    return stop


def _size(result: CallToolResult) -> int:
    return len(result.model_dump_json(by_alias=True, exclude_none=True).encode())


def _result(whole: Whole, made: _Cut, start: int, stop: int) -> CallToolResult:
    shown = joined(made.pieces[start:stop])
    about, part = whole.about, _part(made, start, stop)
    cursor = cursor_to(whole.key, stop) if stop < len(made.pieces) else None
    structured: dict[str, Any] = {"verb": about.verb, "data_version": about.version, **shown, "part": part}
    structured["sources"] = _capped(about.sources)
    if about.files:
        structured["kept"] = {"name": about.kept, "files": _capped(about.files)}
    structured["next_cursor"] = cursor
    return CallToolResult(
        content=[TextContent(type="text", text=_told(about, shown, part, cursor))], structured_content=structured
    )


def _part(made: _Cut, start: int, stop: int) -> dict[str, Any]:
    """Return what a page holds and what is missing from it."""
    here = {_name(piece) for piece in made.pieces[start:stop]}
    later = [name for name, last in made.lasts.items() if last >= stop and name not in here]
    lists = [asdict(span) | {"name": _short(span.name)} for span in spans(made.pieces[start:stop], made.lengths)]
    return {"whole": start == 0 and stop == len(made.pieces), "lists": lists[:5], "still_to_come": later[:20]}


def _name(piece: Piece) -> str:
    return _short(".".join(str(key) for key in piece.place[:2] if isinstance(key, str)))


def _short(name: str) -> str:
    return "rows" if name == "answer" else name.removeprefix("answer.")


def _capped(names: Sequence[str]) -> list[str]:
    more = len(names) - _MOST_NAMED
    return [*names[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]


def _told(about: About, shown: dict[str, Any], part: dict[str, Any], cursor: str | None) -> str:
    """Return a page in words: the answer's own, its rows, what is missing, and where it comes from."""
    lines = [shown["text"]] if shown.get("text") else []
    lines += [_values(shown["answer"])] if "answer" in shown else []
    lines += [f"Rest of the text: {shown['rest_of_text']}"] if "rest_of_text" in shown else []
    if not part["whole"]:
        told = [f"{one['name']}: {one['first']} to {one['last']} of {one['of']}" for one in part["lists"]]
        told += [f"still to come: {', '.join(part['still_to_come'])}"] if part["still_to_come"] else []
        rest = f"for the rest call {about.verb} again with cursor={cursor}" if cursor else "this is the last part"
        lines.append(f"[A part of the answer. {'; '.join([*told, rest])}]")
    if about.files:
        lines.append(f"[Files kept as {about.kept}: {', '.join(_capped(about.files))}]")
    read = f"Data {about.version}; sources: {', '.join(_capped(about.sources))}" if about.version else _NOTHING_READ
    lines.append(f"[{read}]")
    return "\n".join(lines)


def _values(values: Any) -> str:
    """Return values as text: rows as a table with tabs, an object's entries one by one, all else as JSON."""
    if isinstance(values, list) and values and all(isinstance(row, dict) for row in values):
        columns = list(dict.fromkeys(column for row in values for column in row))
        rows = [columns, *([_cell(row.get(column)) for column in columns] for row in values)]
        return "\n".join("\t".join(row) for row in rows)
    if isinstance(values, dict):
        return "\n".join(
            f"{key}:\n{_values(value)}" if _is_table(value) else f"{key}: {_cell(value)}"
            for key, value in values.items()
        )
    return written(values)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, float):
        return f"{value:.6g}"  # all its digits are in the structure
    return "" if value is None else written(value)


def cursor_to(key: str, start: int) -> str:
    """Return the cursor to the rest of an answer from a piece on."""
    return base64.urlsafe_b64encode(json.dumps([key, start]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[str, int]:
    """Return an answer's key and the piece that a cursor stands at; raises `ValueError` for what is none."""
    try:
        key, start = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        raise ValueError(f"got the cursor {text[:40]!r}, expected next_cursor of the answer before") from None
    if not (isinstance(key, str) and type(start) is int):
        raise ValueError(f"got the cursor {text[:40]!r}, expected next_cursor of the answer before")
    return key, start
