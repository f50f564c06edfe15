"""The commands of patients' records."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import DataOption, Format, JsonOption, StoreOption
from panakeia.terminal import print_answer
from panakeia.verbs.held import STORE

app = typer.Typer(help="Patient records.", no_args_is_help=True)

PatientArgument = Annotated[str, typer.Argument(help="A patient of the store, by pseudonym.", metavar="ID")]


@app.command("import")
def patient_import(
    paths: Annotated[list[Path], typer.Argument(help="Patients' records: files or folders.", metavar="PATH...")],
    store: StoreOption = STORE,
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
    key_file: Annotated[Path | None, typer.Option(help="File with the key for pseudonyms.", metavar="FILE")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import patients' records under keyed pseudonyms; the key is PANAKEIA_KEY or --key-file.

    Example: panakeia patient import ../shared/data/patients/fhir --key-file key.txt
    """
    from kg.patients.imports import Given

    given = Given(format, build, sample, outside_calls, patient)
    with Session(store, data=data) as session:
        print_answer(session.patient_import(paths, given=given, key_file=key_file), as_json=as_json, rows=False)


@app.command("list")
def patient_list(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """List the patients by pseudonym, with how much is stored of each.

    Example: panakeia patient list
    """
    with Session(store) as session:
        print_answer(session.patient_list(), as_json=as_json)


@app.command("show")
def patient_show(patient: PatientArgument, store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Show a patient's record: every event in order of its day, with values, and what is absent.

    Example: panakeia patient show PANAKEIA:P-0123
    """
    with Session(store) as session:
        print_answer(session.patient_show(patient), as_json=as_json, rows=False)


@app.command("export")
def patient_export(
    patient: PatientArgument,
    access_request: Annotated[
        bool, typer.Option("--access-request", help="Give it also where consent was withdrawn: to the patient.")
    ] = False,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Give all that is stored of a patient (--json has it whole).

    Example: panakeia patient export PANAKEIA:P-0123 --json
    """
    with Session(store) as session:
        print_answer(session.patient_export(patient, access_request=access_request), as_json=as_json)


@app.command("consent")
def patient_consent(
    patient: PatientArgument,
    withdrawn: Annotated[bool, typer.Option("--withdrawn", help="Consent is withdrawn, not given.")] = False,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Write that a patient consents to research, or withdrew that: then no answer to research has the patient.

    Example: panakeia patient consent PANAKEIA:P-0123 --withdrawn
    """
    with Session(store) as session:
        print_answer(session.patient_consent(patient, withdrawn=withdrawn), as_json=as_json, rows=False)


@app.command("forget")
def patient_forget(patient: PatientArgument, store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Take a patient out of the store wholly: every event, and what only these need.

    Example: panakeia patient forget PANAKEIA:P-0123
    """
    with Session(store) as session:
        print_answer(session.patient_forget(patient), as_json=as_json, rows=False)
