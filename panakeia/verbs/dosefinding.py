"""The verbs of finding a dose: a trial of several doses, and what its data say."""

from pathlib import Path
from typing import TYPE_CHECKING

from kg.files.number import number
from kg.files.table import read_csv
from kg.files.text import FileError

if TYPE_CHECKING:
    from twin.trials.design.dose_models import Shape
    from twin.trials.design.dose_plan import DosePlan, PlannedDoses
    from twin.trials.design.dose_response import DoseData, DoseResponse, Wanted


class DoseFindingVerbs:
    """Plan trials of several doses, and analyse them, by multiple comparison and modelling (MCP-Mod)."""

    def trial_design_dose_finding(
        self, plan: "DosePlan", *, patients: float | None = None, power: float | None = None
    ) -> "PlannedDoses":
        """Return a dose-finding trial: the power of so many patients a dose, or the least with `power`."""
        from twin.trials.design.dose_plan import power_of_doses, size_of_doses

        if (patients is None) == (power is None):
            raise ValueError("tell the patients a dose, to learn the power, or a power, to learn the patients")
        return power_of_doses(plan, patients) if patients is not None else size_of_doses(plan, power or 0.0)

    def trial_design_dose_response(
        self, data: "str | Path | DoseData", shapes: "tuple[Shape, ...]", wanted: "Wanted"
    ) -> "DoseResponse":
        """Return whether data show a response to dose, by which of the shapes, and the dose that is wanted.

        Data are what is known of each dose, or a CSV with a patient a row: the columns dose and response.
        """
        from twin.trials.design.dose_response import DoseData, dose_response

        return dose_response(data if isinstance(data, DoseData) else _read(data), shapes, wanted)


def _read(path: str | Path) -> "DoseData":
    """Return the data of a table; raise `FileError` for a cell that is no number, with its line."""
    import numpy as np

    from twin.trials.design.dose_response import DoseData

    pairs = []
    for line, row in read_csv(path, ("dose", "response")).by_line().items():
        pair = [number(row[name]) for name in ("dose", "response")]
        if pair[0] is None or pair[1] is None:
            raise FileError(
                f"{path}, line {line}: got dose {row['dose']!r} and response {row['response']!r}, expected numbers:"
                " leave out who has none, or impute it"
            )
        pairs.append(pair)
    doses, responses = np.array(pairs, float).T
    return DoseData.of(doses, responses)
