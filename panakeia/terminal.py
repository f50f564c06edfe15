"""What the command line shows: tables, JSON, progress, and errors without a traceback."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kg.files.table import write_csv
from panakeia.answer import Answer
from panakeia.cells import cell

if TYPE_CHECKING:
    import pandas as pd

SHORT = 28
"""Cells of at most this many characters stay on one line."""
PIPE_WIDTH = 200
"""Columns of a table that does not go to a terminal."""


def print_answer(answer: Answer, *, as_json: bool = False, as_csv: bool = False, rows: bool = True) -> None:
    """Print an answer as JSON, as CSV, or as its text with (or, not `rows`, without) the table of its rows."""
    if as_json:
        sys.stdout.write(json.dumps(answer.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    elif as_csv:
        write_csv(answer.to_frame(), sys.stdout)
    else:
        sys.stdout.write(answer.to_text() + "\n")
        if rows:
            _print_table(answer.to_frame())


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
    """Show progress: a bar on a terminal or in a notebook, else a line on standard error for each tenth of the way.

    Yields the callback `(step, fraction)` that the verbs of every room take.
    """
    notebook = "ipykernel" in sys.modules
    if not (notebook or sys.stderr.isatty()):
        yield _progress_lines()
        return

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=not notebook), transient=True) as bar:
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


def _print_table(frame: "pd.DataFrame") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if frame.empty:
        sys.stdout.write("none\n")
        return
    rows = [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, column in enumerate(frame.columns):
        longest = max(len(row[place]) for row in rows)
        table.add_column(column, no_wrap=longest <= SHORT, overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    Console(width=width, markup=False, highlight=False).print(table)
