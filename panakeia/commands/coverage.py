"""The command of coverage; see `join`."""

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import TopOption
from panakeia.verb import verb


def patient_coverage(session: Session, top: TopOption = 20) -> Answer:
    """Count the codes of the patients' records by how they map, and list the commonest that stay as they are.

    Example: panakeia patient coverage --store out/graph.lbdb --top 10
    """
    return session.patient_coverage(top=top)


def join(app: typer.Typer) -> None:
    """Add the command to the group of patients'."""
    verb(app, "patient coverage", right="patients", needs=("store",))(patient_coverage)
