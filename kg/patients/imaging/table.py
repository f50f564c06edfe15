"""Table: a region's features as a table of scores, which `kg.patients.formats.scores` reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kg.patients.deidentify import is_pseudonym
from kg.patients.imaging.error import ImagingError
from kg.patients.imaging.features import MODEL, Features
from kg.patients.moment import NoMoment, read_moment

COLUMNS = (
    *("patient", "system", "day", "measure", "value", "unit", "model", "model_version"),
    *("agent_type", "knowledge_level", "record"),
)


@dataclass(frozen=True)
class Whose:
    """Whose image it is, and of which `day`.

    `patient` is a pseudonym of the store (the day is then one of the patient's shifted calendar), or an identifier in
    a `system`, as the patient's other records have it.
    """

    patient: str
    day: str | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the table's reader would refuse."""
        if not self.patient.strip():
            raise ImagingError("the patient is missing: expected a pseudonym, or an identifier and its system")
        if self.system and is_pseudonym(self.patient):
            raise ImagingError("a pseudonym has no system: expected one or the other")
        if self.day is not None:
            try:
                read_moment(self.day)
            except NoMoment as reason:
                raise ImagingError(f"the day {reason}") from None


def scores_table(found: Features, whose: Whose) -> pd.DataFrame:
    """Return the features that are defined as rows with `COLUMNS`, one a feature."""
    same: Mapping[str, str | None] = {
        "patient": whose.patient.strip(),
        "system": whose.system,
        "day": whose.day,
        "model": MODEL,
        "model_version": found.model_version,
        "agent_type": "image_processing_agent",
        "knowledge_level": "observation",
        "record": found.digest,
    }
    rows = [
        {**same, "measure": name, "value": repr(float(value)), "unit": found.units[name]}
        for name, value in found.values.items()
        if math.isfinite(value)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
