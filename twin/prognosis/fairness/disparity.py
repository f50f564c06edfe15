"""Disparity: how far groups are apart in one metric, and whether that could be chance.

The two groups that are furthest apart are chosen by looking, so that their difference is judged beside every pair: its
interval holds the differences of all pairs of groups at once, and its p value is that of the largest of all (Westfall
PH, Young SS. Resampling-based multiple testing. Wiley 1993; single step, on bootstrap draws of each group).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from twin.estimate import Estimate
from twin.model import Floats

_CHANCE = 0.05


@dataclass(frozen=True)
class Figure:
    """One metric of one group: its value, its draws [draw], and on how many persons it rests."""

    group: str
    value: float
    draws: Floats
    persons: int


@dataclass(frozen=True)
class Disparity:
    """The largest and the smallest of groups, their difference with a simultaneous interval, and their ratio.

    `compared` are the groups, `too_few` those that rest on too few persons to be the basis of anything.
    """

    metric: str
    largest: Figure
    smallest: Figure
    difference: Estimate
    ratio: float
    compared: tuple[str, ...]
    too_few: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """Return how many pairs of groups there are."""
        return len(self.compared) * (len(self.compared) - 1) // 2

    def words(self) -> str:
        """Say it in a sentence."""
        gap, p = self.difference, self.difference.p_value
        told = (
            f"{self.metric.replace('_', ' ')}: largest in {self.largest.group} ({self.largest.value:.3g}), smallest in "
            f"{self.smallest.group} ({self.smallest.value:.3g}); difference {gap.value:.3g} "
            f"({gap.lower:.3g} to {gap.upper:.3g})"
        )
        if p is None:
            return f"{told}; draws of the groups do not vary enough to judge it"
        judged = "may well be chance" if p > _CHANCE else "not easily chance"
        return f"{told}, {judged} (p {_p(p)} over {self.pairs} pair{'s' * (self.pairs > 1)} of groups)"


def disparity(metric: str, figures: Sequence[Figure], fewest: int, level: float) -> Disparity | None:
    """Return the largest disparity among groups whose figure rests on `fewest` persons or more.

    None where fewer than two do.
    """
    enough = [one for one in figures if one.persons >= fewest and np.isfinite(one.value)]
    if len(enough) < 2:
        return None
    order = sorted(enough, key=lambda one: one.value)
    smallest, largest = order[0], order[-1]
    gap = largest.value - smallest.value
    ratio = smallest.value / largest.value if smallest.value >= 0.0 and largest.value > 0.0 else float("nan")
    names = tuple(one.group for one in enough)
    few = tuple(one.group for one in figures if one not in enough)
    return Disparity(metric, largest, smallest, _judged(enough, (largest, smallest), gap, level), ratio, names, few)


def _judged(groups: Sequence[Figure], furthest: tuple[Figure, Figure], gap: float, level: float) -> Estimate:
    """Return the difference of two groups with its interval and p value, adjusted for all pairs of groups."""
    method = f"bootstrap by subject within groups, simultaneous over all pairs of {len(groups)} groups"
    away = {one.group: one.draws - one.value for one in groups}
    errors = {pair: float(np.nanstd(away[pair[0]] - away[pair[1]])) for pair in combinations(away, 2)}
    mine = (
        errors.get((furthest[0].group, furthest[1].group)) or errors.get((furthest[1].group, furthest[0].group)) or 0.0
    )
    moved = [np.abs(away[a] - away[b]) / error for (a, b), error in errors.items() if error > 0.0]
    if not mine > 0.0 or not moved:
        nan = float("nan")
        return Estimate(gap, nan, nan, nan, level, method)
    most = np.nanmax(np.nan_to_num(np.array(moved)), axis=0)
    half = float(np.quantile(most, level)) * mine
    p = (1.0 + float((most >= gap / mine).sum())) / (1.0 + most.size)
    return Estimate(gap, gap - half, gap + half, mine, level, method, p_value=p, statistic=gap / mine)


def parity(figures: Mapping[str, Sequence[Figure]], fewest: int) -> dict[str, float]:
    """Return demographic parity's and equalized odds' difference and ratio, as fairlearn defines them.

    Over the groups that rest on `fewest` persons or more in each rate. A difference is the largest rate less the
    smallest, a ratio the smallest over the largest; of equalized odds, the worse of the true and false positive rate's.
    Sources: Hardt M et al. NeurIPS 2016; fairlearn.metrics 0.13 (worst case over the two).
    """
    spans = {
        name: [one.value for one in figures[name] if one.persons >= fewest and np.isfinite(one.value)]
        for name in ("selection_rate", "true_positive_rate", "false_positive_rate")
        if name in figures
    }
    found: dict[str, float] = {}
    if len(spans.get("selection_rate", ())) > 1:
        found["demographic_parity_difference"], found["demographic_parity_ratio"] = _span(spans["selection_rate"])
    odds = [
        _span(spans[name]) for name in ("true_positive_rate", "false_positive_rate") if len(spans.get(name, ())) > 1
    ]
    if len(odds) == 2:
        found["equalized_odds_difference"] = max(odd[0] for odd in odds)
        found["equalized_odds_ratio"] = min(odd[1] for odd in odds)
    return found


def _span(rates: Sequence[float]) -> tuple[float, float]:
    return max(rates) - min(rates), min(rates) / max(rates) if max(rates) > 0.0 else float("nan")


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.001 else "< 0.001"
