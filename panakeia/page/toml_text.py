"""TOML text: where a value stands in a file, so that it can be changed while comments and order stay."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Where a value is: names of tables and keys, with numbers from 0 in arrays of tables: ("arms", 1, "policy")."""
_HEADER = re.compile(r"^(\[\[?)([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)\]\]?[^\S\n]*(?:#[^\n]*)?$", re.MULTILINE)
_BARE_END = re.compile(r"[,\s#}\]]|\Z")


@dataclass(frozen=True)
class _Section:
    place: Place
    start: int
    end: int


def span(text: str, place: Place) -> tuple[int, int] | None:
    """Return where the value at a place begins and ends in a text; None where it is not written as a key of its own.

    >>> toml = "[a]\\nx = 1  # one\\n[[b]]\\n[[b]]\\ny = { z = [1, 2] }\\n"
    >>> [toml[slice(*span(toml, place))] for place in (("a", "x"), ("b", 1, "y", "z"))]
    ['1', '[1, 2]']
    """
    own = [one for one in _sections(text) if place[: len(one.place)] == one.place]
    for section in sorted(own, key=lambda one: -len(one.place)):
        found = _in_lines(text, section, [str(name) for name in place[len(section.place) :]])
        if found is not None:
            return found
    return None


def end_of_table(text: str, name: str) -> int | None:
    """Return where the last line of the table [name] ends; None where there is none.

    >>> end_of_table("[a]\\nx = 1\\n\\n[b]\\n", "a")
    10
    """
    for section in _sections(text):
        if section.place == (name,):
            return section.start + len(text[section.start : section.end].rstrip()) + 1
    return None


def _sections(text: str) -> Iterator[_Section]:
    headers = list(_HEADER.finditer(text))
    counts: dict[tuple[str, ...], int] = {}
    yield _Section((), 0, headers[0].start() if headers else len(text))
    for number, header in enumerate(headers):
        names = tuple(header[2].split("."))
        if header[1] == "[[":
            counts[names] = counts.get(names, -1) + 1
        place: list[str | int] = []
        for depth in range(1, len(names) + 1):
            place.append(names[depth - 1])
            if names[:depth] in counts:
                place.append(counts[names[:depth]])
        end = headers[number + 1].start() if number + 1 < len(headers) else len(text)
        yield _Section(tuple(place), header.end() + 1, end)


def _in_lines(text: str, section: _Section, keys: Sequence[str]) -> tuple[int, int] | None:
    """Return where a value is among the lines of a section, or in an inline table there."""
    at = section.start
    while at < section.end:
        line = re.compile(r"[^\S\n]*([\w-]+)[^\S\n]*=[^\S\n]*").match(text, at)
        if line is None:
            at = text.find("\n", at) + 1 or section.end
            continue
        end = value_end(text, line.end())
        if keys and line[1] == keys[0]:
            return (line.end(), end) if len(keys) == 1 else _inside(text, line.end(), end, keys[1:])
        at = text.find("\n", end) + 1 or section.end
    return None


def _inside(text: str, start: int, end: int, keys: Sequence[str]) -> tuple[int, int] | None:
    """Return where a value is in the inline table that is written from start to end."""
    if not text.startswith("{", start):
        return None
    at = start + 1
    while at < end:
        one = re.compile(r"[\s,]*([\w-]+)\s*=\s*").match(text, at)
        if one is None:
            return None
        stop = value_end(text, one.end())
        if one[1] == keys[0]:
            return (one.end(), stop) if len(keys) == 1 else _inside(text, one.end(), stop, keys[1:])
        at = stop
    return None


def value_end(text: str, start: int) -> int:
    """Return where the value that begins at a place of a text ends; comments inside of it are part of it.

    >>> value_end("[1, '] #', # ]\\n 2] # x", 0)
    18
    """
    if text[start : start + 1] in ("[", "{"):
        depth, at = 0, start
        while at < len(text):
            letter = text[at]
            if letter in "\"'":
                at = _text_end(text, at)
                continue
            if letter == "#":
                at = (text.find("\n", at) + 1) or len(text)
                continue
            depth += letter in "[{"
            depth -= letter in "]}"
            at += 1
            if depth == 0:
                return at
        return at
    if text[start : start + 1] in ('"', "'"):
        return _text_end(text, start)
    found = _BARE_END.search(text, start)
    return found.start() if found else len(text)


def _text_end(text: str, start: int) -> int:
    """Return where a text in quotes ends, also one of several lines."""
    quote = text[start]
    mark = quote * 3 if text.startswith(quote * 3, start) else quote
    at = start + len(mark)
    while at < len(text):
        if text[at] == "\\" and quote == '"':
            at += 2
        elif text.startswith(mark, at):
            return at + len(mark)
        else:
            at += 1
    return at
