"""The commands of safety; see `join`."""

from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import JsonOption, StoreOption, TopOption, whole
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE

PatientArgument = Annotated[str, typer.Argument(help="A patient's pseudonym.", metavar="ID")]
DrugOption = Annotated[list[str] | None, typer.Option("--drug", help="Only this drug; repeatable.", metavar="DRUG")]


def patient_warnings(
    patient: PatientArgument,
    drug: DrugOption = None,
    all_drugs: Annotated[bool, typer.Option("--all", help="Ask about every drug of the graph.")] = False,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Show what speaks against drugs for a patient: those that the patient takes, those named, or all.

    Example: panakeia patient warnings PANAKEIA:P-0656e08a1b41eeba9b7b --drug clopidogrel
    """
    with Session(store) as session:
        print_answer(session.patient_warnings(patient, drugs=drug or (), all_drugs=all_drugs), as_json=as_json)


def patient_support(
    patient: PatientArgument,
    drug: DrugOption = None,
    top: TopOption = 3,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Show what the graph supports of drugs for a patient: known treatments, and paths over genes and variants.

    Example: panakeia patient support PANAKEIA:P-0656e08a1b41eeba9b7b --drug metformin
    """
    with Session(store) as session:
        print_answer(session.patient_support(patient, drugs=drug or (), top=top), as_json=as_json)


def patient_eligible(
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
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Count the patients who have a disease and no warning against a drug; --json lists them by pseudonym.

    Example: panakeia patient eligible metformin "type 2 diabetes mellitus" --new
    """
    with Session(store) as session:
        found = session.patient_eligible(drug, disease, without=without, new=new, threshold=threshold)
    print_answer(found, as_json=as_json)


def join(app: typer.Typer) -> None:
    """Add the commands to the group of patients'."""
    app.command("warnings")(patient_warnings)
    app.command("support")(patient_support)
    app.command("eligible")(patient_eligible)
