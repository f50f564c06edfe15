"""Readout: a ridge logistic regression, fitted to its optimum by Newton's method, and how sure its weights are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import expit

from gnn.shared import ALONE, Shared

Floats = NDArray[np.floating]
Matrix = NDArray[np.float32]

ROUNDS, CHORDS, ENOUGH = 25, 4, 1e-5
_CHUNK = 16_384


@dataclass(frozen=True)
class Readout:
    """A linear readout: `bias + inputs @ weight`, and other weights that the data allow as well.

    Shapes: weight [input]; drawn [draw, input + 1], the bias last.
    """

    weight: Matrix
    bias: float
    drawn: Matrix = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __call__(self, inputs: Matrix) -> Matrix:
        """Return the log-odds. Shapes: inputs [pair, input] -> [pair]."""
        return inputs @ self.weight + np.float32(self.bias)

    def spread(self, inputs: Matrix) -> Matrix:
        """Return the log-odds by each of the drawn weights. Shapes: [pair, input] -> [draw, pair]."""
        return self.drawn[:, :-1] @ inputs.T + self.drawn[:, -1:]


@dataclass(frozen=True)
class Examples:
    """Pairs to fit a readout to. Shapes: inputs [pair, input]; target, weight, fold and cluster [pair].

    `fold` is the inner fold that hid the pair, `cluster` the node that it is drawn with in a bootstrap.
    """

    inputs: Matrix
    target: Matrix
    weight: Matrix
    fold: NDArray[np.int64]
    cluster: NDArray[np.int64]


@dataclass(frozen=True)
class Fitted:
    """A readout, what it says of each of its own examples when it is fitted without their fold, and it without others.

    `without` takes which examples are left out, and returns the readout of the rest, without draws.

    Shapes: crossed [pair]; `without` of [pair].
    """

    readout: Readout
    crossed: Matrix
    without: Callable[[NDArray[np.bool_]], Readout]


def fit(examples: Examples, ridge: float, draws: int, random: np.random.Generator, shared: Shared = ALONE) -> Fitted:
    """Fit by penalised maximum likelihood, and see how sure that is.

    The penalty is on the weights of inputs of unit spread. For the intervals the clusters are drawn anew and one Newton
    step taken with the slope of each draw and the curvature of the whole: the score bootstrap (Kline and Santos 2012,
    doi:10.1515/2156-6674.1006). To leave a fold out, steps are taken from the whole's optimum with its curvature less
    the fold's. Over sites, of which each draws its own clusters anew, only sums over its examples leave a site.
    """
    scale = Scale.of(examples, shared)
    standard = replace(examples, inputs=scale.applied(examples.inputs))
    found = _newton(standard, examples.weight, ridge, scale.start(examples, shared), ROUNDS, shared)
    penalty = _penalty(ridge, found)
    folds = sorted(int(fold) for fold in shared.names("folds", map(str, np.unique(examples.fold))))
    of_fold = {fold: _curvature(standard, found, examples.fold == fold, shared) for fold in folds}
    whole = sum(of_fold.values()) + np.diag(penalty + 1e-9)

    def rest(inside: NDArray[np.bool_], curvature: Floats) -> Floats:
        left = np.where(inside, 0, examples.weight).astype(np.float32)
        return _newton(standard, left, ridge, found, CHORDS, shared, whole - curvature)

    def without(inside: NDArray[np.bool_]) -> Readout:
        told = scale.undone(rest(inside, _curvature(standard, found, inside, shared)))
        return Readout(told[:-1], float(told[-1]))

    crossed = np.empty(len(examples.target), np.float32)
    for fold, curvature in of_fold.items():
        inside = examples.fold == fold
        crossed[inside] = standard.inputs[inside] @ rest(inside, curvature).astype(np.float32)
    weights = scale.undone(found)
    drawn = _drawn(Bent(standard, found, whole, shared), draws, random, scale)
    return Fitted(Readout(weights[:-1], float(weights[-1]), drawn), crossed, without)


@dataclass(frozen=True)
class Bent:
    """An optimum of standardised examples and the curvature there. Shapes: found [input + 1], curvature its square."""

    standard: Examples
    found: Floats
    curvature: Floats
    shared: Shared


def _drawn(of: Bent, draws: int, random: np.random.Generator, scale: "Scale") -> Matrix:
    """Return the coefficients of each draw of the clusters. Shapes: [draw, input + 1]."""
    standard, found = of.standard, of.found
    clusters = int(standard.cluster.max(initial=-1)) + 1
    slopes = np.zeros((clusters, len(found)))
    for rows in _chunks(standard.weight):
        inputs = standard.inputs[rows]
        pull = standard.weight[rows] * (expit(inputs @ found.astype(np.float32)) - standard.target[rows])
        place = (standard.cluster[rows], np.arange(len(inputs)))
        slopes += sp.csr_array((pull, place), shape=(clusters, len(inputs))) @ inputs
    random = of.shared.secret(random)  # who knew how often each was drawn could solve for single clusters' slopes
    times = np.array([np.bincount(random.integers(clusters, size=clusters), minlength=clusters) for _ in range(draws)])
    (pulls,) = of.shared.total("draws", (times.reshape(draws, clusters) - 1) @ slopes)
    moved = np.linalg.solve(of.curvature, pulls.T).T
    return np.array([scale.undone(found - step) for step in moved], np.float32).reshape(draws, len(found))


@dataclass(frozen=True)
class Scale:
    """Mean and spread of the inputs, so that one penalty fits all. Shapes: [input]."""

    mean: Matrix
    size: Matrix

    @classmethod
    def of(cls, examples: Examples, shared: Shared = ALONE) -> "Scale":
        """Return those of these examples; an input that does not vary has the size 1 and so no weight."""
        weight = examples.weight
        total, sums = shared.total("means", weight.sum(dtype=np.float64), _weighed(examples.inputs, weight))
        mean = sums / total
        (squares,) = shared.total("spreads", _weighed((examples.inputs - mean.astype(np.float32)) ** 2, weight))
        size = np.sqrt(squares / total)
        return cls(mean.astype(np.float32), np.where(size > 1e-6, size, 1).astype(np.float32))

    def applied(self, inputs: Matrix) -> Matrix:
        """Return standardised inputs, with a 1 at the end. Shapes: [pair, input] -> [pair, input + 1]."""
        found = np.ones((len(inputs), inputs.shape[1] + 1), np.float32)
        np.subtract(inputs, self.mean, out=found[:, :-1])
        found[:, :-1] /= self.size
        return found

    def start(self, examples: Examples, shared: Shared = ALONE) -> Floats:
        """Return coefficients that say the same of all pairs: the share of the positive ones."""
        weight = examples.weight.astype(np.float64)
        yes, all_ = shared.total("share", weight @ examples.target, weight.sum())
        share = np.clip(yes / all_, 1e-9, 1 - 1e-9)
        return np.append(np.zeros(len(self.mean)), np.log(share / (1 - share)))

    def undone(self, coefficients: Floats) -> Matrix:
        """Return the coefficients for inputs as they come. Shapes: [input + 1]."""
        weight = coefficients[:-1] / self.size
        return np.append(weight, coefficients[-1] - weight @ self.mean).astype(np.float32)


def _weighed(inputs: Matrix, weight: Matrix) -> Floats:
    return np.asarray((inputs * weight[:, None]).sum(axis=0, dtype=np.float64))


def _newton(
    standard: Examples,
    weight: Matrix,
    ridge: float,
    start: Floats,
    rounds: int,
    shared: Shared,
    curvature: Floats | None = None,
) -> NDArray[np.float64]:
    """Go to the optimum, by steps with the curvature where they start, or with one that is given."""
    found, loss = start, _loss(standard, weight, ridge, start, shared)
    for _ in range(rounds):
        bend = curvature
        if bend is None:
            bend = _curvature(standard, found, weight > 0, shared) + np.diag(_penalty(ridge, found) + 1e-9)
        step = np.linalg.solve(bend, _slope(standard, weight, ridge, found, shared))
        for _ in range(8):  # halve a step that goes too far
            tried = _loss(standard, weight, ridge, found - step, shared)
            if tried <= loss:
                break
            step = step / 2
        found = found - step
        if loss - tried < ENOUGH * abs(loss):
            break
        loss = tried
    return found


def _chunks(weight: NDArray[Any]) -> Iterator[NDArray[np.int64] | slice]:
    """Yield the pairs that count, a part at a time."""
    if weight.all():
        yield from (slice(start, start + _CHUNK) for start in range(0, len(weight), _CHUNK))
        return
    kept = np.flatnonzero(weight)
    yield from (kept[start : start + _CHUNK] for start in range(0, len(kept), _CHUNK))


def _penalty(ridge: float, found: Floats) -> Floats:
    return np.append(np.full(len(found) - 1, 2 * ridge), 0)


def _loss(standard: Examples, weight: Matrix, ridge: float, found: Floats, shared: Shared) -> float:
    total = 0.0
    for rows in _chunks(weight):
        logits = (standard.inputs[rows] @ found.astype(np.float32)).astype(np.float64)
        total += float(weight[rows] @ (np.logaddexp(0, logits) - standard.target[rows] * logits))
    return ridge * float(found[:-1] @ found[:-1]) + float(shared.total("loss", total)[0])


def _slope(standard: Examples, weight: Matrix, ridge: float, found: Floats, shared: Shared) -> Floats:
    slope = np.zeros(len(found))
    for rows in _chunks(weight):
        inputs = standard.inputs[rows]
        share = expit(inputs @ found.astype(np.float32))
        slope = slope + inputs.T @ (weight[rows] * (share - standard.target[rows]))
    return _penalty(ridge, found) * found + shared.total("slope", slope)[0]


def _curvature(standard: Examples, found: Floats, chosen: NDArray[np.bool_], shared: Shared) -> Floats:
    """Return the curvature of the misfit of some pairs, without the penalty's. Shapes: [input + 1, input + 1]."""
    total = np.zeros((len(found), len(found)))
    for rows in _chunks(chosen):
        inputs = standard.inputs[rows]
        share = expit(inputs @ found.astype(np.float32))
        total += inputs.T @ (inputs * (standard.weight[rows] * share * (1 - share))[:, None])
    return shared.total("curvature", total)[0]
