"""Readout: a ridge logistic regression, fitted to its optimum by Newton's method, and how sure its weights are."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.floating]
Matrix = NDArray[np.float32]

ROUNDS, ENOUGH = 25, 1e-5
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
    """A readout, and what it says of each of its own examples when it is fitted without their fold: [pair]."""

    readout: Readout
    crossed: Matrix


def fit(examples: Examples, ridge: float, draws: int, random: np.random.Generator) -> Fitted:
    """Fit by penalised maximum likelihood; draw the clusters anew for the intervals, one Newton step each.

    The penalty is on the weights of inputs of unit spread.
    """
    scale = Scale.of(examples)
    coefficients = _newton(examples, examples.weight, scale, ridge, scale.start(examples), ROUNDS)
    drawn = []
    clusters = examples.cluster.max(initial=-1) + 1
    for _ in range(draws):
        times = np.bincount(random.integers(clusters, size=clusters), minlength=clusters)
        weight = examples.weight * times[examples.cluster].astype(np.float32)
        drawn.append(scale.undone(_newton(examples, weight, scale, ridge, coefficients, 1)))
    crossed = np.empty(len(examples.target), np.float32)
    for fold in np.unique(examples.fold):
        inside = examples.fold == fold
        left = np.where(inside, 0, examples.weight).astype(np.float32)
        told = scale.undone(_newton(examples, left, scale, ridge, coefficients, 2))
        crossed[inside] = examples.inputs[inside] @ told[:-1] + told[-1]
    whole = scale.undone(coefficients)
    spread = np.array(drawn, np.float32).reshape(draws, len(whole))
    return Fitted(Readout(whole[:-1], float(whole[-1]), spread), crossed)


@dataclass(frozen=True)
class Scale:
    """Mean and spread of the inputs, so that one penalty fits all. Shapes: [input]."""

    mean: Matrix
    size: Matrix

    @classmethod
    def of(cls, examples: Examples) -> "Scale":
        """Return those of these examples; an input that does not vary has the size 1 and so no weight."""
        mean = np.average(examples.inputs, axis=0, weights=examples.weight)
        variance = np.average((examples.inputs - mean.astype(np.float32)) ** 2, axis=0, weights=examples.weight)
        size = np.sqrt(variance)
        return cls(mean.astype(np.float32), np.where(size > 1e-6, size, 1).astype(np.float32))

    def start(self, examples: Examples) -> Floats:
        """Return coefficients that say the same of all pairs: the share of the positive ones."""
        share = np.clip(np.average(examples.target, weights=examples.weight), 1e-9, 1 - 1e-9)
        return np.append(np.zeros(len(self.mean)), np.log(share / (1 - share)))

    def undone(self, coefficients: Floats) -> Matrix:
        """Return the coefficients for inputs as they come. Shapes: [input + 1]."""
        weight = coefficients[:-1] / self.size
        return np.append(weight, coefficients[-1] - weight @ self.mean).astype(np.float32)


def _newton(
    examples: Examples, weight: Matrix, scale: Scale, ridge: float, start: Floats, rounds: int
) -> NDArray[np.float64]:
    found, loss = start, _loss(examples, weight, scale, ridge, start)
    for _ in range(rounds):
        slope, curvature = _derivatives(examples, weight, scale, ridge, found)
        step = np.linalg.solve(curvature, slope)
        for _ in range(8):  # halve a step that goes too far
            tried = _loss(examples, weight, scale, ridge, found - step)
            if tried <= loss:
                break
            step = step / 2
        found = found - step
        if loss - tried < ENOUGH * abs(loss):
            break
        loss = tried
    return found


def _chunks(examples: Examples, weight: Matrix, scale: Scale) -> Iterator[tuple[Matrix, Matrix, Matrix]]:
    """Yield standardised inputs with a 1 at the end, targets and weights, a part at a time."""
    kept = np.flatnonzero(weight)
    for start in range(0, len(kept), _CHUNK):
        rows = kept[start : start + _CHUNK]
        inputs = np.ones((len(rows), len(scale.mean) + 1), np.float32)
        inputs[:, :-1] = (examples.inputs[rows] - scale.mean) / scale.size
        yield inputs, examples.target[rows], weight[rows]


def _loss(examples: Examples, weight: Matrix, scale: Scale, ridge: float, found: Floats) -> float:
    total = ridge * float(found[:-1] @ found[:-1])
    for inputs, target, counts in _chunks(examples, weight, scale):
        logits = (inputs @ found.astype(np.float32)).astype(np.float64)
        total += float(counts @ (np.logaddexp(0, logits) - target * logits))
    return total


def _derivatives(
    examples: Examples, weight: Matrix, scale: Scale, ridge: float, found: Floats
) -> tuple[Floats, Floats]:
    penalty = np.append(np.full(len(found) - 1, 2 * ridge), 0)
    slope, curvature = penalty * found, np.diag(penalty + 1e-9)
    for inputs, target, counts in _chunks(examples, weight, scale):
        share = expit(inputs @ found.astype(np.float32))
        slope = slope + inputs.T @ (counts * (share - target))
        curvature += inputs.T @ (inputs * (counts * share * (1 - share))[:, None])
    return slope, curvature
