"""The command line: a skin on the Session's verbs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import MODEL, STORE, TWIN, Session
from panakeia.options import (
    CsvOption,
    DataOption,
    JsonOption,
    KindOption,
    LengthOption,
    ModelOption,
    SeedOption,
    ShareOption,
    SourceOption,
    StoreOption,
    Task,
    TopOption,
    Twin,
    whole,
)
from panakeia.terminal import buffer_output, drop_output, print_answer, print_error, print_note

app = typer.Typer(
    help="Drug repurposing on a knowledge graph, and digital twins for trial planning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
twin_app = typer.Typer(help="Simulate treatment trajectories of patients.", no_args_is_help=True)
trial_app = typer.Typer(help="Simulate whole trials.", no_args_is_help=True)
patient_app = typer.Typer(help="Patient records.", no_args_is_help=True)
app.add_typer(twin_app, name="twin")
app.add_typer(trial_app, name="trial")
app.add_typer(patient_app, name="patient")


@app.command()
def build(
    data: DataOption = None,
    store: StoreOption = STORE,
    source: SourceOption = None,
    max_reject_share: ShareOption = 0.01,
    discard_patients: Annotated[
        bool, typer.Option("--discard-patients", help="Build even where the store holds imported patients.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Build even a graph without nodes, or without edges.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Build the graph from public files and put it in place of what the store holds.

    Without --source it is Hetionet where the mirror, the cache or the network has it, else the starter graph.

    Example: panakeia build --data ../shared/data --store out/graph.lbdb
    """
    with Session(store, data=data) as session:
        audit = session.build(
            source or (),
            max_reject_share=max_reject_share,
            discard_patients=discard_patients,
            allow_empty=allow_empty,
        )
        print_answer(audit, as_json=as_json, rows=False)


@app.command()
def info(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Count the graph's nodes and edges and name its sources.

    Example: panakeia info --json
    """
    with Session(store) as session:
        print_answer(session.info(), as_json=as_json)


@app.command()
def show(node: str, store: StoreOption = STORE, kind: KindOption = None, as_json: JsonOption = False) -> None:
    """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence.

    NODE is a CURIE, a name or a synonym. Example: panakeia show warfarin
    """
    with Session(store) as session:
        print_answer(session.show(node, kind=kind), as_json=as_json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A part of a name or a synonym; may be left out with --kind.")] = "",
    store: StoreOption = STORE,
    kind: KindOption = None,
    top: TopOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Search nodes by a part of their name or synonyms; --kind alone lists the nodes of a kind.

    Example: panakeia search diabetes
    """
    with Session(store) as session:
        print_answer(session.search(text, kind=kind, top=top), as_json=as_json)


@app.command()
def paths(
    a: str,
    b: str,
    store: StoreOption = STORE,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help="Kind of either node, where a name is that of several; repeatable.", metavar="KIND"
        ),
    ] = None,
    max_length: LengthOption = 4,
    top: TopOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Rank the paths between two nodes; paths through generic hubs come last.

    Example: panakeia paths metformin DOID:9352
    """
    with Session(store) as session:
        print_answer(session.paths(a, b, kinds=kind or (), max_length=max_length, top=top), as_json=as_json)


@app.command()
def train(
    store: StoreOption = STORE,
    out: Annotated[Path, typer.Option("--out", help="Folder for the trained model.", metavar="DIR")] = Path(MODEL),
    task: Annotated[Task, typer.Option(help="Relation to learn.")] = "treats",
    seed: Annotated[
        int | None, typer.Option("--seed", parser=whole(0), help="Seed of all random streams.", metavar="N")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the graph neural network on the graph and write the model.

    Example: panakeia train --store out/graph.lbdb --out out/model --seed 0
    """
    with Session(store, out) as session:
        print_answer(session.train(task=task, seed=seed, config=config), as_json=as_json)


@app.command()
def score(
    pairs: Annotated[Path, typer.Argument(help="TSV with the columns drug and disease.", metavar="PAIRS.tsv")],
    out: Annotated[Path, typer.Option("--out", help="TSV to write.", metavar="SCORES.tsv")],
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
) -> None:
    """Score pairs of a drug and a disease: the same rows, with score, prior and known.

    Example: panakeia score pairs.tsv --out scores.tsv
    """
    with Session(store, model) as session:
        print_note(session.score(pairs, out=out).to_text())


@app.command()
def rank(
    disease: str,
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    top: TopOption = 20,
    as_json: JsonOption = False,
    new: Annotated[
        bool, typer.Option("--new", help="Leave out the drugs that the model's source lists for the disease.")
    ] = False,
    as_csv: CsvOption = False,
) -> None:
    """Rank the drugs for a disease: score, degree prior, lift over it, and whether the source lists the pair.

    Example: panakeia rank "type 2 diabetes mellitus" --top 20
    """
    if as_json and as_csv:
        raise ValueError("got --json and --csv: expected one of them, --json or --csv")
    with Session(store, model) as session:
        print_answer(session.rank(disease, top=top, new_only=new), as_json=as_json, as_csv=as_csv)


@app.command()
def explain(
    drug: str,
    disease: str,
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    top: TopOption = 10,
    as_json: JsonOption = False,
) -> None:
    """Explain a drug for a disease by the parts of its score and the best evidence paths between them.

    Example: panakeia explain metformin "type 2 diabetes mellitus"
    """
    with Session(store, model) as session:
        print_answer(session.explain(drug, disease, top=top), as_json=as_json)


@patient_app.command("import")
def patient_import(
    paths: Annotated[
        list[Path], typer.Argument(help="FHIR R4 bundles (.json, .json.gz) or folders.", metavar="PATH...")
    ],
    store: StoreOption = STORE,
    key_file: Annotated[Path | None, typer.Option(help="File with the key for pseudonyms.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Import patients from FHIR R4 bundles under keyed pseudonyms; the key is PANAKEIA_KEY or --key-file.

    Example: panakeia patient import ../shared/data/patients/fhir --key-file key.txt
    """
    with Session(store) as session:
        print_answer(session.patient_import(paths, key_file=key_file), as_json=as_json, rows=False)


@twin_app.command("simulate")
def twin_simulate(
    regimen: Annotated[
        Path, typer.Option(help="Doses in NONMEM columns (TIME and II in hours).", metavar="REGIMEN.csv")
    ],
    model: Annotated[Twin, typer.Option(help="A published model.")] = TWIN,
    cohort: Annotated[Path | None, typer.Option(help="Patients' covariates.", metavar="COHORT.csv")] = None,
    patient: Annotated[str | None, typer.Option(help="A patient of the store, by pseudonym.", metavar="ID")] = None,
    times: Annotated[str, typer.Option(help="start:stop:step in days (d) or hours (h).")] = "0:84:1d",
    out: Annotated[
        Path | None, typer.Option(help="CSV to write; else it is printed.", metavar="TRAJECTORIES.csv")
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="Switch all variability off.")] = False,
    seed: SeedOption = 0,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Simulate each patient's trajectory under a regimen, with an interval.

    Example: panakeia twin simulate --patient PANAKEIA:P-0123 --regimen regimen.csv --times 0:84:1d
    """
    with Session(store) as session:
        found = session.twin_simulate(
            regimen,
            cohort=cohort,
            patient=patient,
            times=times,
            model=model,
            seed=None if typical else seed,
            out=out,
        )
    if out is None:
        print_answer(found, as_json=as_json, as_csv=not as_json)
    print_note(found.to_text())


@trial_app.command("run")
def trial_run(
    design: Annotated[Path, typer.Argument(help="The trial's design.", metavar="TRIAL.toml")],
    out: Annotated[Path, typer.Option(help="Folder for result.json, subjects.csv and report.html.", metavar="DIR")],
    as_json: JsonOption = False,
) -> None:
    """Simulate a trial and write its result, its subjects and a report.

    Example: panakeia trial run trial.toml --out out/trial
    """
    print_answer(Session().trial_run(design, out=out), as_json=as_json, rows=False)
    print_note(f"result.json, subjects.csv and report.html are in {out}")


@app.command()
def demo(
    data: DataOption = None,
    out: Annotated[Path, typer.Option(help="Folder for all that the demo makes.", metavar="DIR")] = Path("out/demo"),
    disease: Annotated[str, typer.Option(help="Disease to rank drugs for.")] = "coronary artery disease",
    source: SourceOption = None,
    seed: SeedOption = 0,
) -> None:
    """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

    Example: panakeia demo --disease "type 2 diabetes mellitus"
    """
    print_answer(Session(data=data).demo(disease, sources=source or (), out=out, seed=seed), rows=False)


def main() -> None:
    """Run the command line; a user's mistake ends with its message and exit status 2, or, in debugging, where it is."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads sleep while they wait: others may be at work
    buffer_output()
    try:
        _check_encoding(sys.argv[1:])
        app()
    except (ValueError, OSError) as failure:
        if os.environ.get("PANAKEIA_DEBUG"):
            raise
        print_error(failure)
        drop_output()
        sys.exit(2)


def _check_encoding(arguments: list[str]) -> None:
    """Raise `ValueError` for an argument that is not UTF-8: no node, file or URL could be found by it."""
    for place, argument in enumerate(arguments, start=1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="surrogateescape")
            raise ValueError(f"argument {place} is not UTF-8: got the bytes {shown!r}, expected UTF-8 text") from None
