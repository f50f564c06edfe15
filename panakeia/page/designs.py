"""Designs: a trial's design as TOML and as a form of its plain values, each made of the other; comments stay."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

from panakeia.page.toml_text import Place, end_of_table, span

Plain: TypeAlias = "str | int | float | bool | list[str] | list[int] | list[float]"
EXAMPLES = ("warfarin_trial", "coag", "eu_pact", "survival_trial", "tacrolimus_trial")
"""Designs to begin with."""
FIELDS: Mapping[str, str] = {
    "name": "Name",
    "model": "Model of the twins",
    "seed": "Seed: the same design and seed give the same result",
    "weeks": "Weeks",
    "subjects_per_arm": "Patients in each arm",
    "design": "Twins go through every arm, or one arm each (parallel)",
}
"""The keys of the table [trial] that the form always asks for, and their words."""
_WHOLE = ("seed", "weeks", "subjects_per_arm")
_AHEAD = ("trial", "arms", "endpoints", "visits", "titration", "conduct")
"""The tables that the form shows first; the others follow as they are written."""


@dataclass(frozen=True)
class Field:
    """A plain value of a design: where it stands, by words of its own, and what it is."""

    place: Place
    value: Plain

    @property
    def name(self) -> str:
        """How the form calls it: `arms.1.policy.doses`."""
        return ".".join(map(str, self.place))

    @property
    def text(self) -> str:
        """The value as the form shows it: of a list its values with commas between them."""
        if isinstance(self.value, list):
            return ", ".join(map(str, self.value))
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)

    @property
    def words(self) -> str:
        """What it is called inside of its group."""
        own = self.place[2:] if len(self.place) > 1 and isinstance(self.place[1], int) else self.place[1:]
        if self.place[0] == "trial" and len(own) == 1 and str(own[0]) in FIELDS:
            return FIELDS[str(own[0])]
        return ": ".join(str(one).replace("_", " ") for one in own)


@dataclass(frozen=True)
class Group:
    """The fields of a table of a design, such as an arm's."""

    words: str
    fields: tuple[Field, ...]
    ahead: bool


def example(name: str) -> str:
    """Return the TOML of an example; raises `ValueError` for any other name."""
    if name not in EXAMPLES:
        raise ValueError(f"example: got {name!r}, expected one of {', '.join(EXAMPLES)}")
    return files("panakeia").joinpath("examples", f"{name}.toml").read_text(encoding="utf-8")


def fields_of(toml: str) -> dict[str, Field]:
    """Return the plain values of a design by their names in the form, those of [trial] first.

    Raises `ValueError` for text that is no TOML, and for one without a table [trial].

    >>> [(name, field.value) for name, field in fields_of("[trial]\\nname = 'A'\\n[[arms]]\\nname = 'B'\\n").items()]
    [('trial.name', 'A'), ('arms.0.name', 'B')]
    """
    read = _read(toml)
    order = [name for name in _AHEAD if name in read] + [name for name in read if name not in _AHEAD]
    found = (field for name in order for field in _plain((name,), read[name]))
    return {field.name: field for field in found if span(toml, field.place) is not None}


def groups_of(toml: str) -> list[Group]:
    """Return the form: [trial] with all that it asks for, then each other table with its plain values.

    Raises what `fields_of` raises.
    """
    fields = fields_of(toml)
    trial = [fields.get(f"trial.{name}", Field(("trial", name), "")) for name in FIELDS]
    trial += [field for field in fields.values() if field.place[0] == "trial" and field not in trial]
    groups: dict[Place, list[Field]] = {("trial",): trial}
    for field in fields.values():
        if field.place[0] != "trial":
            numbered = len(field.place) > 1 and isinstance(field.place[1], int)
            groups.setdefault(field.place[: 2 if numbered else 1], []).append(field)
    return [Group(_group_words(place, own), tuple(own), place[0] in _AHEAD) for place, own in groups.items()]


def with_fields(toml: str, said: Mapping[str, str]) -> str:
    """Return a design in which the form's values stand in their places; everything else stays as it is.

    What [trial] has not is added to it. Raises `ValueError` for a number that is none, and for a name of no value.

    >>> print(with_fields("[trial]\\nweeks = 4   # short\\n[visits]\\n", {"trial.weeks": "12", "trial.name": "A"}))
    [trial]
    weeks = 12   # short
    name = "A"
    [visits]
    <BLANKLINE>
    """
    fields = fields_of(toml)
    for name, text in said.items():
        if name in fields:
            field, where = fields[name], span(toml, fields[name].place)
            assert where is not None
            toml = toml[: where[0]] + _written(name, text, field.value) + toml[where[1] :]
        elif (key := name.removeprefix("trial.")) in FIELDS and key != name:
            value = _written(name, text, 0 if key in _WHOLE else "")
            toml = _added(toml, f"{key} = {value}\n")
        else:
            raise ValueError(f"{name}: the design has no such plain value; change it in the TOML")
    told = fields_of(toml)
    if lost := [name for name, text in said.items() if name in told and told[name].text != _as_told(told[name], text)]:
        raise ValueError(f"{lost[0]}: it is written in a way that the form does not know: change it in the TOML")
    return toml


def _read(toml: str) -> dict[str, Any]:
    try:
        read = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as failure:
        raise ValueError(f"the design is no TOML: {failure}") from None
    if not isinstance(read.get("trial"), dict):
        raise ValueError("the design has no table [trial]: expected one with name, model, seed, weeks, ...")
    return read


def _plain(place: Place, value: Any) -> Iterator[Field]:
    """Yield the plain values below a place; of lists of tables those of the first kind, `[[arms]]`."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _plain((*place, name), one)
    elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        if len(place) == 1:
            for number, one in enumerate(value):
                yield from _plain((*place, number), one)
    elif isinstance(value, list):
        if len({type(one) for one in value}) == 1 and isinstance(value[0], str | int | float):
            yield Field(place, value)
    elif isinstance(value, str | int | float):
        yield Field(place, value)


def _group_words(place: Place, fields: list[Field]) -> str:
    words = str(place[0]).replace("_", " ")
    if len(place) == 1:
        return words.capitalize()
    called = next((field.text for field in fields if field.place[2:] == ("name",)), "")
    return f"{words.removesuffix('s').capitalize()} {int(place[1]) + 1}" + (f": {called}" if called else "")


def _added(toml: str, line: str) -> str:
    end = end_of_table(toml, "trial")
    if end is None:
        raise ValueError("the design's table [trial] is not written as [trial]: change it in the text")
    return toml[:end].rstrip("\n") + "\n" + line + toml[end:]


def _written(name: str, text: str, was: Plain) -> str:
    """Return a value as TOML writes it, of the type that it was."""
    if isinstance(was, list):
        return f"[{', '.join(_written(name, one.strip(), was[0]) for one in text.split(',') if one.strip())}]"
    if isinstance(was, bool):
        if text not in ("true", "false"):
            raise ValueError(f"{name}: got {text!r}, expected true or false")
        return text
    if isinstance(was, str):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name}: got {text!r}, expected a number") from None
    if isinstance(was, int) and not value.is_integer():
        raise ValueError(f"{name}: got {text!r}, expected a whole number")
    return str(int(value)) if isinstance(was, int) else repr(value)


def _as_told(field: Field, text: str) -> str:
    """Return a text of the form as the form would show it again."""
    written = tomllib.loads(f"x = {_written(field.name, text, field.value)}")["x"]
    return Field(field.place, written).text
