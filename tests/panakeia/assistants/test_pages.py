"""An answer in pages: none over its budget, and all of them together are the answer."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp_types import CallToolResult

from panakeia.assistants.pages import BUDGET, About, Whole, page, read_cursor
from panakeia.assistants.pieces import Piece, cut, joined

ABOUT = About("rank", "hetionet-1.0+12345678", ("hetionet 1.0 (CC0-1.0)",))
LETTERS = st.text(st.sampled_from(list('aé"\\\n\t\x01中😀')), max_size=40)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | LETTERS,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(LETTERS, inner, max_size=6),
    max_leaves=40,
)


def pages(whole: Whole) -> list[CallToolResult]:
    found = [page(whole, 0)]
    while (cursor := (found[-1].structured_content or {})["next_cursor"]) is not None:
        key, start = read_cursor(cursor)
        assert key == whole.key
        found.append(page(whole, start))
    return found


def size(result: CallToolResult) -> int:
    return len(result.model_dump_json(by_alias=True, exclude_none=True).encode())


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.integers(1, 400), LETTERS)
def test_no_page_is_over_the_budget(value: Any, times: int, letters: str) -> None:
    whole = Whole("k", letters * times, {"rows": [value] * times, "text": letters * times * 3}, ABOUT)
    found = pages(whole)
    assert max(map(size, found)) < BUDGET
    assert [(one.structured_content or {})["part"]["whole"] for one in found] == [len(found) == 1] * len(found)


@settings(max_examples=25)
@given(VALUES, st.integers(1, 60))
def test_the_pieces_make_the_value(value: Any, times: int) -> None:
    whole = {"rows": [value] * times, "text": "x" * 500 * times}
    assert joined(tuple(cut(whole))) == whole


def test_the_rows_of_all_pages_are_the_answer_s() -> None:
    rows = [{"rank": rank, "drug": f"DRUGBANK:DB{rank:05}", "score": rank / 7} for rank in range(1, 1001)]
    found = pages(Whole("k", "drugs", rows, ABOUT))
    assert [row for one in found for row in (one.structured_content or {})["answer"]] == rows
    first = found[0].structured_content or {}
    shown = len(first["answer"])
    assert first["part"]["lists"] == [{"name": "rows", "first": 1, "last": shown, "of": 1000}]
    assert f"rows: 1 to {shown} of 1000; for the rest call rank again with cursor=" in found[0].content[0].text
    assert "this is the last part" in found[-1].content[0].text
    assert size(found[0]) > 0.8 * BUDGET


def test_an_object_s_short_entries_come_first_and_the_rest_is_named() -> None:
    first = page(Whole("k", "", {"paths": [{"edge": "x" * 3000}] * 9, "score": 0.5, "why": "y" * 9000}, ABOUT), 0)
    told = first.structured_content or {}
    assert told["answer"]["score"] == 0.5
    assert told["part"]["still_to_come"] == ["paths"]
    assert "still to come: paths" in first.content[0].text


def test_every_page_says_the_data_and_the_sources() -> None:
    for one in pages(Whole("k", "", [{"id": "x" * 300}] * 200, ABOUT)):
        told = one.structured_content or {}
        assert (told["data_version"], told["sources"]) == (ABOUT.version, ["hetionet 1.0 (CC0-1.0)"])
        assert "[Data hetionet-1.0+12345678; sources: hetionet 1.0 (CC0-1.0)]" in one.content[0].text


def test_many_sources_are_capped_and_counted() -> None:
    about = About("info", "v", tuple(f"source {number} (CC0-1.0)" for number in range(200)))
    found = page(Whole("k", "", {}, about), 0)
    assert (found.structured_content or {})["sources"][-1] == "and 160 more"
    assert size(found) < BUDGET


@pytest.mark.parametrize("text", ["", "x", "bm8", "!!", "W10", json.dumps(["k", 0])])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected next_cursor of the answer before"):
        read_cursor(text)


@pytest.mark.parametrize("start", [-1, 2, 10**6])
def test_a_cursor_past_the_end_is_refused(start: int) -> None:
    with pytest.raises(ValueError, match="past the end"):
        page(Whole("k", "a", 1, ABOUT), start)


def test_an_empty_answer_is_a_page() -> None:
    told = page(Whole("k", "none", [], ABOUT), 0).structured_content or {}
    assert (told["answer"], told["part"]["whole"], told["next_cursor"]) == ([], True, None)
    assert tuple(cut([])) == (Piece((), []),)
