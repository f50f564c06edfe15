"""Prospect: from a candidate of the network to the chance that a planned trial of it succeeds.

A score never becomes an effect by itself. Between the two stand a share, of drugs that a source would list how many
have such an effect, and a prior on that effect: both are asked for, and both are printed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from twin.trials.design.assurance import assurances
from twin.trials.design.boundaries import Looks, boundaries
from twin.trials.design.comparison import Comparison

NO_EFFECT = 0.0
"""The effect of a drug without one, on the scale on which effects are normal: a difference, or a ratio's logarithm."""


@dataclass(frozen=True)
class Candidate:
    """A drug for a disease, and the calibrated probability that the pair is of the kind that a source lists."""

    drug: str
    disease: str
    probability: float
    origin: str
    """Where the probability is from, in words."""

    def __post_init__(self) -> None:
        _check_share("probability", self.probability)


@dataclass(frozen=True)
class Belief:
    """What is believed of the drug's effect, beside the network.

    `carries_over`: of drugs that a source lists for a disease, the share that have an effect like the planned one in a
    trial like this; `effect_sd`: how far that effect may be from the planned one, a standard deviation.
    """

    carries_over: float
    effect_sd: float

    def __post_init__(self) -> None:
        _check_share("share that carries over", self.carries_over)
        if not self.effect_sd > 0:
            raise ValueError(f"got the deviation {self.effect_sd:g} of the effect, expected one above 0")


@dataclass(frozen=True)
class Recruits:
    """Who could be enrolled: the patients of a cohort of the graph, and the share of them who would take part."""

    cohort: str
    patients: int
    participation: float

    def __post_init__(self) -> None:
        _check_share("participation", self.participation)

    @property
    def available(self) -> int:
        """How many patients a trial could have."""
        return int(self.patients * self.participation)


@dataclass(frozen=True)
class Prospect:
    """The chance of success of a planned trial against its size; `rows` has a row a size.

    size; power (where the planned effect is true); if_it_works (the mean over the prior); chance (over that and over
    whether the drug works at all); available (whether the cohort has so many, where there is one).
    """

    candidate: Candidate
    belief: Belief
    recruits: Recruits | None
    counts: str
    rows: pd.DataFrame
    limit: float
    assumptions: pd.DataFrame
    """about, assumption, value, reason."""

    @property
    def works(self) -> float:
        """The probability that the drug has such an effect."""
        return self.candidate.probability * self.belief.carries_over

    def to_frame(self) -> pd.DataFrame:
        """Return the rows."""
        return self.rows

    def to_json(self) -> dict[str, Any]:
        """Return all as JSON values."""
        return {
            "drug": self.candidate.drug,
            "disease": self.candidate.disease,
            "probability_of_an_effect": self.works,
            "counts": self.counts,
            "sizes": self.rows.to_dict("records"),
            "limit": self.limit,
            "available": None if self.recruits is None else self.recruits.available,
            "assumptions": self.assumptions.astype(object).where(self.assumptions.notna(), None).to_dict("records"),
        }

    def to_text(self) -> str:
        """Return what is assumed, and what no size exceeds."""
        named = f"{self.candidate.drug} for {self.candidate.disease}"
        lines = [
            f"{named}: the chance that a planned trial succeeds, by {self.counts}; a hypothesis, not advice",
            f"the drug has such an effect with probability {self.works:.4g} ="
            f" {self.candidate.probability:.4g} x {self.belief.carries_over:.4g}; no size has more chance than"
            f" {self.limit:.4f}",
        ]
        for row in self.assumptions.to_dict("records"):
            value = "" if pd.isna(row["value"]) else f" {row['value']:.4g}"
            lines.append(f"assumed, {row['about']}: {row['assumption']}{value} ({row['reason']})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def prospect(
    candidate: Candidate,
    belief: Belief,
    comparison: Comparison,
    looks: Looks,
    sizes: Sequence[float],
    recruits: Recruits | None = None,
) -> Prospect:
    """Return the chance of success of each size.

    With probability p the effect is normal about the planned one, else there is none, and the trial succeeds by chance
    alone: chance = p * assurance + (1 - p) * type I error. O'Hagan A, Stevens JW, Campbell MJ. Pharm Stat 2005;4:187.
    Raises `ValueError` where the null is a margin: a drug without an effect may then be no worse.
    """
    if comparison.unseen != NO_EFFECT:
        raise ValueError("the null is a margin, but a candidate's trial must show an effect: leave out the null")
    works = candidate.probability * belief.carries_over
    assured = assurances(comparison, looks, belief.effect_sd, tuple(sizes))
    rows = []
    for plan in assured.plans:
        by_chance, if_it_works = _by_chance(comparison, looks, plan.size), plan.assurance or 0.0
        row = {
            "size": plan.size,
            "power": plan.power,
            "if_it_works": if_it_works,
            "chance": works * if_it_works + (1 - works) * by_chance,
        }
        rows.append(row if recruits is None else row | {"available": plan.size <= recruits.available})
    limit = works * assured.limit + (1 - works) * looks.alpha / looks.sides
    told = pd.DataFrame(
        [*_assumed(candidate, belief, comparison, recruits)], columns=["about", "assumption", "value", "reason"]
    )
    return Prospect(candidate, belief, recruits, comparison.counts, pd.DataFrame(rows), limit, told)


def _by_chance(comparison: Comparison, looks: Looks, size: float) -> float:
    """Return how often a trial of a drug without an effect finds it better."""
    if len(looks.information) == 1:
        return comparison.power(size, looks.alpha / looks.sides, 1, comparison.unseen)
    return float(boundaries(looks).walked(0.0).above.sum())


def _assumed(
    candidate: Candidate, belief: Belief, comparison: Comparison, recruits: Recruits | None
) -> list[tuple[str, str, float, str]]:
    """Return what the chance hangs on, row by row."""
    stated, scale = "stated by who asks", "log hazard ratio" if comparison.counts == "events" else "difference"
    rows = [
        (
            "network",
            f"calibrated probability that {candidate.drug} is listed for {candidate.disease}",
            candidate.probability,
            candidate.origin,
        ),
        ("effect", "share of listed drugs that have such an effect", belief.carries_over, stated),
        ("effect", f"where there is one it is normal, with the mean ({scale})", comparison.planned, stated),
        ("effect", "and the standard deviation", belief.effect_sd, stated),
        ("effect", "else there is none at all", NO_EFFECT, stated),
    ]
    if recruits is not None:
        rows += [
            ("cohort", f"patients of the graph who fit {recruits.cohort!r}", float(recruits.patients), "counted"),
            ("cohort", "share of them who take part", recruits.participation, stated),
        ]
    return rows


def _check_share(what: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"got the {what} {value:g}, expected a fraction from 0 to 1")
