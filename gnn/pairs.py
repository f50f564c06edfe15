"""Pairs: a table of pairs in a file, and which nodes of a store each of them means."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pandas as pd

from gnn.task import TASKS, End, Task
from kg.files.header import check_header
from kg.files.rows import read_rows
from kg.files.text import FileError
from kg.search import AmbiguousName, Node, UnknownNode, find, meanings
from kg.stores.protocol import Store

_SHOWN = 10


class PairsError(ValueError):
    """Pairs that cannot be taken; the message names the lines."""


@dataclass(frozen=True)
class Rejected:
    """An end of a pair that means no node, or several: where it stands, in which column, the text, and why."""

    place: str
    column: str
    text: str
    reason: str


def read_pairs(path: str | Path, columns: tuple[str, str] | None = None, taken: Collection[str] = ()) -> pd.DataFrame:
    """Read pairs from a table (`kg.files.rows`) with at least these columns (of some task, if none are given), as text.

    Row i of a TSV's frame is line i + 2 of the file; otherwise the frame's index has the lines, or rows, by that name.
    Raises `PairsError`, which names file and line, for what `read_rows` refuses, and for columns with names that are
    `taken` for what is to be added.
    """
    try:
        table = read_rows(path, lambda header: columns or _columns_of_a_task(header))
    except FileError as failure:
        raise PairsError(str(failure)) from None
    frame = pd.DataFrame(list(table.rows.values()), columns=list(table.header), dtype=str)
    if list(table.rows) != list(range(2, len(frame) + 2)):
        frame.index = pd.Index(list(table.rows), name=table.word)
    _check_new(path, list(frame.columns), taken)
    return frame


def _columns_of_a_task(header: Sequence[str]) -> tuple[str, str]:
    """Return the two columns of a task that a header has; those of the first task where it has none."""
    return next(
        (task.columns for task in TASKS.values() if {*task.columns} <= {*header}), next(iter(TASKS.values())).columns
    )


def tasks_about(origin: object, header: Sequence[str]) -> list[Task]:
    """Return the tasks whose two columns are in a header; raises `PairsError` where there is none.

    >>> [task.name for task in tasks_about("pairs.tsv", ["drug", "gene", "note"])]
    ['binds']
    """
    found = [task for task in TASKS.values() if {*task.columns} <= {*header}]
    if not found:
        wanted = "; ".join(f"{' and '.join(task.columns)} ({task.name})" for task in TASKS.values())
        raise PairsError(f"{origin}, line 1: the columns are {', '.join(header) or 'none'}: expected {wanted}")
    return found


def check_columns(origin: object, header: Sequence[str], task: Task, taken: Collection[str] = ()) -> None:
    """Raise `PairsError` unless a header names the ends of a task, and none of the columns that are to be added."""
    try:
        check_header(origin, header, task.columns, "\t")
    except FileError as failure:
        raise PairsError(str(failure)) from None
    _check_new(origin, header, taken)


def _check_new(origin: object, header: Sequence[str], taken: Collection[str]) -> None:
    if twice := [column for column in taken if column in header]:
        raise PairsError(f"{origin}, line 1: the column {twice[0]} is there already; expected pairs without scores")


def resolved(
    store: Store,
    task: Task,
    pairs: pd.DataFrame,
    origin: object = "the pairs",
    nodes: Mapping[End, Collection[str]] | None = None,
) -> dict[End, list[str]]:
    """Return the identifiers that the two ends of pairs mean, each given by identifier, name or synonym.

    `nodes` are identifiers of either end that need no looking up. Raises `PairsError` naming the lines (counting a
    header as line 1) of what is not in the store; `origin` says in a message where the pairs are from.
    """
    ids, bad = _ends_of(store, task, pairs, nodes)
    if bad:
        _refuse(origin, [one for row in bad.values() for one in row])
    return ids


def _refuse(origin: object, bad: Sequence[Rejected]) -> NoReturn:
    """Raise `PairsError` for ends of pairs that cannot be taken, which names the first with their lines."""
    more = f"\n... and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    told = "\n".join(f"{one.place}: {one.reason}" for one in bad[:_SHOWN])
    raise PairsError(f"{origin}: {len(bad)} ends of pairs are not to be found:\n{told}{more}")


def left_out(rejected: Sequence[Rejected], rows: int, of: int) -> tuple[str, ...]:
    """Return in lines how many of so many rows were left out, and why the first of them."""
    if not rejected:
        return ()
    more = [f"... and {len(rejected) - _SHOWN} more"] if len(rejected) > _SHOWN else []
    told = [f"{one.place}, {one.column}: {one.reason}" for one in rejected[:_SHOWN]]
    return (f"{rows} of {of} rows were rejected:", *told, *more)


def _ends_of(
    store: Store, task: Task, pairs: pd.DataFrame, nodes: Mapping[End, Collection[str]] | None = None
) -> tuple[dict[End, list[str]], dict[int, list[Rejected]]]:
    """Return what the two ends of pairs mean, as `resolved`, and what means nothing, by the number of the row from 0.

    Where a text means nothing, it stands among the identifiers as it is.
    """
    ids: dict[End, list[str]] = {}
    bad: dict[int, list[Rejected]] = {}
    ends: tuple[End, End] = "subject", "object"
    for kind, column, end in zip(task.kinds, task.columns, ends, strict=True):
        ids[end], wrong = _meant(store, kind, pairs[column], pd.Index(list((nodes or {}).get(end, ()))))
        for row, why in wrong:
            bad.setdefault(row, []).append(Rejected(_place(pairs, row), column, str(pairs[column].iloc[row]), why))
    return ids, dict(sorted(bad.items()))


def found_ends(
    store: Store,
    task: Task,
    pairs: pd.DataFrame,
    origin: object = "the pairs",
    nodes: Mapping[End, Collection[str]] | None = None,
    rejected: list[Rejected] | None = None,
) -> tuple[pd.DataFrame, dict[End, list[str]]]:
    """Return the rows whose ends are both in the store, and what their ends mean, as `resolved`.

    The ends of others are told in `rejected`. Without that, or where no row is left, raises `PairsError`.
    """
    ids, bad = _ends_of(store, task, pairs, nodes)
    if not bad:
        return pairs, ids
    told = _with_near_names(store, task, [one for row in bad.values() for one in row])
    if rejected is None or len(bad) == len(pairs):
        _refuse(origin, told)
    rejected += told
    kept = [place for place in range(len(pairs)) if place not in bad]
    return pairs.iloc[kept], {end: [of[place] for place in kept] for end, of in ids.items()}


def _with_near_names(store: Store, task: Task, bad: Sequence[Rejected]) -> list[Rejected]:
    """Return rejected ends of pairs, the first of them with the names that are near, or the nodes that are meant."""
    kinds, told = dict(zip(task.columns, task.kinds, strict=True)), list(bad)
    for place, one in enumerate(told[:_SHOWN]):
        try:
            find(store, one.text, kinds[one.column])
        except (UnknownNode, AmbiguousName) as failure:
            if one.text.strip():
                told[place] = replace(one, reason=str(failure))
    return told


def _place(pairs: pd.DataFrame, row: int) -> str:
    """Return where a row stands: its line in a file, or its number."""
    return f"{pairs.index.name} {pairs.index[row]}" if pairs.index.name else f"line {row + 2}"


def held_out_pairs(store: Store, task: Task, path: str | Path) -> pd.DataFrame:
    """Return the pairs in a TSV, each end as the identifier that it means; raises `PairsError` naming the lines."""
    pairs = read_pairs(path, task.columns)
    ids = resolved(store, task, pairs, path)
    return pd.DataFrame(dict(zip(task.columns, ids.values(), strict=True)), dtype=str)


def digest(pairs: pd.DataFrame | None, task: Task) -> tuple[int, str]:
    """Return how many different pairs there are, and the SHA-256 of them; (0, "") where there are none.

    >>> digest(pd.DataFrame({"drug": ["b", "a"], "gene": ["1", "1"]}), TASKS["binds"])[1][:8]
    'dc1227b2'
    """
    if pairs is None or pairs.empty:
        return 0, ""
    told = sorted({*zip(*(pairs[column].astype(str) for column in task.columns), strict=True)})
    return len(told), hashlib.sha256("\n".join(map("\t".join, told)).encode()).hexdigest()


def _meant(store: Store, kind: str, column: pd.Series, nodes: pd.Index) -> tuple[list[str], list[tuple[int, str]]]:
    """Return the identifier that each value means, and of those that mean none the row and why."""
    texts = pd.Index(column.astype(str).to_numpy(object), dtype=object)  # pandas' own strings are slow to look through
    others = texts[nodes.get_indexer(texts) < 0].unique()
    found = meanings(store, list(others), kind) if len(others) else {}
    meant = {text: ones[0].id for text, ones in found.items() if len(ones) == 1}
    why = {text: _not_meant(text, found.get(text, ()), kind) for text in others if text not in meant}
    lines = [(place, why[text]) for place, text in enumerate(texts) if text in why] if why else []
    return [meant.get(text, text) for text in texts], lines


def _not_meant(text: str, meant: tuple[Node, ...], kind: str) -> str:
    """Say why a text means no node."""
    if len(meant) > 1:
        return f"{text!r} names {len(meant)} nodes, {', '.join(node.id for node in meant)}: give one of these"
    return f"{text!r} is not in the graph; expected a {kind.lower()}, by CURIE or name"
