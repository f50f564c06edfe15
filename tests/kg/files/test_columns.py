"""Tab-separated files: every row keeps its line, malformed ones too."""

import csv
import gzip
from pathlib import Path

import pytest

from kg.tsv import TsvError, read_tsv


def write(path: Path, text: str) -> Path:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["rows.tsv", "rows.tsv.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rows_are_those_of_the_csv_module(tmp_path: Path, name: str, end: str) -> None:
    text = end.join(["a\tb\tc", "1\t\tÄ", "\"2\t'x\t2", "\t\t3", ""])
    table = read_tsv(write(tmp_path / name, text), ("c", "a"))
    expected = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert table.select(["c", "a"]).to_pylist() == [{"c": row["c"], "a": row["a"]} for row in expected]
    assert table["line"].to_pylist() == [2, 3, 4]


def test_malformed_lines_keep_their_number_and_what_they_say(tmp_path: Path) -> None:
    table = read_tsv(write(tmp_path / "x.tsv", "a\tb\tc\n1\t2\n\n\nx\ty\tz\n1\t2\t3\t4\n"), ("a", "b", "c"))
    by_line = {row["line"]: (row["a"], row["b"], row["c"]) for row in table.to_pylist()}
    assert by_line == {2: ("1", "2", ""), 5: ("x", "y", "z"), 6: ("1", "2", "3\t4")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Empty CSV file"),
        (b"a\tb\n\xff\t1\n", "invalid UTF8"),
        (b"b\tc\n1\t2\n", "line 1: expected the columns a; a not among b, c"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes(content)
    with pytest.raises(TsvError, match=said) as failure:
        read_tsv(path, ("a",))
    assert "x.tsv" in str(failure.value)


def test_half_a_gzip_file_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(b"a\n" + b"\n".join(str(n).encode() for n in range(9999)))
    (tmp_path / "x.tsv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TsvError, match="gzipped tab-separated text"):
        read_tsv(tmp_path / "x.tsv.gz", ("a",))
