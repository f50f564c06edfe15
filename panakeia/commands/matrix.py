"""The command of the matrix."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, Task
from panakeia.verb import verb

app = typer.Typer()


@verb(app, "matrix", right="graph", needs=("store", "model"), long=True)
def matrix(
    session: Session,
    out: Annotated[Path, As("out"), typer.Option(help="File for the pairs, a row each.", metavar="MATRIX.parquet")],
    task: Annotated[Task | None, typer.Option(help="What is scored; without, what the model has learned.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Leave out the pairs that the model's source lists.")] = False,
) -> Answer:
    """Score all pairs, such as every drug for every disease, into a Parquet file.

    With each pair: score, probability, degree prior, whether the source lists it, and whether curators refused it.

    Example: panakeia matrix --out out/matrix.parquet
    """
    return session.matrix(task, out=out, new_only=new)
