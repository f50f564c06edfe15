"""Pieces: an answer as JSON values, cut into pieces of at most so many bytes that are put together again in order."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str | int, ...]
"""Where a piece stands: the keys and indexes that lead to it."""

MOST_BYTES = 4_000
"""A row or an object of more bytes than this is cut up itself."""
_SHORT = 300
"""Entries of at most so many letters keep their order."""
_MOST_LETTERS = 600
"""A text that is cut up is cut into so many letters, of which JSON writes each in at most six bytes."""


@dataclass(frozen=True)
class Piece:
    """A part of a value, and where in it it stands."""

    place: Place
    value: Any


@dataclass(frozen=True)
class Span:
    """What is shown of a list that is not shown whole: the first and the last row, from 1, of how many."""

    name: str
    first: int
    last: int
    of: int


def written(value: Any) -> str:
    """Return a JSON value in few bytes."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def cut(value: Any, place: Place = ()) -> Iterator[Piece]:
    """Yield the pieces of a JSON value, in order: a list's items one by one, whole where they are small enough.

    Of an object the short entries come before the long ones, so that a first page has most of them.

    >>> [piece.place for piece in cut({"rows": [{"id": "x" * 2000}, {"id": "y" * 2000}], "n": 2})]
    [('n',), ('rows', 0), ('rows', 1)]
    """
    if isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _cut_item(item, (*place, index))
    elif isinstance(value, dict) and value and len(written(value).encode()) > MOST_BYTES:
        for key, item in sorted(value.items(), key=lambda entry: max(len(written(entry[1])), _SHORT)):
            yield from cut(item, (*place, key))
    elif isinstance(value, str) and len(written(value).encode()) > MOST_BYTES:
        for start in range(0, len(value), _MOST_LETTERS):
            yield Piece(place, value[start : start + _MOST_LETTERS])
    else:
        yield Piece(place, value)


def _cut_item(item: Any, place: Place) -> Iterator[Piece]:
    """Yield a list's item, whole if it is small enough, also where it is a list."""
    if len(written(item).encode()) <= MOST_BYTES:
        yield Piece(place, item)
    else:
        yield from cut(item, place)


def joined(pieces: Sequence[Piece], depth: int = 0) -> Any:
    """Return the value that pieces make; a list that they hold in part is shorter.

    >>> joined(tuple(cut({"rows": [1, 2, 3], "n": 3})))
    {'rows': [1, 2, 3], 'n': 3}
    """
    if len(pieces[0].place) == depth:
        texts = [piece.value for piece in pieces]
        return texts[0] if len(texts) == 1 else "".join(texts)
    groups = [(key, list(group)) for key, group in groupby(pieces, key=lambda piece: piece.place[depth])]
    if isinstance(groups[0][0], int):
        return [joined(group, depth + 1) for _, group in groups]
    return {key: joined(group, depth + 1) for key, group in groups}


def lengths(pieces: Sequence[Piece]) -> dict[Place, int]:
    """Return how many items each outermost list of a value has, by its place."""
    found: dict[Place, int] = {}
    for piece in pieces:
        if (listed := _listed(piece.place)) is not None:
            found[listed[0]] = listed[1] + 1
    return found


def spans(pieces: Sequence[Piece], whole: Mapping[Place, int]) -> list[Span]:
    """Return which of the outermost lists some pieces show in part; `whole` is how many items each has."""
    seen: dict[Place, tuple[int, int]] = {}
    for piece in pieces:
        if (listed := _listed(piece.place)) is not None:
            name, index = listed
            seen[name] = seen.get(name, (index, index))[0], index
    return [
        Span(".".join(map(str, name)), first + 1, last + 1, whole[name])
        for name, (first, last) in seen.items()
        if (first, last) != (0, whole[name] - 1)
    ]


def _listed(place: Place) -> tuple[Place, int] | None:
    """Return the outermost list that a place is in, and the index there."""
    return next(((place[:depth], key) for depth, key in enumerate(place) if isinstance(key, int)), None)
