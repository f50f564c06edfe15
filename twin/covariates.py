"""Covariates: what a model asks of a patient (a number, a named level, a pair of alleles) and the numbers it reads.

A covariate that a patient's data leave out is its `default`; without one it is asked for by name if it is `needed`, and
else stays unknown: NaN where it is a number, -1 where it is one of the levels. `also` has other names of its column in
data sets in NONMEM's columns, in capitals: WT.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kg.files.number import number
from twin.words import without_unit

Values = NDArray[Any]
"""What is known of a covariate, [patient]: numbers, or texts; NaN, None or an empty text where nothing is."""
Codes = NDArray[np.float64] | NDArray[np.int64]
"""What a model reads of a covariate, [patient]: the number itself, or the place of the level among the levels."""

UNKNOWN = -1
"""The code of an unknown level."""


@dataclass(frozen=True)
class Recorded:
    """How patients' records state a quantity: under which CURIEs, and what one of each unit is in the model's unit.

    Units are UCUM's. A value in another unit is not used. `day_suffices`: it changes so slowly that the day of a
    measurement tells enough, without the hour.
    """

    codes: tuple[str, ...]
    units: Mapping[str, float]
    day_suffices: bool = False


@dataclass(frozen=True)
class Frequencies:
    """How frequent a gene's alleles are: by a level of the covariate `by`, of each allele but the first, the rest.

    Who is of none of these levels, or of an unknown one, counts as of the first.

    >>> Frequencies({"white": {"A": 0.4}, "asian": {"A": 0.9}}, "made up").of("asian", ("G", "A"))
    {'G': 0.1, 'A': 0.9}
    """

    shares: Mapping[str, Mapping[str, float]]
    source: str
    by: str = "race"

    def of(self, level: str | None, alleles: tuple[str, ...]) -> dict[str, float]:
        """Return the frequency of each allele at a level of `by`."""
        known = self.shares.get(level or "", next(iter(self.shares.values())))
        first, *others = alleles
        rest = round(1.0 - sum(known.get(allele, 0.0) for allele in others), 9)
        return {first: rest, **{allele: known.get(allele, 0.0) for allele in others}}


@dataclass(frozen=True)
class Derived:
    """How a number follows from others, where it was not measured itself: from which, how, and who says so."""

    of: "tuple[Covariate, ...]"
    by: Callable[[Mapping[str, Any]], float]
    source: str

    def text(self, stated: Mapping[str, str]) -> str:
        """Return the number that follows from what is stated, as text; empty where one of the others is not known."""
        known = {one.name: one.read(stated.get(one.name, "")) for one in self.of}
        return "" if any(value is None for value in known.values()) else f"{self.by(known):.4g}"

    def told(self, stated: Mapping[str, str]) -> str:
        """Say from what it follows, in words."""
        return ", ".join(in_words(one, stated[one.name]) for one in self.of)


@dataclass(frozen=True)
class Continuous:
    """A covariate that is a number within bounds; `recorded` is how records state it, `derived` what else tells it."""

    name: str
    unit: str
    lower: float
    upper: float
    needed: bool = True
    default: float | None = None
    also: tuple[str, ...] = ()
    recorded: Recorded | None = field(default=None, hash=False)
    derived: Derived | None = field(default=None, hash=False)

    @property
    def levels(self) -> tuple[str, ...]:
        """The names that a value may have: none."""
        return ()

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return f"a number of {self.unit} from {self.lower:g} to {self.upper:g}"

    def read(self, text: str) -> float | None:
        """Return the value that a text states, or None where it is none that the model allows.

        >>> Continuous("age_years", "years", 18, 110).read("71")
        71.0
        """
        value = number(text)
        return value if value is not None and self.lower <= value <= self.upper else None

    def encode(self, values: Values) -> NDArray[np.float64]:
        """Return the numbers, NaN where unknown; raise `ValueError` for the first that is out of bounds, or no number.

        >>> Continuous("age_years", "years", 18, 110).encode(np.array([71, None], dtype=object)).tolist()
        [71.0, nan]
        """
        numbers = np.array([_number(value) for value in values]) if values.dtype.kind in "OTU" else values
        numbers = numbers.astype(np.float64)
        allowed = np.isfinite(numbers) & (self.lower <= numbers) & (numbers <= self.upper)
        _refuse_first(self, values, ~(allowed | np.isnan(numbers)))
        return numbers


@dataclass(frozen=True)
class Category:
    """A covariate that is one of a few named levels: race, sex. `spelt` has what others call a level."""

    name: str
    levels: tuple[str, ...]
    spelt: Mapping[str, str] = field(default_factory=dict, hash=False)
    needed: bool = True
    default: str | None = None
    also: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return f"one of {', '.join(self.levels)}"

    def read(self, text: str) -> str | None:
        """Return the level that a text states, or None where it is none.

        >>> Category("sex", ("female", "male"), {"F": "female", "M": "male"}).read("F")
        'female'
        """
        level = self.spelt.get(text.strip(), text.strip())
        return level if level in self.levels else None

    def encode(self, values: Values) -> NDArray[np.int64]:
        """Return each level's place among the levels, -1 where unknown; raise `ValueError` for the first that is none.

        >>> Category("sex", ("female", "male")).encode(np.array(["male", "", "female"])).tolist()
        [1, -1, 0]
        """
        return _places(self, values)


@dataclass(frozen=True)
class Genotype:
    """A covariate that is a pair of alleles; `alleles` gives the order in which a pair is written.

    `spelt` has, beside the model's own, what others call an allele: the definitions that a genome is called by.
    `frequencies` tell what a patient may have whose genotype is not known.
    """

    name: str
    alleles: tuple[str, ...]
    separator: str
    spelt: Mapping[str, str] = field(default_factory=dict, hash=False)
    needed: bool = True
    default: str | None = None
    also: tuple[str, ...] = ()
    frequencies: Frequencies | None = field(default=None, hash=False)

    @property
    def levels(self) -> tuple[str, ...]:
        """The diplotypes: every pair of alleles, as the model writes it.

        >>> Genotype("gene", ("G", "A"), "").levels
        ('GG', 'GA', 'AA')
        """
        pairs = [(a, b) for i, a in enumerate(self.alleles) for b in self.alleles[i:]]
        return tuple(self.separator.join(pair) for pair in pairs)

    def likely(self, group: str | None) -> dict[str, float]:
        """Return how likely each diplotype is in a group (Hardy-Weinberg proportions), where the frequencies are known.

        >>> gene = Genotype("gene", ("G", "A"), "", frequencies=Frequencies({"all": {"A": 0.5}}, "made up"))
        >>> gene.likely(None)
        {'GG': 0.25, 'GA': 0.5, 'AA': 0.25}
        """
        if self.frequencies is None:
            return {}
        shares = self.frequencies.of(group, self.alleles)
        return {
            self.separator.join((a, b)): shares[a] * shares[b] * (1 if a == b else 2)
            for i, a in enumerate(self.alleles)
            for b in self.alleles[i:]
        }

    @property
    def expected(self) -> str:
        """What a value must be, in words."""
        return f"one of {', '.join(self.levels)}"

    def read(self, text: str) -> str | None:
        """Return the diplotype that a text states, in the model's order of alleles, or None where it is none.

        >>> Genotype("gene", ("*1", "*2", "*3"), "/").read("*3/*1")
        '*1/*3'
        >>> Genotype("gene", ("G", "A"), "", {"variant (T)": "A", "reference (C)": "G"}).read(
        ...     "reference (C)/variant (T)"
        ... )
        'GA'
        """
        found = text.strip()
        written = found.split("/") if "/" in found else list(found)
        pair = [self.spelt.get(allele.strip(), allele) for allele in written]
        if len(pair) != 2 or not set(pair) <= set(self.alleles):
            return None
        return self.separator.join(sorted(pair, key=self.alleles.index))

    def encode(self, values: Values) -> NDArray[np.int64]:
        """Return each diplotype's place in `levels`, -1 where unknown; raise `ValueError` for the first that is none.

        >>> Genotype("gene", ("G", "A"), "").encode(np.array(["AA", "GG"])).tolist()
        [2, 0]
        """
        return _places(self, values)


Covariate = Continuous | Category | Genotype


class Asking(Protocol):
    """What asks covariates of a patient: a model, or a population."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """What it asks for."""
        ...


def in_words(covariate: Covariate, text: str) -> str:
    """Return what is known of a covariate as people write it, the unit after the number.

    >>> in_words(Continuous("body_surface_m2", "m2", 1.2, 2.8), "1.93")
    'body surface 1.93 m2'
    >>> in_words(Genotype("CYP2C9", ("*1", "*2"), "/"), "*1/*2")
    'CYP2C9 *1/*2'
    """
    if not isinstance(covariate, Continuous):
        return f"{covariate.name} {text}"
    return f"{without_unit(covariate.name, covariate.unit)} {text} {covariate.unit}"


def parts(covariate: Covariate) -> tuple[Covariate, ...]:
    """Return from what a covariate follows where it is not known itself."""
    return covariate.derived.of if isinstance(covariate, Continuous) and covariate.derived else ()


def recorded_codes(asking: Asking) -> dict[str, Continuous]:
    """Return the numbers that records state, covariates and what these follow from, by the codes they stand under."""
    return {
        code: one
        for covariate in asking.covariates
        for one in (covariate, *parts(covariate))
        if isinstance(one, Continuous) and one.recorded
        for code in one.recorded.codes
    }


def asked_for(covariate: Covariate) -> bool:
    """Return whether a patient cannot do without this covariate: it is needed, and nothing stands for it."""
    return covariate.needed and covariate.default is None


def encode(covariates: Iterable[Covariate], known: Mapping[str, Values], patients: int) -> dict[str, Codes]:
    """Return what a model reads of patients, [patient] by the covariate's name: codes, defaults where nothing is known.

    Raises `ValueError` for the first value that is none of its covariate's.

    >>> race = Category("race", ("asian", "other"), default="other")
    >>> {name: codes.tolist() for name, codes in encode([race], {"race": np.array(["", "asian"])}, 2).items()}
    {'race': [1, 0]}
    >>> {name: codes.tolist() for name, codes in encode([race], {}, 2).items()}
    {'race': [1, 1]}
    """
    read: dict[str, Codes] = {}
    for covariate in covariates:
        nothing = np.full(patients, None, dtype=object)
        codes = covariate.encode(known.get(covariate.name, nothing))
        if covariate.default is not None:
            standing_in = covariate.encode(np.array([covariate.default]))
            codes = np.where(unknown(codes), standing_in, codes)
        read[covariate.name] = codes
    return read


def unknown(codes: Codes) -> NDArray[np.bool_]:
    """Return where nothing is known, [patient]."""
    return np.isnan(codes) if codes.dtype.kind == "f" else codes == UNKNOWN


def _number(value: Any) -> float:
    """Return a value as a number, NaN where it is unknown and infinity where it is no number."""
    if _nothing(value):
        return np.nan
    read = number(str(value))
    return np.inf if read is None else read


def _nothing(value: Any) -> bool:
    return value is None or value != value or value == ""


def _places(covariate: Category | Genotype, values: Values) -> NDArray[np.int64]:
    known = (
        np.array(["" if _nothing(value) else str(value) for value in values]) if values.dtype.kind != "U" else values
    )
    places = np.full(known.size, UNKNOWN, dtype=np.int64)
    for place, level in enumerate(covariate.levels):
        places[known == level] = place
    _refuse_first(covariate, values, (places == UNKNOWN) & (known != ""))
    return places


def _refuse_first(covariate: Covariate, values: Values, wrong: NDArray[np.bool_]) -> None:
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ValueError(f"patient {place + 1}: {covariate.name} is {values[place]!s}, expected {covariate.expected}")
