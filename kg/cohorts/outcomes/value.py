"""Value: what is measured at a visit after the landmark: the value nearest to a day, within a window."""

from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, model_validator

from kg.cohorts.events import in_units
from kg.cohorts.outcome import Outcome, Settled, Target, around, events_of, reasons
from kg.cohorts.recorded import known_unit
from kg.cohorts.records import Records
from kg.files.checked import Count, Text


class ValueOutcome(Outcome):
    """The value in this `unit` that is nearest to the `day` after the landmark, in the window.

    Of two that are as near the earlier counts, of several on one day their mean.
    """

    kind: Literal["value"] = "value"
    day: Count
    unit: Annotated[Text, AfterValidator(known_unit)]

    @property
    def target(self) -> Target:
        """A number."""
        return "continuous"

    @model_validator(mode="after")
    def _is_measured(self) -> Self:
        if wrong := [str(one) for one in self.of if one.kind not in (None, "measurement")]:
            raise ValueError(f"of: got {wrong[0]}, expected a measurement: nothing else has a value")
        if self.window is None or self.window.end is None:
            raise ValueError("window.to: missing: by which day after the landmark it is measured")
        if not self.first_day <= self.day <= self.window.end:
            raise ValueError(f"day: got {self.day}, expected a day of the window")
        return self

    def settle(self, index: pd.DataFrame, records: Records) -> Settled:
        """Return the value of each row."""
        assert self.window is not None
        found = around(index, events_of(self, records))
        found = found[(found["offset"] >= self.first_day) & (found["offset"] <= self.window.end)]
        numbered = found[found["value"].notna()]
        fitting = numbered[in_units(numbered["unit"], (self.unit,))]
        daily = fitting.groupby(["row", "offset"], as_index=False)["value"].mean()
        daily = daily.assign(away=(daily["offset"] - self.day).abs()).sort_values(["row", "away", "offset"])
        value = daily.drop_duplicates("row").set_index("row")["value"].reindex(index.index)
        other = pd.Series(np.isin(index.index, numbered["row"]), index=index.index)
        why = reasons(
            index,
            (f"is measured in other units than {self.unit} only", value.isna() & other),
            ("is not measured in the window", value.isna()),
        )
        return Settled(value.astype("float64"), pd.Series(np.nan, index=index.index), why)
