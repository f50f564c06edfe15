"""Interims: when a trial is looked at, and what stops it: group sequential boundaries on its primary endpoint."""

from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from kg.files.checked import Checked, Number, Share, at_least
from twin.model import Floats
from twin.trials.design.boundaries import Boundaries, Looks, boundaries
from twin.trials.design.spending import Rule

Kind = Literal["obrien-fleming", "pocock", "wang-tsiatis", "lan-demets-of", "lan-demets-pocock", "hsd", "kim-demets"]
Spending = Literal["lan-demets-of", "lan-demets-pocock", "hsd", "kim-demets"]


class Interims(Checked):
    """The shares of the information at which the primary endpoint is tested, and by which bounds.

    Information is that of the patients whose outcome is complete, in the order in which they came, or of the events
    where the endpoint is a time to one. `alpha` is of all `sides` together; `futility` spends `beta`.
    """

    information: Annotated[tuple[Share, ...], at_least(1)]
    kind: Kind = "obrien-fleming"
    parameter: Number | None = None
    alpha: Annotated[float, Strict(), Field(gt=0, lt=0.5)] = 0.025
    sides: Literal[1, 2] = 1
    beta: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.1
    futility: Spending | None = None
    futility_parameter: Number | None = None
    binding: bool = False

    @model_validator(mode="after")
    def _designable(self) -> Self:
        self.looks  # noqa: B018  raises what is wrong
        return self

    @property
    def looks(self) -> Looks:
        """What the bounds are designed from."""
        return Looks(
            Rule(self.kind, self.parameter),
            self.information,
            self.alpha,
            self.sides,
            self.beta,
            None if self.futility is None else Rule(self.futility, self.futility_parameter),
            self.binding,
        )

    @cached_property
    def bounds(self) -> Boundaries:
        """The bounds on z."""
        return boundaries(self.looks)

    def stopped(self, z: Floats) -> tuple[int, bool]:
        """Return the look, from 0, at which a trial with these z values [look] stops, and whether it then finds the arm
        better.

        A z is of the better direction; of two sides a trial stops for harm too. One that is not known (NaN) stops
        nothing. The last look always stops.
        """
        upper = self.bounds.upper
        lower = np.full(len(upper), -np.inf) if self.bounds.lower is None else np.asarray(self.bounds.lower)
        compared = np.abs(z) if self.sides == 2 else z
        rejects, gives_up = compared >= upper, compared < lower
        last = len(upper) - 1
        look = int(np.argmax(rejects | gives_up | (np.arange(len(upper)) == last)))
        return look, bool(rejects[look] and z[look] > 0)


FIXED = Interims(information=(1.0,), kind="obrien-fleming")
"""One look, at the end."""
