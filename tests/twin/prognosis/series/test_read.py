"""Series read from tables: columns, order, zones, and what is rejected without being shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.prognosis.series.course import Columns, SeriesError, Settings
from twin.prognosis.series.read import Readings, read_series


def read(folder: Path, text: str, columns: Columns | None = None, settings: Settings | None = None) -> Readings:
    path = folder / "series.csv"
    path.write_text(text, encoding="utf-8")
    return read_series(path, columns or Columns(), settings or Settings())


def test_rows_are_sorted_and_those_of_one_time_are_one(tmp_path: Path) -> None:
    text = "id,time,value\na,2024-03-01 02:00,5\na,2024-03-01 00:00,1\na,2024-03-01 02:00,8\nb,2024-03-01,2\n"
    found = read(tmp_path, text)
    first, other = found.courses
    assert (found.duplicates, found.unsorted, found.rows) == (1, 1, 4)
    assert first.hours.tolist() == [0.0, 2.0] and first.values.tolist() == [1.0, 6.5] and first.line == 2
    assert (other.subject, other.values.tolist()) == ("b", [2.0])
    assert read(tmp_path, text, settings=Settings("first")).courses[0].values.tolist() == [1.0, 5.0]
    assert len(read(tmp_path, text, settings=Settings(patient="b")).courses) == 1


def test_bad_rows_are_told_by_line_and_never_shown(tmp_path: Path) -> None:
    text = "id,time,value\nsecret,soon,5\n,2024-03-01,1\na,,1\na,2024-03-01,High\na,2024-03-01,\na,2024-03-02,-1\n"
    found = read(tmp_path, text)
    assert {line for lines in found.rejected.values() for line in lines} == {2, 3, 4, 5, 6}
    assert found.rejected["a value that is no number"] == (5,) and found.courses[0].values.tolist() == [-1.0]
    with pytest.raises(SeriesError, match="no row can be read") as failure:
        read(tmp_path, text, settings=Settings(unit="mg/dL"))
    assert "secret" not in str(failure.value) and "a value that is not above 0: 1, first in line 7" in str(
        failure.value
    )


def test_zones_are_kept_apart(tmp_path: Path) -> None:
    """08:00+02:00 is an hour before 08:00+01:00, though both are eight by the clock."""
    [course] = read(tmp_path, "id,time,value\na,2024-03-01T08:00+01:00,1\na,2024-03-01T08:00+02:00,2\n").courses
    assert course.values.tolist() == [2.0, 1.0] and course.hours.tolist() == [0.0, 1.0]
    assert course.clock.tolist() == [8.0, 8.0]
    with pytest.raises(SeriesError, match="line 2 has a time with a zone and line 3 one without"):
        read(tmp_path, "id,time,value\na,2024-03-01T08:00Z,1\na,2024-03-01T08:00,2\n")


def test_columns_are_found_by_name_or_said(tmp_path: Path) -> None:
    cgm = read(tmp_path, "id,time,gl,diagnosis\na,2024-03-01,93.0,diabetic\n")
    assert cgm.columns == Columns("id", "time", "gl")
    kinds = read(tmp_path, "time,value,kind\n2024-03-01,1,hr\n2024-03-01,2,spo2\n")
    assert [one.kind for one in kinds.courses] == ["hr", "spo2"] and kinds.columns.id is None
    with pytest.raises(SeriesError, match="the columns gl, value could each be the value: say which by --value COL"):
        read(tmp_path, "id,time,gl,value\na,2024-03-01,1,2\n")
    with pytest.raises(SeriesError, match="no column is called a value"):
        read(tmp_path, "id,time,pulse\na,2024-03-01,1\n")
    with pytest.raises(SeriesError, match="--value: there is no column 'puls'"):
        read(tmp_path, "id,time,pulse\na,2024-03-01,1\n", Columns(value="puls"))
    with pytest.raises(SeriesError, match="no row is of the patient"):
        read(tmp_path, "id,time,gl\na,2024-03-01,1\n", settings=Settings(patient="b"))


def test_a_frame_is_read_as_its_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [7, 7], "time": pd.to_datetime(["2024-03-01", "2024-03-02"]), "value": [1.5, np.nan]})
    found = read_series(frame, Columns(), Settings())
    assert found.courses[0].values.tolist() == [1.5] and found.rejected == {"no value": (3,)}
