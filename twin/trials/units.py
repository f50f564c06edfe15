"""Units: what the numbers of a trial's file are in, as part of their types."""

from typing import Annotated

from pydantic import Field, Strict

from kg.files.checked import Count, Number, Positive, Unit

Day = Annotated[Count, Unit("d")]
"""A day of the trial, from 1, or a number of days."""
Days = Annotated[Positive, Unit("d")]
Weeks = Annotated[Positive, Unit("week")]
PerWeek = Annotated[float, Strict(), Field(ge=0, lt=1), Unit("1/week")]
"""A chance, within a week."""
Observed = Annotated[Number, Unit("that of the observable")]
Dose = Annotated[float, Strict(), Field(ge=0), Unit("that of the model's doses")]
SomeDose = Annotated[Positive, Unit("that of the model's doses")]
"""A dose above 0."""
Effect = Annotated[Number, Unit("that of the effect")]
