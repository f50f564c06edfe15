"""What a user writes in a TOML file: checked before anything runs, frozen, every mistake named with its key."""

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, Strict, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from kg.files import toml
from kg.files.text import FileError

Number = Annotated[float, Strict()]
Positive = Annotated[float, Strict(), Field(gt=0)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Count = Annotated[int, Strict(), Field(ge=1)]
Items = TypeVar("Items", bound=Sized)
Flag = Annotated[bool, Strict()]
Text = Annotated[str, Strict(), Field(min_length=1)]


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError(f"got {text!r}, expected a name that can be printed on a line")
    return text


Name = Annotated[Text, AfterValidator(_printable)]


def at_least(count: int) -> AfterValidator:
    """Return the check that a list has at least so many items."""

    def check_length(items: Items) -> Items:
        if len(items) < count:
            raise ValueError(f"got {len(items)} items, expected at least {count}")
        return items

    return AfterValidator(check_length)


_EXPECTED = {
    "greater than or equal to ": ">= ",
    "less than or equal to ": "<= ",
    "greater than ": "> ",
    "less than ": "< ",
}
_NO_TABLE = ("model_type", "model_attributes_type", "dict_type")
_SHOWN = 60
"""Longest excerpt of what came, in characters."""


@dataclass(frozen=True)
class Unit:
    """The unit of a key's number, in words: a part of its type, `Annotated[Number, Unit("mg")]`."""

    name: str


class DesignError(ValueError):
    """A file that cannot be run as it stands; the message lists each mistake on a line of its own.

    `mistakes` are those by themselves, each `key: what came, what was expected`; empty where the fault is no key's.
    """

    def __init__(self, told: str, mistakes: Sequence[str] = ()) -> None:
        super().__init__(told)
        self.mistakes = tuple(mistakes)


class Checked(BaseModel):
    """The settings that the schemas of files share: frozen, no unknown keys, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def schema_for(cls, content: Mapping[str, Any]) -> type[Self]:
        """Return the schema to check a content by: this one, unless some keys hang on what others say."""
        return cls

    @classmethod
    def in_todays_form(cls, content: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return a content with the keys that the schema has today, and which ones moved, in words, if any did."""
        return content, ""


class Choice(Checked):
    """A table that is one of several kinds, told apart by its key `kind`; each kind is one class, found by its name.

    A class that says where its kinds are (`found_in`: modules, and packages of them) is what a schema asks for; its
    subclasses with a value of `kind` are what a file may choose. They are looked for when one is chosen. In Python an
    instance of any subclass will do.
    """

    found_in: ClassVar[tuple[str, ...]] = ()
    kind: str

    @classmethod
    def kinds(cls) -> dict[str, type[Self]]:
        """Return what may be chosen, by name."""
        for name in cls.found_in:
            module = importlib.import_module(name)
            for part in pkgutil.iter_modules(getattr(module, "__path__", ())):
                importlib.import_module(f"{name}.{part.name}")
        found: dict[str, type[Self]] = {}
        for one in _subclasses(cls):
            for kind in get_args(one.model_fields["kind"].annotation):
                if kind not in found or not issubclass(one, found[kind]):  # what refines a kind is no other kind
                    found[kind] = one  # a class that is defined again, as in a cell run twice, is meant by its name
        return found

    @classmethod
    def spelled_out(cls, value: Any) -> Any:
        """Return the table that a shorter way of writing stands for."""
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return how pydantic checks it: one of the kinds by its own schema."""
        if not cls.__dict__.get("found_in"):
            return handler(source)
        written = core_schema.plain_serializer_function_ser_schema(_written, info_arg=True)
        return core_schema.no_info_plain_validator_function(cls._chosen, serialization=written)

    @classmethod
    def _chosen(cls, value: Any) -> Self:
        if isinstance(value, cls):
            return value
        value, kinds = cls.spelled_out(value), cls.kinds()
        if not isinstance(value, Mapping):
            raise PydanticCustomError("value_error", "{error}", {"error": f"got {value!r}, expected a table"})
        named = value.get("kind")
        if not isinstance(named, str) or named not in kinds:
            told = f"got {named!r}, expected one of {', '.join(sorted(kinds))}" if "kind" in value else None
            wrong = PydanticCustomError("value_error", "{error}", {"error": told}) if told else "missing"
            fault = InitErrorDetails(type=wrong, loc=("kind",), input=value)
            raise _Refused(ValidationError.from_exception_data(cls.__name__, [fault]), cls)
        try:
            return kinds[named].model_validate(dict(value))
        except ValidationError as failure:
            raise _Refused(failure, kinds[named]) from None


class _Refused(ValueError):
    """What is wrong with the table that was chosen, and the schema of its kind."""

    def __init__(self, failure: ValidationError, schema: type[Checked]) -> None:
        super().__init__("; ".join(_mistakes({}, schema, failure)))
        self.failure, self.schema = failure, schema


def _written(value: Checked, told: Any) -> Any:
    return value.model_dump(mode=told.mode, exclude_none=told.exclude_none)


def _subclasses(of: type[Checked]) -> Iterator[type[Any]]:
    for found in of.__subclasses__():
        yield found
        yield from _subclasses(found)


Schema = TypeVar("Schema", bound=Checked)


def read_toml(path: str | Path, schema: type[Schema]) -> Schema:
    """Read a TOML file into a schema.

    Raises `DesignError`, which names the fault of a file that is no TOML, or each mistake with its key.
    """
    try:
        content = toml.read_toml(path)
    except FileError as failure:
        raise DesignError(str(failure)) from None
    return check(content, schema, str(path))


def check(content: dict[str, Any], schema: type[Schema], origin: str) -> Schema:
    """Return the content as the schema's data; raise `DesignError` that names every mistake with its key.

    >>> class Titration(Checked):
    ...     max_mg: Positive
    >>> check({"max_mg": -3, "min": 1}, Titration, "trial.toml")
    Traceback (most recent call last):
    kg.files.checked.DesignError: trial.toml has 2 mistakes:
      max_mg: got -3, expected > 0
      min: unknown key; known here: max_mg
    """
    content, moved = schema.in_todays_form(content)
    schema = schema.schema_for(content)
    try:
        return schema.model_validate(content)
    except ValidationError as failure:
        mistakes = [line for told in _mistakes(content, schema, failure) for line in told.split("\n  ")]
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        told = f"\n  ({moved})" if moved else ""
        raise DesignError(f"{origin} has {count}:\n  " + "\n  ".join(mistakes) + told, mistakes) from None


def _mistakes(content: Any, schema: type[Checked], failure: ValidationError) -> list[str]:
    """Return pydantic's errors, each as `key: got ..., expected ...`; those of a chosen kind by that kind's schema."""
    found: list[str] = []
    for error in failure.errors():
        refused = error.get("ctx", {}).get("error")
        if isinstance(refused, _Refused):
            key = _key(content, error["loc"], absent=False)
            inside = _mistakes(error["input"], refused.schema, refused.failure)
            found += [_under(key, mistake) for mistake in inside]
        else:
            found.append(_mistake(content, schema, error))
    return found


def _under(key: str, mistake: str) -> str:
    """Return a mistake in a table as one of the table that stands under a key."""
    inner, colon, told = mistake.partition(": ")
    if not key:
        return mistake
    if colon and not inner:
        return f"{key}: {told}"
    return f"{key}.{mistake}" if colon and " " not in inner else f"{key}: {mistake}"


def _mistake(content: dict[str, Any], schema: type[Checked], error: Any) -> str:
    """Return one of pydantic's errors as `key: got ..., expected ...`."""
    kind, context = error["type"], error.get("ctx", {})
    key = _key(content, error["loc"], absent=kind == "missing")
    if kind == "missing":
        return f"{key}: missing"
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {_known(schema, error['loc'])}"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        came = f"got {context['tag']!r}, expected {context['expected_tags']}" if "tag" in context else "missing"
        return f"{key}.{context['discriminator'].strip(chr(39))}: {came}"
    if kind == "value_error":
        return f"{key}: {context['error']}" if key else str(context["error"])
    came = repr(error["input"])
    came = came if len(came) <= _SHOWN else came[:_SHOWN] + "..."
    expected = (
        "a table"
        if kind in _NO_TABLE
        else error["msg"].removeprefix("Input should be ").removeprefix("String should have ")
    )
    for words, sign in _EXPECTED.items():
        expected = expected.replace(words, sign)
    return f"{key}: got {came}, expected {expected}"


def _key(content: Any, location: tuple[str | int, ...], *, absent: bool) -> str:
    """Return the key as a user would write it: `arms[1].titration.max_mg`; `absent` if it is not in the content.

    A location also names the tag of a union, which is no key: it is left out. Where no key tells one table of a union
    from another, its tag is its schema's name.
    """
    key, here = "", content
    for place, part in enumerate(location, start=1):
        if isinstance(part, int):
            if isinstance(here, list | tuple):  # else one thing stands where a list of it may
                key, here = f"{key}[{part}]", here[part]
        elif (isinstance(here, dict) and part in here) or (absent and place == len(location)):
            key = f"{key}.{part}" if key else part
            here = here.get(part)
    return key


def _known(schema: type[Checked], location: tuple[str | int, ...]) -> str:
    """Say which key an unknown one may be meant to be, or which keys its table may have."""
    tables = [schema]
    for part in location[:-1]:
        fields = [table.model_fields[part] for table in tables if part in table.model_fields]
        tagged = [table for table in tables if part in _tags(table) or part == table.__name__]
        if isinstance(part, str):
            tables = [found for field in fields for found in _tables(field.annotation)] or tagged or tables
    keys = sorted({field.alias or key for table in tables for key, field in table.model_fields.items()})
    near = difflib.get_close_matches(str(location[-1]), keys, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(keys)}"


def _tables(annotation: Any) -> list[type[Checked]]:
    """Return the schemas inside a type, such as a list of a union of them."""
    if isinstance(annotation, type) and issubclass(annotation, Checked):
        return [annotation]
    return [found for part in get_args(annotation) for found in _tables(part)]


def _tags(table: type[Checked]) -> set[str]:
    """Return the values that tell this schema from the others of its union."""
    return {tag for field in table.model_fields.values() for tag in get_args(field.annotation) if isinstance(tag, str)}
