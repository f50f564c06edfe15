"""Blocks: large files are read a part at a time, and every fault comes with its file and line."""

import gzip
import itertools
from pathlib import Path

import pytest

from kg.files import blocks as module
from kg.files.blocks import blocks, line_blocks, table_blocks
from kg.files.text import FileError


def rows(path: Path, needed: tuple[str, ...] = ("id", "name")) -> list[dict[str, object]]:
    return [row for block in table_blocks(path, needed, lambda name: False) for row in block.rows.to_pylist()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nodes.tsv"


@pytest.mark.parametrize("size", [8, 9, 11, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blocks_are_whole_lines_whatever_their_size(file: Path, size: int, end: str) -> None:
    text = end.join(["id", "Müller", "", "x" * 5, "last"])
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    parts = list(blocks(file, size))
    assert b"".join(part.text for part in parts).decode() == text
    for part, after in itertools.pairwise(parts):
        assert part.text.endswith((b"\r", b"\n")) and not after.text.startswith(b"\n" if end == "\r\n" else b"\0")
        assert after.line == part.line + part.text.decode().count(end)
    assert parts[-1].share == 1.0 and parts[0].line == 1


def test_the_share_grows_with_what_is_read_of_the_packed_file(tmp_path: Path) -> None:
    path = tmp_path / "nodes.tsv.gz"
    path.write_bytes(gzip.compress(b"id\tname\n" + b"".join(b"%d\t%d\n" % (i, i * i) for i in range(200_000))))
    shares = [share for _, _, share in blocks(path, 1 << 18)]
    assert shares == sorted(shares) and 0 < shares[0] < 0.5 and shares[-1] == 1.0


def test_columns_are_found_by_their_names_in_any_order_and_lines_are_numbered(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TABLE_BLOCK", 8)
    file.write_text('name\tother\tid\nwarf"arin\tx\tA:1\n\n"b\t\tA:2\n', encoding="utf-8")
    assert rows(file) == [
        {"name": 'warf"arin', "id": "A:1", "line": 2},
        {"name": '"b', "id": "A:2", "line": 4},
    ]


def test_a_line_with_too_few_or_too_many_cells_is_a_row_with_its_line(file: Path) -> None:
    file.write_text("id\tname\nA:1\ta\nA:2\nA:3\tc\tc\n" + "y" * 1000 + "\nA:4\td\n", encoding="utf-8")
    found = {row["line"]: (row["id"], row["name"]) for row in rows(file)}
    assert found == {2: ("A:1", "a"), 3: ("A:2", ""), 4: ("A:3\tc\tc", ""), 5: ("y" * 200, ""), 6: ("A:4", "d")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ", line 1: nothing there; expected a header with the columns id, name"),
        (b"name\tkind\na\tb\n", ", line 1: the column id is missing among"),
        (b"id,name\nA:1,a\n", ", line 1: the columns are separated by commas; expected tabs"),
        ("id\tname\nA:1\ta\n".encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        ("id\tname\nA:1\ta\n".encode("utf-16-le"), " looks like UTF-16 or UTF-32 text; save it as UTF-8 text"),
        (b"id\tname\nA:1\ta\nA:2\t\xff\n", ", line 3: byte 18 is not UTF-8; save the file as UTF-8 text"),
        (b"id\tname\nA:1\ta\nA:2\t\0\n", ", line 3: byte 18 is NUL, which no text has; write the file anew"),
        (gzip.compress(b"id\tname\n"), " is gzipped; unpack it, or let its name end in .gz"),
    ],
)
@pytest.mark.parametrize("size", [8, 16 << 20])
def test_what_is_no_table_is_named(
    file: Path, content: bytes, said: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TABLE_BLOCK", size)
    file.write_bytes(content)
    with pytest.raises(FileError) as failure:
        rows(file)
    assert str(failure.value).startswith(f"{file}{said}")


@pytest.mark.parametrize("cut", [5, 30, -9])
def test_a_gzipped_file_that_is_cut_off_is_named_with_the_last_whole_line(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "edges.tsv.gz"
    path.write_bytes(gzip.compress(b"id\tname\n" + b"A:1\ta\n" * 10_000)[:cut])
    with pytest.raises(FileError, match=r"edges.tsv.gz, after line \d+: not gzipped text, or only a part of it"):
        rows(path)


def test_a_line_of_ten_megabytes_is_read_and_an_endless_one_is_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_bytes(b"id\tname\nA:1\t" + b"x" * 10_000_000 + b"\nA:2\tb\n")
    assert [(row["id"], len(str(row["name"]))) for row in rows(file)] == [("A:1", 10_000_000), ("A:2", 1)]
    monkeypatch.setattr(module, "LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(module, "TABLE_BLOCK", 1 << 20)
    with pytest.raises(FileError, match=r"line 2: longer than 1 MiB; expected one row a line"):
        rows(file)


def test_lines_come_with_their_numbers_and_without_the_empty_ones(file: Path) -> None:
    file.write_bytes(b'{"a": 1}\r\n \r\n{"a": 2}')
    assert [line for lines, _ in line_blocks(file) for line in lines] == [(1, '{"a": 1}'), (3, '{"a": 2}')]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere\.tsv"):
        rows(tmp_path / "nowhere.tsv")
