"""The text of a file: UTF-8 in its two forms, and a name for everything else."""

import gzip
import os
from pathlib import Path

import pytest

from kg.files.text import FileError, create_text, read_text

LINES = "drug\tnote\nä\tσ\n"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


@pytest.mark.parametrize("name", ["x.tsv", "x.tsv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_text(tmp_path: Path, name: str, encoding: str) -> None:
    path = write(tmp_path / name, LINES.encode(encoding))
    assert read_text(path) == read_text(str(path)) == LINES


def test_only_the_first_mark_is_one(tmp_path: Path) -> None:
    assert read_text(write(tmp_path / "x", ("\ufeff\ufeffa\ufeff").encode())) == "\ufeffa\ufeff"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_wider_encodings_are_named_with_the_cure(tmp_path: Path, encoding: str, mark: str) -> None:
    path = write(tmp_path / "pairs.tsv", (mark + "drug\tnote\nä\tσ\n").encode(encoding))
    with pytest.raises(FileError) as failure:
        read_text(path)
    said = str(failure.value)
    assert said.startswith(str(path)) and said.endswith("text; save it as UTF-8 text")
    told = {name for name in ("UTF-16", "UTF-32") if name in said}
    assert encoding.upper()[:6] in told
    assert len(told) == (1 if mark or encoding in ("utf-16", "utf-32") else 2), "with a mark it is certain"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id\nä\n".encode("latin-1"), "line 2: byte 3 is not UTF-8; save the file as UTF-8 text"),
        (b"\xef\xbb\xbfid\r\na\r\n\xff", "line 3: byte 10 is not UTF-8"),
        (b"id\rb\r\xc3", "line 3: byte 5 is not UTF-8"),
        (b"\xff", "line 1: byte 0 is not UTF-8"),
        (b"id\n\xed\xa0\x80", "line 2: byte 3 is not UTF-8"),
        (b"id\nvalue\nx\0yz\n", "line 3: byte 10 is NUL, which no text has; write the file anew"),
        (gzip.compress(b"id"), "is gzipped; unpack it, or let its name end in .gz"),
        (b"PK\x03\x04....", "is a zip archive or a workbook (.xlsx); save the table in it as text in UTF-8"),
        (b"\xd0\xcf\x11\xe0....", "is a workbook (.xls); save the table in it as text in UTF-8"),
    ],
)
def test_what_is_no_text_is_named_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    path = write(tmp_path / "x.tsv", content)
    with pytest.raises(FileError) as failure:
        read_text(path)
    assert str(failure.value).startswith(str(path)) and said in str(failure.value)


def test_a_third_of_nul_bytes_is_still_a_damaged_text(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="line 1: byte 2 is NUL"):
        read_text(write(tmp_path / "x", b"ab\0cd\0"))
    with pytest.raises(FileError, match="looks like UTF-16 or UTF-32"):
        read_text(write(tmp_path / "x", b"a\0cd\0"))


@pytest.mark.parametrize(
    "content", [b"no gzip", gzip.compress(LINES.encode() * 999)[:-60], b"\x1f\x8b\x08\0broken...."]
)
def test_broken_gzip_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.tsv.gz"
    path.write_bytes(content)
    with pytest.raises(FileError) as failure:
        read_text(path)
    assert str(failure.value).startswith(f"{path} is not gzipped text, or only a part of it")


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for path, error in ((tmp_path / "none", FileNotFoundError), (tmp_path, IsADirectoryError)):
        with pytest.raises(error) as failure:
            read_text(path)
        assert failure.value.filename == str(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here that opens and cannot be read")
def test_a_failed_read_is_named() -> None:
    with pytest.raises(OSError) as failure:
        read_text("/proc/self/mem")
    assert failure.value.filename == "/proc/self/mem"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.tsv", b"id\n")
    path.chmod(0)
    with pytest.raises(PermissionError, match=r"x\.tsv"):
        read_text(path)


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_text_is_written_as_it_is_read(tmp_path: Path, name: str) -> None:
    for path in (tmp_path / name, tmp_path / f"again_{name}"):
        with create_text(path) as file:
            file.write(LINES + "a\r\n")
        assert read_text(path) == LINES + "a\r\n"
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again_{name}").read_bytes()
    assert ((tmp_path / name).read_bytes()[:2] == b"\x1f\x8b") == (path.suffix == ".gz")


def test_the_final_name_says_whether_text_is_gzipped(tmp_path: Path) -> None:
    with create_text(tmp_path / ".x.part", final=tmp_path / "x.csv.gz") as file:
        file.write(LINES)
    (tmp_path / ".x.part").rename(tmp_path / "x.csv.gz")
    assert read_text(tmp_path / "x.csv.gz") == LINES


def test_a_message_that_quotes_a_whole_file_keeps_its_two_ends() -> None:
    said = str(FileError("x.tsv, line 1: got " + "x" * 10_000_000 + "; expected a header"))
    assert len(said) < 2100 and said.startswith("x.tsv, line 1: got xx") and said.endswith("xx; expected a header")
