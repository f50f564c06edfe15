"""What the command line shows: tables, JSON, progress, and errors without a traceback."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kg.files.table import write_csv
from panakeia.cells import cell

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

SHORT = 28
"""Cells of at most this many characters stay on one line."""
PIPE_WIDTH = 200
"""Columns of a table that does not go to a terminal."""


def output_folder(folder: "Path") -> None:
    """Check, before the work, that a folder can be written into; raise `ValueError` where a file is in its place."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: expected a folder to write into, or a name that is free")


def output_file(path: "Path") -> None:
    """Check, before the work, that a file can be written; raise `ValueError` where a folder is in its place."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder: expected the name of a file to write")
    output_folder(path.parent)


def print_json(value: object) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a frame's rows as JSON values; a missing value is null."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))


def print_frame(frame: "pd.DataFrame", *, title: str, as_json: bool = False, as_csv: bool = False) -> None:
    """Print a frame as a table, as a JSON list of records, or as CSV."""
    if as_json:
        print_json(records(frame))
    elif as_csv:
        write_csv(frame, sys.stdout)
    else:
        _print_table(
            title, list(frame.columns), [[cell(value) for value in row] for row in frame.itertuples(index=False)]
        )


def print_counts(title: str, counts: Mapping[str, int]) -> None:
    """Print names with their counts as a table."""
    _print_table(title, ["name", "count"], [[name, f"{count:,}"] for name, count in counts.items()])


def print_note(text: str) -> None:
    """Print a line about what is being done, on standard error, so that standard output stays data."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_error(failure: BaseException) -> None:
    """Print what a user did wrong, as the error says it; the system's own errors name the file first."""
    if isinstance(failure, OSError) and failure.filename is not None:
        print_note(f"error: {failure.filename}: {failure.strerror}; expected a path that can be read or written")
    else:
        print_note(f"error: {failure}")


@contextmanager
def progress_bar() -> Iterator[Callable[[str, float], None]]:
    """Show progress on standard error: a bar on a terminal, else a line for each tenth of the way.

    Yields the callback `(step, fraction)` that the verbs of every room take.
    """
    if not sys.stderr.isatty():
        yield _progress_lines()
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda step, fraction: bar.update(task, description=step, completed=fraction)


def _progress_lines() -> Callable[[str, float], None]:
    shown = -1.0

    def line(step: str, fraction: float) -> None:
        nonlocal shown
        if fraction < shown or fraction - shown >= 0.1:
            shown = fraction
            print_note(f"[{fraction:4.0%}] {step}")

    return line


def _print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    sys.stdout.write(f"{title}{'' if rows else ': none'}\n")
    if not rows:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        longest = max(len(row[place]) for row in rows)
        table.add_column(column, no_wrap=longest <= SHORT, overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(width=width, markup=False, highlight=False).print(table)
