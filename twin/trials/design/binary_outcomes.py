"""Binary outcomes: responders of two arms, or of one against a known rate, look by look, without any simulation.

Every pair of counts that a trial can have is carried along with its probability, so that chances are exact.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaln, xlog1py, xlogy
from scipy.stats import betabinom, binom

from twin.trials.design.boundaries import MOST_LOOKS
from twin.trials.design.spending import Floats

_MOST = 2000
"""Patients of an arm for which all counts are carried along."""

Counts = NDArray[np.bool_]
"""Which counts of responders are meant, [control's, treatment's]."""

_PANELS, _NODES = 64, 12
"""Stretches of rates, and rates in each, over which a posterior is integrated."""


@dataclass(frozen=True)
class BinaryTrial:
    """Patients of each arm at each look, [look], and what is believed of the rates before: beta(a, b).

    Without control, against `benchmark`, a rate that is known. The trial is to show that treatment's rate exceeds the
    other by more than `margin`.
    """

    patients: tuple[int, ...]
    prior: tuple[float, float] = (1.0, 1.0)
    control_prior: tuple[float, float] = (1.0, 1.0)
    benchmark: float | None = None
    margin: float = 0.0

    def __post_init__(self) -> None:
        if not self.patients or not all(0 < count <= _MOST for count in self.patients):
            raise ValueError(f"got the patients {self.patients}, expected one or more numbers from 1 to {_MOST}")
        if not all(earlier < later for earlier, later in pairwise(self.patients)):
            raise ValueError(f"got the patients {self.patients}, expected them to grow from look to look")
        if len(self.patients) > MOST_LOOKS:
            raise ValueError(f"got {len(self.patients)} looks, expected 1 to {MOST_LOOKS}")
        for prior in (self.prior, self.control_prior):
            if not all(np.isfinite(count) and count > 0.0 for count in prior):
                raise ValueError(f"got the prior beta{prior}, expected two numbers above 0")
        if self.benchmark is not None and not 0.0 < self.benchmark < 1.0:
            raise ValueError(f"got the benchmark {self.benchmark:g}, expected a rate above 0 and below 1")
        if not -1.0 < self.margin < 1.0:
            raise ValueError(f"got the margin {self.margin:g}, expected one above -1 and below 1")

    @property
    def arms(self) -> int:
        """Return how many arms there are."""
        return 2 if self.benchmark is None else 1

    @cached_property
    def posteriors(self) -> list[Floats]:
        """Return the chance that treatment is better by the margin, [look][control's responders, treatment's]."""
        return [self._posterior(count) for count in self.patients]

    def _posterior(self, patients: int) -> Floats:
        responders: Floats = np.arange(patients + 1.0)[:, np.newaxis]
        a, b = self.prior
        if self.benchmark is not None:
            known = float(np.clip(self.benchmark + self.margin, 0.0, 1.0))
            return np.asarray(betaincc(a + responders.T, b + patients - responders.T, known))
        rate, worth = rates_and_weights()
        c, d = self.control_prior
        above = np.clip(rate + self.margin, 0.0, 1.0)
        better = betaincc(a + responders, b + patients - responders, above)
        return np.asarray((density(rate, c + responders, d + patients - responders) * worth) @ better.T)

    def predictive(self, efficacy: float) -> list[Floats]:
        """Return the chance that the last posterior will exceed `efficacy`, [look][control's, treatment's]."""
        success = (self.posteriors[-1] > efficacy).astype(float)
        found = []
        for patients in self.patients:
            control = np.ones((1, 1)) if self.arms == 1 else self._to_come(patients, self.control_prior)
            found.append(np.asarray(control @ success @ self._to_come(patients, self.prior).T))
        return found

    def _to_come(self, patients: int, prior: tuple[float, float]) -> Floats:
        """Return the chance of each final count of responders after each count now, [now, final]."""
        left = self.patients[-1] - patients
        now, final = np.arange(patients + 1)[:, np.newaxis], np.arange(self.patients[-1] + 1)
        if left == 0:
            return np.eye(patients + 1)
        return np.asarray(betabinom.pmf(final - now, left, prior[0] + now, prior[1] + patients - now))

    def stopped(
        self, rejects: list[Counts], gives_up: list[Counts], control: float, treatment: float
    ) -> tuple[Floats, Floats]:
        """Return the chance to reject, and to give up, at each look, [look], where these rates are true.

        `rejects` and `gives_up` say at which counts, [look][control's, treatment's]; at the last look what does not
        reject is given up.
        """
        going, before = np.ones((1, 1)), 0
        rejected, given_up = [], []
        for look, patients in enumerate(self.patients):
            more = patients - before
            if self.arms == 2:
                going = _grown(before, more, control) @ going
            going = going @ _grown(before, more, treatment).T
            out = rejects[look] | gives_up[look] | (look == len(self.patients) - 1)
            rejected.append(float(going[rejects[look]].sum()))
            given_up.append(float(going[out & ~rejects[look]].sum()))
            going, before = np.where(out, 0.0, going), patients
        return np.array(rejected), np.array(given_up)


def rates_and_weights() -> tuple[Floats, Floats]:
    """Return rates from 0 to 1 and their weights in an integral over them, [rate].

    They are Gauss's, on panels of the angle whose squared sine is the rate, so that what is steep at 0 and 1 is not.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(0.0, np.pi / 2.0, _PANELS + 1)
    half = np.pi / 4.0 / _PANELS
    angle = ((edges[1:] + edges[:-1])[:, np.newaxis] / 2.0 + half * nodes).ravel()
    return np.sin(angle) ** 2, np.tile(weights, _PANELS) * half * np.sin(2.0 * angle)


def density(rate: Floats, a: Floats, b: Floats) -> Floats:
    """Return the density of beta distributions at rates; shapes are broadcast."""
    return np.asarray(np.exp(xlogy(a - 1.0, rate) + xlog1py(b - 1.0, -rate) - betaln(a, b)))


@lru_cache(maxsize=256)
def _grown(before: int, more: int, rate: float) -> Floats:
    """Return the chance of each count of responders after each count before, [after, before]."""
    after, had = np.arange(before + more + 1)[:, np.newaxis], np.arange(before + 1)
    return np.asarray(binom.pmf(after - had, more, rate))
