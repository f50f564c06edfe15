"""Shared: sums and names that one place adds up alone, or several together, none of which shows its rows.

All that a training on patients needs of the patients goes through a `Shared`: sums over them, and names that enough of
them have. Alone, a sum is what it is; over sites, it is the sum of the sites' sums, and every site goes on with that.
So each site runs the same training in step, and all come to the same model.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Shared:
    """One place alone; over sites, a subclass adds up. `minimum` patients have whatever a site tells of."""

    minimum: int = 1

    @property
    def alone(self) -> bool:
        """Say whether all rows are here."""
        return True

    def total(self, label: str, *sums: Any) -> list[NDArray[np.float64]]:
        """Return the sums over all sites, in float64; `label` says what they are. Shapes: as they come."""
        return [np.asarray(one, np.float64) for one in sums]

    def names(self, label: str, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names that any site has, sorted."""
        return tuple(sorted(set(names)))

    def secret(self, random: np.random.Generator) -> np.random.Generator:
        """Return the stream that what leaves a place is drawn by; over sites one that nobody else can repeat."""
        return random

    def cells(self, counts: Floats) -> Floats:
        """Return counts of patients, 0 for those under the minimum."""
        return np.where(counts >= self.minimum, counts, 0)

    def anywhere(self, label: str, *here: Any) -> bool:
        """Say whether each of these is true, or not 0, at any site."""
        return all(float(one) > 0 for one in self.total(label, *(float(bool(one)) for one in here)))


ALONE = Shared()
