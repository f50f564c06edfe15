"""The command of likeness; see `join`."""

from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, StoreOption, TopOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE


def patient_similar(
    patient: Annotated[str, typer.Argument(help="A patient's pseudonym.", metavar="ID")],
    by: Annotated[
        list[str] | None,
        typer.Option("--by", help="Compare by this only, repeatable: phenotype, condition, drug, variant."),
    ] = None,
    top: TopOption = 10,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Rank the other patients by how like this one they are, each with what both have.

    Example: panakeia patient similar PANAKEIA:P-0656e08a1b41eeba9b7b --by phenotype --by condition
    """
    with Session(store) as session:
        print_answer(session.patient_similar(patient, by=by or (), top=top), as_json=as_json)


def join(app: typer.Typer) -> None:
    """Add the command to the group of patients'."""
    app.command("similar")(patient_similar)
