"""Bound: a number that something lies above, or below."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from kg.files.checked import Checked
from twin.trials.units import Observed


class Bound(Checked):
    """What has one bound, that is passed upwards or downwards."""

    above: Observed | None = None
    below: Observed | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("expected either above or below, the bound that is passed")
        return self

    def passed(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which values pass the bound; one that is not known (NaN) does not."""
        if self.above is not None:
            return np.asarray(values > self.above)
        return np.asarray(values < (-np.inf if self.below is None else self.below))

    @property
    def side(self) -> str:
        """Return what passes it, in words."""
        return f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
