"""Mutated tables: whatever a cell, a header or a byte of one is, persons come or the table is named, and nothing else.

What is wrong with a cell is told without the cell.
"""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.patients.formats.mimic import READER as MIMIC
from kg.patients.formats.omop import READER as OMOP_READER
from kg.patients.record import Account, Reader, Reading, RecordError
from tests.kg.patients.formats.made_up_tables import HOSP, ICU, OMOP, text, write_mimic, write_omop

NAME = "Quillfeather"
CELLS = (
    *(NAME, f'"{NAME}', f"{NAME},{NAME}", f"{NAME}\r{NAME}", f"{NAME}\t", "", " ", "0", "-1", "1e309", "1_0", "٣"),
    *("99999999999999999999", "2010-02-30", "0000-01-01", "9999-12-31", "2010-01-01T25:00:00", "20100101", "2010"),
    *("NA", "-", "1.0", "1e5", "0x10", "\x00", "\ufeff", "𝟙", "inf", "___", "E", "V", "E11.9999", "120/80/60", "/"),
)
"""What may stand in a cell where something else is expected."""


def outcome(reader: Reader, folder: Path) -> str:
    """Read a data set; return all that is told of what is wrong with it."""
    account = Account()
    try:
        for person in reader.read([folder], Reading(account, datetime(2026, 1, 1, tzinfo=UTC))):
            assert all(event.codes for event in person.events)
    except RecordError as failure:
        return str(failure)
    return repr([(bad.place, bad.table, bad.element, bad.reason) for bad in account.rejected]) + repr(account.left_out)


@st.composite
def with_another_cell(draw: st.DrawFn, tables: Mapping[str, str]) -> dict[str, str]:
    """Draw tables of which one cell, of the header too, is another."""
    name = draw(st.sampled_from(sorted(tables)))
    rows = [line.split(",") for line in text(tables[name]).splitlines()]
    row = draw(st.integers(0, len(rows) - 1))
    rows[row][draw(st.integers(0, len(rows[row]) - 1))] = draw(st.sampled_from(CELLS))
    return {**tables, name: "\n".join(map(",".join, rows))}


@settings(max_examples=60, deadline=None)
@given(tables=with_another_cell(OMOP))
def test_any_cell_of_omop(tables: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert NAME not in outcome(OMOP_READER, write_omop(Path(folder), tables))


@settings(max_examples=60, deadline=None)
@given(tables=with_another_cell(HOSP | ICU))
def test_any_cell_of_mimic(tables: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert NAME not in outcome(MIMIC, write_mimic(Path(folder), tables))


@pytest.mark.parametrize("name", ["person", "condition_occurrence", "concept", "cdm_source"])
@settings(max_examples=15, deadline=None)
@given(place=st.floats(0, 1), bytes_there=st.binary(max_size=4))
def test_any_bytes_of_omop(name: str, place: float, bytes_there: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_omop(Path(folder)) / f"{name}.csv"
        data = path.read_bytes()
        at = int(place * len(data))
        path.write_bytes(data[:at] + bytes_there + data[at + 2 :])
        outcome(OMOP_READER, Path(folder))
