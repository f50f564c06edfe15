"""Calibrate: from logits to probabilities that come true, how far they are from it, and shortlists that keep a promise.

A calibrator and a shortlist are fitted on pairs that the model scored without knowing them: apart for warm pairs and
for cold ones, since a model is surer of what it has seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit, log_expit, logit

Floats = NDArray[np.floating[Any]]

WAYS = ("as is", "platt", "beta", "isotonic")
"""The families that a calibrator is chosen from, in the order of preference among equals."""

PSEUDO_PAIRS = 10.0
"""What a step of the isotonic fit has beside its own pairs: as many at Platt's probability, so that none is 0 or 1."""

_LEAST_SLOPE = 1e-3
"""A calibrated logit rises at least so much with the model's: calibration never makes equal what was ranked apart."""

_SPAN = 40.0
"""Beyond this logit a 64-bit probability is 0 or 1."""


@dataclass(frozen=True)
class Calibrator:
    """A rising function of the logit: straight between knots, and on beyond them; `way` says what was fitted.

    Shapes: knots [knot], rising; values [knot], the calibrated logit at each.
    """

    way: str
    knots: Floats
    values: Floats

    def logits(self, logits: Floats) -> Floats:
        """Return calibrated logits. Shapes: any, the same.

        >>> Calibrator("platt", np.array([0.0, 1.0]), np.array([-1.0, 1.0])).logits(np.array([0.5, 3.0])).tolist()
        [0.0, 5.0]
        """
        slopes = np.diff(self.values) / np.diff(self.knots)
        place = np.clip(np.searchsorted(self.knots, logits) - 1, 0, len(slopes) - 1)
        calibrated: Floats = self.values[place] + slopes[place] * (logits - self.knots[place])
        return calibrated

    def probabilities(self, logits: Floats) -> Floats:
        """Return calibrated probabilities. Shapes: any, the same."""
        return np.asarray(expit(self.logits(logits)))

    def arrays(self) -> dict[str, Floats]:
        """Return all numbers as arrays, as a checkpoint keeps them; the way is a word beside."""
        return {"knots": self.knots, "values": self.values}


def fit_calibrator(
    logits: Floats,
    labels: NDArray[np.bool_],
    random: np.random.Generator,
    *,
    groups: NDArray[np.int64] | None = None,
    weights: Floats | None = None,
    folds: int = 5,
) -> Calibrator:
    """Fit each of `WAYS` to pairs that the model did not know, and return the one that does best on pairs held out.

    Best by the mean log loss, a proper score, over `folds`; pairs of one of the `groups` (a disease, say) are held out
    together. `weights` say how many pairs each stands for, where unlabelled pairs were sampled. Platt scaling is a
    logistic regression on the logit (Platt 1999), beta calibration one on log p and log 1 - p (Kull et al. 2017,
    doi:10.1214/17-EJS1338SI), the isotonic fit is centred (Oron and Flournoy 2017, doi:10.1080/19466315.2017.1286256)
    and drawn towards Platt's by `PSEUDO_PAIRS`. Raises `ValueError` unless there are pairs of both labels.

    Shapes: logits, labels, groups, weights [pair].
    """
    logits = np.asarray(logits, float)
    weights = np.ones(len(logits)) if weights is None else np.asarray(weights, float)
    if labels.all() or not labels.any():
        raise ValueError(
            f"{int(labels.sum())} of {len(labels)} pairs are positive: expected both labels to calibrate by"
        )
    _, group = np.unique(np.arange(len(logits)) if groups is None else groups, return_inverse=True)
    dealt = (random.permutation(group.max() + 1) % folds)[group]
    losses = dict.fromkeys(WAYS, 0.0)
    for fold in range(folds):
        rest = dealt != fold
        if rest.all() or labels[rest].all() or not labels[rest].any():
            continue
        for way, one in _all_ways(logits[rest], labels[rest], weights[rest]).items():
            losses[way] += _log_loss(one.logits(logits[~rest]), labels[~rest], weights[~rest])
    return _all_ways(logits, labels, weights)[min(WAYS, key=losses.__getitem__)]


def _all_ways(logits: Floats, labels: NDArray[np.bool_], weights: Floats) -> dict[str, Calibrator]:
    ends = np.array([-1.0, 1.0])
    slope, offset = _fit(logits[None], labels, weights)
    platt = Calibrator("platt", ends, ends * slope + offset)
    grid = np.linspace(-_SPAN, _SPAN, 801)
    lower, upper, offset = _fit(np.stack([log_expit(logits), -log_expit(-logits)]), labels, weights)
    return {
        "as is": Calibrator("as is", ends, ends),
        "platt": platt,
        "beta": _rising("beta", grid, lower * log_expit(grid) - upper * log_expit(-grid) + offset),
        "isotonic": _isotonic(platt, logits, labels, weights),
    }


def _fit(inputs: Floats, labels: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the slopes, none of them negative, and the offset of a logistic regression. Shapes: inputs [input, pair].

    A penalty of a thousandth of a pair keeps slopes finite where labels are told apart without a fault.
    """

    def loss(parameters: Floats) -> tuple[float, Floats]:
        found = parameters[:-1] @ inputs + parameters[-1]
        missed = (expit(found) - labels) * weights
        gradient = np.append(inputs @ missed + 2e-3 * (parameters[:-1] - 1), missed.sum())
        penalty = 1e-3 * np.square(parameters[:-1] - 1).sum()
        return (_log_loss(found, labels, weights) + penalty) / weights.sum(), gradient / weights.sum()

    start = np.append(np.ones(len(inputs)), 0.0)
    bounds = [(_LEAST_SLOPE, None)] * len(inputs) + [(None, None)]
    options = {"ftol": 1e-14, "gtol": 1e-10, "maxiter": 500}
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x)


def _isotonic(platt: Calibrator, logits: Floats, labels: NDArray[np.bool_], weights: Floats) -> Calibrator:
    """Return the steps of an isotonic regression, joined at their middles, each drawn a little towards Platt's."""
    order = np.argsort(logits, kind="stable")
    logits, hits, weights = logits[order], labels[order] * weights[order], weights[order]
    values, first = np.unique(logits, return_index=True)  # equal logits are one point
    counts, hits = np.add.reduceat(weights, first), np.add.reduceat(hits, first)
    steps = isotonic_regression(hits / counts, weights=counts).blocks[:-1]
    inside, found = np.add.reduceat(counts, steps), np.add.reduceat(hits, steps)
    middles = np.add.reduceat(values * counts, steps) / inside
    shares = (found + PSEUDO_PAIRS * platt.probabilities(middles)) / (inside + PSEUDO_PAIRS)
    if len(middles) < 2:
        return Calibrator("isotonic", platt.knots, platt.values)
    return _rising("isotonic", middles, logit(np.clip(shares, expit(-_SPAN), 1 - 1e-15)))


def _rising(way: str, knots: Floats, values: Floats) -> Calibrator:
    """Return a calibrator through these points, lifted where it would fall or stand still."""
    tilted = np.maximum.accumulate(values - _LEAST_SLOPE * knots) + _LEAST_SLOPE * knots
    return Calibrator(way, knots, tilted)


def _log_loss(logits: Floats, labels: NDArray[np.bool_], weights: Floats) -> float:
    return float(-(weights * np.where(labels, log_expit(logits), log_expit(-logits))).sum())


def reliability(
    probabilities: Floats, labels: NDArray[np.bool_], *, bins: int = 10, equal: str = "mass", top: int | None = None
) -> pd.DataFrame:
    """Return the table of a reliability plot: what was foretold and what came true, bin by bin, lowest first.

    Bins of `equal` "mass" hold as many pairs each, of `equal` "width" as much of the way from 0 to 1; those without a
    pair are left out. With `top` only so many pairs of highest probability are looked at. Columns: `pairs`, `foretold`
    (mean probability), `observed` (share of positives), `lower` and `upper` (95 % interval of Wilson, of the share).

    Shapes: probabilities, labels [pair].
    """
    if equal not in ("mass", "width"):
        raise ValueError(f"equal: got {equal!r}, expected 'mass' or 'width'")
    order = np.argsort(-probabilities, kind="stable")[:top][::-1]
    foretold, hits = np.asarray(probabilities, float)[order], labels[order]
    place = np.arange(len(order)) * bins // len(order) if equal == "mass" else np.minimum(foretold * bins, bins - 1)
    place = place.astype(int)
    counts = np.bincount(place, minlength=bins)
    kept = counts > 0
    counts, sums = counts[kept], np.stack([np.bincount(place, one, minlength=bins)[kept] for one in (foretold, hits)])
    observed = sums[1] / counts
    z = 1.959964
    middle, half = (
        observed + z**2 / (2 * counts),
        z * np.sqrt(observed * (1 - observed) / counts + (z / counts) ** 2 / 4),
    )
    lower, upper = ((middle + sign * half) / (1 + z**2 / counts) for sign in (-1, 1))
    return pd.DataFrame(
        {"pairs": counts, "foretold": sums[0] / counts, "observed": observed, "lower": lower, "upper": upper}
    )


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Return how far what was foretold is from what came true, on average over the pairs of `reliability`'s bins.

    >>> table = pd.DataFrame({"pairs": [3, 1], "foretold": [0.2, 0.9], "observed": [0.0, 1.0]})
    >>> round(expected_calibration_error(table), 3)
    0.175
    """
    return float(np.average((table["foretold"] - table["observed"]).abs(), weights=table["pairs"]))


def error_by_chance(probabilities: Floats, random: np.random.Generator, *, draws: int = 200, **binned: Any) -> float:
    """Return the error that the same probabilities would have on average if each came true exactly as often as it says.

    Labels are drawn from the probabilities, and binned as `reliability` would with these settings: no calibration can
    be expected to fall below, on as many pairs. Shapes: probabilities [pair].
    """
    found = [
        expected_calibration_error(
            reliability(probabilities, random.random(len(probabilities)) < probabilities, **binned)
        )
        for _ in range(draws)
    ]
    return float(np.mean(found))


@dataclass(frozen=True)
class Shortlist:
    """A promise about a node that is ranked for: its true partners score at least `threshold`, all but a share.

    That share is at most 1 - `level` on average over nodes like the `nodes` ones that it was fitted on (diseases, say).
    """

    level: float
    threshold: float
    nodes: int

    def holds(self, scores: Floats) -> NDArray[np.bool_]:
        """Return which candidates are on the list. Shapes: any, the same."""
        return np.asarray(scores >= self.threshold)


def fit_shortlist(scores: Floats, nodes: NDArray[np.int64], level: float = 0.9) -> Shortlist:
    """Return the shortest lists that keep the promise, by conformal risk control.

    A node's loss is the share of its true partners that its list lacks. The threshold is the highest at which
    (n R + 1) / (n + 1) <= 1 - level, R being the mean loss of the n nodes (Angelopoulos et al. 2022, arXiv:2208.02814,
    theorem 1): then another node, drawn like these, loses no more than 1 - level on average, whatever the scores are
    worth. With too few nodes for the level, the list is of everything.

    `scores` are those of the true pairs alone, each by a model that did not know it (or that knew none of the node's,
    for cold nodes); `nodes` says whose each is. Raises `ValueError` for a level that is not between 0 and 1.

    Shapes: scores, nodes [pair].

    >>> fit_shortlist(np.arange(20.0), np.arange(20), level=0.9).threshold
    1.0
    """
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, expected a share between 0 and 1")
    _, node, sizes = np.unique(nodes, return_inverse=True, return_counts=True)
    count = len(sizes)
    allowed = (1 - level) * (count + 1) - 1
    order = np.argsort(scores, kind="stable")
    ascending = np.asarray(scores, float)[order]
    lost = np.concatenate([[0.0], np.cumsum(1 / sizes[node[order]])])[np.searchsorted(ascending, ascending)]
    kept = lost <= allowed + 1e-9  # of a threshold at each score: what scores less is lost
    return Shortlist(level, float(ascending[kept].max()) if kept.any() else -np.inf, count)


def kept_share(shortlist: Shortlist, scores: Floats, nodes: NDArray[np.int64]) -> Mapping[int, float]:
    """Return, for each node, the share of its true partners that are on its list: on average it should be the level.

    Shapes: scores, nodes [pair]; those of the true pairs alone.
    """
    held = pd.Series(shortlist.holds(scores)).groupby(nodes).mean()
    return {int(node): float(share) for node, share in held.items()}
