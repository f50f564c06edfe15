"""Documents: a part is found again by its line, and what is no JSON or no archive is named."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from kg.files.documents import Document, read_archive, read_document
from kg.files.text import FileError


def pack(path: Path, **documents: bytes) -> Path:
    """Write a gzipped tar archive of JSON files, in the given order, inside a folder."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in documents.items():
            member = tarfile.TarInfo(f"folder/{name}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_an_item_is_placed_in_the_line_of_its_key(tmp_path: Path) -> None:
    items = [{"name": "*1"}, {"name": "*2"}]
    path = tmp_path / "x.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"alleles": items}, indent=1).encode()))
    document = read_document(path)
    assert document.placed(document.of("alleles"), "name") == [({"name": "*1"}, 4), ({"name": "*2"}, 7)]


def test_a_document_of_one_line_loses_no_item() -> None:
    items = [{"name": "*1"}, {"name": "*2"}]
    for separators in ((",", ":"), (",", " : ")):
        text = json.dumps({"alleles": items}, separators=separators)
        assert Document("x", text, json.loads(text)).placed(items, "name") == [(items[0], 1), (items[1], 1)]


def test_an_archive_comes_in_the_order_of_names_whatever_its_own(tmp_path: Path) -> None:
    path = pack(tmp_path / "all.tar.gz", warfarin=b"[1]", aspirin=b"\xef\xbb\xbf[2]")
    found = [(document.name, document.content) for document in read_archive(path)]
    assert found == [("all.tar.gz/aspirin.json", [2]), ("all.tar.gz/warfarin.json", [1])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"gene": ', "x.json: not JSON: "),
        (b"[" * 100_000, "x.json: too many lists"),
        (b"\xff\xfe[\x00]\x00", "x.json: byte 0 is not UTF-8"),
    ],
)
def test_a_member_that_is_no_json_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(FileError, match=said):
        list(read_archive(pack(tmp_path / "all.tar.gz", x=content)))


@pytest.mark.parametrize("kept", [0, 40, 100])
def test_an_archive_that_is_cut_off_is_named(tmp_path: Path, kept: int) -> None:
    path = pack(tmp_path / "all.tar.gz", x=json.dumps([str(number**3) for number in range(2000)]).encode())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(FileError, match=r"all\.tar.gz is no gzipped tar archive, or only a part of it"):
        list(read_archive(path))


def test_what_is_missing_is_named() -> None:
    document = Document("x.json", "", {"guideline": {"id": 1}, "groups": 3})
    with pytest.raises(FileError, match=r"x\.json: expected 'url' in 'guideline'"):
        document.of("guideline", "url")
    with pytest.raises(FileError, match=r"x\.json: expected 'name', which is not there"), document.expected():
        document.content["guideline"]["name"]
    with (
        pytest.raises(FileError, match=r"x\.json: a part is not what it should be: .*not iterable"),
        document.expected(),
    ):
        list(document.content["groups"])
