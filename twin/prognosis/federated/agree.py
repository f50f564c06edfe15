"""Agree: what sites say of their columns, held against each other; who does not fit is refused, by name."""

from collections import Counter
from collections.abc import Mapping
from typing import TypeVar

from twin.prognosis.federated.kind import Kind
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.wire import Column, Description, Question

Value = TypeVar("Value", bool, str)
_NO_ONE = "no site reports a level of {name}: in each, fewer patients than its minimum have it"


def misfits(descriptions: Mapping[str, Description], question: Question, kind: Kind, minimum: int) -> dict[str, str]:
    """Return why some sites cannot be asked on, by site: too few patients, or columns unlike those of most."""
    found: dict[str, str] = {}
    for site, told in descriptions.items():
        if told.rows < minimum:
            found[site] = f"it has {told.rows} patients, fewer than the minimum of {minimum}"
        elif set(told.columns) != set(question.columns):
            found[site] = "it describes other columns than were asked for"
    for name in question.columns:
        rest = {site: told.columns[name] for site, told in descriptions.items() if site not in found}
        texts = {site: one.levels is not None for site, one in rest.items()}
        text = _most(texts, name, "text or numbers")
        for site, is_text in texts.items():
            if is_text != text:
                came, expected = ("text", "numbers") if is_text else ("numbers", "text")
                found[site] = f"{name} is {came} there, expected {expected}, as at most sites"
        stated = {site: one.unit for site, one in rest.items() if one.unit is not None and site not in found}
        unit = question.units.get(name) or _most(stated, name, "its unit")
        for site, one in stated.items():
            if one != unit:
                found[site] = f"{name} is in {one!r} there, expected {unit!r}"
    return found | _miscoded({site: told for site, told in descriptions.items() if site not in found}, question, kind)


def columns_of(descriptions: Mapping[str, Description], question: Question) -> tuple[Column, ...]:
    """Return the features as all sites are to code them; raises `FederatedError` where none could be."""
    found = []
    for name in question.features:
        told = [one.columns[name].levels for one in descriptions.values()]
        if any(levels is None for levels in told):
            found.append(Column(name=name))
            continue
        levels = tuple(sorted({level for one in told for level in one or ()}))
        if not levels:
            raise FederatedError(_NO_ONE.format(name=name) + "; join levels, or leave the feature out")
        if len(levels) == 1:
            raise FederatedError(f"{name} is {levels[0]!r} at every site: leave it out")
        found.append(Column(name=name, levels=levels))
    return tuple(found)


def _miscoded(descriptions: Mapping[str, Description], question: Question, kind: Kind) -> dict[str, str]:
    found = {}
    for site, told in descriptions.items():
        text = told.columns[question.outcome].levels is not None
        if text and question.event is None:
            expected = "0 and 1, or a question that names the event's level" if kind.events else "numbers"
            found[site] = f"the outcome {question.outcome} is text there, expected {expected}"
        elif not text and question.event is not None:
            found[site] = f"the outcome {question.outcome} is numbers there, expected levels, one of them the event's"
        elif question.time is not None and told.columns[question.time].levels is not None:
            found[site] = f"the time {question.time} is text there, expected numbers"
    return found


def _most(values: Mapping[str, Value], name: str, what: str) -> Value | None:
    """Return what most say; raises `FederatedError` where two are equally common."""
    ranked = Counter(values.values()).most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        sides = [", ".join(site for site, one in values.items() if one == side) for side, _ in ranked]
        raise FederatedError(f"sites differ in {name}, {what}, with no majority: {sides[0]} against {sides[1]}")
    return ranked[0][0] if ranked else None
