"""Choices: what a trial's file may say, read off its schema: each table, each kind of it, each key and its values."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from kg.files.checked import Checked, Choice, Unit
from twin.populations.population import Population
from twin.trials.adherences.adherence import Adherence
from twin.trials.allocations.allocation import Allocation
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.enrolments.enrolment import Enrolment
from twin.trials.estimators.estimator import Estimator
from twin.trials.hazards.hazard import Hazard
from twin.trials.interims import Interims
from twin.trials.multiplicities.multiplicity import Multiplicity
from twin.trials.policies.policy import Policy
from twin.trials.protocol import Analysis, Arm, Conduct, Outline, TrialDesign, Visits
from twin.trials.reestimations.reestimation import Reestimation
from twin.trials.scenario import Scenario
from twin.trials.titrations.titration import Titration

PARTS: dict[str, type[Choice]] = {
    "population": Population,
    "arms[].policy": Policy,
    "titration": Titration,
    "endpoints[]": Endpoint,
    "endpoints[].analysis": Estimator,
    "hazards[]": Hazard,
    "conduct.adherence": Adherence,
    "allocation": Allocation,
    "enrolment": Enrolment,
    "reestimation": Reestimation,
    "analysis.multiplicity": Multiplicity,
}
"""Where a file chooses, and what it chooses."""
TABLES: dict[str, type[Checked]] = {
    "trial": Outline,
    "visits": Visits,
    "conduct": Conduct,
    "arms[]": Arm,
    "analysis": Analysis,
    "interims": Interims,
    "scenarios[]": Scenario,
}
"""Tables of which there is one kind."""
NAMED: dict[str, tuple[str, str]] = {
    "estimand": ("a hazard's name", "How an event that ends or changes treatment counts, in ICH E9(R1)'s words."),
    "parameters": ("a parameter's name", "Numbers of the model that differ from the published ones."),
    "vary": ("a key of the design", "Values of the design's keys to try, in all combinations: a scenario each."),
}
"""Tables whose keys are names: what they name, and what is said of it."""
_TYPES = {str: "text", float: "number", int: "whole number", bool: "true or false", Any: "anything"}
_SIGNS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def choices() -> list[dict[str, Any]]:
    """Return a row for each kind: part (where it stands), kind ("" where there is one), what it is, and its keys.

    A key has its name, `type`, the values `allowed` (None where any of its type and `range` is), its `unit` ("" for
    none), whether it is `needed`, and its `usual` value: None for one that may be left out without one. Keys of tables
    inside are named with dots: `rows[].below`.
    """
    tables = [_row(part, "", table) for part, table in TABLES.items()]
    kinds = [(part, base.kinds()) for part, base in PARTS.items()]
    named = [_named(part, key, what) for part, (key, what) in NAMED.items()]
    return [*tables, *named, *(_row(part, kind, found[kind]) for part, found in kinds for kind in sorted(found))]


def _row(part: str, kind: str, table: type[Checked]) -> dict[str, Any]:
    return {"part": part, "kind": kind, "what": _said(table), "keys": list(_keys(table))}


def _named(part: str, key: str, what: str) -> dict[str, Any]:
    told = _told(get_args(TrialDesign.model_fields[part].annotation)[1])
    return {
        "part": part,
        "kind": "",
        "what": what,
        "keys": [{"name": f"<{key}>", **told, "needed": False, "usual": None}],
    }


def _said(kind: type[Checked]) -> str:
    """Return the first sentence of what a kind says of itself."""
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split())


def _keys(table: type[Checked], under: str = "") -> Iterator[dict[str, Any]]:
    """Yield each key of a table, then those of tables inside it."""
    for name, field in table.model_fields.items():
        if name == "kind" and issubclass(table, Choice):
            continue
        usual = None if field.is_required() else field.get_default(call_default_factory=True)
        usual = usual.kind if isinstance(usual, Choice) else usual or None if isinstance(usual, dict) else usual
        plain = usual if isinstance(usual, str | int | float | bool | None) else list(usual)
        annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        told = {"name": f"{under}{name}", **_told(annotation), "needed": field.is_required(), "usual": plain}
        yield told
        for inside in _tables(annotation):
            yield from _keys(inside, f"{under}{name}{'[]' if told['type'].startswith('list') else ''}.")


def _told(annotation: Any) -> dict[str, Any]:
    """Return what a type says: `type`, `allowed` values, `range`, `unit`."""
    values = [value for part in _parts(annotation) if get_origin(part) is Literal for value in get_args(part)]
    marks = [mark for part in _parts(annotation) for mark in getattr(part, "__metadata__", ())]
    flat = [one for mark in marks for one in getattr(mark, "metadata", [mark])]
    limits = {
        f"{sign} {getattr(one, key):g}": None for one in flat for key, sign in _SIGNS.items() if hasattr(one, key)
    }
    units = [mark.name for mark in marks if isinstance(mark, Unit)]
    return {
        "type": _type(annotation),
        "allowed": values or None,
        "range": ", ".join(limits),
        "unit": units[0] if units else "",
    }


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield a type and those inside it."""
    yield annotation
    if get_origin(annotation) is not Literal:
        for part in get_args(annotation)[: 1 if get_origin(annotation) is Annotated else None]:
            yield from _parts(part)


def _tables(annotation: Any) -> Iterator[type[Checked]]:
    """Yield the tables inside a type that are no choice of their own."""
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, Checked) and not issubclass(part, Choice):
            yield part


def _type(annotation: Any) -> str:
    """Return a type in words."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if annotation in _TYPES:
        return _TYPES[annotation]
    if origin is Annotated:
        return _type(inside[0])
    if origin is Literal:
        return _TYPES[type(inside[0])]
    if origin is tuple:
        return f"list of {_type(inside[0])}"
    if origin is dict:
        return f"table of {_type(inside[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, Checked):
        return "table" if annotation not in PARTS.values() else f"table, one of {_place(annotation)}"
    return " or ".join(dict.fromkeys(_type(one) for one in inside if one is not type(None)))


def _place(base: type[Checked]) -> str:
    """Return where a file chooses one."""
    return next(part for part, known in PARTS.items() if known is base)
