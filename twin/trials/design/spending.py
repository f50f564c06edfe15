"""Spending: how much of an error is used up when a share of the information is in; and boundaries of a given shape.

Lan KKG, DeMets DL. Discrete sequential boundaries for clinical trials. Biometrika 1983;70:659-663.
Hwang IK, Shih WJ, De Cani JS. Group sequential designs using a family of type I error probability spending functions.
Stat Med 1990;9:1439-1445. Kim K, DeMets DL. Design and analysis of group sequential tests based on the type I error
spending rate function. Biometrika 1987;74:149-154. Wang SK, Tsiatis AA. Approximately optimal one-parameter boundaries
for group sequential trials. Biometrics 1987;43:193-199.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri  # not scipy.stats, which every command would wait a second for

Floats = NDArray[np.float64]

SHAPES = ("obrien-fleming", "pocock", "wang-tsiatis")
"""Boundaries z = c t^(power - 1/2) on the share t of the information; c follows from the error."""

SPENDING = ("lan-demets-of", "lan-demets-pocock", "hsd", "kim-demets")
"""Boundaries that follow from what may be spent until each look."""

KINDS = (*SHAPES, *SPENDING)

PARAMETERS = {
    "wang-tsiatis": ("the power of the information, from 0 (O'Brien-Fleming) to .5 (Pocock)", -1.0, 1.0),
    "hsd": ("gamma of Hwang, Shih and DeCani; -4 is near O'Brien-Fleming, 1 near Pocock", -40.0, 40.0),
    "kim-demets": ("the power of the information that is spent; 3 is near O'Brien-Fleming", 1e-3, 40.0),
}
"""Kinds with a parameter: what it is, its least and its most."""


@dataclass(frozen=True)
class Rule:
    """A kind of boundary, with its parameter where it has one; a spending function may begin late, at a share of the
    information before which it spends nothing.

    Raises `ValueError` for a kind that is not known, a parameter that is missing, not asked for or out of range.

    >>> Rule("hsd", -4.0).spent(np.array([0.5, 1.0]), 0.025).round(6).tolist()
    [0.00298, 0.025]
    """

    kind: str
    parameter: float | None = None
    begins: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"got the kind {self.kind!r}, expected one of {', '.join(KINDS)}")
        if not 0.0 <= self.begins <= 1.0 or (self.begins > 0.0 and not self.spends):
            raise ValueError(
                f"{self.kind} cannot begin at the share {self.begins:g}: expected one from 0 to 1, of a kind that"
                f" spends ({', '.join(SPENDING)})"
            )
        if self.kind not in PARAMETERS:
            if self.parameter is not None:
                raise ValueError(
                    f"{self.kind} has no parameter, got {self.parameter:g}: leave it out, or name another kind"
                )
            return
        meaning, least, most = PARAMETERS[self.kind]
        if self.parameter is None:
            raise ValueError(f"{self.kind} needs a parameter: {meaning}")
        if not least <= self.parameter <= most:
            raise ValueError(
                f"got the parameter {self.parameter:g} of {self.kind}, expected {least:g} to {most:g}: {meaning}"
            )

    @property
    def spends(self) -> bool:
        """Whether the boundary follows from a spending function."""
        return self.kind in SPENDING

    def shape(self, information: Floats) -> Floats:
        """Return the boundary at shares of the information, for c = 1, [look]."""
        power = {"obrien-fleming": 0.0, "pocock": 0.5}.get(self.kind, self.parameter)
        assert power is not None and not self.spends
        return np.asarray(information ** (power - 0.5))

    def spent(self, information: Floats, error: float, sides: int = 1) -> Floats:
        """Return how much of an error is spent at shares of the information, [look].

        Of two sides O'Brien and Fleming's function takes a quarter of the error where it takes a half of one side's:
        each side spends as it would alone.
        """
        spent = _FUNCTIONS[self.kind](information, error / sides, self.parameter or 0.0) * sides
        return np.asarray(np.where(information < self.begins - 1e-12, 0.0, spent))


def _of_obrien_fleming(information: Floats, error: float, _: float) -> Floats:
    return np.asarray(2.0 * ndtr(ndtri(error / 2.0) / np.sqrt(information)))


def _of_pocock(information: Floats, error: float, _: float) -> Floats:
    return np.asarray(error * np.log1p((np.e - 1.0) * information))


def _of_hwang_shih_decani(information: Floats, error: float, gamma: float) -> Floats:
    if abs(gamma) < 1e-9:
        return error * information
    return np.asarray(error * np.expm1(-gamma * information) / np.expm1(-gamma))


def _of_kim_demets(information: Floats, error: float, power: float) -> Floats:
    return np.asarray(error * information**power)


_FUNCTIONS: dict[str, Callable[[Floats, float, float], Floats]] = {
    "lan-demets-of": _of_obrien_fleming,
    "lan-demets-pocock": _of_pocock,
    "hsd": _of_hwang_shih_decani,
    "kim-demets": _of_kim_demets,
}
