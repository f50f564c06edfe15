"""The commands of safety; see `join`."""

from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import TopOption, whole
from panakeia.verb import verb

PatientArgument = Annotated[str, typer.Argument(help="A patient's pseudonym.", metavar="ID")]
DrugOption = Annotated[list[str] | None, typer.Option("--drug", help="Only this drug; repeatable.", metavar="DRUG")]


def patient_warnings(
    session: Session,
    patient: PatientArgument,
    drug: DrugOption = None,
    all_drugs: Annotated[bool, typer.Option("--all", help="Ask about every drug of the graph.")] = False,
) -> Answer:
    """Show what speaks against drugs for a patient: those that the patient takes, those named, or all.

    Example: panakeia patient warnings PANAKEIA:P-0656e08a1b41eeba9b7b --drug clopidogrel
    """
    return session.patient_warnings(patient, drugs=drug or (), all_drugs=all_drugs)


def patient_support(session: Session, patient: PatientArgument, drug: DrugOption = None, top: TopOption = 3) -> Answer:
    """Show what the graph supports of drugs for a patient: known treatments, and paths over genes and variants.

    Example: panakeia patient support PANAKEIA:P-0656e08a1b41eeba9b7b --drug metformin
    """
    return session.patient_support(patient, drugs=drug or (), top=top)


def patient_eligible(
    session: Session,
    drug: str,
    disease: str,
    without: Annotated[
        str,
        typer.Option(
            help="The mildest warning with which a patient does not fit: against, change, risk, watch, untested."
        ),
    ] = "against",
    new: Annotated[bool, typer.Option("--new", help="Leave out who has the drug on record.")] = False,
    threshold: Annotated[
        int | None, typer.Option(parser=whole(1), help="Counts under this are not shown.", metavar="N")
    ] = None,
) -> Answer:
    """Count the patients who have a disease and no warning against a drug; --json lists them by pseudonym.

    Example: panakeia patient eligible metformin "type 2 diabetes mellitus" --new
    """
    found = session.patient_eligible(drug, disease, without=without, new=new, threshold=threshold)
    return found


def join(app: typer.Typer) -> None:
    """Add the commands to the group of patients'."""
    verb(app, "patient warnings", right="patients", needs=("store",))(patient_warnings)
    verb(app, "patient support", right="patients", needs=("store",))(patient_support)
    verb(app, "patient eligible", right="patients", needs=("store",))(patient_eligible)
