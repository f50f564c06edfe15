"""The options that several commands share, with their defaults."""

from pathlib import Path
from typing import Annotated

import typer

Store = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="PANAKEIA_STORE",
        help="Where the graph is: a file, or a bolt:// or neo4j:// URL.",
        metavar="S",
    ),
]
ModelFolder = Annotated[
    Path, typer.Option("--model", envvar="PANAKEIA_MODEL", help="Folder of a trained model.", metavar="DIR")
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="PANAKEIA_DATA", help="Mirror folder of public files, looked at first.", metavar="DIR"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Top = Annotated[int, typer.Option("--top", min=1, help="How many to print.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of all random streams.")]

STORE = "out/graph.lbdb"
MODEL = Path("out/model")
