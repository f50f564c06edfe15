"""Members of a JSON object, each of the type that the schema gives it; what is wrong is named, never quoted."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from kg.curie import OWN, CurieError, parse
from kg.patients.record import Code, Refused

Json = Mapping[str, Any]
Wanted = TypeVar("Wanted")

_CALLED: dict[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number"}
LARGEST = 1e300
"""A number beyond it is none that was measured."""
_SNAKE = re.compile(r"_([a-z])")


def member(of: Json, name: str, kind: type[Wanted]) -> Wanted | None:
    """Return a member, None where it is not said; raises `Refused` where it is of another type.

    >>> member({"excluded": True}, "excluded", bool), member({}, "excluded", bool)
    (True, None)
    """
    value = of.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refused(name, f"is not {_CALLED[kind]}")
    return value


def needed(of: Json, name: str, kind: type[Wanted]) -> Wanted:
    """Return a member; raises `Refused` where it is not said, or is empty."""
    value = member(of, name, kind)
    if value is None or value == "":
        raise Refused(name, "is missing")
    return value


def objects(of: Json, name: str) -> Sequence[Json]:
    """Return a list of objects, empty where it is not said."""
    found: list[Any] = member(of, name, list) or []
    if not all(isinstance(one, dict) for one in found):
        raise Refused(name, "holds something that is not an object")
    return found


def number(of: Json, name: str) -> float:
    """Return a number that must be there."""
    value = of.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST < value < LARGEST:
        raise Refused(name, "is not a number")
    return float(value)


def check_known(of: Json, known: frozenset[str]) -> None:
    """Raise `Refused` where an object has a member that the schema lacks: it might change what the others mean."""
    if not of.keys() <= known:
        raise Refused("a member", "is not one of phenopackets version 2")


def term(of: Json, name: str) -> Code:
    """Return the code of an ontology's term; its label is not looked at."""
    return code(needed(needed(of, name, dict), "id", str), f"{name}.id")


@lru_cache(maxsize=1 << 16)
def code(text: str, element: str) -> Code:
    """Return a CURIE as a code, in the spelling of `kg.curie`.

    >>> code("Orphanet:558", "term.id")
    Code(system='ORPHANET', code='558', display='', public=False)
    """
    try:
        curie = parse(text)
    except CurieError:
        raise Refused(element, "is no identifier of an ontology that is known, such as HP:0001250") from None
    if curie.prefix == OWN:
        raise Refused(element, "has the prefix of this program's own identifiers, which no record may")
    return Code(curie.prefix, curie.identifier)


def camel(value: Any) -> Any:
    """Return JSON with its names as the schema's JSON has them, where they are spelt as in the schema's source.

    >>> camel({"meta_data": [{"created_by": "x_y"}]})
    {'metaData': [{'createdBy': 'x_y'}]}
    """
    if isinstance(value, dict):
        return {_SNAKE.sub(lambda found: found[1].upper(), name): camel(one) for name, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value
