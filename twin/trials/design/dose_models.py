"""Dose models: the shapes a response to dose may have, one linear part each, and at most two parameters besides.

Bretz F, Pinheiro JC, Branson M. Combining multiple comparisons and modeling techniques in dose-response studies.
Biometrics 2005;61:738-748. Names and parameters are those of R's DoseFinding, so that a plan for it can be read.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from twin.trials.design.spending import Floats

Parameters = tuple[float, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of shape: its parameters beside the linear ones, between which values they are fitted, and its terms.

    `bounds` are in units of the largest dose where `scaled`, [parameter]. `terms` are what the response is linear in,
    beside a constant: (doses, parameters, largest dose) -> [dose, term].
    """

    parameters: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    scaled: tuple[bool, ...]
    terms: Callable[[Floats, Parameters, float], Floats]

    def limits(self, largest: float) -> list[tuple[float, float]]:
        """Return between which values the parameters are fitted, [parameter]."""
        return [
            (low * largest, high * largest) if scaled else (low, high)
            for (low, high), scaled in zip(self.bounds, self.scaled, strict=True)
        ]


def _linear(doses: Floats, _: Parameters, __: float) -> Floats:
    return doses[:, np.newaxis]


def _log(doses: Floats, _: Parameters, largest: float) -> Floats:
    return np.asarray(np.log(doses + _OFFSET * largest)[:, np.newaxis])


def _quadratic(doses: Floats, _: Parameters, __: float) -> Floats:
    return np.stack([doses, doses**2], axis=1)


def _emax(doses: Floats, parameters: Parameters, _: float) -> Floats:
    return np.asarray((doses / (parameters[0] + doses))[:, np.newaxis])


def _sigmoid(doses: Floats, parameters: Parameters, _: float) -> Floats:
    ed50, hill = parameters
    risen = (doses / ed50) ** hill
    return np.asarray((risen / (1.0 + risen))[:, np.newaxis])


def _exponential(doses: Floats, parameters: Parameters, _: float) -> Floats:
    return np.asarray(np.expm1(doses / parameters[0])[:, np.newaxis])


def _logistic(doses: Floats, parameters: Parameters, _: float) -> Floats:
    ed50, delta = parameters
    return np.asarray((1.0 / (1.0 + np.exp((ed50 - doses) / delta)))[:, np.newaxis])


def _beta(doses: Floats, parameters: Parameters, largest: float) -> Floats:
    first, second = parameters
    share = doses / (_SCALE * largest)
    peak = (first + second) ** (first + second) / (first**first * second**second)
    return np.asarray((peak * share**first * (1.0 - share) ** second)[:, np.newaxis])


_OFFSET, _SCALE = 0.01, 1.2
"""What is added to a dose before its logarithm, and where a beta model ends, in units of the largest dose."""

KINDS: dict[str, Kind] = {
    "linear": Kind((), (), (), _linear),
    "linlog": Kind((), (), (), _log),
    "quadratic": Kind((), (), (), _quadratic),
    "emax": Kind(("ed50",), ((0.001, 1.5),), (True,), _emax),
    "sigEmax": Kind(("ed50", "h"), ((0.001, 1.5), (0.5, 10.0)), (True, False), _sigmoid),
    "exponential": Kind(("delta",), ((0.1, 2.0),), (True,), _exponential),
    "logistic": Kind(("ed50", "delta"), ((0.001, 1.5), (0.01, 0.5)), (True, True), _logistic),
    "betaMod": Kind(("delta1", "delta2"), ((0.05, 4.0), (0.05, 4.0)), (False, False), _beta),
}
"""Kind -> what it is. Of quadratic a guess tells the shape, b2 / |b1|; fitted, it is linear in both."""


@dataclass(frozen=True)
class Shape:
    """A candidate: a kind with a guess of its parameters.

    Raises `ValueError` for a kind that is not known, or parameters that it does not have.

    >>> Shape("emax", (0.2,)).standard(np.array([0.0, 0.2, 1.0])).round(6).tolist()
    [0.0, 0.5, 0.833333]
    """

    kind: str
    guess: Parameters = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"got the model {self.kind!r}, expected one of {', '.join(KINDS)}")
        names = ("delta",) if self.kind == "quadratic" else KINDS[self.kind].parameters
        if len(self.guess) != len(names):
            asked = f"a guess of {' and '.join(names)}" if names else "no guess"
            raise ValueError(f"the model {self.kind} takes {asked}, got {len(self.guess)} values")
        if not all(np.isfinite(value) for value in self.guess):
            raise ValueError(f"got the guess {self.guess} of {self.kind}, expected numbers")
        if self.kind != "quadratic" and not all(value > 0.0 for value in self.guess):
            raise ValueError(f"got the guess {self.guess} of {self.kind}, expected numbers above 0")

    @property
    def name(self) -> str:
        """Return the model with its guess."""
        return f"{self.kind}({', '.join(f'{value:g}' for value in self.guess)})" if self.guess else self.kind

    def standard(self, doses: Floats) -> Floats:
        """Return the shape at doses, with its linear parameters 0 and 1, [dose]."""
        terms = KINDS[self.kind].terms(doses, self.guess, float(doses.max()))
        if self.kind == "quadratic":
            return np.asarray(terms[:, 0] + self.guess[0] * terms[:, 1])
        return np.asarray(terms[:, 0])

    def means(self, doses: Floats, effect: float) -> Floats:
        """Return the response above that at no dose, scaled to this largest effect on the doses' range, [dose]."""
        fine = self.standard(np.linspace(0.0, float(doses.max()), 20_001))
        at = self.standard(doses) - fine[0]
        largest = (fine - fine[0]).max()
        if largest <= 0.0:
            raise ValueError(f"the model {self.name} never rises above its response without a dose: give another guess")
        return np.asarray(at * effect / largest)
