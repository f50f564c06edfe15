"""A titration table, or nomogram: by which share the last measurement changes the dose, and how many are held."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from kg.files.checked import Checked, Unit, at_least
from twin.trials.plan import Plan
from twin.trials.policies.policy import History
from twin.trials.titrations.titration import Titration, check_rows, row_of
from twin.trials.units import Observed

MOST_HELD = 28


class Row(Checked):
    """What to do where the measurement is `below` this and not of an earlier row; the last row has no end."""

    below: Observed | None = None
    change_percent: Annotated[float, Strict(), Field(ge=-100, le=100), Unit("%")]
    hold_doses: Annotated[int, Strict(), Field(ge=0, le=MOST_HELD)] = 0

    @property
    def words(self) -> str:
        """What is done, in words."""
        held = f", after {self.hold_doses} held" if self.hold_doses else ""
        return (f"{self.change_percent:+g}%" if self.change_percent else "unchanged") + held


class Table(Titration):
    """The dose changes by a share of itself, after some doses that are held."""

    kind: Literal["table"] = "table"
    rows: Annotated[tuple[Row, ...], at_least(2)]

    @model_validator(mode="after")
    def _covers_everything(self) -> Self:
        check_rows([row.below for row in self.rows])
        return self

    @property
    def summary(self) -> str:
        """What it does to the dose, in words."""
        return self.told([(row.below, row.words) for row in self.rows])

    def changed(self, plan: Plan, history: History) -> Plan:
        """Return the plan after today's visit."""
        row = row_of([row.below for row in self.rows], history.now(self.observable))
        factor = 1.0 + np.array([row.change_percent for row in self.rows])[row] / 100.0
        held = np.array([row.hold_doses for row in self.rows])[row]
        return plan.changed(np.minimum(plan.usual * factor, self.max_dose), (factor != 1.0) | (held > 0), held)
