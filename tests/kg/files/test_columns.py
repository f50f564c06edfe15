"""The tables of public sources: every row keeps its line, malformed ones too; a file that is no table is named."""

import csv
import gzip
from pathlib import Path

import pytest

from kg.files.columns import read_columns, read_records
from kg.files.text import FileError


def write(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["rows.tsv", "rows.tsv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_rows_are_those_of_the_csv_module(tmp_path: Path, name: str, end: str, mark: str) -> None:
    text = end.join(["a\tb\tc", "1\t\tÄ", "\"2\t'x\t2", "\t\t3", ""])
    table = read_columns(write(tmp_path / name, mark + text), ("c", "a"))
    expected = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert table.select(["c", "a"]).to_pylist() == [{"c": row["c"], "a": row["a"]} for row in expected]
    assert table["line"].to_pylist() == [2, 3, 4]
    assert table.column_names == ["c", "a", "line"]


def test_a_line_that_is_malformed_beyond_the_columns_asked_for_is_told_too(tmp_path: Path) -> None:
    text = "id\tname\turl\nG:1\tone\tu\nG:2\ttwo\nG:3\tthree\tu\tmore\n"
    table = read_columns(write(tmp_path / "x.tsv", text), ("name", "id"))
    by_line = {row["line"]: (row["name"], row["id"]) for row in table.to_pylist()}
    assert by_line == {2: ("one", "G:1"), 3: ("G:2\ttwo", ""), 4: ("G:3\tthree\tu\tmore", "")}


def test_malformed_lines_keep_their_number_and_what_they_say(tmp_path: Path) -> None:
    text = "a\tb\tc\n1\t2\n\n\nx\ty\tz\n1\t2\t3\t4\n\t\t\nq\n\t\t\t\n"
    table = read_columns(write(tmp_path / "x.tsv", text), ("a", "b", "c"))
    by_line = {row["line"]: (row["a"], row["b"], row["c"]) for row in table.to_pylist()}
    assert by_line == {
        2: ("1\t2", "", ""),
        5: ("x", "y", "z"),
        6: ("1\t2\t3\t4", "", ""),
        8: ("q", "", ""),
        9: ("\t\t\t", "", ""),
    }
    few = read_columns(tmp_path / "x.tsv", ("b",))
    told = dict(zip(few["line"].to_pylist(), few["b"].to_pylist(), strict=True))
    assert told == {2: "1\t2", 5: "y", 6: "1\t2\t3\t4", 8: "q", 9: "\t\t\t"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_comments_before_the_header_are_gone_over_and_counted(tmp_path: Path, end: str) -> None:
    text = end.join(["#made: today", "#", "a\tb", "1\t2", "#3\t4", "5", ""])
    table = read_columns(write(tmp_path / "x.tsv", text), ("a", "b"), comment="#")
    by_line = {row["line"]: (row["a"], row["b"]) for row in table.to_pylist()}
    assert by_line == {4: ("1", "2"), 5: ("#3", "4"), 6: ("5", "")}


def test_a_header_with_a_fault_is_named_by_its_line_after_comments(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="line 3: the column b is missing among a; expected a, b"):
        read_columns(write(tmp_path / "x.tsv", "#x\n#y\na\n1\n"), ("a", "b"), comment="#")
    with pytest.raises(FileError, match="line 1: nothing there; expected a header"):
        read_columns(write(tmp_path / "x.tsv", "#only a comment"), ("a", "b"), comment="#")


def test_a_row_is_kept_that_says_something_in_another_column(tmp_path: Path) -> None:
    table = read_columns(write(tmp_path / "x.tsv", "a\tb\n\t1\n\t\n"), ("a",))
    assert table.to_pylist() == [{"a": "", "line": 2}]


@pytest.mark.parametrize("text", ["a\tb", "a\tb\n", "a\tb\r", "a\tb\n\n\n"])
def test_a_header_alone_is_no_rows(tmp_path: Path, text: str) -> None:
    table = read_columns(write(tmp_path / "x.tsv", text), ("a",))
    assert table.num_rows == 0 and table.column_names == ["a", "line"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ", line 1: nothing there; expected a header with the columns a"),
        (b"\na\tb\n1\t2\n", ", line 1: nothing there"),
        (b"b\tc\n1\t2\n", ", line 1: the column a is missing among b, c; expected a, separated by tabs"),
        (b"a,b\n1,2\n", ", line 1: the columns are separated by commas; expected tabs"),
        (b"a\tb\ta\n1\t2\t3\n", ", line 1: columns 1 and 3 are both 'a'"),
        (b"a\tb\tb\n1\t2\t3\n", ", line 1: columns 2 and 3 are both 'b'"),
        (b"a\t\n1\t\n", ", line 1: column 2 has no name"),
        (b"a\tb\n1\t2\n\xff\t1\n", ", line 3: byte 8 is not UTF-8; save the file as UTF-8 text"),
        (b"a\tb\n1\t2\n\xff\n", ", line 3: byte 8 is not UTF-8"),
        (b"a\tb\n1\t\0\n", ", line 2: byte 6 is NUL"),
        ("a\tb\n1\t2\n".encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        ("a\tb\n1\t2\n".encode("utf-16-le"), " looks like UTF-16 or UTF-32 text; save it as UTF-8 text"),
        (b"a\tb\n" + b"1" * 3_000_000, " cannot be read as tab-separated text: straddling object"),
    ],
)
@pytest.mark.parametrize("name", ["x.tsv", "x.tsv.gz"])
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, said: str, name: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(FileError) as failure:
        read_columns(path, ("a",))
    assert str(failure.value).startswith(f"{path}{said}")


def test_half_a_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"a\n" + b"\n".join(str(n).encode() for n in range(9999)))
    (tmp_path / "x.tsv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileError, match=r"x\.tsv\.gz is not gzipped text, or only a part of it"):
        read_columns(tmp_path / "x.tsv.gz", ("a",))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_without_a_header_has_its_first_row_in_line_1(tmp_path: Path, end: str) -> None:
    text = end.join(["1\tone", "2", "", "3\tthree", ""])
    rows = list(read_records(write(tmp_path / "x.tsv", text), ("number", "word"), header=("number", "word")))
    by_line = {row["line"]: (row["number"], row["word"]) for row in rows}
    assert by_line == {1: ("1", "one"), 2: ("2", ""), 4: ("3", "three")}


def test_records_are_the_rows_of_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", "a\tb\tc\n1\tx\t\n2\tx\tÄ\nhalf\n")
    assert list(read_records(path, ("c", "a"))) == read_columns(path, ("c", "a")).to_pylist()
