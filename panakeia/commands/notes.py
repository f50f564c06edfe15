"""The commands of notes."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import DataOption, JsonOption, StoreOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE

app = typer.Typer(help="Clinical notes.", no_args_is_help=True)


@app.callback()
def notes() -> None:
    """Read clinical notes; their text is never stored."""


@app.command("annotate")
def notes_annotate(
    path: Annotated[Path, typer.Argument(help="A note, or a folder of notes (*.txt).", metavar="FILE.txt|DIR")],
    store: StoreOption = STORE,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what a note mentions: conditions, drugs, phenotypes; denied, past, uncertain, another person's.

    Example: panakeia notes annotate note.txt --json
    """
    with Session(store, data=data) as session:
        print_answer(session.notes_annotate(path), as_json=as_json)
