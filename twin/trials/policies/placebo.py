"""Placebo: nothing that acts."""

from typing import Literal

import numpy as np

from twin.trials.part import Assumption
from twin.trials.plan import Plan
from twin.trials.policies.policy import Patients, Policy


class Placebo(Policy):
    """No dose at all; what the model lets happen without one is all that happens."""

    kind: Literal["placebo"] = "placebo"

    def begin(self, patients: Patients) -> Plan:
        """Return the plan before anything is measured."""
        return Plan.of(np.zeros((patients.n, 1)), self.apart(patients.grid))

    @property
    def summary(self) -> str:
        """What is given, in words."""
        return f"placebo every {self.every}"

    def assumptions(self) -> list[Assumption]:
        """Return what placebo leaves out."""
        return [Assumption("dosing", "Placebo acts in no way of its own.")]
