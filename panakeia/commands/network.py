"""The commands that ask the network."""

from pathlib import Path
from typing import Annotated

import typer

from panakeia.ask import Session
from panakeia.options import CsvOption, DataOption, JsonOption, ModelOption, StoreOption, Task, TopOption, whole
from panakeia.terminal import print_answer, print_note
from panakeia.verbs.held import MODEL, STORE

app = typer.Typer()


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
def evaluate(
    store: StoreOption = STORE,
    task: Annotated[Task, typer.Option(help="Relation to learn.")] = "treats",
    split: Annotated[
        str, typer.Option(help="What is held out: pairs, whole nodes (disease, drug, gene), or area.", metavar="SPLIT")
    ] = "pairs",
    folds: Annotated[int, typer.Option(parser=whole(2), help="Parts that are held out in turn.", metavar="N")] = 5,
    trained: Annotated[
        int | None, typer.Option(parser=whole(1), help="Measure only so many of them.", metavar="N")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", parser=whole(0), help="Seed of all random streams.", metavar="N")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Training settings (TOML).", metavar="FILE.toml")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train without what a split holds out, and measure the model and its baselines on it: minutes for each part.

    Example: panakeia evaluate --task treats --split disease --json
    """
    with Session(store, data=data) as session:
        answer = session.evaluate(task=task, split=split, folds=folds, trained=trained, seed=seed, config=config)
        print_answer(answer, as_json=as_json)


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
    if (pairs is None) != (out is None) or (pairs is None) != bool(a and b) or (pairs is not None and (a or b)):
        raise ValueError("expected the two ends of a pair, or --pairs PAIRS.tsv and --out PATHS.jsonl")
    with Session(store, model) as session:
        if pairs is not None and out is not None:
            print_note(session.explain_pairs(pairs, top=top, out=out).to_text())
        else:
            print_answer(session.explain(a, b, top=top), as_json=as_json)
