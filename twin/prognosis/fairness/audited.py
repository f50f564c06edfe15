"""Audited: a comparison of groups with the prices of bringing them nearer together; the answer of the verb."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from twin.prognosis.fairness.comparison import Comparison
from twin.prognosis.fairness.price import Price


@dataclass(frozen=True)
class Audited:
    """Groups compared, and what each mitigation changed."""

    comparison: Comparison
    prices: tuple[Price, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the comparison's rows."""
        return self.comparison.to_frame()

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {**self.comparison.to_json(), "mitigations": [one.to_json() for one in self.prices]}

    def to_text(self) -> str:
        """Return disparities and prices in words."""
        return "\n".join([self.comparison.to_text(), *(one.to_text() for one in self.prices)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())
