"""A ladder of doses: the last measurement moves the dose some rungs up or down."""

from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, Strict, model_validator

from kg.files.checked import Checked, at_least
from twin.trials.plan import Plan
from twin.trials.policies.policy import History
from twin.trials.titrations.titration import Titration, check_rows, row_of
from twin.trials.units import Dose, Observed


class Rung(Checked):
    """How many rungs to move where the measurement is `below` this and not of an earlier row; negative is down."""

    below: Observed | None = None
    move: Annotated[int, Strict(), Field(ge=-20, le=20)]

    @property
    def words(self) -> str:
        """What is done, in words."""
        rungs = "a rung" if abs(self.move) == 1 else f"{abs(self.move)} rungs"
        return f"{rungs} {'up' if self.move > 0 else 'down'}" if self.move else "unchanged"


class Ladder(Titration):
    """The dose is one of `doses`, ascending; a dose between two rungs counts as the nearest one."""

    kind: Literal["ladder"] = "ladder"
    doses: Annotated[tuple[Dose, ...], at_least(2)]
    rows: Annotated[tuple[Rung, ...], at_least(2)]

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        check_rows([row.below for row in self.rows])
        if any(later <= earlier for earlier, later in pairwise(self.doses)):
            raise ValueError(f"the ladder's doses must ascend, got {', '.join(f'{dose:g}' for dose in self.doses)}")
        if self.doses[-1] > self.max_dose:
            raise ValueError(f"the highest rung {self.doses[-1]:g} is above max_dose {self.max_dose:g}")
        return self

    @property
    def summary(self) -> str:
        """What it does to the dose, in words."""
        rungs = ", ".join(f"{dose:g}" for dose in self.doses)
        return f"a ladder of {rungs}, {self.told([(row.below, row.words) for row in self.rows])}"

    def changed(self, plan: Plan, history: History) -> Plan:
        """Return the plan after today's visit."""
        rungs = np.array(self.doses)
        here = np.abs(plan.usual[:, np.newaxis] - rungs).argmin(axis=1)
        move = np.array([row.move for row in self.rows])[
            row_of([row.below for row in self.rows], history.now(self.observable))
        ]
        return plan.changed(rungs[np.clip(here + move, 0, len(rungs) - 1)], move != 0)
