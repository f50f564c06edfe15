"""Cohorts drawn at random, each as Circe is asked for it and as we are: what nobody thought of is asked too."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from tests.kg.cohorts.circe import cohort, concepts, counted, event, group
from tests.kg.cohorts.definitions import BY_DAY, CONDITION, DRUG, FEMALE, MALE, MEASUREMENT, PROCEDURE, age

CONCEPTS: dict[int, str] = {
    **dict.fromkeys((192671, 4027663, 257012, 4283893, 80180, 372328, 28060, 81151, 378001, 4116491), CONDITION),
    **dict.fromkeys((1118084, 1124300, 1115008, 1177480, 1112807, 1713332, 40213296), DRUG),
    **dict.fromkeys((3049273, 3012494, 4133840), MEASUREMENT),
    **dict.fromkeys((4170947, 4195803, 4163872), PROCEDURE),
}
"""Concepts of GiBleed that hundreds of persons have -> their table."""

SIGNS = {"at_least": "gte", "above": "gt", "at_most": "lte", "below": "lt"}
EDGES = (-3652, -365, -30, -1, 0, 1, 30, 365, 3652)


class Drawn(NamedTuple):
    """A cohort: as ATLAS writes it, and the content of our file."""

    expression: dict[str, Any]
    content: dict[str, Any]


class Both(NamedTuple):
    """A criterion, as Circe has it and as we do, and where in a group of Circe's it stands."""

    part: str
    theirs: dict[str, Any]
    ours: dict[str, Any]


def draw(seed: int, codes_of: Callable[[int], Sequence[str]]) -> Drawn:
    """Return a cohort of one or two nested rules; `codes_of` are the codes of a concept and of all below it."""
    random, sets = Random(seed), []
    concept = random.choice(list(CONCEPTS))
    sets.append(concepts(0, concept))
    first, limit = random.random() < 0.3, random.choice(("first", "last", "all"))
    before, after = random.choice((0, 0, 30, 365)), random.choice((0, 0, 30, 365))
    rules = [_group(random, sets, codes_of, depth=1) for _ in range(random.randint(1, 2))]
    expression = cohort(
        sets,
        [event(CONCEPTS[concept], 0, **({"First": True} if first else {}))],
        *(rule.theirs for rule in rules),
        observed=(before, after),
        limit=limit.capitalize(),
    )
    entry = {
        **{"codes": list(codes_of(concept)), "occurrence": limit, "first_in_history": first},
        **{"days_before": before, "days_after": after},
    }
    named = [{"name": str(place)} | rule.ours for place, rule in enumerate(rules)]
    return Drawn(expression, {"name": f"drawn {seed}", "entry": entry, "rules": named})


def _group(random: Random, sets: list[Any], codes_of: Callable[[int], Sequence[str]], depth: int) -> Both:
    kind = random.choice(("all", "any", "none", "of"))
    parts = [_events(random, sets, codes_of) for _ in range(random.randint(1, 2))]
    parts += [_person(random) for _ in range(random.random() < 0.4)]
    parts += [_group(random, sets, codes_of, depth - 1) for _ in range(random.randint(0, depth))]
    least = random.randint(1, len(parts))
    names = {"all": "ALL", "any": "ANY", "none": "AT_MOST", "of": "AT_LEAST"}
    count = {"none": {"Count": 0}, "of": {"Count": least}}.get(kind, {})
    theirs = group(
        names[kind],
        *(part.theirs for part in parts if part.part == "events"),
        persons=[part.theirs for part in parts if part.part == "person"],
        groups=[part.theirs for part in parts if part.part == "group"],
        **count,
    )
    ours = {kind: [part.ours for part in parts]} | ({"at_least": least} if kind == "of" else {})
    return Both("group", theirs, ours)


def _events(random: Random, sets: list[Any], codes_of: Callable[[int], Sequence[str]]) -> Both:
    concept, number = random.choice(list(CONCEPTS)), len(sets)
    sets.append(concepts(number, concept))
    low, high = sorted((random.choice(EDGES), random.choice(EDGES)))
    window = (None if random.random() < 0.2 else low, None if random.random() < 0.2 else high)
    kind = random.choice(("least", "most", "exactly"))
    count = random.choice((1, 1, 2, 3) if kind == "least" else (0, 1, 2))
    told: dict[str, Any] = {kind: count}
    ours: dict[str, Any] = {
        "codes": list(codes_of(concept)),
        {"least": "at_least", "most": "at_most"}.get(kind, kind): count,
    }
    days = {key: day for key, day in zip(("from", "to"), window, strict=True) if day is not None}
    if days:
        ours["window"] = days
    if random.random() < 0.3:
        ours["distinct"], told["Occurrence"] = "days", BY_DAY
    if random.random() < 0.3:
        ours["anytime"], told["IgnoreObservationPeriod"] = True, True
    return Both("events", counted(event(CONCEPTS[concept], number), window, **told), ours)


def _person(random: Random) -> Both:
    theirs: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    if random.random() < 0.7:
        key, years = random.choice(list(SIGNS)), random.choice((5, 18, 30, 40, 41, 50, 65))
        theirs["Age"], ours["age"] = age(SIGNS[key], years), {key: years}
    if not ours or random.random() < 0.4:
        theirs["Gender"], ours["sex"] = random.choice(((FEMALE, "female"), (MALE, "male")))
    return Both("person", theirs, ours)
