"""What the command line shows: tables, JSON, progress, and errors without a traceback."""

import io
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kg.files.table import write_csv
from kg.output import OutputError
from panakeia.answer import Answer, unsigned
from panakeia.cells import cell

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

SHORT = 28
"""Cells of at most this many characters stay on one line, where the terminal is wide enough."""
NARROWEST = 16
"""To no fewer characters is a column folded; where that is still too wide, each row is written as a paragraph."""
BETWEEN = 2
"""Characters between two columns."""
PIPE_WIDTH = 200
"""The width of a table that does not go to a terminal, but for one that needs more to keep short cells on one line."""


def print_answer(answer: Answer, *, as_json: bool = False, as_csv: bool = False, rows: bool = True) -> None:
    """Print an answer as JSON, as CSV, or as its text with (or, not `rows`, without) the table of its rows.

    Raises `OutputError` where not all of it could be written.
    """
    try:
        if as_json:
            sys.stdout.write(
                json.dumps(unsigned(answer.to_json()), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
            )
        elif as_csv:
            write_csv(answer.to_frame(), sys.stdout)
        else:
            sys.stdout.write(answer.to_text() + "\n")
            if rows:
                _print_table(answer.to_frame())
        sys.stdout.flush()  # Python's own flush, as it ends, says nothing of what could not be written
    except OSError as failure:
        if isinstance(failure, BrokenPipeError):  # the reader has seen enough
            raise
        raise OutputError(f"standard output: {failure.strerror}; not all was written, write it elsewhere") from failure


def buffer_output() -> None:
    """Let standard output be buffered, also where PYTHONUNBUFFERED is set.

    Python's unbuffered one drops, without an error, what a full disk does not take of a text.
    """
    if isinstance(getattr(sys.stdout, "buffer", None), io.RawIOBase):
        raw = io.BufferedWriter(sys.stdout.buffer)
        sys.stdout = io.TextIOWrapper(raw, sys.stdout.encoding, sys.stdout.errors, line_buffering=sys.stdout.isatty())


def drop_output() -> None:
    """Let go of what standard output did not take: Python would write it once more as it ends, and fail aloud."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    """Print all of a frame: as a table, or, where the terminal is too narrow for one, a paragraph for each row."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    if frame.empty:
        sys.stdout.write("none\n")
        return
    columns = [str(column) for column in frame.columns]
    rows = [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    longest = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    wanted, needed = (
        sum(min(length, most) for length in longest) + BETWEEN * len(columns) for most in (SHORT, NARROWEST)
    )
    width = None if sys.stdout.isatty() else max(PIPE_WIDTH, wanted)
    console = Console(width=width, markup=False, highlight=False, emoji=False)
    if needed > console.width:
        _print_paragraphs(console, columns, rows)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="bold")
    for column, length in zip(columns, longest, strict=True):
        table.add_column(column, no_wrap=length <= SHORT and wanted <= console.width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_paragraphs(console: "Console", columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        told = " | ".join(f"{column}: {text}" for column, text in zip(columns, row, strict=True) if text)
        sys.stdout.write(
            "\n" + textwrap.fill(told, console.width, subsequent_indent="  ", break_on_hyphens=False) + "\n"
        )
