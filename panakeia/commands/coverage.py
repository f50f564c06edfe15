"""The command of coverage; see `join`."""

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, StoreOption, TopOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE


def patient_coverage(store: StoreOption = STORE, top: TopOption = 20, as_json: JsonOption = False) -> None:
    """Count the codes of the patients' records by how they map, and list the commonest that stay as they are.

    Example: panakeia patient coverage --store out/graph.lbdb --top 10
    """
    with Session(store) as session:
        print_answer(session.patient_coverage(top=top), as_json=as_json)


def join(app: typer.Typer) -> None:
    """Add the command to the group of patients'."""
    app.command("coverage")(patient_coverage)
