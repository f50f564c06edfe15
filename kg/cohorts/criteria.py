"""Criteria: what a cohort's definition may say, checked key by key and as a whole before anything is asked."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, model_validator

from kg.curie import standard
from kg.files.checked import Checked, Count, Number, Text, at_least
from kg.patients.record import Code
from kg.patients.terms.codes import written

ANY = "any"
"""What stands in place of names where every event of a kind is meant."""

KINDS = (
    "condition",
    "phenotype",
    "drug",
    "allergy",
    "procedure",
    "visit",
    "measurement",
    "variant",
    "haplotype",
    "gene_phenotype",
    "diplotype",
)
"""What an event may be of; each is a key of a criterion."""

INBORN = frozenset({"variant", "haplotype", "gene_phenotype", "diplotype"})
"""What a person is born with: when it was found does not matter."""

Answer = Literal["present", "absent", "not recorded", "none recorded"]
"""`absent`: it is stated that the patient has none; `none recorded`: `absent` or `not recorded`."""


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _code(text: str) -> str:
    """Return a code as records write it in the graph, whatever way its system's codes are written."""
    if not all(text.partition(":")):
        raise ValueError(f"got {text!r}, expected a code with its system before a colon, such as SNOMEDCT:74474003")
    system, _, code = standard(text).partition(":")
    found = None if code.endswith("*") else written(Code(system, code))
    return ":".join(found or (system, code))


Whole = Annotated[int, Strict()]
Days = Annotated[int, Strict(), Field(ge=0)]
Switch = Annotated[bool, Strict()]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed), at_least(1)]
Codes = Annotated[tuple[Annotated[Text, AfterValidator(_code)], ...], BeforeValidator(_listed), at_least(1)]


class Range(Checked):
    """A range of numbers: `at_least` and `at_most` include their bound, `above` and `below` do not."""

    at_least: Number | None = None
    at_most: Number | None = None
    above: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.at_least is not None and self.above is not None:
            raise ValueError("got at_least and above, expected one of the two")
        if self.at_most is not None and self.below is not None:
            raise ValueError("got at_most and below, expected one of the two")
        low = self.above if self.at_least is None else self.at_least
        high = self.below if self.at_most is None else self.at_most
        if low is None and high is None:
            raise ValueError("got no bound, expected at_least, above, at_most or below")
        closed = self.above is None and self.below is None
        if low is not None and high is not None and (low > high or (low == high and not closed)):
            raise ValueError(f"nothing lies between {low:g} and {high:g}")
        return self


class Window(Checked):
    """Days relative to the index day, which is 0; both ends are included, one that is not given is open."""

    model_config = ConfigDict(validate_by_name=True)

    start: Whole | None = Field(default=None, alias="from")
    end: Whole | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _has_days(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("got no day, expected from, to or both")
        if self.start is not None and self.end is not None and self.start > self.end:
            raise ValueError(f"got from {self.start} to {self.end}, expected from <= to")
        return self


class Asked(NamedTuple):
    """Which events are meant, whatever their values: of a kind, by names of nodes and by codes as recorded."""

    kind: str | None
    names: tuple[str, ...]
    codes: tuple[str, ...]
    descendants: bool


class Recorded(Checked):
    """Events of one kind that records state, by nodes of the graph, by codes as recorded, or both.

    A node means its narrower ones too (`descendants`); a code that ends with `*` means all that begin so. `value` in
    `unit` and `result` are those of a measurement, `copies` those of a variant or haplotype, `called` and
    `activity_score` what a gene's diplotypes are; `lasting` are the days from an event's first to its last. With
    `gap_days`, events with no more days than these from the end of one to the beginning of the next are one: an era.
    """

    condition: Names | None = None
    phenotype: Names | None = None
    drug: Names | None = None
    allergy: Names | None = None
    procedure: Names | None = None
    visit: Names | None = None
    measurement: Names | None = None
    variant: Names | None = None
    haplotype: Names | None = None
    gene_phenotype: Names | None = None
    diplotype: Names | None = None
    codes: Codes | None = None
    descendants: Switch = True
    value: Range | None = None
    unit: Text | None = None
    result: Codes | None = None
    copies: Range | None = None
    called: Names | None = None
    activity_score: Range | None = None
    lasting: Range | None = None
    gap_days: Days | None = None

    @property
    def kind(self) -> str | None:
        """What the events are of; None where their codes alone say it."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that are named; `ANY` stands for all of the kind."""
        return getattr(self, self.kind) if self.kind else ()

    @property
    def asked(self) -> Asked:
        """Which events these are, whatever their values."""
        return Asked(self.kind, self.names, self.codes or (), self.descendants)

    @property
    def _said_elsewhere(self) -> bool:
        return False

    def __str__(self) -> str:
        told = [*self.names, *(self.codes or ())]
        shown = ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")
        return f"{(self.kind or 'code').replace('_', ' ')} {shown}"

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        kinds = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise ValueError(f"got {' and '.join(kinds)}, expected one: several stand in any = [...] or all = [...]")
        if not kinds and self.codes is None:
            if self._said_elsewhere:
                return self
            raise ValueError(f"does not say of what: expected codes or one of {', '.join(KINDS)}")
        mistakes = [*self._mistakes_in_names(), *self._mistakes_in_values()]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes_in_names(self) -> Iterator[str]:
        if ANY in self.names and (len(self.names) > 1 or self.codes):
            yield f"got {ANY!r} and more, expected {ANY!r} alone: it is every {self.kind}"

    def _mistakes_in_values(self) -> Iterator[str]:
        """Yield what is asked of events that have no such thing; of codes alone it is not known what they are of."""
        fitting = {
            "value": ("measurement",),
            "unit": ("measurement",),
            "result": ("measurement",),
            "copies": ("variant", "haplotype"),
            "called": ("diplotype",),
            "activity_score": ("diplotype",),
        }
        for key, kinds in fitting.items():
            if getattr(self, key) is not None and self.kind not in (None, *kinds):
                yield f"{key} is asked of a {self.kind}, expected it of a {' or '.join(kinds)}"
        if self.value is not None and self.unit is None:
            yield 'value without unit: give the unit that it is in, such as unit = "mg/dL", or unit = "any"'
        if self.unit is not None and self.value is None:
            yield "unit without value: give the range, such as value = { at_least = 6.5 }"


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
        return self.kind in INBORN and self.window is None and self.end_window is None

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
    sex: Names | None = None


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
    have another, whatever its value. `occurrence` says which of those that are observed long enough are looked at.
    `anytime` also takes events outside observation periods and without a day.
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

    `keep` says which of a patient's index events that fit all rules are given.
    """

    name: Text
    description: str = ""
    entry: Entry
    rules: tuple[Criterion, ...] = ()
    keep: Literal["first", "last", "all"] = "first"

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


def _within(key: str, criterion: Criterion) -> Iterator[tuple[str, Recorded]]:
    if isinstance(criterion, Event):
        yield key, criterion
    for name in ("all", "any", "none", "of"):
        for place, part in enumerate(getattr(criterion, name, None) or ()):
            yield from _within(f"{key}.{name}[{place}]", part)
