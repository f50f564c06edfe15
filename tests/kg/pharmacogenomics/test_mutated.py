"""Mutated documents: whatever a part of one is, a source is read or its file is named, and nothing else is raised."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.build import build_graph
from kg.fetch import Fetch
from kg.files.text import FileError
from kg.sources import cpic, dpwg, pharmcat
from tests.kg.files.test_documents import pack
from tests.kg.sources import test_cpic, test_dpwg, test_pharmcat

Path_ = tuple[str | int, ...]
VALUES: list[Any] = [None, True, 3, -1.5, "", "x", "n/a", "≥3", [], ["x"], [None], {}, {"x": 1}, {"html": 3}]


def places(content: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of each part of a document."""
    yield path
    parts = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, part in parts:
        yield from places(part, (*path, key))


def changed(content: Any, path: Path_, value: Any, *, gone: bool) -> Any:
    """Return a document with one part replaced by a value, or without it."""
    if not path:
        return value
    copied = json.loads(json.dumps(content))
    inside = copied
    for key in path[:-1]:
        inside = inside[key]
    if gone:
        del inside[path[-1]]
    else:
        inside[path[-1]] = value
    return copied


CPIC = json.loads(
    test_cpic.guideline(
        "clopidogrel",
        "32968",
        [
            test_cpic.recommendation("Avoid.", CYP2C19=("Poor Metabolizer", None)),
            test_cpic.recommendation("Less.", CYP2C19=("No Result", None), CYP2D6=("Poor Metabolizer", "0.0")),
        ],
    )
)
DPWG = json.loads(
    test_dpwg.guideline(
        "warfarin",
        "CYP2C9",
        test_dpwg.ALLELES,
        test_dpwg.group("*1/*3", [test_dpwg.PAIR], "Intermediate Metabolizer", "1"),
    )
)
DEFINED = test_pharmcat.definition("UGT1A1", test_pharmcat.SITES, test_pharmcat.ALLELES, {"*28.001": "*28"})
JUDGED = test_pharmcat.phenotype("UGT1A1", test_pharmcat.MADE, {"*1": "1.0", "*28": "0.5", "*36": "n/a"})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each source, with its tiny files."""
    made = {name: tmp_path_factory.mktemp(name) for name in ("cpic", "dpwg", "definition", "phenotype")}
    test_cpic.write(made["cpic"])
    test_dpwg.write(made["dpwg"])
    test_pharmcat.write(made["definition"])
    test_pharmcat.write(made["phenotype"])
    return made


def put(folder: Path, form: str, content: Any) -> ModuleType:
    """Write a document over the source's own, and return the source."""
    text = json.dumps(content, indent=1).encode()
    if form in ("cpic", "dpwg"):
        file = cpic.GUIDELINES if form == "cpic" else dpwg.GUIDELINES
        pack(folder / file.path, x=text)
        return cpic if form == "cpic" else dpwg
    files = pharmcat.DEFINITIONS if form == "definition" else pharmcat.PHENOTYPES
    (folder / files["UGT1A1"].path).write_bytes(gzip.compress(text))
    return pharmcat


@pytest.mark.parametrize(
    ("form", "content"), [("cpic", CPIC), ("dpwg", DPWG), ("definition", DEFINED), ("phenotype", JUDGED)]
)
@settings(max_examples=80, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_document_of_any_shape_is_read_or_named(
    folders: dict[str, Path], form: str, content: Any, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(list(places(content))))
    value, gone = data.draw(st.sampled_from(VALUES)), data.draw(st.booleans())
    folder = folders[form]
    source = put(folder, form, changed(content, path, value, gone=gone))
    try:
        build_graph([source.read(Fetch(folder, cache=folder / "no-cache", offline=True))], max_reject_share=1.0)
    except FileError as failure:
        assert "x.json" in str(failure) or "UGT1A1" in str(failure)
