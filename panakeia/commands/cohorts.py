"""The commands of cohorts."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As
from panakeia.verb import print_text, verb

app = typer.Typer()


@verb(app, "cohort", right="patients", needs=("store",))
def cohort(
    session: Session, definition: Annotated[Path, typer.Argument(help="The cohort's definition.", metavar="FILE.toml")]
) -> Answer:
    """Select the patients that fit criteria, and count how many are left at each; --json lists them by pseudonym.

    Example: panakeia cohort panakeia/examples/cohort.toml --json
    """
    return session.cohort(definition)


@verb(app, "cohort-table", right="patients", needs=("store",), show=print_text)
def cohort_table(
    session: Session,
    definition: Annotated[Path, typer.Argument(help="The cohort's definition.", metavar="FILE.toml")],
    outcome: Annotated[str, typer.Option("--outcome", help="One of the file's outcomes.", metavar="NAME")],
    out: Annotated[
        Path | None, As("out"), typer.Option("--out", help="Write the rows as CSV.", metavar="FILE.csv")
    ] = None,
) -> Answer:
    """Make a cohort a table for learning: what was known of each patient at the landmark, and an outcome.

    Example: panakeia cohort-table panakeia/examples/cohort.toml --outcome death_1y --out table.csv
    """
    return session.cohort_table(definition, outcome, out=out)
