"""Ontologies in OBO: what the format's specification says of names, synonyms, escapes, comments; faults by line."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.files.obo import Synonym, Term, check_acyclic, read_terms
from kg.files.text import FileError

HEADER = "format-version: 1.4\nontology: test\n\n"

FULL = r"""format-version: 1.2
data-version: hp/releases/2025-01-16
! a comment line

[Term]
id: HP:0001166 ! as the specification allows
name: Arachnodactyly {source="x"} ! spider fingers
namespace: human\:phenotype
def: "Abnormally \"long\" and slender fingers (\"spider fingers\")." [PMID:1, https://orcid.org/0000-0002] {a="b"}
comment: It's a "quoted, {odd} comment
alt_id: HP:0001505
synonym: "Long slender fingers" EXACT layperson [ORCID:0000-0001]
synonym: "Spider \"fingers\"\, long" RELATED []
synonym: "no scope" []
xref: UMLS:C0003706 "Arachnodactyly" {source="y"}
xref: SNOMEDCT_US:62250003
is_a: HP:0001238 {is_inferred="true"} ! Slender finger
is_a: HP:0100807 ! Long fingers
relationship: part_of HP:0001155 ! Hand
relationship: has_part HP:0000001 {x="y"}

[Typedef]
id: part_of
name: part of
is_transitive: true

[Term]
id: HP:0000057
name: obsolete Clitoromegaly
is_obsolete: true
replaced_by: HP:0008665
consider: HP:0000001
"""


def write(folder: Path, text: str, name: str = "x.obo") -> Path:
    path = folder / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_a_term_says_all_of_its_stanza(tmp_path: Path) -> None:
    first, second = read_terms(write(tmp_path, FULL, "x.obo.gz"))
    assert first == Term(
        id="HP:0001166",
        line=5,
        name="Arachnodactyly",
        namespace="human:phenotype",
        definition='Abnormally "long" and slender fingers ("spider fingers").',
        synonyms=(
            Synonym("Long slender fingers", "EXACT", "layperson"),
            Synonym('Spider "fingers", long', "RELATED"),
            Synonym("no scope", "RELATED"),
        ),
        xrefs=("UMLS:C0003706", "SNOMEDCT_US:62250003"),
        alt_ids=("HP:0001505",),
        parents=("HP:0001238", "HP:0100807"),
        relationships=(("part_of", "HP:0001155"), ("has_part", "HP:0000001")),
    )
    assert second == Term(
        id="HP:0000057",
        line=27,
        name="obsolete Clitoromegaly",
        obsolete=True,
        replaced_by=("HP:0008665",),
        consider=("HP:0000001",),
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"a\nb\tc\Wd", "a\nb\tc d"),
        (r"a\!b ! comment", "a!b"),
        ("beta! is part of the name", "beta"),
        ("5'-{x} reductase", "5'-{x} reductase"),
        ('x {a="1"}', "x"),
        (r"\{x\} \\", "{x} \\"),
        ("a: b", "a: b"),
        ("Übergröße", "Übergröße"),
    ],
)
def test_escapes_comments_and_qualifiers(tmp_path: Path, written: str, name: str) -> None:
    (term,) = read_terms(write(tmp_path, f"{HEADER}[Term]\nid: X:1\nname: {written}\n"))
    assert term.name == name


def test_a_line_that_ends_with_a_backslash_goes_on_in_the_next(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}[Term]\nid: X:1\nname: one \\\ntwo\nbroken\n")
    with pytest.raises(FileError, match="line 8: expected OBO's `tag: value`, got 'broken'"):
        list(read_terms(path))
    (term,) = read_terms(write(tmp_path, f"{HEADER}[Term]\nid: X:1\nname: one \\\ntwo\n"))
    assert term.name == "one two"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends_and_a_byte_order_mark(tmp_path: Path, end: str) -> None:
    path = tmp_path / "x.obo"
    path.write_bytes(("\ufeff" + FULL.replace("\n", end)).encode())
    assert [(term.id, term.line) for term in read_terms(path)] == [("HP:0001166", 5), ("HP:0000057", 27)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty; expected an ontology in the OBO format"),
        ("id\tname\nX:1\tx\n", ", line 1: expected OBO's `tag: value`, got 'id\\tname'"),
        ("[Term\nid: X:1\n", ", line 1: expected a stanza such as [Term], got '[Term'"),
        ("[Term]\nname: x\n", ", line 1: a term without id"),
        ("[Term]\nid: X:1\nname: a\nname: b\n", ", line 4: a second name; the first stands in line 3"),
        ("[Term]\nid: X:1\nid: X:2\n", ", line 3: a second id; the first stands in line 2"),
        ("[Term]\nid: X:1\nname:\n", ", line 3: nothing follows name:"),
        ("[Term]\nid: X:1\nis_a: ! root\n", ", line 3: nothing follows is_a:"),
        ('[Term]\nid: X:1\nsynonym: "open EXACT []\n', ", line 3: expected synonym: with a text in quotation marks"),
        ('[Term]\nid: X:1\nsynonym: "x" NEAR []\n', ", line 3: expected after the synonym one of EXACT, BROAD"),
        ("[Term]\nid: X:1\ndef: bare\n", ", line 3: expected def: with a text in quotation marks that are closed"),
        ("[Term]\nid: X:1\nrelationship: part_of\n", ", line 3: expected a relation and a term"),
        ("[Term]\nid: X:1\nname: a\\\n", ", line 3: ends with a backslash and goes on nowhere"),
        (f"[Term]\n{'x' * 10_000_000}\n", f", line 2: expected OBO's `tag: value`, got '{'x' * 77}...'"),
    ],
    ids=lambda text: text[:20],
)
def test_faults_are_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FileError) as failure:
        list(read_terms(path))
    assert str(path) in str(failure.value) and said in str(failure.value)


def test_a_circle_of_terms_is_named_with_their_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEADER}[Term]\nid: X:1\nname: one\nis_a: X:2\n\n[Term]\nid: X:2\nname: two\nis_a: X:3\n\n"
        "[Term]\nid: X:3\nname: three\nis_a: X:1\nis_a: X:4\n\n[Term]\nid: X:4\nname: four\n",
    )
    with pytest.raises(FileError) as failure:
        check_acyclic(path, read_terms(path))
    said = str(failure.value)
    assert said.startswith(f"{path}: a circle of terms: ") and said.endswith("; take out the is_a that is wrong")
    circle = ["X:1 (one, line 4)", "X:2 (two, line 9)", "X:3 (three, line 14)"]
    turns = [" is_a ".join([*circle[n:], *circle[: n + 1]]) for n in range(3)]
    assert any(turn in said for turn in turns), said


def test_a_term_that_is_a_kind_of_itself_is_a_circle(tmp_path: Path) -> None:
    path = write(tmp_path, "[Term]\nid: X:1\nname: one\nis_a: X:1\n")
    with pytest.raises(FileError, match=r"X:1 \(one, line 1\) is_a X:1 \(one, line 1\)"):
        check_acyclic(path, read_terms(path))


def test_parents_that_are_not_there_are_no_circle(tmp_path: Path) -> None:
    path = write(tmp_path, "[Term]\nid: X:1\nis_a: Y:1\nis_a: Y:2\n")
    check_acyclic(path, read_terms(path))


@settings(deadline=None)
@given(st.integers(0, len(FULL)), st.text(alphabet='[]{}":!\\\n\r x', max_size=6), st.integers(0, 40))
def test_no_change_of_a_file_does_worse_than_an_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, text: str, cut: int
) -> None:
    path = write(tmp_path_factory.mktemp("obo"), FULL[:place] + text + FULL[place + cut :])
    try:
        assert all(term.id for term in read_terms(path))
    except FileError as failure:
        assert str(failure).startswith(str(path))


@pytest.mark.mirror
def test_the_human_phenotype_ontology_has_the_terms_that_grep_counts(mirror: Path) -> None:
    path = mirror / "ontology" / "hp-2025-01-16.obo.gz"
    terms = list(read_terms(path))
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        lines = list(stream)
    assert len(terms) == lines.count("[Term]\n") == 19_484
    for tag, count in (
        ("is_a", sum(len(term.parents) for term in terms)),
        ("synonym", sum(len(term.synonyms) for term in terms)),
        ("alt_id", sum(len(term.alt_ids) for term in terms)),
        ("replaced_by", sum(len(term.replaced_by) for term in terms)),
    ):
        assert count == sum(line.startswith(f"{tag}: ") for line in lines), tag
    assert sum(term.obsolete for term in terms) == lines.count("is_obsolete: true\n") == 450
    check_acyclic(path, terms)
