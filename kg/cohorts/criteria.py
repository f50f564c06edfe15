"""Criteria: what a cohort's definition may say, checked key by key and as a whole before anything is asked."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag, model_validator

from kg.cohorts.baseline import Baseline
from kg.cohorts.outcome import Outcome
from kg.cohorts.recorded import INBORN, KINDS, Days, Range, Recorded, Switch, Window, listed
from kg.files.checked import Checked, Count, Text, at_least

Answer = Literal["present", "absent", "not recorded", "none recorded"]
"""`absent`: it is stated that the patient has none; `none recorded`: `absent` or `not recorded`."""

Sex = Literal["female", "male", "other", "unknown"]


class Event(Recorded):
    """A criterion on a patient's events around the index: how many there are in a window, or that there are none.

    Only events in the observation period of the index count, unless `anytime`: then also those outside, and those
    without a day. `window` is where an event begins, `end_window` where it ends. `at_least`, `at_most` and `exactly`
    count events, or, `distinct` by days, the days on which there is one. Without any of them at least one is meant.
    """

    name: Text | None = None
    window: Window | None = None
    end_window: Window | None = None
    anytime: Switch | None = None
    at_least: Count | None = None
    at_most: Days | None = None
    exactly: Days | None = None
    distinct: Literal["events", "days"] = "events"
    answer: Answer = "present"

    @property
    def at_any_time(self) -> bool:
        """Whether events outside the observation period, and those without a day, count."""
        if self.anytime is not None:
            return self.anytime
        return self.kind == "death" or (self.kind in INBORN and self.window is None and self.end_window is None)

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest number of events that there may be."""
        if self.exactly is not None:
            return self.exactly, self.exactly
        least = int(self.at_most is None) if self.at_least is None else self.at_least
        return least, math.inf if self.at_most is None else self.at_most

    @model_validator(mode="after")
    def _counts_once(self) -> Self:
        counts = [key for key in ("at_least", "at_most", "exactly") if getattr(self, key) is not None]
        if self.answer != "present" and counts:
            raise ValueError(f"got answer = {self.answer!r} and {counts[0]}, expected one of the two")
        if self.exactly is not None and len(counts) > 1:
            raise ValueError(f"got {' and '.join(counts)}, expected exactly alone")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"got at_least {self.at_least} and at_most {self.at_most}: no number is both")
        return self


class Person(Checked):
    """A criterion on the patient: completed years of age on the index day, and sex."""

    name: Text | None = None
    age: Range | None = None
    sex: Annotated[tuple[Sex, ...], BeforeValidator(listed), at_least(1)] | None = None


class All(Checked):
    """A criterion that is met when each of these is."""

    name: Text | None = None
    all: Annotated[tuple["Criterion", ...], at_least(1)]


class AnyOf(Checked):
    """A criterion that is met when one of these is."""

    name: Text | None = None
    any: Annotated[tuple["Criterion", ...], at_least(1)]


class NoneOf(Checked):
    """A criterion that is met when none of these is."""

    name: Text | None = None
    none: Annotated[tuple["Criterion", ...], at_least(1)]


class AtLeast(Checked):
    """A criterion that is met when at least so many of these are."""

    name: Text | None = None
    at_least: Count
    of: Annotated[tuple["Criterion", ...], at_least(1)]

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.at_least > len(self.of):
            raise ValueError(f"got at_least {self.at_least} of {len(self.of)}, expected no more than there are")
        return self


_TOLD_BY: dict[str, str] = {"all": "All", "none": "NoneOf", "of": "AtLeast", "any": "AnyOf"}


def _which(content: Any) -> str:
    """Say which criterion a table is, by the keys that it has; whatever is unclear is looked at as an event."""
    if not isinstance(content, dict):
        return type(content).__name__
    events = content.keys() & {*KINDS, "codes"}
    found = [table for key, table in _TOLD_BY.items() if key in content]
    return found[0] if found else "Person" if content.keys() & {"age", "sex"} and not events else "Event"


Criterion: TypeAlias = Annotated[
    Annotated[Event, Tag("Event")]
    | Annotated[Person, Tag("Person")]
    | Annotated[All, Tag("All")]
    | Annotated[AnyOf, Tag("AnyOf")]
    | Annotated[NoneOf, Tag("NoneOf")]
    | Annotated[AtLeast, Tag("AtLeast")],
    Discriminator(_which, custom_error_type="no_criterion", custom_error_message="a table: a criterion"),
]


class Entry(Recorded):
    """What puts a patient on the list and when: the index event, and how long it must have been observed around it.

    The events stand here, or as several kinds in `any`. `first_in_history` leaves those out before which the records
    have another, or one without a day, whatever its value. `occurrence` says which of those that are observed long
    enough are looked at. `anytime` also takes events outside observation periods and without a day.
    """

    any: Annotated[tuple[Recorded, ...], at_least(1)] | None = None
    occurrence: Literal["first", "last", "all"] = "first"
    first_in_history: Switch = False
    days_before: Days = 0
    days_after: Days = 0
    anytime: Switch = False

    @property
    def choices(self) -> tuple[Recorded, ...]:
        """The events, of which each may be the index."""
        return self.any or (self,)

    @property
    def _said_elsewhere(self) -> bool:
        return self.any is not None

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        if self.any is not None and (self.kind or self.codes):
            raise ValueError(f"got any and {self.kind or 'codes'}, expected all events in any = [...]")
        if self.anytime and (self.days_before or self.days_after):
            raise ValueError("got anytime with days_before or days_after, expected one of the two")
        return self


class Definition(Checked):
    """A cohort's definition: its entry event and its rules, applied in order; each rule has a name.

    `keep` says which of a patient's index events that fit all rules are given. `outcome` is what is to be foretold of
    them, and `features` from what: neither changes who is in the cohort.
    """

    name: Text
    description: str = ""
    entry: Entry
    rules: tuple[Criterion, ...] = ()
    keep: Literal["first", "last", "all"] = "first"
    outcome: tuple[Outcome, ...] = ()
    features: Baseline = Baseline()

    @model_validator(mode="after")
    def _rules_have_names(self) -> Self:
        names: list[str] = []
        for place, rule in enumerate(self.rules):
            if rule.name is None:
                raise ValueError(f"rules[{place}].name: missing")
            if rule.name in names:
                raise ValueError(f"rules[{place}].name: got {rule.name!r}, which another rule has")
            names.append(rule.name)
        return self

    @model_validator(mode="after")
    def _outcomes_have_names(self) -> Self:
        names = [one.name for one in self.outcome]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ValueError(f"outcome[{place}].name: got {name!r}, which another outcome has")
        return self


for _group in (All, AnyOf, NoneOf, AtLeast, Definition):
    _group.model_rebuild()


def recorded(definition: Definition) -> Iterator[tuple[str, Recorded]]:
    """Yield all events that a definition asks for, each with its key: `rules[1].any[0]`."""
    if definition.entry.any is None:
        yield "entry", definition.entry
    for place, choice in enumerate(definition.entry.any or ()):
        yield f"entry.any[{place}]", choice
    for place, rule in enumerate(definition.rules):
        yield from _within(f"rules[{place}]", rule)
    for place, outcome in enumerate(definition.outcome):
        for number, event in enumerate(outcome.of):
            yield f"outcome[{place}].of" + (f"[{number}]" if len(outcome.of) > 1 else ""), event


def _within(key: str, criterion: Criterion) -> Iterator[tuple[str, Recorded]]:
    if isinstance(criterion, Event):
        yield key, criterion
    for name in ("all", "any", "none", "of"):
        for place, part in enumerate(getattr(criterion, name, None) or ()):
            yield from _within(f"{key}.{name}[{place}]", part)
