"""Part: what every choice of a trial's design tells of itself beside what it does: assumptions, parameters, covariates.

A part is a table of the trial's file, told from its kin by its key `kind`; each kind is one class in one file.
"""

from typing import Any

from kg.files.checked import Choice
from twin.assumption import STATED, Assumption
from twin.covariates import Covariate
from twin.trials.grid import Grid

__all__ = ["STATED", "Assumption", "Part"]


class Part(Choice):
    """A choice of the design."""

    @property
    def reads(self) -> tuple[Covariate, ...]:
        """What it reads of a patient, beside what the model asks for."""
        return ()

    @property
    def covariates_read(self) -> tuple[str, ...]:
        """What it reads of a patient by the name that the design gives."""
        return ()

    @property
    def observables(self) -> tuple[str, ...]:
        """What it looks at of a patient's course, by the model's names."""
        return ()

    @property
    def summary(self) -> str:
        """What it is, in words that stand in a synopsis: its kind and what was chosen, unless the kind says it better.

        >>> from twin.trials.allocations.blocks import Blocks
        >>> Blocks(size=6, strata=("race", "CYP2C9")).summary
        'blocks: size 6, strata race, CYP2C9'
        """
        chosen = self.model_dump(mode="json", exclude_defaults=True, exclude={"kind", "name"})
        told = ", ".join(f"{key.replace('_', ' ')} {_told(value)}" for key, value in chosen.items())
        return self.kind.replace("_", " ") + (f": {told}" if told else "")

    def assumptions(self) -> list[Assumption]:
        """Return what it takes for granted."""
        return []

    def parameters(self) -> list[dict[str, Any]]:
        """Return the numbers that it takes from elsewhere: name, value, unit, basis, source."""
        return []

    def mistakes(self, grid: Grid) -> list[str]:
        """Return what does not fit a trial with these visits and days, each as `key: what`."""
        return []


def _told(value: Any) -> str:
    """Return a setting for a reader."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key.replace('_', ' ')} {_told(one)}" for key, one in value.items()) + ")"
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
