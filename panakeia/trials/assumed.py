"""What a trial takes for granted, by what it is about."""

from panakeia.report import Section, Table
from panakeia.sections import unit_shown
from twin.trials.result import TrialResult

_ORDER = ("population", "design", "conduct", "dosing", "analysis", "parameters", "left out of the model")


def assumptions_section(result: TrialResult) -> Section:
    """List what was assumed, a table for what it is about: its value, and why; the same reason is not said twice."""
    rows = result.assumptions
    found = [*_ORDER, *(about for about in rows["about"].unique() if about not in _ORDER)]
    tables = []
    for about in found:
        some = rows[rows["about"] == about].drop(columns="about")
        if len(some):
            again = (some["reason"] == some["reason"].shift()) & (some["reason"] != "")
            shown = some.assign(reason=some["reason"].mask(again, "as above"), unit=unit_shown(some["unit"]))
            tables.append(Table(shown, about.capitalize()))
    return Section(title="Assumptions", tables=tuple(tables))
