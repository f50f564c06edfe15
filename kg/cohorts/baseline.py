"""Baseline: what a table for learning has of each patient, known by the landmark: a cohort's key `[features]`."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from kg.cohorts.recorded import Switch, listed
from kg.files.checked import Checked, Count, at_least

Kind = Literal["condition", "phenotype", "drug", "procedure", "visit", "measurement"]
KINDS: tuple[Kind, ...] = ("condition", "phenotype", "drug", "procedure", "visit", "measurement")


class Baseline(Checked):
    """Which features a patient has; all are of what was known at the end of the landmark, a day.

    The landmark is the index event's first day, or its last (`at`). With `days` only what began in so many days up to
    the landmark counts, else the whole record. What fewer than `least_patients` have, or all but fewer, is no feature;
    of each kind `most` are, those that tell most patients apart. With `broader`, the broader terms of what is recorded
    are features too, and the classes of drugs.
    """

    at: Literal["begin", "end"] = "begin"
    days: Count | None = None
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(listed), at_least(1)] = KINDS
    least_patients: Count = 10
    most: Count = 50
    broader: Switch = True
