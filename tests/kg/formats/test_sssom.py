"""SSSOM: exact matches make two identifiers one, others are counted; what is no such table is refused by line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.curie import parse
from kg.files.text import FileError
from kg.formats import sssom
from kg.graph import SourceRelease
from kg.rows import Rows

HEAD = """# curie_map:
#   mine: http://purl.obolibrary.org/obo/MONDO_
# license: https://creativecommons.org/publicdomain/zero/1.0/
"""
COLUMNS = "subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\n"


def read(path: Path, text: str) -> Rows:
    path.write_text(text, encoding="utf-8", newline="")
    return sssom.read({"mappings": path}, SourceRelease("m", "1", "CC0-1.0", "", "", {}))


def line(subject: str, predicate: str, target: str) -> str:
    return f"{subject}\tx\t{predicate}\t{target}\tsemapv:ManualMappingCuration\n"


def test_exact_matches_are_equivalents_and_the_rest_is_counted(tmp_path: Path) -> None:
    body = (
        line("mine:0005148", "skos:exactMatch", "doid:9352")
        + line("mine:0000001", "skos:broadMatch", "DOID:4")
        + line("what:1", "skos:exactMatch", "DOID:4")
        + line("http://purl.obolibrary.org/obo/HP_0000001", "owl:equivalentClass", "MIM:603903")
    )
    found = read(tmp_path / "m.sssom.tsv", HEAD + COLUMNS + body)
    [table] = found.equivalents
    assert table.select(["subject", "object", "line"]).to_pylist() == [
        {"subject": "MONDO:0005148", "object": "DOID:9352", "line": 5},
        {"subject": "HP:0000001", "object": "OMIM:603903", "line": 8},
    ]
    assert dict(found.left_out) == {
        "skos:broadMatch is no exact match": 1,
        "an identifier is of no known prefix, or not as its prefix has them": 1,
    }


def test_a_negated_match_makes_nothing_one(tmp_path: Path) -> None:
    header = "subject_id\tpredicate_modifier\tpredicate_id\tobject_id\n"
    body = "DOID:1\tNot\tskos:exactMatch\tMONDO:0000001\nDOID:2\t\tskos:exactMatch\tMONDO:0000002\n"
    found = read(tmp_path / "m.tsv", header + body)
    [table] = found.equivalents
    assert table["subject"].to_pylist() == ["DOID:2"]
    assert dict(found.left_out) == {"Not skos:exactMatch is no exact match": 1}


@pytest.mark.parametrize(
    "predicate", ["SKOS:ExactMatch", "http://www.w3.org/2004/02/skos/core#exactMatch", "OWL:equivalentclass"]
)
def test_a_predicate_may_be_in_any_capitals_or_an_iri(tmp_path: Path, predicate: str) -> None:
    [table] = read(tmp_path / "m.tsv", COLUMNS + line("DOID:1", predicate, "MONDO:0000001")).equivalents
    assert table.num_rows == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_do_not_matter(tmp_path: Path, end: str) -> None:
    text = (COLUMNS + line("DOID:1", "skos:exactMatch", "MONDO:0000001")).replace("\n", end)
    [table] = read(tmp_path / "m.tsv", text).equivalents
    assert table.num_rows == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            line("DOID:1", "skos:exactMatch", "DOID:2"),
            "line 1: the columns subject_id, predicate_id, object_id are missing",
        ),
        ("", "line 1: nothing there; expected a header"),
        (HEAD, "line 1: nothing there; expected a header"),
        (COLUMNS + "DOID:1\tx\n", "line 2: 2 cells; expected 5"),
        (COLUMNS.replace("object_id", "subject_id"), "columns 1 and 4 are both 'subject_id'"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(FileError, match=told):
        read(tmp_path / "m.tsv", text)


VALID = (HEAD + COLUMNS + line("mine:0005148", "skos:exactMatch", "doid:9352") + line("DOID:1", "x", "DOID:2")).encode()
edits = st.lists(
    st.tuples(
        st.integers(0, len(VALID)),
        st.integers(0, 12),
        st.binary(max_size=12) | st.sampled_from([b"\t", b"\r", b'"', b"\0"]),
    ),
    max_size=6,
)


@given(edits)
@settings(deadline=None, max_examples=200)
def test_a_mutated_table_is_read_or_refused_with_its_name(
    tmp_path_factory: pytest.TempPathFactory, edits: list
) -> None:
    content = VALID
    for place, length, inserted in edits:
        content = content[:place] + inserted + content[place + length :]
    path = tmp_path_factory.getbasetemp() / "mutated.sssom.tsv"
    path.write_bytes(content)
    try:
        rows = sssom.read({"mappings": path}, SourceRelease("m", "1", "CC0-1.0", "", "", {}))
    except FileError as failure:
        assert str(failure).startswith(str(path))
    else:
        assert all(parse(name) for table in rows.equivalents for name in table["subject"].to_pylist())
