"""The one rule for letters, against the definition in the Unicode Standard."""

import sys
from unicodedata import normalize

import pyarrow as pa
import pytest

from kg.names import END, composed, folded, listed

LETTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def canonical_caseless(text: str) -> str:
    """Definition D145: NFD(toCasefold(NFD(X))) is the same for two texts that match."""
    return normalize("NFD", normalize("NFD", text).casefold())


def test_letters_match_as_unicode_says() -> None:
    """Two letters match if and only if their forms do, so the classes are the same; white space apart."""
    ours: dict[str, str] = {}
    theirs: dict[str, str] = {}
    for letter in LETTERS:
        if not letter.isspace():
            mine, standard = folded(letter), canonical_caseless(letter)
            assert ours.setdefault(mine, standard) == standard
            assert theirs.setdefault(standard, mine) == mine


def test_folding_twice_is_folding_once() -> None:
    assert [letter for letter in LETTERS if folded(folded(letter)) != folded(letter)] == []


@pytest.mark.parametrize("marks", ["\u0345\u0301", "\u0301\u0345"])
def test_marks_count_in_any_order(marks: str) -> None:
    """The iota below a Greek letter is a mark, but a letter of its own when it is folded."""
    assert folded("Α" + marks) == folded("ᾴ") == folded("ΆΙ")


def test_white_space_is_one_space_and_none_at_the_ends() -> None:
    assert folded("\t a\u00a0\u2003b\r\nc ") == "a b c"
    assert folded(" \n") == ""


def test_no_folded_name_holds_the_sign_between_names() -> None:
    assert not [letter for letter in LETTERS if END in folded(f"a{letter}b")]


def test_names_are_listed_whole() -> None:
    assert listed(["A b", "", "ß"]) == "\na b\n\nss\n"
    assert listed([]) == ""


def test_names_and_synonyms_are_composed_where_they_are_cut_into_chunks_too() -> None:
    plain, lists = ["x", "e\u0301", None, "é", "y"], [["x"], ["e\u0301", "a"], [], ["o\u0308"], ["y"]]
    whole = pa.table({"name": pa.array(plain), "synonyms": pa.array(lists), "id": pa.array(plain)})
    chunked = pa.concat_tables([whole.slice(1, 2), whole.slice(3, 1)])
    assert composed(chunked).to_pylist() == [
        {"name": "é", "synonyms": ["é", "a"], "id": "e\u0301"},
        {"name": None, "synonyms": [], "id": None},
        {"name": "é", "synonyms": ["ö"], "id": "é"},
    ]
    assert composed(whole.slice(0, 0)).num_rows == 0
