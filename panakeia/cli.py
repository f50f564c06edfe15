"""The command line: thin skins on the rooms' verbs."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from panakeia.options import MODEL, STORE, Data, Json, ModelFolder, Seed, Store, Top
from panakeia.terminal import (
    output_file,
    output_folder,
    print_counts,
    print_error,
    print_frame,
    print_json,
    print_note,
    progress_bar,
)

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
    data: Data = None,
    store: Store = STORE,
    source: Annotated[list[str] | None, typer.Option("--source", help="Data set to read; repeatable.")] = None,
    max_reject_share: Annotated[float, typer.Option(min=0, max=1, help="More rejected rows than this fail.")] = 0.01,
    discard_patients: Annotated[
        bool, typer.Option("--discard-patients", help="Build even where the store holds imported patients.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the graph from public files and put it in place of what the store holds.

    Without --source it is Hetionet where the mirror, the cache or the network has it, else the starter graph.

    Example: panakeia build --data ../shared/data --store out/graph.lbdb
    """
    from kg.build import build as build_store
    from kg.build import default_sources
    from kg.fetch import Fetch

    with progress_bar() as progress:
        fetch = Fetch(data)
        names = source or default_sources(fetch)
        print_note(f"building from {', '.join(names)}")
        audit = build_store(
            names, fetch, store, max_reject_share=max_reject_share, discard=discard_patients, progress=progress
        )
    if as_json:
        print_json(audit.to_json())
    else:
        sys.stdout.write(audit.to_text() + "\n")


@app.command()
def info(store: Store = STORE, as_json: Json = False) -> None:
    """Count the graph's nodes and edges and name its sources.

    Example: panakeia info --json
    """
    from kg.query import info as read_info
    from kg.stores.opening import open_store

    with open_store(store) as opened:
        found = read_info(opened)
    if as_json:
        print_json(found)
        return
    print_counts("nodes", found["nodes"])
    print_counts("edges", found["edges"])
    for release in found["sources"]:
        sys.stdout.write(f"{release['name']} {release['version']} ({release['licence']}): {release['citation']}\n")


@app.command()
def show(node: str, store: Store = STORE, as_json: Json = False) -> None:
    """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence.

    NODE is a CURIE, a name or a synonym. Example: panakeia show warfarin
    """
    from kg.query import show as read_node
    from kg.stores.opening import open_store

    with open_store(store) as opened:
        shown = read_node(opened, node)
    if as_json:
        print_json(shown.to_json())
        return
    sys.stdout.write(shown.to_text() + "\n")
    columns = ["relation", "direction", "id", "name", "source", "licence", "knowledge_level", "references"]
    print_frame(shown.neighbours[columns], title="first neighbours of each relation, with their evidence")


@app.command()
def search(text: str, store: Store = STORE, top: Top = 20, as_json: Json = False) -> None:
    """Search nodes by a part of their name or synonyms.

    Example: panakeia search diabetes
    """
    from kg.search import search as search_nodes
    from kg.stores.opening import open_store

    with open_store(store) as opened:
        found = search_nodes(opened, text, limit=top)
    print_frame(found.nodes, title=f"nodes that match {text!r}", as_json=as_json)


@app.command()
def paths(
    a: str,
    b: str,
    store: Store = STORE,
    max_length: Annotated[int, typer.Option(min=1, max=4, help="Longest path, in edges.")] = 4,
    top: Top = 10,
    as_json: Json = False,
) -> None:
    """Rank the paths between two nodes; paths through generic hubs come last.

    Example: panakeia paths metformin DOID:9352
    """
    from kg.paths import paths as find_paths
    from kg.paths import paths_frame
    from kg.stores.opening import open_store

    with open_store(store) as opened:
        found = find_paths(opened, a, b, max_length=max_length, top=top)
    print_frame(paths_frame(found), title=f"paths from {a} to {b}", as_json=as_json)


@app.command()
def train(
    store: Store = STORE,
    out: Annotated[Path, typer.Option("--out", help="Folder for the trained model.", metavar="DIR")] = MODEL,
    task: Annotated[str, typer.Option(help="Relation to learn.")] = "treats",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all random streams.")] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
    as_json: Json = False,
) -> None:
    """Train the graph neural network on the graph and write the model.

    Example: panakeia train --store out/graph.lbdb --out out/model --seed 0
    """
    from gnn import checkpoint
    from gnn.train import load_config
    from gnn.train import train as train_model
    from kg.stores.opening import open_store

    output_folder(out)
    settings = load_config(config, task=task, seed=seed)
    with progress_bar() as progress:
        progress("read the graph", 0.0)
        with open_store(store) as opened:
            graph = opened.read()
        model = train_model(graph, settings, progress)
        checkpoint.save(model, out)
    summary = model.summary()
    if as_json:
        print_json(summary)
    else:
        sys.stdout.write(f"model written to {out}\n" + "".join(f"{key}: {value}\n" for key, value in summary.items()))


@app.command()
def score(
    pairs: Annotated[Path, typer.Argument(help="TSV with the columns drug and disease (CURIEs).", metavar="PAIRS.tsv")],
    out: Annotated[Path, typer.Option("--out", help="TSV to write.", metavar="SCORES.tsv")],
    store: Store = STORE,
    model: ModelFolder = MODEL,
) -> None:
    """Score pairs of a drug and a disease: the same rows, with score, prior and known.

    Example: panakeia score pairs.tsv --out scores.tsv
    """
    from gnn import checkpoint
    from gnn.rank import read_pairs
    from gnn.rank import score as score_pairs
    from kg.files.table import write_tsv
    from kg.files.text import create_text
    from kg.stores.opening import open_store

    output_file(out)
    trained = checkpoint.load(model)
    with open_store(store) as opened:
        scored = score_pairs(trained, opened, read_pairs(pairs))
    out.parent.mkdir(parents=True, exist_ok=True)
    with create_text(out) as file:
        write_tsv(scored, file)
    print_note(f"{len(scored)} pairs scored into {out}")


@app.command()
def rank(
    disease: str,
    store: Store = STORE,
    model: ModelFolder = MODEL,
    top: Top = 20,
    as_json: Json = False,
    new: Annotated[bool, typer.Option("--new", help="Leave out the drugs that are known for the disease.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Rank the drugs for a disease: score, degree prior, lift over it, known or new.

    Example: panakeia rank "type 2 diabetes mellitus" --top 20
    """
    from gnn import checkpoint
    from gnn.rank import rank as rank_drugs
    from kg.search import find
    from kg.stores.opening import open_store

    trained = checkpoint.load(model)
    with open_store(store) as opened:
        found = find(opened, disease, kind="Disease")
        candidates = rank_drugs(trained, opened, found.id, top=top, new_only=new)
    if not (as_json or as_csv):
        candidates["known"] = candidates["known"].map({True: "known", False: "new"})
    print_frame(candidates, title=f"drugs for {found.name} ({found.id})", as_json=as_json, as_csv=as_csv)


@app.command()
def explain(
    drug: str,
    disease: str,
    store: Store = STORE,
    model: ModelFolder = MODEL,
    top: Top = 10,
    as_json: Json = False,
) -> None:
    """Explain a drug for a disease by the best evidence paths between them.

    Example: panakeia explain metformin "type 2 diabetes mellitus"
    """
    from gnn import checkpoint
    from gnn.explain import explain as explain_pair
    from kg.search import find
    from kg.stores.opening import open_store

    trained = checkpoint.load(model)
    with open_store(store) as opened:
        subject, target = find(opened, drug, kind="Drug"), find(opened, disease, kind="Disease")
        explanation = explain_pair(trained, opened, subject.id, target.id, top=top)
    if as_json:
        print_json(explanation.to_json())
        return
    sys.stdout.write(explanation.to_text() + "\n")
    print_frame(explanation.paths, title=f"evidence paths from {subject.name} to {target.name}")


@patient_app.command("import")
def patient_import(
    paths: Annotated[
        list[Path], typer.Argument(help="FHIR R4 bundles (.json, .json.gz) or folders.", metavar="PATH...")
    ],
    store: Store = STORE,
    key_file: Annotated[Path | None, typer.Option(help="File with the key for pseudonyms.", metavar="FILE")] = None,
    as_json: Json = False,
) -> None:
    """Import patients from FHIR R4 bundles under keyed pseudonyms; the key is PANAKEIA_KEY or --key-file.

    Example: panakeia patient import ../shared/data/patients/fhir --key-file key.txt
    """
    from kg.patients.deidentify import load_key
    from kg.patients.imports import import_patients
    from kg.stores.opening import open_store

    key = load_key(key_file)
    with progress_bar() as progress, open_store(store) as opened:
        imported = import_patients(paths, opened, key, progress)
    if as_json:
        print_json(imported.to_json())
    else:
        sys.stdout.write(imported.to_text() + "\n")


@twin_app.command("simulate")
def twin_simulate(
    regimen: Annotated[
        Path, typer.Option(help="Doses in NONMEM columns (TIME and II in hours).", metavar="REGIMEN.csv")
    ],
    model: Annotated[str, typer.Option(help="A published model.")] = "warfarin_hamberg2007",
    cohort: Annotated[Path | None, typer.Option(help="Patients' covariates.", metavar="COHORT.csv")] = None,
    patient: Annotated[str | None, typer.Option(help="A patient of the store, by pseudonym.", metavar="ID")] = None,
    times: Annotated[str, typer.Option(help="start:stop:step in days (d) or hours (h).")] = "0:84:1d",
    out: Annotated[
        Path | None, typer.Option(help="CSV to write; else it is printed.", metavar="TRAJECTORIES.csv")
    ] = None,
    typical: Annotated[bool, typer.Option("--typical", help="Switch all variability off.")] = False,
    seed: Seed = 0,
    store: Store = STORE,
    as_json: Json = False,
) -> None:
    """Simulate each patient's trajectory under a regimen, with an interval.

    Example: panakeia twin simulate --patient PANAKEIA:P-0123 --regimen regimen.csv --times 0:84:1d
    """
    from kg.files.table import write_csv
    from kg.files.text import create_text
    from kg.stores.opening import open_store
    from twin import library
    from twin.patient import from_graph, read_cohort
    from twin.regimen import read_regimen
    from twin.simulate import Variation, parse_times
    from twin.simulate import simulate as simulate_patients

    if (cohort is None) == (patient is None):
        raise typer.BadParameter("give either --cohort COHORT.csv or --patient ID")
    if out is not None:
        output_file(out)
    chosen, doses, moments = library.load(model), read_regimen(regimen), parse_times(times)
    if cohort is not None:
        patients = read_cohort(cohort, chosen)
    else:
        with open_store(store) as opened:
            patients = from_graph(opened, str(patient), chosen)
    variation = None if typical else Variation(seed=seed)
    with progress_bar() as progress:
        trajectories = simulate_patients(chosen, patients, doses, moments, variation, progress)
    for failed, reason in trajectories.failures.items():
        print_note(f"patient {failed} could not be simulated: {reason}")
    frame = trajectories.to_frame()
    if out is None:
        print_frame(frame, title=f"{model}: trajectories", as_json=as_json, as_csv=not as_json)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        with create_text(out) as file:
            write_csv(frame, file)
        print_note(f"{frame['id'].nunique()} patients, {len(frame)} rows written to {out}")


@trial_app.command("run")
def trial_run(
    design: Annotated[Path, typer.Argument(help="The trial's design.", metavar="TRIAL.toml")],
    out: Annotated[Path, typer.Option(help="Folder for result.json, subjects.csv and report.html.", metavar="DIR")],
    as_json: Json = False,
) -> None:
    """Simulate a trial and write its result, its subjects and a report.

    Example: panakeia trial run trial.toml --out out/trial
    """
    from panakeia.study import run_trial

    output_folder(out)
    with progress_bar() as progress:
        result = run_trial(design, out, progress)
    if as_json:
        print_json(result.to_json())
    else:
        sys.stdout.write(result.to_text() + f"\nresult.json, subjects.csv and report.html are in {out}\n")


@app.command()
def demo(
    data: Data = None,
    out: Annotated[Path, typer.Option(help="Folder for all that the demo makes.", metavar="DIR")] = Path("out/demo"),
    disease: Annotated[str, typer.Option(help="Disease to rank drugs for.")] = "hypertension",
    seed: Seed = 0,
) -> None:
    """Run the main job end to end: build, train, rank, explain, import a patient, simulate, run a trial, report.

    Example: panakeia demo --disease "type 2 diabetes mellitus"
    """
    from panakeia.study import Question, answer

    output_folder(out)
    with progress_bar() as progress:
        report = answer(Question(disease=disease, data=data, out=out, seed=seed), progress)
    sys.stdout.write(report.to_text() + "\n")


def main() -> None:
    """Run the command line; a user's mistake ends with its message and exit status 2, or, in debugging, where it is."""
    try:
        app()
    except (ValueError, OSError) as failure:
        if os.environ.get("PANAKEIA_DEBUG"):
            raise
        print_error(failure)
        sys.exit(2)
