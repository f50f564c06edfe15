"""A manifest lists data sets and files of one's own; what is wrong in it is told by entry before anything is read."""

from pathlib import Path

import pytest

from kg.build import build
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.manifest import read_manifest
from kg.stores.opening import open_store

HEAD = 'version = "1"\nlicence = "CC0-1.0"\ncitation = "by hand"\nurl = "https://example.org"\n'
OWN = f'[[source]]\nformat = "sssom"\nname = "mine"\n{HEAD}mappings = "m.tsv"\n'
TABLE = "subject_id\tpredicate_id\tobject_id\nRXNORM:11289\tskos:exactMatch\tDRUGBANK:DB00682\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.tsv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_manifest_is_built_from(folder: Path) -> None:
    inputs = read_manifest(written(folder, '[[source]]\nname = "starter"\n' + OWN))
    assert [one.name for one in inputs] == ["starter", "mine"]
    audit = build(inputs, Fetch(offline=True), folder / "g.lbdb")
    assert [release.name for release in audit.releases] == ["starter", "mine"]
    with open_store(folder / "g.lbdb") as store:
        assert {release.name: set(release.files) for release in store.read().sources}["mine"] == {"m.tsv"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"expected tables \[\[source\]\] and nothing else, got none"),
        ('name = "starter"\n', r"expected tables \[\[source\]\] and nothing else, got name"),
        ('[[source]]\nname = "startr"\n', "source 1: there is no source 'startr'; the sources are"),
        ('[[source]]\nname = "starter"\nversion = "2"\n', "source 1: got version, expected name alone"),
        (OWN.replace('"sssom"', '"xml"'), "source 1: there is no format 'xml'; the formats are"),
        (OWN.replace('"m.tsv"', '"n.tsv"'), "source 1: .*n.tsv is no file"),
        (OWN.replace('"CC0-1.0"', "7"), "source 1: expected a text as licence, got 7"),
        (OWN.replace('licence = "CC0-1.0"\n', ""), "source 1: expected a text as licence, got nothing"),
        (OWN + 'colour = "red"\n', "source 1: got colour, expected format, name"),
        (OWN.replace('"mine"', '"hetionet"'), "source 1: hetionet is the name of a data set"),
        (OWN + OWN, "mine stands there twice"),
    ],
)
def test_what_is_wrong_is_told_with_its_entry(folder: Path, text: str, told: str) -> None:
    with pytest.raises(FileError, match=told):
        read_manifest(written(folder, text))
