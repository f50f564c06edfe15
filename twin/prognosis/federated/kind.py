"""Kind: what a model is to a federation: what a site computes from its rows, and what is made of the sums.

Each kind is a file in `twin.prognosis.federated.kinds`, named as a question names it, with an instance called `KIND`.
All are maximised by Newton's steps, for which sites send the same: an objective, its slope and minus its curvature.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.wire import Column, Question

_KINDS = "twin.prognosis.federated.kinds"


@dataclass(frozen=True)
class Outcome:
    """Outcomes of the rows, and, of events in time, when each happened or was cut off. Shapes: [row]."""

    value: Floats
    time: Floats | None = None


@dataclass(frozen=True)
class Step:
    """An objective, its slope and minus its curvature, summed over rows. Shapes: [coefficient], and squared."""

    rows: float
    objective: float
    slope: Floats
    curvature: Floats

    def flat(self) -> Floats:
        """Return it as it is sent: of the curvature, the upper triangle."""
        upper = self.curvature[np.triu_indices(self.slope.size)]
        return np.concatenate([[self.rows, self.objective], self.slope, upper])

    @classmethod
    def of(cls, flat: Floats, size: int) -> "Step":
        """Return it as it was before it was sent; raises `ValueError` for another number of values."""
        rows, columns = np.triu_indices(size)
        if flat.size != 2 + size + rows.size:
            raise ValueError(f"{flat.size} sums are sent, expected {2 + size + rows.size} for {size} coefficients")
        curvature = np.zeros((size, size))
        curvature[rows, columns] = curvature[columns, rows] = flat[2 + size :]
        return cls(float(flat[0]), float(flat[1]), flat[2 : 2 + size], curvature)


class Kind(Protocol):
    """A kind of model."""

    @property
    def intercept(self) -> bool:
        """Return whether the first coefficient is an intercept."""
        ...

    @property
    def events(self) -> bool:
        """Return whether outcomes are events: 1, or 0 for none."""
        ...

    def outcome(self, rows: pd.DataFrame, question: Question) -> Outcome:
        """Return the outcomes of a site's rows; raises `SiteRefuses` where they are coded otherwise."""
        ...

    def step(self, design: Floats, outcome: Outcome, at: Floats) -> Step:
        """Return the sums over a site's rows [row, coefficient] at these coefficients."""
        ...

    def measures(self, design: Floats, outcome: Outcome, at: Floats) -> dict[str, float]:
        """Return how well these coefficients foretell a site's outcomes; an `..._error` is a standard error."""
        ...

    def dispersion(self, total: Step) -> float:
        """Return what the inverse curvature is multiplied by to be a covariance."""
        ...


def kinds() -> tuple[str, ...]:
    """Return the names of all kinds.

    >>> kinds()
    ('cox', 'linear', 'logistic')
    """
    return tuple(sorted(part.name for part in pkgutil.iter_modules(importlib.import_module(_KINDS).__path__)))


def kind_of(name: str) -> Kind:
    """Return the kind of this name; raises `FederatedError`."""
    if name not in kinds():
        raise FederatedError(f"got the model {name!r}, expected one of {', '.join(kinds())}")
    found: Kind = importlib.import_module(f"{_KINDS}.{name}").KIND
    return found


def coefficient_names(kind: Kind, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Return what the coefficients are called."""
    return (*(("intercept",) if kind.intercept else ()), *(name for column in columns for name in column.names))
