"""Score: where the test statistic of those trials is that have not stopped yet, from look to look.

The score at information I has the variance I, its increments are independent and normal, and their mean is drift x
increment of I; the drift may differ from step to step. z is the score over sqrt(I). What its density is after a look
follows from that before by an integral over the scores at which the trial went on (Armitage P, McPherson CK, Rowe BC.
Repeated significance tests on accumulating data. J R Stat Soc A 1969;132:235-244), done here by Gauss's quadrature on
panels of two standard deviations of the narrower of the two steps about them, which is exact to about ten digits.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.stats import norm

from twin.trials.design.spending import Floats

Stretch = tuple[float, float]
"""Scores from, to."""

_NODES, _WEIGHTS = leggauss(12)
_REACH = 8.5
"""Standard deviations about the mean beyond which nothing is (1e-17)."""


@dataclass(frozen=True)
class Score:
    """The score of the trials that go on: `mass[node]` of them at `at[node]`, after `information`, under a drift.

    `mean` is where the score of all trials would be by now.
    """

    at: Floats
    mass: Floats
    information: float
    drift: float
    mean: float = 0.0

    def under(self, drift: float) -> "Score":
        """Return the same trials, under another drift from here on."""
        return replace(self, drift=drift)

    @classmethod
    def begun(cls, drift: float) -> "Score":
        """Return where all trials begin."""
        return cls(np.zeros(1), np.ones(1), 0.0, drift)

    def above(self, z: float, information: float) -> float:
        """Return the share of all trials that go on until this information and have a z of at least so much there."""
        return float(self.mass @ norm.sf(self._standard(z, information)))

    def below(self, z: float, information: float) -> float:
        """Return the share of all trials that go on until this information and have a z below so much there."""
        return float(self.mass @ norm.cdf(self._standard(z, information)))

    def within(self, z: float, information: float) -> float:
        """Return the share of all trials that go on until this information and have |z| below so much there."""
        return float(self.mass @ (norm.cdf(self._standard(z, information)) - norm.cdf(self._standard(-z, information))))

    def going_on(self, between: list[Stretch], information: float, to: float) -> "Score":
        """Return the trials whose z at this information is in one of these stretches; the next look is at `to`."""
        step = information - self.information
        middle, reach = self.mean + self.drift * step, _REACH * np.sqrt(information)
        width = 2.0 * min(np.sqrt(step), np.sqrt(to - information))
        at, weights = [np.empty(0)], [np.empty(0)]
        for low, high in between:
            begin = max(low * np.sqrt(information), middle - reach)
            end = min(high * np.sqrt(information), middle + reach)
            if begin < end:
                edges = np.linspace(begin, end, int(np.ceil((end - begin) / width)) + 1)
                half, centre = np.diff(edges)[:, None] / 2.0, (edges[:-1] + edges[1:])[:, None] / 2.0
                at.append((centre + half * _NODES).ravel())
                weights.append((half * _WEIGHTS).ravel())
        nodes = np.concatenate(at)
        density = norm.pdf(nodes[:, None], self.at + self.drift * step, np.sqrt(step)) @ self.mass
        return Score(nodes, density * np.concatenate(weights), information, self.drift, middle)

    def _standard(self, z: float, information: float) -> Floats:
        step = information - self.information
        return np.asarray((z * np.sqrt(information) - self.at - self.drift * step) / np.sqrt(step))
