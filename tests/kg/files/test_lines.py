"""The lines of a file: the same as of its whole text, whatever ends them, and every fault with its line."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.files.lines import read_lines
from kg.files.text import FileError


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["x.txt", "x.txt.gz"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_come_with_their_numbers(tmp_path: Path, name: str, end: str, mark: str) -> None:
    path = write(tmp_path / name, (mark + end.join(["one", "", "zwölf\u2028", "last"]) + end).encode())
    assert list(read_lines(path)) == [(1, "one"), (2, ""), (3, "zwölf\u2028"), (4, "last")]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "ä", "\r", "\n", "\r\n", " ", "\x0b", "\x85"])))
def test_they_are_those_that_python_reads(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    path = write(tmp_path_factory.mktemp("lines") / "x", "".join(pieces).encode())
    with path.open(encoding="utf-8") as stream:
        expected = [line.removesuffix("\n") for line in stream]
    assert [line for _, line in read_lines(path)] == expected


def test_a_file_without_text_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(write(tmp_path / "x", b""))) == []


def test_a_very_long_line_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "x.gz", b"a" * 10_000_000 + b"\nb")
    assert [(number, len(line)) for number, line in read_lines(path)] == [(1, 10_000_000), (2, 1)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id\nä\n".encode("latin-1"), ", line 2: byte 0 of it is not UTF-8; save the file as UTF-8 text"),
        (b"id\nx\0\n", ", line 2: a NUL byte, which no text has"),
        ("id\n".encode("utf-16"), " is UTF-16 text; save it as UTF-8 text"),
        ("id\n".encode("utf-16-le"), ", line 1: a NUL byte"),
        (gzip.compress(b"id"), " is gzipped; unpack it, or let its name end in .gz"),
    ],
)
def test_what_is_no_text_is_named_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = write(tmp_path / "x.tsv", content)
    with pytest.raises(FileError) as failure:
        list(read_lines(path))
    assert str(failure.value).startswith(f"{path}{said}")


def test_a_file_that_is_cut_off_is_named_after_its_good_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(b"".join(b"%d\n" % number for number in range(50_000)))[:-20_000])
    seen: list[tuple[int, str]] = []
    with pytest.raises(FileError) as failure:
        seen.extend(read_lines(path))
    assert str(failure.value).startswith(f"{path}, after line {len(seen)}: not gzipped text, or only a part of it")
    assert seen[-1][0] == len(seen) > 10_000


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        list(read_lines(tmp_path / "nowhere"))
