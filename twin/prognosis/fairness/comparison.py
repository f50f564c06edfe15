"""Comparison: what came of comparing groups: figures, disparities, and what to know about them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from twin.prognosis.fairness.cases import Asked, Kind
from twin.prognosis.fairness.disparity import Disparity

_CALLED = {
    "chance": "chances of a truth of 0 or 1",
    "class": "classes, 0 or 1",
    "number": "numbers",
    "figure": "figures measured of each row",
}


@dataclass(frozen=True)
class Row:
    """One metric of one group, with its bootstrap interval.

    `n` subjects with so many `rows` and `events` (a truth of 1) have both values, `left_out` rows lack one. The figure
    rests on `persons`; it is marked `few` where they are fewer than asked for. Everybody is a group without attribute.
    """

    attribute: str
    group: str
    n: int | str
    rows: int | str
    events: int | str | None
    left_out: int | str
    metric: str
    value: float
    lower: float
    upper: float
    persons: int | str
    few: bool


@dataclass(frozen=True)
class Comparison:
    """Groups compared; an answer.

    `cells` are the subjects of each group by truth and class; where `withheld` is a number, what tells of fewer persons
    than that is not told (`twin.prognosis.fairness.withhold`): such counts are text, such figures NaN.
    """

    asked: Asked
    kind: Kind
    rows: tuple[Row, ...]
    disparities: Mapping[str, tuple[Disparity, ...]]
    parities: Mapping[str, Mapping[str, float]]
    left_out: int
    fewest: int
    level: float
    draws: int
    cells: Mapping[tuple[str, str], tuple[int, ...]]
    withheld: int | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each attribute, group and metric."""
        return pd.DataFrame([asdict(row) for row in self.rows], columns=[field.name for field in fields(Row)])

    def figure_of(self, group: str, metric: str, attribute: str = "") -> Row:
        """Return the row of a group's metric."""
        return next(row for row in self.rows if (row.attribute, row.group, row.metric) == (attribute, group, metric))

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "kind": self.kind,
            "threshold": self.asked.threshold if self.kind == "chance" else None,
            "left_out": self.left_out,
            "fewest": self.fewest,
            "level": self.level,
            "draws": self.draws,
            "withheld_below": self.withheld,
            "figures": [{name: _plain(value) for name, value in asdict(row).items()} for row in self.rows],
            "disparities": [
                {"attribute": attribute, **_disparity(one)} for attribute, of in self.disparities.items() for one in of
            ],
            "parity": {
                attribute: {name: _plain(value) for name, value in of.items()}
                for attribute, of in self.parities.items()
            },
            "notes": list(self.notes()),
        }

    def to_text(self) -> str:
        """Return the disparities in words, and what to know about them."""
        threshold = f", 1 from a chance of {self.asked.threshold:g} on" if self.kind == "chance" else ""
        lines = [f"predictions are {_CALLED[self.kind]}{threshold}"]
        for attribute, of in self.disparities.items():
            lines.append(f"by {attribute}:")
            lines += [f"  {one.words()}" for one in of] or ["  no two groups are large enough to be compared"]
            lines += [f"  {name.replace('_', ' ')}: {value:.3g}" for name, value in self.parities[attribute].items()]
        return "\n".join([*lines, *self.notes()])

    def notes(self) -> tuple[str, ...]:
        """Say what the figures rest on, and what they are not."""
        count = max((len(of) for of in self.disparities.values()), default=0)
        told = [
            f"intervals: {self.level:.0%}, {self.draws} draws of subjects within each group; of differences, of all "
            f"pairs of groups at once; {count} metrics, over which nothing is adjusted",
        ]
        few = sorted({row.group for row in self.rows if row.few and row.attribute})
        if few:
            told.append(
                f"too few (figures that rest on fewer than {self.fewest} persons are marked and not compared): "
                f"{', '.join(few)}"
            )
        if self.left_out:
            told.append(f"{self.left_out} rows lack a value and are left out: look at left_out by group")
        if self.withheld is not None:
            told.append(
                f"counts of 1 to {self.withheld - 1} persons are not told, nor what could tell them; several answers "
                "about the same patients may still, together"
            )
        if any(self.parities.values()):
            told.append(
                "a parity difference is a largest less a smallest, above 0 by chance alone; where a truth is rarer in "
                "one group, calibration and equal odds cannot both hold"
            )
        return tuple(told)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def _disparity(one: Disparity) -> dict[str, Any]:
    gap = one.difference
    return {
        "metric": one.metric,
        "largest": {"group": one.largest.group, "value": one.largest.value},
        "smallest": {"group": one.smallest.group, "value": one.smallest.value},
        "difference": {
            "value": gap.value,
            "lower": _plain(gap.lower),
            "upper": _plain(gap.upper),
            "p_value": gap.p_value,
            "method": gap.method,
        },
        "ratio": _plain(one.ratio),
        "compared": list(one.compared),
        "too_few": list(one.too_few),
        "pairs": one.pairs,
        "words": one.words(),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what is not a number is null."""
    return None if isinstance(value, float) and value != value else value
