"""The commands of patients' records."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, Format
from panakeia.verb import print_text, verb

app = typer.Typer(help="Patient records.", no_args_is_help=True)

PatientArgument = Annotated[str, typer.Argument(help="A patient of the store, by pseudonym.", metavar="ID")]


@verb(app, "patient import", right="write", needs=("store", "data"), long=True, show=print_text)
def patient_import(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(help="Patients' records: files or folders.", metavar="PATH...")],
    format: Annotated[
        Format | None, typer.Option(help="The format, where it is not to be told by the files' looks.")
    ] = None,
    build: Annotated[
        str | None, typer.Option(help="The reference genome of a VCF: GRCh37 or GRCh38.", metavar="BUILD")
    ] = None,
    sample: Annotated[str | None, typer.Option(help="The sample of a VCF.", metavar="NAME")] = None,
    outside_calls: Annotated[
        Path | None, typer.Option(help="Diplotypes found elsewhere than in the VCF.", metavar="FILE.tsv")
    ] = None,
    patient: Annotated[
        str | None, typer.Option(help="The patient of the store whose genome a VCF is.", metavar="ID")
    ] = None,
    key_file: Annotated[
        Path | None, As("here"), typer.Option(help="File with the key for pseudonyms.", metavar="FILE")
    ] = None,
) -> Answer:
    """Import patients' records under keyed pseudonyms; the key is PANAKEIA_KEY or --key-file.

    Example: panakeia patient import ../shared/data/patients/fhir --key-file key.txt
    """
    from kg.patients.imports import Given

    given = Given(format, build, sample, outside_calls, patient)
    return session.patient_import(paths, given=given, key_file=key_file)


@verb(app, "patient list", right="patients", needs=("store",))
def patient_list(session: Session) -> Answer:
    """List the patients by pseudonym, with how much is stored of each.

    Example: panakeia patient list
    """
    return session.patient_list()


@verb(app, "patient show", right="patients", needs=("store",), show=print_text)
def patient_show(session: Session, patient: PatientArgument) -> Answer:
    """Show a patient's record: every event in order of its day, with values, and what is absent.

    Example: panakeia patient show PANAKEIA:P-0123
    """
    return session.patient_show(patient)


@verb(app, "patient export", right="patients", needs=("store",))
def patient_export(
    session: Session,
    patient: PatientArgument,
    access_request: Annotated[
        bool, typer.Option("--access-request", help="Give it also where consent was withdrawn: to the patient.")
    ] = False,
) -> Answer:
    """Give all that is stored of a patient (--json has it whole).

    Example: panakeia patient export PANAKEIA:P-0123 --json
    """
    return session.patient_export(patient, access_request=access_request)


@verb(app, "patient consent", right="write", needs=("store",), show=print_text)
def patient_consent(
    session: Session,
    patient: PatientArgument,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Consent is withdrawn, not given.")] = False,
) -> Answer:
    """Write that a patient consents to research, or withdrew that: then no answer to research has the patient.

    Example: panakeia patient consent PANAKEIA:P-0123 --withdrawn
    """
    return session.patient_consent(patient, withdrawn=withdrawn)


@verb(app, "patient forget", right="write", needs=("store",), show=print_text)
def patient_forget(session: Session, patient: PatientArgument) -> Answer:
    """Take a patient out of the store wholly: every event, and what only these need.

    Example: panakeia patient forget PANAKEIA:P-0123
    """
    return session.patient_forget(patient)
