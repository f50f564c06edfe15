"""The options that several commands share; what an option can be stands in its help."""

import re
from dataclasses import dataclass
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import typer

import kg.patients.formats
import kg.sources
from gnn.task import CANDIDATES, TASKS
from kg.files.number import number
from kg.schema import NODE_KINDS

if TYPE_CHECKING:
    Task: TypeAlias = str
    Candidates: TypeAlias = str
    Format: TypeAlias = str
else:  # typer shows these values in an option's help, and refuses others
    Task = Literal[tuple(TASKS)]
    Candidates = Literal[tuple(CANDIDATES)]
    Format = Literal[tuple(sorted(module.name for module in iter_modules(kg.patients.formats.__path__)))]

Role: TypeAlias = Literal["value", "named", "file", "kept", "out", "here"]
"""What a parameter is: a value, the name of something or a file, a file that is read, a folder that an earlier answer
left, a file or folder that is written, or what only this machine's own user may say."""


@dataclass(frozen=True)
class As:
    """What a parameter's type does not say of it: its role, as part of the annotation.

    What is written may be `of` another parameter: without that there is nothing to write.
    """

    role: Role
    of: str = ""


Twin: TypeAlias = Annotated[str, As("named")]
"""The name of a published model, or a file with one of one's own: `twin.library.load` says what else it is."""
SOURCES = sorted(module.name for module in iter_modules(kg.sources.__path__))


@dataclass(frozen=True)
class Whole:
    """The parser of an option that is a whole number in these bounds, written as numbers are in files."""

    ge: int
    le: int | None = None
    __name__: ClassVar[str] = "whole"

    def __call__(self, text: str) -> int:
        """Return the number; raises `BadParameter` for another text."""
        if re.fullmatch("[0-9]{19,}", str(text)):
            raise typer.BadParameter(f"got {text!r}, expected a whole number of at most 18 digits")
        digits = re.fullmatch("[0-9]+", str(text))
        if not digits or int(text) < self.ge or (self.le is not None and int(text) > self.le):
            expected = f"of at least {self.ge}" if self.le is None else f"from {self.ge} to {self.le}"
            raise typer.BadParameter(f"got {text!r}, expected a whole number {expected}")
        return int(text)


def whole(least: int, most: int | None = None) -> Whole:
    """Return the parser of an option that is a whole number in these bounds.

    >>> whole(0)("12")
    12
    """
    return Whole(least, most)


def decimal(text: str) -> float:
    """Return an option that is a number, written as numbers are in files."""
    value = number(str(text))
    if value is None:
        raise typer.BadParameter(f"got {text!r}, expected a number such as 0.5")
    return value


def share(text: str) -> float:
    """Return an option that is a fraction from 0 to 1."""
    value = number(str(text))
    if value is None or not 0 <= value <= 1:
        raise typer.BadParameter(f"got {text!r}, expected a fraction from 0 to 1")
    return value


def decimals(text: str) -> tuple[float, ...]:
    """Return an option that lists numbers, with commas between them.

    >>> decimals(".5, .75,1")
    (0.5, 0.75, 1.0)
    """
    return tuple(decimal(part.strip()) for part in str(text).split(","))


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """Return what an option that is given as NAME=VALUE, several times, says by name; each name once.

    >>> pairs(["weight_kg=80", "race = asian"], "--set")
    {'weight_kg': '80', 'race': 'asian'}
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise typer.BadParameter(f"{option}: got {text!r}, expected NAME=VALUE")
        if name in found:
            raise typer.BadParameter(f"{option}: {name} is given twice; expected each name once")
        found[name] = value
    return found


def numbers(texts: list[str] | None, option: str) -> dict[str, float]:
    """Return what an option that is given as NAME=NUMBER, several times, says by name; each name once.

    >>> numbers(["clearance=4", "volume = 20.5"], "--start")
    {'clearance': 4.0, 'volume': 20.5}
    """
    found = {name: (text, number(text)) for name, text in pairs(texts, option).items()}
    for name, (text, value) in found.items():
        if value is None:
            raise typer.BadParameter(f"{option} {name}: got {text!r}, expected a number")
    return {name: value for name, (_, value) in found.items() if value is not None}


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
TopOption = Annotated[int, typer.Option("--top", parser=whole(1), help="How many to print.", metavar="N")]
SeedOption = Annotated[int, typer.Option("--seed", parser=whole(0), help="Seed of all random streams.", metavar="N")]
ShareOption = Annotated[
    float,
    typer.Option("--max-reject-share", parser=share, help="A larger fraction of rejected rows fails.", metavar="X"),
]
LengthOption = Annotated[
    int, typer.Option("--max-length", parser=whole(1, 4), help="Longest path, in edges: 1 to 4.", metavar="N")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="A covariate of the patient by hand, repeatable: weight_kg=80.", metavar="NAME=VALUE"),
]
CarryOption = Annotated[
    Literal["nocb", "locf"],
    typer.Option(
        "--carry",
        help="Between records, a covariate that changes is the next record's (nocb, as in NONMEM), or the last's.",
    ),
]
OccasionOption = Annotated[
    str, typer.Option("--occasion", help="The column that says which occasion a record is of.", metavar="COLUMN")
]
BetweenOccasionsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--between-occasions",
        help="What varies between occasions, beside what the model says: an SD, of the logarithm where that varies.",
        metavar="FIELD=SD",
    ),
]
CalledOption = Annotated[
    list[str] | None,
    typer.Option("--dvid", help="Which observable a DVID of the table is.", metavar="DVID=OBSERVABLE"),
]
