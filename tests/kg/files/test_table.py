"""Tables that a user hands over or takes away: every cell survives, every mistake is named with its line."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kg.files.table import Table, read_csv, read_tsv, write_csv, write_tsv
from kg.files.text import FileError

READERS = {"csv": (read_csv, ","), "tsv": (read_tsv, "\t")}


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path: Path, kind: str, content: str | bytes, needed: tuple[str, ...] = ("id", "age")) -> str:
    """Return how a reader refuses a file: always with its name first."""
    write(path, content)
    with pytest.raises(FileError) as failure:
        READERS[kind][0](path, needed)
    assert str(failure.value).startswith(str(path))
    return str(failure.value).removeprefix(str(path))


def test_csv_comes_by_line_with_spaces_and_empty_rows_taken_off(tmp_path: Path) -> None:
    text = '\ufeffid, "age",note\n a ,71, "one, ""two"""\n\n , \t,\nb,50,\n'
    for end in ("\n", "\r\n", "\r"):
        table = read_csv(write(tmp_path / "x.csv", text.replace("\n", end)), ("id", "age"), ("id", "age", "note"))
        assert table.by_line() == {
            2: {"id": "a", "age": "71", "note": 'one, "two"'},
            5: {"id": "b", "age": "50", "note": ""},
        }


def test_a_row_over_several_lines_is_named_by_its_first(tmp_path: Path) -> None:
    table = read_csv(write(tmp_path / "x.csv", 'id,age\n"a\nb",1\nc,2'), ("id",))
    assert table.rows == {2: ("a\nb", "1"), 4: ("c", "2")}
    assert refused(tmp_path / "x.csv", "csv", 'id,age\na,"1\n2"\nb\n').startswith(", line 4: 1 instead of 2 cells")
    assert refused(tmp_path / "x.csv", "csv", 'id,age\na,1\n"b,2\nc,3\n').startswith(", line 3: not CSV: ")


def test_tsv_keeps_each_cell_as_it_is(tmp_path: Path) -> None:
    cells = ['5" tube', '"', "'x'", "NA", " a ", "", "1_0", "a\x0bb\x1c\x85\u2028c", "a, b", "\\t", "#", "ä\ufeff"]
    for end in ("\n", "\r\n", "\r"):
        text = end.join(["id\tnote\t extra ", *(f"{place}\t{cell}\t" for place, cell in enumerate(cells))])
        for last in ("", end):
            table = read_tsv(write(tmp_path / "x.tsv", text + last), ("id",))
            assert table.header == ("id", "note", " extra ")
            assert table.rows == {line: (str(line - 2), cell, "") for line, cell in enumerate(cells, start=2)}


def test_no_rows(tmp_path: Path) -> None:
    for text in ("id\tage", "id\tage\r\n"):
        assert read_tsv(write(tmp_path / "x.tsv", text), ("id",)) == Table(("id", "age"), {})
    assert refused(tmp_path / "x", "csv", "id,age\n\n,\n") == " has no rows; expected at least one below the header"


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "nothing there; expected a header with the columns id, age"),
        ("\ufeff", "nothing there; expected a header"),
        ("\nid,age\na,1\n", "nothing there"),
        (" ,\na,1\n", "nothing there"),
        ("id,Age\na,1\n", "the column age is missing among id, 'Age' (not the same); expected id, age, separated by"),
        ("id,age\u200b\na,1\n", r"the column age is missing among id, 'age\u200b' (not the same)"),
        ("\ufeff\ufeffid,age\na,1\n", r"the column id is missing among '\ufeffid' (not the same), age"),
        ("name,weight\na,1\n", "the columns id, age are missing among name, weight; expected id, age"),
        ("id,age,id\na,1,2\n", "columns 1 and 3 are both 'id'; expected names that differ"),
        ("age,id,age\na,1,2\n", "columns 1 and 3 are both 'age'"),
        ("id,age,x,x\na,1,2,3\n", "columns 3 and 4 are both 'x'"),
        ("id,age,id\ufeff\na,1,2\n", r"columns 1 and 3 are 'id' and 'id\ufeff'; expected names that differ"),
        ("id,age,é,e\u0301\na,1,2,3\n", r"columns 3 and 4 are '\xe9' and 'e\u0301'"),
        ("id,,age\na,1,2\n", "column 2 has no name; name it or take it out"),
        (",id,age\na,1,2\n", "column 1 has no name; name it or take it out"),
        ("id,age,\na,1,\n", "column 3 has no name; name it or take it out, or take the separator from the end of each"),
        ("id,age,\u200b\na,1,2\n", "column 3 has no name"),
        ("id;age;note\na;1;2\n", "the columns are separated by semicolons; expected"),
        ("id|age\na|1\n", "the columns are separated by bars; expected"),
        ("id age\na 1\n", "the columns are separated by spaces; expected"),
    ],
)
def test_a_header_with_a_fault_is_named(tmp_path: Path, kind: str, lines: str, said: str) -> None:
    found = refused(tmp_path / "x", kind, lines.replace(",", READERS[kind][1]))
    assert found.startswith(f", line 1: {said}")
    if "separated by" not in said:
        return
    assert found.endswith({"csv": "commas", "tsv": "tabs"}[kind])


def test_the_other_kind_of_table_is_named(tmp_path: Path) -> None:
    found = refused(tmp_path / "x", "csv", "id\tage\tnote\na\t1\t2\n")
    assert found == ", line 1: the columns are separated by tabs; expected commas"
    assert refused(tmp_path / "x", "tsv", '"id", "age"\na,1\n') == (
        ", line 1: the columns are separated by commas; expected tabs"
    )


def test_names_that_differ_only_in_spaces_are_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "x", "csv", "id,age, id \na,1,2\n").startswith(", line 1: columns 1 and 3 are both 'id'")
    assert refused(tmp_path / "x", "tsv", "id\tage\tid \na\t1\t2\n").startswith(
        ", line 1: columns 1 and 3 are 'id' and 'id '; expected names that differ"
    )
    assert "among 'id ' (not the same), age" in refused(tmp_path / "x", "tsv", "id \tage\na\t1\n")


def test_quotation_marks_around_a_name_in_tsv_are_a_part_of_it(tmp_path: Path) -> None:
    said = refused(tmp_path / "x", "tsv", '"id"\t"age"\na\t1\n')
    assert said.startswith(""", line 1: the columns id, age are missing among '"id"' (not the same), '"age"'""")


def test_names_in_other_letters_differ(tmp_path: Path) -> None:
    assert read_csv(write(tmp_path / "x", "id,Id,age\na,b,1\n"), ("id",)).rows == {2: ("a", "b", "1")}


def test_an_unknown_column_is_named_where_all_are_known(tmp_path: Path) -> None:
    path = write(tmp_path / "x", "id,age,sex\na,1,f\n")
    with pytest.raises(FileError, match=r"x, line 1: the column 'sex' is not known; expected any of id, age"):
        read_csv(path, ("id",), known=("id", "age"))


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,71\nb,50,5\n", ", line 3: 3 instead of 2 cells; expected one cell for each of id, age"),
        ("a\n", ", line 2: 1 instead of 2 cells"),
        ("a,71,\n", ", line 2: 3 instead of 2 cells"),
    ],
)
def test_a_row_of_another_length_is_named(tmp_path: Path, kind: str, rows: str, said: str) -> None:
    assert refused(tmp_path / "x", kind, ("id,age\n" + rows).replace(",", READERS[kind][1])).startswith(said)


def test_an_empty_line_of_a_tsv_is_a_row_and_no_good_one(tmp_path: Path) -> None:
    assert refused(tmp_path / "x", "tsv", "id\tage\na\t1\n\nb\t2\n").startswith(", line 3: an empty line; expected one")
    assert refused(tmp_path / "x", "tsv", "id\tage\na\t1\n\n").startswith(", line 3: an empty line")
    assert read_tsv(write(tmp_path / "x", "id\na\n\nb\n"), ("id",)).rows == {2: ("a",), 3: ("",), 4: ("b",)}


@pytest.mark.parametrize("cell", ['"a"b', '"a" b', '"a', 'x,"'])
def test_stray_quotation_marks_in_csv_are_named(tmp_path: Path, cell: str) -> None:
    said = refused(tmp_path / "x", "csv", f"id,age\n{cell},1\nb,2\n")
    assert said.startswith(", line 2: not CSV: ") and said.endswith("; look at the quotation marks")
    assert refused(tmp_path / "x", "csv", f"id,{cell}").startswith(", line 1: not CSV: ")


def test_the_readers_refuse_what_is_no_text(tmp_path: Path) -> None:
    for kind in READERS:
        assert (
            refused(tmp_path / "x", kind, "id,age\na,1\n".encode("utf-16")) == " is UTF-16 text; save it as UTF-8 text"
        )
        assert refused(tmp_path / "x", kind, b"id,age\n\xe4,1\n").startswith(", line 2: byte 7 is not UTF-8")


FRAME = pd.DataFrame(
    {
        "note": ['5" tube', 'a "b", c', "", "ä;'", None, '"'],
        "dose_mg": [0.1, 1 / 3, 1e-300, -0.0, np.nan, 1e22],
        "share": np.array([0.1, 0.2, 1 / 3, 1, 2, 3], np.float32),
        "known": [True, False, True, False, True, False],
        "n": [1, 2, 3, 4, 5, 10**15],
    }
)


@pytest.mark.parametrize("kind", READERS)
def test_what_is_written_reads_back(tmp_path: Path, kind: str) -> None:
    file = io.StringIO()
    {"csv": write_csv, "tsv": write_tsv}[kind](FRAME, file)
    table = READERS[kind][0](write(tmp_path / "x", file.getvalue()), tuple(FRAME))
    assert table.header == tuple(FRAME)
    for cells, row in zip(table.rows.values(), FRAME.itertuples(index=False), strict=True):
        assert cells[0] == (row.note if isinstance(row.note, str) else "")
        assert cells[1] == ("" if np.isnan(row.dose_mg) else repr(row.dose_mg))
        assert np.float32(cells[2]) == np.float32(row.share)
        assert cells[3:] == (str(row.known), str(row.n))


def test_quoted_cells_may_stand_between_tabs(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", 'id\tnote\nA\t"two\r\nlines, ""quoted"""\nB\t\n')
    table = read_csv(path, ("id", "note"), separator="\t")
    assert table == Table(("id", "note"), {2: ("A", 'two\r\nlines, "quoted"'), 4: ("B", "")})
    with pytest.raises(FileError, match="expected id, other, separated by tabs"):
        read_csv(path, ("id", "other"), separator="\t")


def test_csv_is_what_the_csv_module_reads(tmp_path: Path) -> None:
    cells = ["a,b", '"', "line\nline", "line\rline", "line\r\nline", "x"]
    file = io.StringIO(newline="")
    write_csv(pd.DataFrame({"a": cells, "b": "y"}), file)
    rows = list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True))
    assert rows == [["a", "b"], *([cell, "y"] for cell in cells)]
    assert list(read_csv(write(tmp_path / "x", file.getvalue()), ("a",)).rows) == [2, 3, 4, 6, 8, 10]


@pytest.mark.parametrize("mark", ["\t", "\n", "\r"])
def test_tsv_cannot_hold_its_own_marks(mark: str) -> None:
    with pytest.raises(FileError, match="line 3 of the table to write: tab-separated text cannot hold the cell 'a"):
        write_tsv(pd.DataFrame({"note": ["x", f"a{mark}b"]}), io.StringIO())
    with pytest.raises(FileError, match="line 1 of the table to write"):
        write_tsv(pd.DataFrame({f"a{mark}b": ["x"]}), io.StringIO())
