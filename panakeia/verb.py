"""Verb: one thing that can be asked, declared once as a function; the command line and the other faces offer the same.

A verb is a function of a `Session` and of plain parameters, each with its type, its help and its bounds, that returns
an answer. `verb` makes it a command, and keeps it in `VERBS` for the faces that are not a terminal: there a parameter
that is a file is given by content, one that is written is a file of the answer, and what only makes sense on the
machine itself (a folder to write into, a number of processes) is not asked for.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, Union, cast, get_args, get_origin

import typer
from typer.models import ArgumentInfo, ParameterInfo

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.options import As, CsvOption, DataOption, JsonOption, ModelOption, Role, StoreOption
from panakeia.terminal import print_answer, print_note
from panakeia.verbs.held import MODEL, STORE

Right: TypeAlias = Literal["graph", "patients", "trials", "write"]
"""What who asks must be allowed: the graph and its models, patients, twins and trials, or changing what is stored."""
Needs: TypeAlias = Literal["store", "model", "data"]
DOES: dict[Right, str] = {
    "graph": "ask the graph",
    "patients": "see patients",
    "trials": "plan trials",
    "write": "change what others see",
}
"""What each right is, in words."""
Show: TypeAlias = Callable[[Answer, Mapping[str, Any]], None]

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended, as shells have it."""
_OPENED = {"store": (StoreOption, STORE), "model": (ModelOption, Path(MODEL)), "data": (DataOption, None)}
REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Given:
    """A parameter of a verb: how it is called, what it may be, and how the command line asks for it.

    A file that is written may be `of` another parameter, without which it is none.
    """

    name: str
    type: Any
    many: bool
    default: Any
    role: Role
    asked: ParameterInfo
    of: str = ""

    @property
    def option(self) -> str:
        """How the command line writes it, `--max-length`; empty for one that is told by its place."""
        if isinstance(self.asked, ArgumentInfo):
            return ""
        written = [self.asked.default, *(self.asked.param_decls or ())]  # typer takes the first for a default
        named = [one.partition("/")[0] for one in written if isinstance(one, str) and one.startswith("--")]
        return named[0] if named else f"--{self.name.replace('_', '-')}"


@dataclass(frozen=True)
class Verb:
    """A verb: its function, who may ask it, and whether it is done in a moment or is a job; `here` says why it is not
    offered but on the machine itself, or is empty."""

    name: str
    command: str
    function: Callable[..., Answer]
    right: Right
    needs: tuple[Needs, ...]
    long: bool
    here: str

    @cached_property
    def given(self) -> dict[str, Given]:
        """Its parameters by name, without those that the session has."""
        found = list(inspect.signature(self.function).parameters.values())[1:]
        return {one.name: _given(one) for one in found}

    @property
    def repeats(self) -> bool:
        """Whether it may be answered again from what is kept: it changes nothing, and no journal has to know of it."""
        return self.right in ("graph", "trials")

    @property
    def words(self) -> str:
        """What it does: the first paragraph of its help."""
        return " ".join(self._paragraphs[0].split())

    @property
    def more(self) -> str:
        """What else is to know of it; may be empty."""
        return "\n\n".join(" ".join(one.split()) for one in self._paragraphs[1:] if not one.startswith("Example:"))

    @property
    def example(self) -> str:
        """The command line of its example."""
        return " ".join((self.function.__doc__ or "").partition("Example:")[2].split())

    @property
    def _paragraphs(self) -> list[str]:
        return inspect.cleandoc(self.function.__doc__ or "").split("\n\n")


VERBS: dict[str, Verb] = {}
"""The verbs by name, as their modules are imported; `panakeia.commands.every` has all."""


def print_rows(answer: Answer, how: Mapping[str, Any]) -> None:
    """Print an answer with its rows, or as JSON or CSV where that is asked."""
    print_answer(answer, as_json=how["as_json"], as_csv=how.get("as_csv", False))


def print_text(answer: Answer, how: Mapping[str, Any]) -> None:
    """Print an answer's text without its rows, or as JSON where that is asked."""
    print_answer(answer, as_json=how["as_json"], rows=False)


def verb(
    app: typer.Typer,
    command: str,
    *,
    right: Right,
    needs: tuple[Needs, ...] = (),
    long: bool = False,
    here: str = "",
    show: Show = print_rows,
    csv: bool = False,
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Make a function a verb, named as it is, and a command of a group; `command` is its whole line, "twin simulate".

    The function's first parameter is the session, of which the command line asks what is in `needs`. `show` prints the
    answer; with `csv` it is asked whether as CSV.
    """

    def declared(function: Callable[..., Answer]) -> Callable[..., Answer]:
        name = function.__name__
        VERBS[name] = Verb(name, command, function, right, needs, long, here)
        app.command(command.split()[-1])(_command(function, needs, show, csv))
        return function

    return declared


def _command(function: Callable[..., Answer], needs: tuple[Needs, ...], show: Show, csv: bool) -> Callable[..., None]:
    """Return the command: it opens the session, asks, and prints; Ctrl-C ends it with what the verb says of that."""

    def run(**given: Any) -> None:
        printed = {name: given.pop(name) for name in ("as_json", "as_csv") if name in given}
        if all(printed.get(name) for name in ("as_json", "as_csv")):
            raise ValueError("got --json and --csv: expected one of them, --json or --csv")
        opened = {name: given.pop(name) for name in needs}
        try:
            with Session(**opened) as session:
                show(function(session, **given), given | printed)
        except KeyboardInterrupt as stopped:
            print_note(str(stopped) or "stopped")
            raise typer.Exit(INTERRUPTED) from None

    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [one.replace(kind=keyword) for one in list(inspect.signature(function).parameters.values())[1:]]
    own += [inspect.Parameter(name, keyword, default=_OPENED[name][1], annotation=_OPENED[name][0]) for name in needs]
    own += [inspect.Parameter("as_json", keyword, default=False, annotation=JsonOption)]
    own += [inspect.Parameter("as_csv", keyword, default=False, annotation=CsvOption)] if csv else []
    run.__doc__ = function.__doc__
    run.__signature__ = inspect.Signature(own)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in own}
    return run


def _given(parameter: inspect.Parameter) -> Given:
    base, *notes = (
        get_args(parameter.annotation) if get_origin(parameter.annotation) is Annotated else (parameter.annotation,)
    )
    if get_origin(base) in (Union, UnionType):
        [base] = [one for one in get_args(base) if one is not NoneType]
        if get_origin(base) is Annotated:
            base, *inner = get_args(base)
            notes += inner
    many = get_origin(base) is list
    [kind] = get_args(base) if many else [base]
    told = next((one for one in notes if isinstance(one, As)), None)
    asked = next((one for one in notes if isinstance(one, ParameterInfo)), None)
    if asked is None:
        asked = cast(ParameterInfo, typer.Argument() if parameter.default is REQUIRED else typer.Option())
    told = told or As("file" if kind is Path else "value")
    return Given(parameter.name, kind, many, parameter.default, told.role, asked, told.of)
