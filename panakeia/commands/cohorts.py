"""The commands of cohorts."""

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


@app.command()
def cohort_table(
    definition: Annotated[Path, typer.Argument(help="The cohort's definition.", metavar="FILE.toml")],
    outcome: Annotated[str, typer.Option("--outcome", help="One of the file's outcomes.", metavar="NAME")],
    out: Annotated[Path | None, typer.Option("--out", help="Write the rows as CSV.", metavar="FILE.csv")] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Make a cohort a table for learning: what was known of each patient at the landmark, and an outcome.

    Example: panakeia cohort-table panakeia/examples/cohort.toml --outcome death_1y --out table.csv
    """
    with Session(store) as session:
        print_answer(session.cohort_table(definition, outcome, out=out), as_json=as_json, rows=False)
