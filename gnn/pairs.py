"""Pairs: a table of pairs in a file, and which nodes of a store each of them means."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pandas as pd

from gnn.task import TASKS, End, Task
from kg.files.header import check_header
from kg.files.table import read_tsv
from kg.files.text import LINE_END, FileError, read_text
from kg.search import Node, meanings
from kg.stores.protocol import Store

_SHOWN = 10


class PairsError(ValueError):
    """Pairs that cannot be taken; the message names the lines."""


def read_pairs(path: str | Path, columns: tuple[str, str] | None = None, taken: Collection[str] = ()) -> pd.DataFrame:
    """Read pairs from a TSV with a header line and at least these columns (of some task, if none are given), as text.

    Row i of the frame is line i + 2 of the file. Raises `PairsError`, which names file and line, for what
    `kg.files.table.read_tsv` refuses, and for columns with names that are `taken` for what is to be added.
    """
    try:
        table = read_tsv(path, columns or _columns_of_a_task(path))
    except FileError as failure:
        raise PairsError(str(failure)) from None
    frame = pd.DataFrame(list(table.rows.values()), columns=list(table.header), dtype=str)
    _check_new(path, list(frame.columns), taken)
    return frame


def _columns_of_a_task(path: str | Path) -> tuple[str, str]:
    """Return the two columns of a task that a file's header has; those of the first task where it has none."""
    header = {*LINE_END.split(read_text(path), maxsplit=1)[0].split("\t")}
    return next(
        (task.columns for task in TASKS.values() if {*task.columns} <= header), next(iter(TASKS.values())).columns
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
    ids: dict[End, list[str]] = {}
    bad: list[tuple[int, str]] = []
    ends: tuple[End, End] = "subject", "object"
    for kind, column, end in zip(task.kinds, task.columns, ends, strict=True):
        ids[end], wrong = _meant(store, kind, pairs[column], pd.Index(list((nodes or {}).get(end, ()))))
        bad += wrong
    if bad:
        bad.sort()
        more = f"\n... and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        told = "\n".join(f"line {line}: {why}" for line, why in bad[:_SHOWN])
        raise PairsError(f"{origin}: {len(bad)} ends of pairs are not to be found:\n{told}{more}")
    return ids


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
    """Return the identifier that each value means, and of those that mean none the line and why."""
    texts = pd.Index(column.astype(str).to_numpy(object), dtype=object)  # pandas' own strings are slow to look through
    others = texts[nodes.get_indexer(texts) < 0].unique()
    found = meanings(store, list(others), kind) if len(others) else {}
    meant = {text: ones[0].id for text, ones in found.items() if len(ones) == 1}
    why = {text: _not_meant(text, found.get(text, ()), kind) for text in others if text not in meant}
    lines = [(place + 2, why[text]) for place, text in enumerate(texts) if text in why] if why else []
    return [meant.get(text, text) for text in texts], lines


def _not_meant(text: str, meant: tuple[Node, ...], kind: str) -> str:
    """Say why a text means no node."""
    if len(meant) > 1:
        return f"{text!r} names {len(meant)} nodes, {', '.join(node.id for node in meant)}: give one of these"
    return f"{text!r} is not in the graph; expected a {kind.lower()}, by CURIE or name"
