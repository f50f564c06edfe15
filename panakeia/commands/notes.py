"""The commands of notes."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.verb import verb

app = typer.Typer(help="Clinical notes.", no_args_is_help=True)


@app.callback()
def notes() -> None:
    """Read clinical notes; their text is never stored."""


@verb(app, "notes annotate", right="patients", needs=("store", "data"), long=True)
def notes_annotate(
    session: Session,
    path: Annotated[Path, typer.Argument(help="A note, or a folder of notes (*.txt).", metavar="FILE.txt|DIR")],
) -> Answer:
    """Find what a note mentions: conditions, drugs, phenotypes; denied, past, uncertain, another person's.

    Example: panakeia notes annotate note.txt --json
    """
    return session.notes_annotate(path)
