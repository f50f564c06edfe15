"""The commands that ask the network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import (
    As,
    Candidates,
    Task,
    TopOption,
    whole,
)
from panakeia.terminal import print_note
from panakeia.verb import INTERRUPTED, print_rows, verb
from panakeia.verbs.held import MODEL

app = typer.Typer()


def _print_or_note(found: Answer, how: Mapping[str, Any]) -> None:
    """Print what is in no file, else say on standard error what the file has."""
    if how["out"] is None:
        print_rows(found, how)
    else:
        print_note(found.to_text())


def _print_evaluation(found: Answer, how: Mapping[str, Any]) -> None:
    print_rows(found, how)
    if found.to_json()["stopped"]:
        raise typer.Exit(INTERRUPTED)


@verb(app, "train", right="write", needs=("store",), long=True)
def train(
    session: Session,
    out: Annotated[
        Path | None,
        As("out"),
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
) -> Answer:
    """Train the graph neural network on the graph and write the model; a run that was stopped goes on where it was.

    The columns of the pairs to leave out are those of the task: drug and disease (treats), drug and gene (binds),
    patient and drug (benefits).

    Example: panakeia train --store out/graph.lbdb --task binds --seed 0
    """
    return session.train(task=task, seed=seed, config=config, without=without, out=out)


@verb(app, "evaluate", right="graph", needs=("store", "data"), long=True, show=_print_evaluation)
def evaluate(
    session: Session,
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
        As("kept"),
        typer.Option(
            "--model",
            help="Folder of a trained model: its task and settings are measured, and its card gets the figures.",
            metavar="DIR",
        ),
    ] = None,
    by_node: Annotated[
        Path | None,
        As("out"),
        typer.Option(help="CSV: the model's figures of each node, for `panakeia fairness`.", metavar="FILE"),
    ] = None,
) -> Answer:
    """Train without what a split holds out, and measure the model and its baselines on it: minutes for each part.

    Ctrl-C ends it with the figures of the parts that are done.

    Example: panakeia evaluate --task treats --split disease --json
    """
    return session.evaluate(
        task=task,
        split=split,
        folds=folds,
        trained=trained,
        seed=seed,
        config=config,
        model=model,
        by_node=by_node,
    )


@verb(app, "score", right="graph", needs=("store", "model"), show=_print_or_note)
def score(
    session: Session,
    pairs: Annotated[
        Path,
        typer.Argument(
            help="Table (TSV, CSV, JSON, Parquet) with a task's columns: drug, disease.",
            metavar="PAIRS.tsv",
        ),
    ],
    out: Annotated[Path, As("out"), typer.Option("--out", help="TSV to write.", metavar="SCORES.tsv")],
) -> Answer:
    """Score pairs: the same rows, with score, probability, lift and their intervals, prior and known.

    Rows with an unknown name are left out, and told with near names.

    A pair has one score, whatever else is in the file: `rank`'s. Where nothing is known of the disease (binds: the
    drug), it is read out as a cold pair.

    Example: panakeia score pairs.tsv --out scores.tsv
    """
    return session.score(pairs, out=out)


@verb(app, "rank", right="graph", needs=("store", "model"), csv=True)
def rank(
    session: Session,
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
    top: TopOption = 20,
    new: Annotated[bool, typer.Option("--new", help="Leave out the pairs that the model's source lists.")] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", help="Only candidates of which this is known: half_life_h<=24; repeatable.", metavar="CONDITION"
        ),
    ] = None,
) -> Answer:
    """Rank drugs for a disease, and whatever a model ranks, from either end; several nodes at once.

    With each candidate: score, probability, degree prior, lift over it, and whether the source lists the pair.

    Example: panakeia rank "type 2 diabetes mellitus" --top 20
    """
    return session.rank(
        *(nodes or ()),
        candidates=candidates,
        file=file,
        described=described,
        top=top,
        new_only=new,
        where=where or (),
    )


@verb(app, "explain", right="graph", needs=("store", "model"), show=_print_or_note)
def explain(
    session: Session,
    a: Annotated[str, typer.Argument(help="One end.", show_default=False)] = "",
    b: Annotated[str, typer.Argument(help="The other end.", show_default=False)] = "",
    top: TopOption = 10,
    pairs: Annotated[
        Path | None,
        typer.Option("--pairs", help="Pairs to explain, as for `score`, not two ends.", metavar="PAIRS.tsv"),
    ] = None,
    out: Annotated[
        Path | None,
        As("out"),
        typer.Option("--out", help="File for these, one JSON object a line; else 100 at most.", metavar="PATHS.jsonl"),
    ] = None,
) -> Answer:
    """Explain a pair: the known answers that carried its score, and the paths that this leans on.

    Example: panakeia explain metformin "type 2 diabetes mellitus"
    """
    return session.explain(a, b, top=top, pairs=pairs, out=out)
