"""Release: what may be told of a cohort: how much its table gives away, its counts without small ones, or with noise.

Ages are told in bands. What is told exactly, figures and suppressed counts, is for whoever decides on a release, and
says each time the same; noisy counts are for everybody else, and each answer costs some of the budget.
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from kg.patients.budget import Budget
from kg.patients.deidentify import OLDEST_AGE_YEARS
from kg.patients.disclosure import Figures, classes, figures
from kg.patients.noise import noisy, within
from kg.patients.suppression import suppress

THRESHOLD = 11
"""A cell of fewer people is small: the rule of the US Centers for Medicare & Medicaid Services (cell size suppression
policy), stricter than the five that many statistical offices take."""
BANDS = (5, 10, 15, 20, 30, 45)
"""Years in a band of ages that are tried to reach k; each divides 90, where ages end."""
SEXES = ("female", "male", "other", "unknown")
UNKNOWN = "unknown"
MOST_CELLS = 100_000
AGE, SEX, PEOPLE = "age", "sex", "people"


@dataclass(frozen=True)
class Asked:
    """What is asked of a table of people: its quasi-identifiers and sensitive attributes, by column.

    `threshold` is how many people a class must have, and `age_band_years` how wide a band of ages is, None where ages
    stay as they are; `age` is the column that holds them.
    """

    quasi: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    threshold: int = THRESHOLD
    age_band_years: int | None = None
    age: str = AGE

    def __post_init__(self) -> None:
        if self.threshold < 2:
            raise ValueError(f"the threshold is {self.threshold}: expected 2 or more; of 1, no cell is small")
        if self.age_band_years is not None and self.age_band_years < 1:
            raise ValueError(f"a band of ages has {self.age_band_years} years: expected 1 or more")
        if both := set(self.quasi) & set(self.sensitive):
            raise ValueError(f"{', '.join(sorted(both))} is given as quasi-identifier and as sensitive: expected one")


@dataclass(frozen=True)
class Disclosure:
    """What a table of people gives away; exact, so for whoever decides on a release.

    `table` has a column for each quasi-identifier, and `people`: a number, `<k`, or `hidden`, which a small cell could
    be worked out from; `total` likewise, `below` how many cells are small. `wider` are tables that tell less, with the
    columns quasi (a list), age_band_years (None where no age is told, or as it is), k_anonymity, classes_below,
    suffices. `left_out` counts the cohort's patients that the store has not, or who withdrew consent.
    """

    asked: Asked
    figures: Figures
    table: pd.DataFrame
    total: int | str
    below: int
    wider: pd.DataFrame
    left_out: int = 0

    def to_frame(self) -> pd.DataFrame:
        """Return the classes with their counts, small ones suppressed."""
        return self.table

    def suffices(self) -> dict[str, Any] | None:
        """Return the first wider table of which each class has enough people, None where there is none."""
        found = [row for row in _rows(self.wider) if row["suffices"]]
        return found[0] if found else None

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "quasi": list(self.asked.quasi),
            "sensitive": list(self.asked.sensitive),
            "threshold": self.asked.threshold,
            "age_band_years": self.asked.age_band_years,
            "figures": self.figures.to_json(),
            "classes_below": self.below,
            "table": _rows(self.table),
            "total": self.total,
            "wider": _rows(self.wider),
            "suffices": self.suffices(),
            "left_out": self.left_out,
        }

    def to_text(self) -> str:
        """Return the figures, and what would reach the threshold."""
        told = [f"{name} {_told(value)}" for name, value in self.figures.to_json().items() if value is not None]
        threshold = self.asked.threshold
        lines = [", ".join(told), f"{self.below} of {self.figures.classes} classes have fewer than {threshold} people"]
        if self.below:
            row = self.suffices()
            lines.append(f"no wider table reaches k = {threshold}" if row is None else _advice(row, threshold))
        if self.left_out:
            lines.append(f"{self.left_out} of the cohort are not in the store, or withdrew their consent")
        lines.append("these figures are exact: for whoever decides on a release; the table may be passed on")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class Noisy:
    """Counts with differential privacy: every cell that there can be, also those of nobody, and the total.

    95 % of the counts are within `within` of the truth. `budget` is what is left for later questions.
    """

    epsilon: float
    table: pd.DataFrame
    total: int
    within: int
    budget: Budget

    def to_frame(self) -> pd.DataFrame:
        """Return the cells with their noisy counts."""
        return self.table

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "epsilon": self.epsilon,
            "table": _rows(self.table),
            "total": self.total,
            "within_95_percent": self.within,
            "budget": self.budget.to_json(),
        }

    def to_text(self) -> str:
        """Return the total, how far off the counts may be, and what is left of the budget."""
        return (
            f"about {self.total} people; epsilon {self.epsilon}; 95 % of the counts are within {self.within} of the "
            f"truth, and none is the truth; of the budget of {self.budget.total}, {self.budget.left} is left"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def disclose(people: pd.DataFrame, asked: Asked, left_out: int = 0) -> Disclosure:
    """Say what a table of people, one a row, gives away.

    Raises what `kg.patients.disclosure.figures` raises, and `ValueError` where ages to be put in bands are no numbers.
    """
    told = _in_bands(people, asked)
    of = pd.Series(classes(told, asked.quasi, asked.sensitive))
    released = suppress(of.value_counts().sort_index().tolist(), asked.threshold)
    table = told.iloc[of.drop_duplicates().sort_values().index][list(asked.quasi)].reset_index(drop=True)
    table[PEOPLE] = pd.Series(list(released.cells), dtype=object)
    found = figures(told, asked.quasi, asked.sensitive)
    return Disclosure(asked, found, table, released.total, released.small, _wider(people, asked), left_out)


def count(people: pd.DataFrame, asked: Asked, epsilon: float, budget: Budget) -> Noisy:
    """Return noisy counts of all cells that there can be of age (in bands), sex, and what is stated or not.

    The epsilon must have been charged before (`kg.patients.budget.spend`): half goes to the cells, of which a person is
    in one, half to the total. Raises `ValueError` for more cells than 100,000.
    """
    cells = possible_cells(asked)
    told = _in_bands(people, asked)
    if SEX in asked.quasi:
        told[SEX] = told[SEX].where(told[SEX].isin(SEXES), SEXES[2])
    true = Counter(told[list(asked.quasi)].itertuples(index=False, name=None))
    each = epsilon / 2 if asked.quasi else epsilon
    table = pd.DataFrame(cells if asked.quasi else [], columns=list(asked.quasi))
    table[PEOPLE] = noisy([true[cell] for cell in cells], each) if asked.quasi else []
    [total] = noisy([len(people)], each)
    return Noisy(epsilon, table, total, within(each), budget)


def possible_cells(asked: Asked) -> list[tuple[object, ...]]:
    """Return every cell that there can be, whoever is in the data: it tells nothing of them.

    >>> len(possible_cells(Asked(("age", "sex", "DOID:9352"), age_band_years=30)))
    40
    """
    domains = [
        _bands(asked.age_band_years or 1) if name == asked.age else SEXES if name == SEX else (False, True)
        for name in asked.quasi
    ]
    if (number := math.prod(map(len, domains))) > MOST_CELLS:
        raise ValueError(f"there are {number:,} cells: expected at most {MOST_CELLS:,}; ask of less, or wider bands")
    return list(product(*domains))


def _bands(width: int) -> tuple[str, ...]:
    """Return the bands of ages, in order, and the one of ages that are not known.

    >>> _bands(30)
    ('0-29', '30-59', '60-89', '90+', 'unknown')
    >>> _bands(40)
    ('0-39', '40-79', '80+', 'unknown')
    """
    starts = range(0, OLDEST_AGE_YEARS + 1, width)
    return (*(_band(start, width) for start in starts), UNKNOWN)


def _band(age: float, width: int) -> str:
    start = int(min(age, OLDEST_AGE_YEARS) // width) * width
    if start + width > OLDEST_AGE_YEARS:
        return f"{start}+"
    return str(start) if width == 1 else f"{start}-{start + width - 1}"


def _in_bands(people: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return the table with the ages among its quasi-identifiers in bands."""
    told, width = people.copy(), asked.age_band_years
    if width is None or asked.age not in asked.quasi or asked.age not in told.columns:
        return told
    ages = told[asked.age]
    if not pd.api.types.is_numeric_dtype(ages):
        raise ValueError(f"the ages in {asked.age!r} are not all numbers: expected years, or no bands of them")
    names = [UNKNOWN if pd.isna(age) else _band(age, width) for age in ages]
    told[asked.age] = pd.Categorical(names, categories=list(_bands(width)), ordered=True)
    return told


def _wider(people: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Return which of the tables that tell less reach k: see `Disclosure.wider`."""
    rows = []
    for less in _less(asked, asked.age in asked.quasi and pd.api.types.is_numeric_dtype(people[asked.age])):
        sizes = pd.Series(classes(_in_bands(people, less), less.quasi)).value_counts()
        below = int((sizes < asked.threshold).sum())
        band = less.age_band_years if asked.age in less.quasi else None
        rows.append((list(less.quasi), band, int(sizes.min()), below, not below))
    columns = ["quasi", "age_band_years", "k_anonymity", "classes_below", "suffices"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _less(asked: Asked, has_ages: bool) -> Iterator[Asked]:
    """Yield what tells less: the same columns with wider bands of ages, then all but one column, also with these."""
    wider = [band for band in BANDS if band > (asked.age_band_years or 0)] if has_ages else []
    for band in wider:
        yield replace(asked, age_band_years=band)
    for name in asked.quasi if len(asked.quasi) > 1 else ():
        kept = tuple(other for other in asked.quasi if other != name)
        for band in (asked.age_band_years, *(wider if asked.age in kept else ())):
            yield replace(asked, quasi=kept, age_band_years=band)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame's rows as JSON values; what is missing is null."""
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, map(_value, row), strict=True)) for row in frame.itertuples(index=False, name=None)]


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return value
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def _told(value: float | int) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"


def _advice(row: dict[str, Any], threshold: int) -> str:
    bands = f", ages in bands of {row['age_band_years']} years," if row["age_band_years"] else ""
    return f"a table by {', '.join(row['quasi'])} alone{bands} reaches k = {threshold} (its k is {row['k_anonymity']})"
