"""The options that several commands share; what an option can be stands in its help."""

from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

import kg.sources
from gnn.config import TASKS
from kg.schema import NODE_KINDS
from twin.library import MODELS

if TYPE_CHECKING:
    Task: TypeAlias = str
    Twin: TypeAlias = str
else:  # typer shows these values in an option's help, and refuses others
    Task = Literal[TASKS]
    Twin = Literal[MODELS]

SOURCES = sorted(module.name for module in iter_modules(kg.sources.__path__))

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="PANAKEIA_STORE",
        help="Where the graph is: a file, or a bolt:// or neo4j:// URL.",
        metavar="S",
    ),
]
ModelOption = Annotated[
    Path, typer.Option("--model", envvar="PANAKEIA_MODEL", help="Folder of a trained model.", metavar="DIR")
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="PANAKEIA_DATA", help="Mirror folder of public files, looked at first.", metavar="DIR"
    ),
]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help=f"Data set to read, repeatable: {', '.join(SOURCES)}.")
]
KindOption = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help=f"Only nodes of this kind are meant: {', '.join(NODE_KINDS)}.",
        metavar="KIND",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
TopOption = Annotated[int, typer.Option("--top", min=1, help="How many to print.")]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of all random streams.")]
