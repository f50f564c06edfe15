"""Hypotheses: several under one alpha, each with its share and its looks; a rejected one passes its share on.

Each has at its share of alpha a group sequential test of its own, and may be rejected at a look by whatever it has seen
until then. Maurer W, Bretz F. Multiple testing in group sequential trials using graphical approaches. Stat Biopharm Res
2013;5:311-320. Bretz F, Maurer W, Brannath W, Posch M. Stat Med 2009;28:586-604.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.trials.analysis.multiplicity import Graph
from twin.trials.design.boundaries import Boundaries, Looks, boundaries
from twin.trials.design.spending import Floats, Rule

_MOST = 8
"""Hypotheses of which all sets of rejected ones are gone through."""

OBRIEN_FLEMING = Rule("lan-demets-of")
"""How alpha is spent, where nothing else is said."""


@dataclass(frozen=True)
class Hypothesis:
    """What is tested: its share of alpha, its mean of z at full information as planned, and its information.

    `information` is its share at each analysis of the trial, None where it is not tested there, [analysis].
    """

    name: str
    alpha: float
    drift: float
    information: tuple[float | None, ...]
    rule: Rule = OBRIEN_FLEMING

    def __post_init__(self) -> None:
        if not (0.0 <= self.alpha < 0.5 and np.isfinite(self.drift)):
            raise ValueError(
                f"{self.name}: got alpha {self.alpha:g} and drift {self.drift:g}, expected a share from 0 to .5 and a"
                " number"
            )
        if not self.shares:
            raise ValueError(f"{self.name} is tested at no analysis, expected one or more")
        if len(self.shares) > 1 and not self.rule.spends:
            raise ValueError(
                f"{self.name}: {self.rule.kind} spends no error: alpha that is passed on needs a spending rule"
            )
        Looks(self.rule, self.shares)

    @property
    def tested(self) -> list[int]:
        """Return the analyses at which it is tested."""
        return [analysis for analysis, share in enumerate(self.information) if share is not None]

    @property
    def shares(self) -> tuple[float, ...]:
        """Return its information at the analyses at which it is tested, [look]."""
        return tuple(share for share in self.information if share is not None)

    def at(self, alpha: float) -> Boundaries | None:
        """Return its bounds at this share of alpha; None where there is nothing to spend."""
        return None if alpha <= 0.0 else boundaries(Looks(self.rule, self.shares, alpha))

    @property
    def course(self) -> Floats:
        """Return its information at every analysis, [analysis]: evenly between tests, where it is not tested."""
        known = [-1, *self.tested]
        return np.interp(np.arange(len(self.information)), known, [0.0, *self.shares])


@dataclass(frozen=True)
class Family:
    """Hypotheses in the order in which shares are passed, how those tests correlate, and who passes on to whom.

    `passes` maps (from, to) to the part of a rejected one's share; without, it is divided evenly among the others.
    Alphas add up to that of the family.
    """

    hypotheses: tuple[Hypothesis, ...]
    passes: Mapping[tuple[str, str], float] | None = None
    correlation: float = 0.0

    def __post_init__(self) -> None:
        names = [hypothesis.name for hypothesis in self.hypotheses]
        if not 2 <= len(names) <= _MOST or len(set(names)) < len(names):
            raise ValueError(f"got the hypotheses {', '.join(names)}, expected 2 to {_MOST} of different names")
        if len({len(hypothesis.information) for hypothesis in self.hypotheses}) > 1:
            raise ValueError(
                "the hypotheses share the trial's analyses: tell something for each, or that it is not tested"
            )
        if not 0.0 < self.alpha < 0.5:
            raise ValueError(f"the shares of alpha add up to {self.alpha:g}, expected more than 0 and less than 0.5")
        least = -1.0 / (len(names) - 1)
        if not least <= self.correlation <= 1.0:
            raise ValueError(f"got the correlation {self.correlation:g}, expected one from {least:g} to 1")
        for pair in self.passes or {}:
            if not set(pair) <= set(names):
                raise ValueError(f"got {pair[0]} passing on to {pair[1]}, expected two of {', '.join(names)}")
        self.graph()

    @property
    def alpha(self) -> float:
        """Return the type I error of the family."""
        return sum(hypothesis.alpha for hypothesis in self.hypotheses)

    def graph(self) -> Graph:
        """Return the shares and how they are passed on."""
        names = tuple(hypothesis.name for hypothesis in self.hypotheses)
        even = 1.0 / (len(names) - 1)
        rows = tuple(
            tuple(
                0.0 if one == other else (even if self.passes is None else self.passes.get((one, other), 0.0))
                for other in names
            )
            for one in names
        )
        return Graph(names, tuple(hypothesis.alpha / self.alpha for hypothesis in self.hypotheses), rows)


@dataclass(frozen=True)
class PlannedFamily:
    """A family of hypotheses with what to expect, by so many simulated trials.

    By hypothesis: `alone`, the power at its own share, exact; `power`, with what others pass on, and `early`, before
    the last analysis, [hypothesis]. `any_one` and `all_of_them` are chances too; `error` is that of any rejection where
    all are null. Chances that are simulated have a standard error of at most `monte_carlo`.
    """

    family: Family
    bounds: dict[str, dict[str, list[float | None]]]
    alone: Floats
    power: Floats
    early: Floats
    any_one: float
    all_of_them: float
    error: float
    monte_carlo: float

    def to_frame(self) -> pd.DataFrame:
        """Return a row a hypothesis."""
        return pd.DataFrame(
            {
                "hypothesis": [each.name for each in self.family.hypotheses],
                "alpha": [each.alpha for each in self.family.hypotheses],
                "power_alone": self.alone,
                "power": self.power,
                "early": self.early,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return the family and its chances as JSON values; bounds by name, at the own share and at all of alpha."""
        return {
            "alpha": self.family.alpha,
            "correlation": self.family.correlation,
            "hypotheses": self.to_frame().to_dict("records"),
            "bounds": self.bounds,
            "any": self.any_one,
            "all": self.all_of_them,
            "type_one_error": self.error,
            "monte_carlo_error": self.monte_carlo,
        }

    def to_text(self) -> str:
        """Return the chances in a few lines."""
        return (
            f"one-sided alpha {self.family.alpha:g} for {len(self.alone)} hypotheses: any is shown with"
            f" {self.any_one:.4f}, all with {self.all_of_them:.4f}\nwhere none is true, any is rejected with"
            f" {self.error:.4f}; chances with what is passed on are simulated, +- {self.monte_carlo:.4f}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def planned_family(family: Family, trials: int = 100_000, seed: int = 0) -> PlannedFamily:
    """Return what to expect of a family of hypotheses, by simulated trials; raise `ValueError` for fewer than 100."""
    if trials < 100:
        raise ValueError(f"got {trials} trials, expected 100 or more")
    luck = _luck(family, trials, seed)
    steps = np.array([np.diff(each.course, prepend=0.0) for each in family.hypotheses])
    score = np.cumsum(luck * np.sqrt(steps), axis=2)
    drifts = np.array([each.drift for each in family.hypotheses])
    course = np.array([each.course for each in family.hypotheses])
    shown, null = (
        _rejected_at(family, (score + mean[:, np.newaxis] * course) / np.sqrt(course))
        for mean in (drifts, 0.0 * drifts)
    )
    last = score.shape[2] - 1
    rejected = shown <= last
    alone = [
        0.0 if bounds is None else bounds.walked(each.drift).rejected
        for each in family.hypotheses
        for bounds in [each.at(each.alpha)]
    ]
    return PlannedFamily(
        family=family,
        bounds={
            each.name: {"own": _upper(each, each.alpha), "all": _upper(each, family.alpha)}
            for each in family.hypotheses
        },
        alone=np.array(alone),
        power=rejected.mean(axis=0),
        early=(shown < last).mean(axis=0),
        any_one=float(rejected.any(axis=1).mean()),
        all_of_them=float(rejected.all(axis=1).mean()),
        error=float((null <= last).any(axis=1).mean()),
        monte_carlo=float(np.sqrt(0.25 / trials)),
    )


def _luck(family: Family, trials: int, seed: int) -> Floats:
    """Return standard normal increments, [trial, hypothesis, analysis]; those of one analysis correlate."""
    count = len(family.hypotheses)
    correlation = np.full((count, count), family.correlation) + (1.0 - family.correlation) * np.eye(count)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = np.random.default_rng(seed).standard_normal((trials, count, len(family.hypotheses[0].information)))
    return np.asarray(np.einsum("hk,tka->tha", root, drawn))


def _rejected_at(family: Family, z: Floats) -> Floats:
    """Return the analysis at which each is rejected, [trial, hypothesis]; past the last one, where it is not."""
    trials, count, analyses = z.shape
    found = np.full((trials, count), analyses)
    for analysis in range(analyses):
        for _ in range(count):  # what one passes on may reject another, at the same analysis
            done = found <= analysis
            states = done @ (1 << np.arange(count))
            for state in np.unique(states):
                here = np.flatnonzero(states == state)
                for each, bound in _open(family, int(state)):
                    crosses = (z[here, each, : analysis + 1] >= bound[: analysis + 1]).any(axis=1)
                    found[here[crosses], each] = analysis
    return found


def _open(family: Family, rejected: int) -> list[tuple[int, Floats]]:
    """Return each hypothesis that is left after a set of rejected ones, with its bounds on z, [analysis]."""
    graph = family.graph()
    for each, hypothesis in enumerate(family.hypotheses):
        if rejected >> each & 1:
            graph = graph.without(hypothesis.name)
    found = []
    for name, weight in zip(graph.hypotheses, graph.weights, strict=True):
        each = next(index for index, hypothesis in enumerate(family.hypotheses) if hypothesis.name == name)
        hypothesis = family.hypotheses[each]
        bounds, at = hypothesis.at(weight * family.alpha), np.full(len(hypothesis.information), np.inf)
        if bounds is not None:
            at[hypothesis.tested] = bounds.upper
        found.append((each, at))
    return found


def _upper(hypothesis: Hypothesis, alpha: float) -> list[float | None]:
    bounds, at = hypothesis.at(alpha), iter(())
    if bounds is not None:
        at = iter(bounds.to_json()["upper"])
    return [None if share is None else next(at, None) for share in hypothesis.information]
