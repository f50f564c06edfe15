"""Designs: a trial's design as TOML and as a form of its first table, each made of the other; comments stay."""

import re
import tomllib
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Any

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
"""The keys of the table [trial] that the form asks for, and their words."""
_TABLE = re.compile(r"^\[trial\][^\n]*\n(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_VALUE = r""""(?:[^"\\]|\\.)*"|'[^']*'|[^\s#]+"""
_NUMBERS = ("seed", "weeks", "subjects_per_arm")


def example(name: str) -> str:
    """Return the TOML of an example; raises `ValueError` for any other name."""
    if name not in EXAMPLES:
        raise ValueError(f"example: got {name!r}, expected one of {', '.join(EXAMPLES)}")
    return files("panakeia").joinpath("examples", f"{name}.toml").read_text(encoding="utf-8")


def fields_of(toml: str) -> dict[str, Any]:
    """Return what the form shows of a design.

    Raises `ValueError` for text that is no TOML, and for one without a table [trial].

    >>> fields_of("[trial]\\nname = 'A'\\nweeks = 4\\n")
    {'name': 'A', 'weeks': 4}
    """
    try:
        read = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as failure:
        raise ValueError(f"the design is no TOML: {failure}") from None
    trial = read.get("trial")
    if not isinstance(trial, Mapping):
        raise ValueError("the design has no table [trial]: expected one with name, model, seed, weeks, ...")
    return {name: trial[name] for name in FIELDS if name in trial}


def with_fields(toml: str, fields: Mapping[str, str]) -> str:
    """Return a design in which the form's values stand in the table [trial]; everything else stays as it is.

    Raises `ValueError` for a number that is none.

    >>> print(with_fields("[trial]\\nweeks = 4   # short\\n[visits]\\n", {"weeks": "12", "name": "A"}))
    [trial]
    weeks = 12   # short
    name = "A"
    [visits]
    <BLANKLINE>
    """
    fields_of(toml)
    found = _TABLE.search(toml)
    if found is None:
        raise ValueError("the design's table [trial] is not written as [trial]: change it in the text")
    body = found[1]
    for name, text in fields.items():
        value = _written(name, text)
        line = re.compile(rf"^({name}\s*=\s*)({_VALUE})", re.MULTILINE)
        body, times = line.subn(partial(_replaced, value), body, count=1)
        if not times:
            body = body.rstrip("\n") + f"\n{name} = {value}\n"
    return toml[: found.start(1)] + body + toml[found.end(1) :]


def _replaced(value: str, match: "re.Match[str]") -> str:
    return match[1] + value


def _written(name: str, text: str) -> str:
    if name in _NUMBERS:
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{name}: got {text!r}, expected a whole number")
        return str(int(text))
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'
