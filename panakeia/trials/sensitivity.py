"""Sensitivity: how far a trial's power leans on each of its assumptions, as a tornado."""

import pandas as pd
from matplotlib.figure import Figure

from panakeia.report import Section, Table
from panakeia.trials.figures import tornado_figure

BASE = "as designed"
"""The scenario in which nothing is changed."""


def sensitivity_section(primary: pd.DataFrame, base: str = BASE) -> Section:
    """Draw how each scenario changes the power of the primary endpoint's first comparison.

    `primary` has a row a scenario: scenario, null, rejected, rejected_lower, rejected_upper, and may have more
    (`twin.trials.operating.OperatingCharacteristics.primary`). Raises `ValueError` where no row is the `base` one.
    """
    return Section(
        title="Sensitivity",
        lead="Each scenario changes one thing of the design; the line is the design as it stands.",
        figure=power_tornado(primary, base),
        tables=(Table(primary[~primary["null"]], "Power by scenario", folded=True),),
        caption="Bars from the design's power to the scenario's; the ends have 95 % Monte-Carlo intervals.",
    )


def power_tornado(primary: pd.DataFrame, base: str = BASE) -> Figure:
    """Draw the tornado, the longest bar on top."""
    rows = primary[~primary["null"].astype(bool)]
    if "treated" in rows:
        rows = rows[rows["treated"] == rows["treated"].iloc[0]]
    stands = rows[rows["scenario"] == base]
    if stands.empty:
        raise ValueError(f"no scenario is {base!r}; got {', '.join(map(str, rows['scenario'])) or 'none'}")
    others = rows[rows["scenario"] != base].rename(
        columns={"rejected": "value", "rejected_lower": "lower", "rejected_upper": "upper"}
    )
    return tornado_figure(others, base=float(stands["rejected"].iloc[0]), label="power")
