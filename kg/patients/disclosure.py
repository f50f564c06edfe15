"""Disclosure: what a table of people gives away: k-anonymity, l-diversity, t-closeness and their kin.

People who share all quasi-identifiers (what an onlooker may know of a person: age, sex) are one class; the figures say
how small the classes are, and what a class tells of the sensitive attributes. They are for whoever decides on a
release, and no part of it. A missing value counts as a value. Of several sensitive attributes, each alone, the worst
counts. Names and definitions are those of pycanon (doi:10.1038/s41597-022-01894-2), but for `recursive_c`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import xlogy

Places = npt.NDArray[np.int64]
"""A number for each person."""
Floats = npt.NDArray[np.float64]
"""How many people of a class have a value [class, value], or a figure of each class [class]."""

BLOCK = 4_000_000
"""How many counts are held at a time."""


@dataclass(frozen=True)
class Figures:
    """What a table of people gives away; None where there is no sensitive attribute, or the figure is not defined.

    `k_anonymity` is the size of the smallest class, `unique` how many people are alone in theirs, and `mean_risk` the
    chance that somebody who looks one of them up finds the right row: classes over people. `alpha` is the largest share
    of a class that shares a value (with k it makes (alpha, k)-anonymity). `l_diversity` is the smallest number of
    distinct values in a class, `entropy_l_diversity` the largest l such that each class has an entropy of log l, and
    `recursive_c` the smallest whole c for which each class is (c, l)-diverse with l = `l_diversity` (none for 1):
    r1 < c (r_l + ... + r_m), r1 being the count of its most frequent value. `t_closeness` is the largest distance of a
    class's values from all people's: of numbers the earth mover's, of other values half the sum of differences.
    `basic_beta_likeness` is the largest relative gain of a value's share in a class, `enhanced_beta_likeness` the same,
    at most -ln of the rarest share; `delta_disclosure` the largest |ln| of a value's share in a class over that in all.
    """

    people: int
    classes: int
    k_anonymity: int
    unique: int
    mean_risk: float
    alpha: float | None = None
    l_diversity: int | None = None
    entropy_l_diversity: int | None = None
    recursive_c: int | None = None
    t_closeness: float | None = None
    basic_beta_likeness: float | None = None
    enhanced_beta_likeness: float | None = None
    delta_disclosure: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """Return the figures as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class _Sensitive:
    """A sensitive attribute: each person's class and value, as numbers, the values' shares, if they are ordered."""

    of: Places
    codes: Places
    shares: Floats
    ordered: bool


def figures(people: pd.DataFrame, quasi: Sequence[str], sensitive: Sequence[str] = ()) -> Figures:
    """Return what a table gives away, one person a row, on these quasi-identifiers and sensitive attributes (columns).

    Raises `ValueError` for an empty table, for no quasi-identifier and for a column that is not there.

    >>> wards = pd.DataFrame({"age": ["40-49", "40-49", "50-59", "50-59"], "HIV": [True, False, False, False]})
    >>> found = figures(wards, ["age"], ["HIV"])
    >>> found.k_anonymity, found.l_diversity, found.t_closeness
    (2, 1, 0.25)
    """
    of = classes(people, quasi, sensitive)
    sizes = np.bincount(of)
    whole = Figures(
        people=len(people),
        classes=len(sizes),
        k_anonymity=int(sizes.min()),
        unique=int((sizes == 1).sum()),
        mean_risk=len(sizes) / len(people),
    )
    attributes = [_sensitive(people[name], of) for name in sensitive]
    return _with_sensitive(whole, attributes) if attributes else whole


def classes(people: pd.DataFrame, quasi: Sequence[str], others: Sequence[str] = ()) -> Places:
    """Return the number of each person's class, from 0, classes in the order of their quasi-identifiers.

    Raises `ValueError` for an empty table, for no quasi-identifier and for a column, or one of the others, not there.
    """
    if not len(people):
        raise ValueError(
            "there is nobody in the table: expected one person or more, of a cohort one that the store has"
        )
    if not quasi:
        raise ValueError("no quasi-identifier is given: expected at least one, such as age")
    for name in (*quasi, *others):
        if name not in people.columns:
            listed = ", ".join(map(str, people.columns))
            raise ValueError(f"{name!r} is no column of the table of people: expected any of {listed}")
    return people.groupby(list(quasi), dropna=False, observed=True).ngroup().to_numpy().astype(np.int64)


def _with_sensitive(whole: Figures, attributes: Sequence[_Sensitive]) -> Figures:
    distinct = int(min(_each(_distinct, one).min() for one in attributes))
    entropy = min(_each(_entropy, one).min() for one in attributes)
    gains = [float(_each(_gain, one).max()) for one in attributes]
    rarest = [-float(np.log(one.shares.min())) for one in attributes]
    return replace(
        whole,
        alpha=max(float(_each(_alpha, one).max()) for one in attributes),
        l_diversity=distinct,
        entropy_l_diversity=int(np.exp(entropy) + 1e-9),  # the logarithms round, and log 3 may miss 3
        recursive_c=None if distinct == 1 else max(_recursive_c(one, distinct) for one in attributes),
        t_closeness=max(float(_each(_distance, one).max()) for one in attributes),
        basic_beta_likeness=max(gains),
        enhanced_beta_likeness=max(min(gain, most) for gain, most in zip(gains, rarest, strict=True)),
        delta_disclosure=max(float(_each(_delta, one).max()) for one in attributes),
    )


def _sensitive(column: pd.Series, of: Places) -> _Sensitive:
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    ordered = bool(numeric and column.notna().all())  # a missing number has no place in the order
    codes, values = pd.factorize(column, sort=ordered, use_na_sentinel=False)
    return _Sensitive(of, codes.astype(np.int64), np.bincount(codes, minlength=len(values)) / len(column), ordered)


def _each(figure: Callable[[Floats, _Sensitive], Any], one: _Sensitive) -> Floats:
    """Return a figure of each class, [class]."""
    return np.concatenate([figure(counts, one) for counts in _blocks(one)])


def _blocks(one: _Sensitive) -> Iterator[Floats]:
    """Yield how many people of each class have each value, [class, value], for as many classes as a block holds."""
    values, total = len(one.shares), int(one.of.max()) + 1
    order = np.argsort(one.of, kind="stable")
    step = max(1, BLOCK // values)
    for start in range(0, total, step):
        stop = min(start + step, total)
        low, high = np.searchsorted(one.of, (start, stop), sorter=order)
        rows = order[low:high]
        flat = (one.of[rows] - start) * values + one.codes[rows]
        yield np.bincount(flat, minlength=(stop - start) * values).reshape(-1, values).astype(np.float64)


def _share(counts: Floats) -> Floats:
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float64)


def _alpha(counts: Floats, _: _Sensitive) -> Any:
    return np.max(_share(counts), axis=1)


def _distinct(counts: Floats, _: _Sensitive) -> Any:
    return np.sum(counts > 0, axis=1).astype(np.float64)


def _entropy(counts: Floats, _: _Sensitive) -> Any:
    share = _share(counts)
    return -np.sum(xlogy(share, share), axis=1)


def _recursive_c(one: _Sensitive, distinct: int) -> int:
    def most(counts: Floats, _: _Sensitive) -> Any:
        falling = -np.sort(-counts, axis=1)
        return np.floor_divide(falling[:, 0], falling[:, distinct - 1 :].sum(axis=1)) + 1

    return int(_each(most, one).max())


def _distance(counts: Floats, one: _Sensitive) -> Any:
    apart = _share(counts) - one.shares
    if one.ordered:
        return np.sum(np.abs(np.cumsum(apart, axis=1)), axis=1) / max(1, len(one.shares) - 1)
    return np.sum(np.abs(apart), axis=1) / 2


def _gain(counts: Floats, one: _Sensitive) -> Any:
    return np.max(_share(counts) / one.shares - 1, axis=1)


def _delta(counts: Floats, one: _Sensitive) -> Any:
    ratio = _share(counts) / one.shares
    return np.max(np.abs(np.log(np.where(ratio > 0, ratio, 1))), axis=1)
