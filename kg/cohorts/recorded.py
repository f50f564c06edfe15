"""Recorded: which events a cohort's definition means: of what, in which codes, with which values."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, model_validator

from kg.curie import standard
from kg.files.checked import Checked, Number, Text, at_least
from kg.patients.record import Code
from kg.patients.terms.codes import written
from kg.patients.units import ucum

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
    "death",
)
"""What an event may be of; each is a key of a criterion."""

INBORN = frozenset({"variant", "haplotype", "gene_phenotype", "diplotype"})
"""What a person is born with: when it was found does not matter."""


def listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _code(text: str) -> str:
    """Return a code as records write it in the graph, whatever way its system's codes are written."""
    if not all(text.partition(":")):
        raise ValueError(f"got {text!r}, expected a code with its system before a colon, such as SNOMEDCT:74474003")
    system, _, code = standard(text).partition(":")
    found = None if code.endswith("*") else written(Code(system, code))
    return ":".join(found or (system, code))


def known_unit(text: str) -> str:
    """Return a unit as UCUM writes it, which is how the graph has it."""
    found = ANY if text == ANY else ucum(text)
    if found is None:
        raise ValueError(f'got {text!r}, expected a unit of UCUM, such as "mg/dL" or "mm[Hg]"')
    return found


Days = Annotated[int, Strict(), Field(ge=0)]
Switch = Annotated[bool, Strict()]
Whole = Annotated[int, Strict()]
Names = Annotated[tuple[Text, ...], BeforeValidator(listed), at_least(1)]
Codes = Annotated[tuple[Annotated[Text, AfterValidator(_code)], ...], BeforeValidator(listed), at_least(1)]
Units = Annotated[tuple[Annotated[Text, AfterValidator(known_unit)], ...], BeforeValidator(listed), at_least(1)]


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
    `precision` leaves out events of which only something coarser is told, whose day is drawn within it.
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
    death: Literal["any"] | None = None
    codes: Codes | None = None
    descendants: Switch = True
    value: Range | None = None
    unit: Units | None = None
    result: Codes | None = None
    copies: Range | None = None
    called: Names | None = None
    activity_score: Range | None = None
    lasting: Range | None = None
    gap_days: Days | None = None
    precision: Literal["day", "month", "year"] | None = None

    @property
    def kind(self) -> str | None:
        """What the events are of; None where their codes alone say it."""
        return next((kind for kind in KINDS if getattr(self, kind) is not None), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes that are named; `ANY` stands for all of the kind."""
        return () if self.kind is None else (ANY,) if self.death else getattr(self, self.kind)

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
