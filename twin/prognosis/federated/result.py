"""Result: what a federated fit found, who took part in each round, and what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.estimate import Estimate
from twin.model import Floats
from twin.prognosis.federated.kind import kind_of
from twin.prognosis.federated.rounds import Round
from twin.prognosis.federated.rows import design
from twin.prognosis.federated.wire import Column, Question


@dataclass(frozen=True)
class FederatedFit:
    """Coefficients by name, in the columns' own units; `at` are those of the columns as they were scaled.

    `versions` and `rows` are of the sites that took part to the end. `events` is None where outcomes are numbers, or
    where a site was lost after they were counted.
    """

    question: Question
    columns: tuple[Column, ...]
    at: Floats
    coefficients: Mapping[str, Estimate]
    rounds: tuple[Round, ...]
    rows: Mapping[str, int]
    versions: Mapping[str, str]
    events: int | None
    masked: bool
    epsilon: float | None
    ridge: float

    @property
    def refused(self) -> dict[str, str]:
        """Return who was refused, and why."""
        return {name: reason for one in self.rounds for name, reason in one.refused.items()}

    @property
    def message_bytes(self) -> int:
        """Return the bytes of all messages, to and fro."""
        return sum(one.sent_bytes + one.received_bytes for one in self.rounds)

    def scores(self, table: pd.DataFrame) -> Floats:
        """Return each row's linear score, [row]; raises `SiteRefuses` for a column that is coded otherwise."""
        kind = kind_of(self.question.model)
        return design(table, self.columns, intercept=kind.intercept) @ self.at

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each coefficient."""
        return pd.DataFrame(
            [
                {
                    "coefficient": name,
                    "estimate": one.value,
                    "standard_error": one.standard_error,
                    "lower": one.lower,
                    "upper": one.upper,
                    "p_value": one.p_value,
                }
                for name, one in self.coefficients.items()
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "model": self.question.model,
            "question": self.question.model_dump(mode="json", exclude_none=True),
            "coefficients": {name: one.to_json() for name, one in self.coefficients.items()},
            "rows": sum(self.rows.values()),
            "events": self.events,
            "sites": {name: {"rows": self.rows[name], "version": self.versions[name]} for name in self.rows},
            "refused": self.refused,
            "rounds": [one.to_json() for one in self.rounds],
            "message_bytes": self.message_bytes,
            "masked": self.masked,
            "epsilon": self.epsilon,
            "ridge": self.ridge,
        }

    def to_text(self) -> str:
        """Return in a few lines who took part, and at what cost."""
        lines = [
            f"{self.question.model} model of {self.question.outcome} over {len(self.rows)} sites, "
            f"{sum(self.rows.values())} patients" + (f", {self.events} events" if self.events is not None else ""),
            f"{len(self.rounds)} rounds, {self.message_bytes} bytes of messages, "
            + ("sums masked" if self.masked else "each site's sums seen by the coordinator")
            + (f", noise within epsilon {self.epsilon:g} at each site" if self.epsilon is not None else ""),
        ]
        return "\n".join([*lines, *(f"refused: {name}: {reason}" for name, reason in self.refused.items())])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def unscaled(columns: tuple[Column, ...], *, intercept: bool) -> Floats:
    """Return what coefficients of scaled columns are multiplied by to be those of the columns' own units."""
    centres, spreads = [], []
    for column in columns:
        count = len(column.names)
        centres += [column.centre] * count
        spreads += [column.spread] * count
    if not intercept:
        return np.diag(1.0 / np.array(spreads))
    to_own = np.diag(1.0 / np.array([1.0, *spreads]))
    to_own[0, 1:] = -np.array(centres) / np.array(spreads)
    return to_own
