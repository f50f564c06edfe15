"""The command of cohorts."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, StoreOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE

app = typer.Typer()


@app.command()
def cohort(
    definition: Annotated[Path, typer.Argument(help="The cohort's definition.", metavar="FILE.toml")],
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Select the patients that fit criteria, and count how many are left at each; --json lists them by pseudonym.

    Example: panakeia cohort panakeia/examples/cohort.toml --json
    """
    with Session(store) as session:
        print_answer(session.cohort(definition), as_json=as_json)
