"""Conditions: which nodes of a kind have attributes as they are asked for, such as a half-life of at most a day."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kg.schema import NODE_KINDS, PERSON
from kg.stores.protocol import Store

_WRITTEN = re.compile(r"\s*([a-z_0-9]+)\s*(<=|>=|=|<|>)\s*(.+?)\s*")
_NUMBERS = ("double", "int64")


@dataclass(frozen=True)
class Condition:
    """A condition on an attribute: `=` of a list means that it has the value."""

    attribute: str
    sign: str
    value: str | float
    listed: bool = False

    def __str__(self) -> str:
        words = {"<=": "at most", ">=": "at least", "<": "below", ">": "above", "=": "has" if self.listed else "is"}
        value = f"{self.value:g}" if isinstance(self.value, float) else self.value
        return f"{self.attribute} {words[self.sign]} {value}"


def read_condition(text: str, kind: str) -> Condition:
    """Return a condition on nodes of a kind as it is written; raises `ValueError`, also of patients.

    >>> str(read_condition("half_life_h<=24", "Drug")), str(read_condition("groups = approved", "Drug"))
    ('half_life_h at most 24', 'groups has approved')
    """
    if kind == PERSON:
        raise ValueError("got a condition on patients: who they are is asked of a cohort (`panakeia cohort`)")
    told = {name: of for name, of in NODE_KINDS[kind].attributes.items() if of in ("string", "string[]", *_NUMBERS)}
    if (found := _WRITTEN.fullmatch(text)) is None or found[1] not in told:
        raise ValueError(
            f"got the condition {text!r}, expected one of {', '.join(told) or 'no attribute'} of a {kind}, a sign (= < "
            "<= > >=) and a value, as in half_life_h<=24"
        )
    name, sign, value = found.groups()
    if told[name] in _NUMBERS:
        try:
            return Condition(name, sign, float(value))
        except ValueError:
            raise ValueError(f"got the condition {text!r}, expected a number after {name}{sign}") from None
    if sign != "=":
        raise ValueError(f"got the condition {text!r}, expected = before a text: {name}={value}")
    return Condition(name, sign, value, told[name] == "string[]")


def meeting(store: Store, kind: str, conditions: Sequence[Condition]) -> set[str]:
    """Return the identifiers of the nodes of a kind that meet all conditions; what is not known meets none."""
    asked = [
        f"$v{place} IN n.{one.attribute}" if one.listed else f"n.{one.attribute} {one.sign} $v{place}"
        for place, one in enumerate(conditions)
    ]
    values = {f"v{place}": one.value for place, one in enumerate(conditions)}
    rows = store.query(f"MATCH (n:{kind}) WHERE {' AND '.join(asked)} RETURN n.id AS id", values)
    return {row["id"] for row in rows}


def without(store: Store, kind: str, attribute: str, among: Collection[str]) -> int:
    """Return of how many of these nodes an attribute is not known."""
    rows = store.query(f"MATCH (n:{kind}) WHERE n.{attribute} IS NOT NULL RETURN n.id AS id", {})
    return len(set(among) - {row["id"] for row in rows})
