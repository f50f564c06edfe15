"""Plan: the doses that each patient is to get if nothing more is seen of them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.model import Floats


@dataclass(frozen=True, eq=False)
class Plan:
    """Doses to come: those `ahead` first [patient, dose], then the `usual` one [patient] for ever.

    A dose is taken every `apart` steps of the trial's grid, the next one after `wait` steps. The usual dose is kept
    apart from those ahead, so that a dose held today is not the dose of tomorrow.
    """

    ahead: Floats
    usual: Floats
    apart: int = 1
    wait: int = 0

    @classmethod
    def of(cls, doses: Floats, apart: int = 1) -> "Plan":
        """Return the plan to take doses [patient, dose], the last one for ever."""
        return cls(doses[:, :-1], doses[:, -1], apart)

    def laid_out(self, steps: int) -> Floats:
        """Return what is to be taken at the start of the coming steps: [patient, step].

        >>> Plan.of(np.array([[10.0, 5.0]]), apart=2).laid_out(5).tolist()
        [[10.0, 0.0, 5.0, 0.0, 5.0]]
        """
        doses = np.zeros((len(self.usual), steps))
        count = len(range(self.wait, steps, self.apart))
        doses[:, self.wait :: self.apart] = self._doses(count)
        return doses

    def after(self, steps: int) -> "Plan":
        """Return what is left of the plan after so many steps."""
        count = len(range(self.wait, steps, self.apart))
        return replace(self, ahead=self.ahead[:, count:], wait=self.wait + count * self.apart - steps)

    def changed(self, usual: Floats, who: NDArray[np.bool_], held: NDArray[np.int64] | None = None) -> "Plan":
        """Return the plan in which those `who` change take the new usual dose, after so many that are held.

        Shapes: all [patient].
        """
        hold = np.where(who, 0 if held is None else held, 0)
        count = max(int(hold.max(initial=0)), self.ahead.shape[1])
        new = np.where(np.arange(count) < hold[:, np.newaxis], 0.0, usual[:, np.newaxis])
        ahead = np.where(who[:, np.newaxis], new, self._doses(count))
        return replace(self, ahead=ahead, usual=np.where(who, usual, self.usual))

    def joined(self, other: "Plan", who: NDArray[np.bool_]) -> "Plan":
        """Return this plan, but the `other` one, with doses as far apart, for those `who` [patient] take that."""
        count = max(self.ahead.shape[1], other.ahead.shape[1])
        ahead = np.where(who[:, np.newaxis], other._doses(count), self._doses(count))
        return replace(self, ahead=ahead, usual=np.where(who, other.usual, self.usual))

    def _doses(self, count: int) -> Floats:
        """Return the next doses: [patient, dose]."""
        there = self.ahead[:, :count]
        rest = np.repeat(self.usual[:, np.newaxis], count - there.shape[1], axis=1)
        return np.concatenate([there, rest], axis=1)
