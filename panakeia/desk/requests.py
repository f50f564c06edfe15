"""Requests: a verb's parameters as a JSON object, with strict types, and what becomes of them before it runs."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from panakeia.desk.unpacked import MOST, UnpacksToTooMuch, unpacked_bytes
from panakeia.verb import REQUIRED, Given, Verb

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

NOT_ASKED = ("out", "here")
"""Roles of parameters that a request does not have."""
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,99}")
_KEPT = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}){0,3}"
_DAY = r"\d{4}-\d{2}-\d{2}"
_LOOKS = {
    f"^{_FILE_NAME.pattern}$": "a file's name without folders: letters, digits, space, _ . and -",
    f"^{_KEPT}$": "the name of what the desk keeps, such as model, or ID/out of a job",
    f"^{_DAY}$": "a day, such as 2026-01-31",
}
"""What a text that has a pattern looks like, in words."""
_CONTENT = "text, or a file by its content: {name, text} or {name, base64}"


class Refused(ValueError):
    """A request that cannot be asked: `problems` says of each parameter what came and what was expected."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {told}" if name else told for name, told in problems.items()))
        self.problems = dict(problems)


class Upload(BaseModel):
    """A file by its content: its text, or its bytes in base64; the name's ending says what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=f"^{_FILE_NAME.pattern}$", description="The file's name, without folders.")]
    text: Annotated[str | None, Field(description="Its content, where it is text.")] = None
    base64: Annotated[str | None, Field(description="Else its bytes, in base64.")] = None

    def content(self) -> bytes:
        """Return the file's bytes; raises `ValueError` where there is not one content."""
        if (self.text is None) == (self.base64 is None):
            raise ValueError(f"the file {self.name} has no content, or two: expected text or base64, one of them")
        if self.text is not None:
            return self.text.encode()
        try:
            return base64.b64decode(self.base64 or "", validate=True)
        except binascii.Error:
            raise ValueError(f"the file {self.name}: its content is no base64") from None


@cache
def asks(name: str, verb: Verb, strict: bool = True) -> type[BaseModel]:
    """Return the schema of a verb's request; not `strict`, numbers and flags may be written as text, as in a URL."""
    fields: dict[str, Any] = {}
    for given in verb.given.values():
        if given.role in NOT_ASKED:
            continue
        kind = _type(given)
        kind = list[kind] if given.many else kind  # type: ignore[valid-type]
        about = Field(description=given.asked.help or _spoken(given))
        if given.default is REQUIRED:
            fields[given.name] = (Annotated[kind, about], ...)
        else:
            fields[given.name] = (Annotated[kind | None, about], _plain(given.default))
    config = ConfigDict(extra="forbid", frozen=True, strict=strict, allow_inf_nan=False, title=name)
    model = create_model(f"{''.join(part.title() for part in name.split('_'))}Request", __config__=config, **fields)
    model.__doc__ = verb.words
    found: type[BaseModel] = model
    return found


def checked(verb: Verb, request: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """Return a request's parameters that were given, each as its type; raises `Refused` for what it cannot be."""
    asked = asks(verb.name, verb, strict)
    try:
        found = asked.model_validate(dict(request))
    except ValidationError as failure:
        raise Refused(problems_of(failure, known=asked.model_fields)) from None
    return {name: value for name in found.model_fields_set if (value := getattr(found, name)) is not None}


def arguments(verb: Verb, given: Mapping[str, Any], folder: Path, kept: Callable[[str], Path]) -> dict[str, Any]:
    """Return what the verb's function is called with: files lie in the folder, and what is written goes there.

    Raises `Refused` for a file without content, or a name that would be a file of this machine.
    """
    found: dict[str, Any] = {}
    for name, about in verb.given.items():
        try:
            if about.role == "out":
                if about.default is REQUIRED or (verb.long and (not about.of or about.of in given)):
                    found[name] = _written(about, folder)
            elif name in given:
                value = given[name]
                found[name] = (
                    [_one(about, one, folder, kept) for one in value]
                    if about.many
                    else _one(about, value, folder, kept)
                )
            elif about.default is not REQUIRED:
                found[name] = about.default
        except UnpacksToTooMuch:
            raise
        except ValueError as failure:
            raise Refused({name: str(failure)}) from None
    return found


def _written(about: Given, folder: Path) -> Path:
    """Return where what the verb writes goes: a file's name has the ending that its option shows."""
    shown = about.asked.metavar or ""
    ending = Path(shown).suffix.casefold() if shown not in ("DIR", "FILE") else ""
    if about.name == "plot" and not ending:
        ending = ".svg"
    if shown == "FILE" and not ending:
        ending = ".csv"
    return folder / "out" / f"{about.name}{ending}" if shown != "DIR" else folder / "out"


def _one(about: Given, value: Any, folder: Path, kept: Callable[[str], Path]) -> Any:
    if about.role == "kept":
        return kept(value)
    if isinstance(value, Upload) or about.role == "file":
        upload = value if isinstance(value, Upload) else Upload(name=_name_for(about), text=value)
        folder.joinpath("in").mkdir(parents=True, exist_ok=True)
        place = folder / "in" / upload.name
        while place.exists():
            place = place.with_name(f"_{place.name}")
        content = upload.content()
        there = sum(one.stat().st_size for one in place.parent.iterdir())
        unpacked_bytes(content, upload.name, MOST - there)
        place.write_bytes(content)
        return place if about.type is Path else str(place)
    if about.role == "named" and (re.search(r"^[.~]|^/|\\|^\w+://|(^|/)\.\.(/|$)", value) or _is_file(value)):
        raise ValueError(f"got {value!r}, expected a name, or a file by its content: {{name, text}}")
    return value


def _is_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # longer than a name, or with a zero byte
        return False


def _name_for(about: Given) -> str:
    """Return what a file is called of which only the text was given: as its option shows it."""
    shown = (about.asked.metavar or "file.txt").split("|")[0].strip("[].")
    name = re.sub(r"[^a-z0-9.]+", "_", shown.casefold()).strip("_.") or "file"
    return name if "." in name else f"{name}.txt"


def _type(given: Given) -> Any:
    if given.role == "kept":
        return Annotated[str, Field(pattern=f"^{_KEPT}$", description="What the desk keeps, by name.")]
    if given.role == "file":
        return str | Upload
    kind: Any = given.type
    if given.role == "named":
        return Annotated[str, Field(min_length=1, max_length=100_000)] | Upload
    parser = getattr(given.asked, "parser", None)
    bounds = {name: value for name in ("ge", "le") if (value := getattr(parser, name, None)) is not None}
    if kind is datetime:
        return Annotated[str, Field(pattern=f"^{_DAY}$"), AfterValidator(datetime.fromisoformat)]
    if kind in (tuple, Ellipsis) or get_origin(kind) is tuple:
        return Annotated[list[float], BeforeValidator(_listed), AfterValidator(tuple), Field(min_length=1)]
    if kind is str:
        return Annotated[str, Field(max_length=100_000)]
    if get_origin(kind) is Literal or kind in (int, float, bool):
        checks = [] if parser is None or kind is bool else [AfterValidator(_parsed(parser))]
        return Annotated[(kind, Field(**bounds), *checks)]
    raise TypeError(f"the parameter {given.name} has the type {kind}, which no request can give")


def _listed(value: Any) -> Any:
    """Return numbers with commas between them, as a URL has them, as a list."""
    if not isinstance(value, str):
        return value
    try:
        return [float(part) for part in value.split(",")]
    except ValueError:
        raise ValueError(f"got {value[:60]!r}, expected numbers with commas between them, such as 0.5,1") from None


def _parsed(parser: Callable[[str], Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        try:
            return parser(str(value))
        except typer.BadParameter as failure:
            raise ValueError(failure.message.replace(repr(str(value)), _came(value))) from None

    return check


def _plain(default: Any) -> Any:
    """Return a default as JSON has it."""
    if isinstance(default, Path):
        return None
    return list(default) if isinstance(default, tuple) else default


def _spoken(given: Given) -> str:
    kinds = {str: "a name or an identifier", int: "a whole number", float: "a number", bool: "yes or no"}
    named = " | ".join(map(str, get_args(given.type))) if get_origin(given.type) is Literal else ""
    return f"{given.name.replace('_', ' ')}: {named or kinds.get(given.type, 'a value')}"


def problems_of(failure: ValidationError, depth: int = 1, known: Collection[str] = ()) -> dict[str, str]:
    """Return what is wrong with each parameter, named by so many parts: what came, what was expected.

    `known` are the parameters that there are, of which an unknown one may be meant to be one.
    """
    found: dict[str, str] = {}
    for error in failure.errors():
        name = ".".join(str(part)[:60] for part in error["loc"][:depth])
        if error["type"] == "missing":
            told = "missing: it is needed"
        elif error["type"] == "extra_forbidden":
            told = "unknown parameter" + _meant(name, known)
        elif error["type"] == "value_error":
            told = str(error["ctx"]["error"])
        else:
            told = f"got {_came(error['input'])}, expected {_expected(error)}"
        inside = error["loc"][depth:]
        if inside[:1] == (Upload.__name__,) and not isinstance(error["input"] if len(inside) == 1 else None, str):
            part = ".".join(str(one)[:60] for one in inside[1:])
            found[name] = f"{part}: {told}" if part else f"got {_came(error['input'])}, expected {_CONTENT}"
        found.setdefault(name, told)
    return found


def _came(value: Any) -> str:
    """Return what came as JSON has it, but a text in the quotation marks of our messages."""
    return (repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))[:60]


def _meant(name: str, known: Collection[str]) -> str:
    """Return which parameter an unknown one may be meant to be, or which there are."""
    if near := get_close_matches(name, known, n=1):
        return f", did you mean {near[0]}?"
    return f", expected one of {', '.join(known)}" if known else ""


def _expected(error: "ErrorDetails") -> str:
    """Return what was expected, in words that go on after `expected`."""
    kind, came, about = error["type"], error["input"], error.get("ctx", {})
    if kind == "list_type" and isinstance(came, str | int | float):
        return f"a list, such as {json.dumps([came], ensure_ascii=False)[:60]}"
    if kind == "too_short":
        return f"{about['min_length']} value or more"
    if kind == "string_pattern_mismatch" and about["pattern"] in _LOOKS:
        return _LOOKS[about["pattern"]]
    return error["msg"].removeprefix("Input should be ").removeprefix("String should have ")
