"""Withhold: a comparison that tells of no handful of patients, for tables that come from a graph's cohort.

A share is a number of persons over another, so that a group with a small cell of truth and class keeps all its shares
to itself; and what the whole has of them too, since the rest could be taken off it. See `kg.patients.suppression`.
"""

from dataclasses import replace

import pandas as pd

from kg.patients.suppression import suppress
from twin.prognosis.fairness.cases import Asked
from twin.prognosis.fairness.compare import EVERYBODY
from twin.prognosis.fairness.comparison import Comparison, Row
from twin.prognosis.fairness.metrics.choose import metrics_of

PSEUDONYM = "PANAKEIA:P-"
"""How a patient of a graph is called."""
FEWEST = 5
"""Of a table with such patients, counts of fewer are not told."""


def of_a_graph(table: pd.DataFrame, asked: Asked) -> bool:
    """Say whether a table's rows are a graph's patients: a column of text holds their pseudonyms."""
    named = [name for name in (asked.subject, "id", "patient", "patient_id", "USUBJID") if name in table.columns]
    return any(table[name].astype(str).str.startswith(PSEUDONYM).any() for name in named)


def withhold(found: Comparison, fewest: int = FEWEST) -> Comparison:
    """Return a comparison without what tells of 1 to `fewest` - 1 persons."""
    shares = {metric.name for metric in metrics_of(found.kind) if metric.share}
    tiny, guarded = set[tuple[str, str]](), set[tuple[str, str]]()
    counts: dict[tuple[str, str], int | str] = {}
    for attribute in found.asked.groups:
        groups = list(dict.fromkeys(row.group for row in found.rows if row.attribute == attribute))
        sizes = [int(next(r.n for r in found.rows if (r.attribute, r.group) == (attribute, one))) for one in groups]
        told = suppress(sizes, fewest).cells
        for group, size, shown in zip(groups, sizes, told, strict=True):
            counts[attribute, group] = shown
            if size < fewest or isinstance(shown, str):
                tiny.add((attribute, group))
            if any(0 < cell < fewest for cell in found.cells[attribute, group]):
                guarded.add((attribute, group))
    hidden = bool(tiny | guarded)
    rows = tuple(_row(row, counts, (tiny, guarded), shares, (hidden, fewest)) for row in found.rows)
    unseen = {(row.attribute, row.group, row.metric) for row in rows if row.value != row.value}
    disparities = {
        attribute: tuple(
            one
            for one in of
            if not {(attribute, side.group, one.metric) for side in (one.largest, one.smallest)} & unseen
        )
        for attribute, of in found.disparities.items()
    }
    parities = {
        attribute: {} if any(key[0] == attribute for key in tiny | guarded) else of
        for attribute, of in found.parities.items()
    }
    return replace(found, rows=rows, disparities=disparities, parities=parities, withheld=fewest)


def _row(
    row: Row,
    counts: dict[tuple[str, str], int | str],
    marked: tuple[set[tuple[str, str]], set[tuple[str, str]]],
    shares: set[str],
    asked: tuple[bool, int],
) -> Row:
    """Return a row as it may be told."""
    key, (tiny, guarded), (hidden, fewest) = (row.attribute, row.group), marked, asked
    whole = row.group == EVERYBODY and not row.attribute
    unseen = key in tiny or (row.metric in shares and (key in guarded or (whole and hidden)))
    small = key in tiny or key in guarded
    nan = float("nan")
    told = replace(row, value=nan, lower=nan, upper=nan) if unseen else row
    return replace(
        told,
        n=counts.get(key, row.n),
        rows="hidden" if key in tiny else row.rows,
        events="hidden" if small or (whole and hidden) else row.events,
        left_out=_count(row.left_out, fewest),
        persons="hidden" if small or (whole and hidden) else row.persons,
    )


def _count(value: int | str, fewest: int) -> int | str:
    return f"<{fewest}" if isinstance(value, int) and 0 < value < fewest else value
