"""The command of likeness; see `join`."""

from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import TopOption
from panakeia.verb import verb


def patient_similar(
    session: Session,
    patient: Annotated[str, typer.Argument(help="A patient's pseudonym.", metavar="ID")],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Compare by this only, repeatable: phenotype, condition, drug, variant."),
    ] = None,
    top: TopOption = 10,
) -> Answer:
    """Rank the other patients by how like this one they are, each with what both have.

    Example: panakeia patient similar PANAKEIA:P-0656e08a1b41eeba9b7b --by phenotype --by condition
    """
    return session.patient_similar(patient, by=by or (), top=top)


def join(app: typer.Typer) -> None:
    """Add the command to the group of patients'."""
    verb(app, "patient similar", right="patients", needs=("store",))(patient_similar)
