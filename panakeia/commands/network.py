"""The commands that ask the network."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.answer import Table
from panakeia.ask import Session
from panakeia.options import (
    Candidates,
    CsvOption,
    DataOption,
    JsonOption,
    ModelOption,
    StoreOption,
    Task,
    TopOption,
    whole,
)
from panakeia.terminal import print_answer, print_note
from panakeia.verbs.held import MODEL, STORE

app = typer.Typer()

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended, as shells have it."""


@app.command()
def train(
    store: StoreOption = STORE,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help=f"Folder for the trained model; {MODEL}, or for another task {MODEL}-TASK.", metavar="DIR"
        ),
    ] = None,
    task: Annotated[Task | None, typer.Option(help="What to learn; treats, if the settings do not say.")] = None,
    without: Annotated[
        Path | None,
        typer.Option(
            "--without", help="TSV of pairs to leave out in every form, by name or CURIE.", metavar="PAIRS.tsv"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", parser=whole(0), help="Seed of all random streams.", metavar="N")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
    as_json: JsonOption = False,
) -> None:
    """Train the graph neural network on the graph and write the model; a run that was stopped goes on where it was.

    The columns of the pairs to leave out are those of the task: drug and disease (treats), drug and gene (binds),
    patient and drug (benefits).

    Example: panakeia train --store out/graph.lbdb --task binds --seed 0
    """
    try:
        with Session(store) as session:
            print_answer(session.train(task=task, seed=seed, config=config, without=without, out=out), as_json=as_json)
    except KeyboardInterrupt as stopped:
        print_note(str(stopped) or "stopped")
        raise typer.Exit(INTERRUPTED) from None


@app.command()
def evaluate(
    store: StoreOption = STORE,
    task: Annotated[Task | None, typer.Option(help="What to learn; treats, if nothing says otherwise.")] = None,
    split: Annotated[
        str,
        typer.Option(
            help="What is held out: pairs, all of a disease, drug, gene or patient, or area.", metavar="SPLIT"
        ),
    ] = "pairs",
    folds: Annotated[int, typer.Option(parser=whole(2), help="Parts that are held out in turn.", metavar="N")] = 5,
    trained: Annotated[
        int | None, typer.Option(parser=whole(1), help="Measure only so many of them.", metavar="N")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", parser=whole(0), help="Seed of all random streams.", metavar="N")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Folder of a trained model: its task and settings are measured, and its card gets the figures.",
            metavar="DIR",
        ),
    ] = None,
    by_node: Annotated[
        Path | None,
        typer.Option(help="CSV: the model's figures of each node, for `panakeia fairness`.", metavar="FILE"),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train without what a split holds out, and measure the model and its baselines on it: minutes for each part.

    Ctrl-C ends it with the figures of the parts that are done.

    Example: panakeia evaluate --task treats --split disease --json
    """
    with Session(store, data=data) as session:
        answer = session.evaluate(
            task=task,
            split=split,
            folds=folds,
            trained=trained,
            seed=seed,
            config=config,
            model=model,
            by_node=by_node,
        )
    print_answer(answer, as_json=as_json)
    if answer.to_json()["stopped"]:
        raise typer.Exit(INTERRUPTED)


@app.command()
def score(
    pairs: Annotated[
        Path, typer.Argument(help="TSV with the columns of a task, such as drug and disease.", metavar="PAIRS.tsv")
    ],
    out: Annotated[Path, typer.Option("--out", help="TSV to write.", metavar="SCORES.tsv")],
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
) -> None:
    """Score pairs: the same rows, with score, probability, prior and known; the header says of which task they are.

    A pair has one score, whatever else is in the file, and `rank` gives the same from either end. Where nothing is
    known of the node that the task asks for (treats: the disease; binds: the drug), it is read out as a cold pair.

    Example: panakeia score pairs.tsv --out scores.tsv
    """
    with Session(store, model) as session:
        print_note(session.score(pairs, out=out).to_text())


@app.command()
def rank(
    nodes: Annotated[
        list[str] | None, typer.Argument(help="For what: one node, or several.", metavar="[NODE]...")
    ] = None,
    candidates: Annotated[
        Candidates | None, typer.Option("--for", help="What to rank; without, what the model ranks for the node.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--nodes", help="File of nodes to rank for, one on each line.", metavar="FILE")
    ] = None,
    described: Annotated[
        Path | None,
        typer.Option("--described", help="A disease or drug that is in no graph (TOML).", metavar="FILE.toml"),
    ] = None,
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    top: TopOption = 20,
    as_json: JsonOption = False,
    new: Annotated[bool, typer.Option("--new", help="Leave out the pairs that the model's source lists.")] = False,
    as_csv: CsvOption = False,
) -> None:
    """Rank drugs for a disease, and whatever a model ranks, from either end; several nodes at once.

    With each candidate: score, probability, degree prior, lift over it, and whether the source lists the pair.

    Example: panakeia rank "type 2 diabetes mellitus" --top 20
    """
    if as_json and as_csv:
        raise ValueError("got --json and --csv: expected one of them, --json or --csv")
    with Session(store, model) as session:
        ranked = session.rank(
            *(nodes or ()), candidates=candidates, file=file, described=described, top=top, new_only=new
        )
        print_answer(ranked, as_json=as_json, as_csv=as_csv)


@app.command()
def explain(
    a: Annotated[str, typer.Argument(help="One end of the pair.", show_default=False)] = "",
    b: Annotated[str, typer.Argument(help="The other end.", show_default=False)] = "",
    store: StoreOption = STORE,
    model: ModelOption = Path(MODEL),
    top: TopOption = 10,
    as_json: JsonOption = False,
    pairs: Annotated[
        Path | None,
        typer.Option(
            "--pairs", help="TSV of pairs to explain, as for `score`, in place of two ends.", metavar="PAIRS.tsv"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File for these, one JSON object a line.", metavar="PATHS.jsonl")
    ] = None,
) -> None:
    """Explain a pair: the known answers that carried its score, and the paths of the graph that this leans on.

    Example: panakeia explain metformin "type 2 diabetes mellitus"
    """
    with Session(store, model) as session:
        found = session.explain(a, b, top=top, pairs=pairs, out=out)
    if isinstance(found, Table):
        print_note(found.to_text())
    else:
        print_answer(found, as_json=as_json)
