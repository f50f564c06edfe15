"""Starting doses: of which drugs one is offered, by which model and target, and what a chart states for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from kg.patients.moment import Moment
from kg.patients.record import Person
from kg.pharmacogenomics.alleles import laboratory_genotype
from kg.pharmacogenomics.calls import GeneResult
from twin import library
from twin.covariates import Continuous, Covariate, Derived, asked_for, in_words, recorded_codes
from twin.library.body import BODY_SURFACE_CODES, HEIGHT_CODES, WEIGHT, WEIGHT_CODES
from twin.newest import Reading, newest
from twin.words import without_unit

DAYS_A_YEAR = 365.25
DAY_H = 24
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Most:
    """The most of a drug that a guideline allows, in mg for each kg of body weight a day, and whose word that is."""

    mg_per_kg: float
    source: str


@dataclass(frozen=True)
class Starting:
    """How a starting dose of a drug is asked for: the model, its target, and bounds of one dose in mg, each `every_h`.

    `measure` is what counts of the observable between doses, `observed` what that is called, with `unit`; `why` says
    why it is the target, `whom` for whom the model is, `most` what is not gone beyond.
    `first` are the covariates of nobody, for whom a dose is worked out at the start: what the model's equations are
    compiled by, so that the first patient does not wait for it.
    """

    model: str
    target: str
    low: float
    high: float
    step: float
    observed: str
    why: str
    first: Mapping[str, str]
    every_h: int = DAY_H
    measure: str = "trough"
    unit: str = ""
    whom: str = ""
    most: Most | None = None

    @property
    def how_often(self) -> str:
        """How often it is given, in words."""
        return {1: "once a day", 2: "twice a day"}[self.a_day]

    @property
    def a_day(self) -> int:
        """How many doses a day."""
        return DAY_H // self.every_h

    def highest(self, weight_kg: float | None) -> float:
        """Return the most of one dose for a patient of this weight, in mg, a multiple of the step."""
        if self.most is None or weight_kg is None:
            return self.high
        steps = self.most.mg_per_kg * weight_kg / self.a_day // self.step
        return max(min(self.high, steps * self.step), self.low)


STARTING = {
    "DRUGBANK:DB00682": Starting(
        model="warfarin_hamberg2007",
        target="INR=2.5",
        low=0.5,
        high=15.0,
        step=0.5,
        observed="INR",
        why="INR of 2.5, the middle of the usual range of 2 to 3, at steady state",
        first={"age_years": "60", "CYP2C9": "*1/*1", "VKORC1": "GA"},
    ),
    "DRUGBANK:DB00864": Starting(
        model="tacrolimus_andrews2019_start",
        target="tacrolimus_ug_per_L=18.5",
        low=0.5,
        high=20.0,
        step=0.5,
        observed="mean concentration",
        why="mean concentration of 18.5 µg/L, an AUC of 222 µg·h/L over 12 h, which stands for a trough of 10 µg/L",
        first={"age_years": "55", "body_surface_m2": "1.93", "CYP3A5": "*3/*3", "CYP3A4": "*1/*1"},
        every_h=12,
        measure="mean",
        unit="µg/L",
        whom="a patient of 15 years or more, after a kidney transplant, on capsules that are not prolonged-release",
        most=Most(0.3, "CPIC's guideline of 2015, doi:10.1002/cpt.113"),
    ),
}
"""The drugs of which a starting dose is offered; a tenth is one entry."""
BODY = tuple(code for one in (WEIGHT_CODES, HEIGHT_CODES, BODY_SURFACE_CODES) for code in one.codes)
"""The codes of the body's measures that starting doses go by."""


@dataclass(frozen=True)
class Charted:
    """What a chart states of a model's covariates: those known, as text; what is said of each; what is lacking.

    `measured` says on which days what counts was measured.
    """

    stated: Mapping[str, str]
    told: tuple[str, ...]
    lacking: tuple[str, ...]
    measured: tuple[str, ...] = ()
    weight_kg: float | None = None


@dataclass(frozen=True)
class _Measured:
    """The latest value of each measure of the body, as text in the model's unit, and its day; what has no day."""

    values: Mapping[str, str]
    days: Mapping[str, date]
    undated: frozenset[str]


def needs_body(drug: str) -> bool:
    """Return whether the starting dose of a drug goes by measures of the body."""
    return drug in STARTING and bool(recorded_codes(library.load(STARTING[drug].model)))


def charted(model: str, person: Person, results: Mapping[str, GeneResult]) -> Charted:
    """Return what a chart states of a model's covariates; nothing is guessed but by its own defaults."""
    asked = library.load(model)
    by_code = {**recorded_codes(asked), **dict.fromkeys(WEIGHT_CODES.codes, WEIGHT)}
    measured, named = _measured(person, by_code), {one.name: _name(one) for one in by_code.values()}
    stated, told, lacking = dict[str, str](), list[str](), list[str]()
    for covariate in asked.covariates:
        name = _name(covariate)
        text, how = _text(covariate, person, results, measured)
        if text and covariate.read(text) is not None:
            stated[covariate.name] = text
            told.append(f"{in_words(covariate, text)}{how}")
        elif text:
            lacking.append(f"{in_words(covariate, text)}{how}: the model is for {covariate.expected}")
        elif asked_for(covariate):
            lacking.append(f"{name} not known{how}")
        elif covariate.default is not None:
            stated[covariate.name] = str(covariate.default)
            told.append(f"{name} not known, counted as {covariate.default}")
    weight = WEIGHT.read(measured.values.get(WEIGHT.name, ""))
    days = tuple(f"{named[name]} on {day}" for name, day in measured.days.items())
    return Charted(stated, tuple(told), tuple(lacking), days, weight)


def _name(covariate: Covariate) -> str:
    """Return what people call a covariate: without its unit."""
    return without_unit(covariate.name, covariate.unit) if isinstance(covariate, Continuous) else covariate.name


def _text(
    covariate: Covariate, person: Person, results: Mapping[str, GeneResult], measured: _Measured
) -> tuple[str, str]:
    """Return what a chart states of a covariate, and from what it follows; of one not known, what would tell it."""
    if covariate.name == "age_years" and person.born is not None:
        return f"{int((datetime.now(UTC).date() - person.born.first).days / DAYS_A_YEAR)}", ""
    if covariate.name in measured.values:
        return measured.values[covariate.name], ""
    if isinstance(covariate, Continuous) and (derived := covariate.derived):
        if text := derived.text(measured.values):
            return text, f" (from {derived.told(measured.values)}, by {derived.source.partition(',')[0]})"
        return "", _why_not_derived(derived, measured)
    found = results.get(covariate.name)
    if found is not None and len(found.looked_up) == 1 and not found.untold:
        genotype = laboratory_genotype(covariate.name, "/".join(found.looked_up[0]))
        return (genotype, "") if covariate.read(genotype) is not None else ("", "")
    return "", ""


def _why_not_derived(derived: Derived, measured: _Measured) -> str:
    """Say which of those that a number follows from are not known, or of no day, and which are none that can be."""
    values = measured.values
    unknown = [
        _name(one) + (" of any day" if one.name in measured.undated else "")
        for one in derived.of
        if one.name not in values
    ]
    wrong = [
        f"; {in_words(one, values[one.name])}: expected {one.expected}"
        for one in derived.of
        if one.name in values and one.read(values[one.name]) is None
    ]
    return (f", nor {' and '.join(unknown)}" if unknown else "") + "".join(wrong)


def _measured(person: Person, by_code: Mapping[str, Continuous]) -> _Measured:
    """Return what was measured of the body; what has no day is not used, for nobody knows how old it is."""
    found = newest(_readings(person), by_code)
    days = {name: date.fromordinal(_EPOCH + one.day) for name, one in found.items() if one.day is not None}
    values = {name: f"{found[name].value:.4g}" for name in days}
    return _Measured(values, days, frozenset(found.keys() - days.keys()))


def _readings(person: Person) -> Iterator[Reading]:
    """Yield what a chart says was measured, by each of its codes."""
    for event in person.events:
        if event.what == "measurement" and not event.negated and event.value is not None:
            at = event.at if isinstance(event.at, Moment) else None
            day, minute = (None, None) if at is None else (at.first.toordinal() - _EPOCH, at.minute)
            for code in event.codes:
                yield Reading(f"{code.system}:{code.code}", event.value, event.unit, day, minute)
