"""One spelling of a variant: however it is padded or shifted, the same change of the same sequence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.pharmacogenomics.sequence import spell

SEQUENCE = "GCATATATATATTTGACACAC"


def applied(position: int, reference: str, alternate: str) -> str:
    """Return the sequence with a change; positions count from 1."""
    assert SEQUENCE[position - 1 :].startswith(reference)
    return SEQUENCE[: position - 1] + alternate + SEQUENCE[position - 1 + len(reference) :]


KNOWN = dict(enumerate(SEQUENCE, start=1))


@pytest.mark.parametrize(
    ("position", "reference", "alternate"),
    [(3, "A", "ATA"), (4, "T", "TAT"), (2, "CATATATATAT", "CATATATATATAT"), (11, "AT", "ATAT"), (2, "CAT", "CATAT")],
)
def test_an_insertion_into_a_repeat_has_one_spelling(position: int, reference: str, alternate: str) -> None:
    assert spell(position, reference, alternate, KNOWN) == (3, "", "AT")


@given(
    at=st.integers(2, len(SEQUENCE) - 4),
    length=st.integers(0, 4),
    inserted=st.text("ACGT", max_size=3),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
)
def test_padding_changes_nothing(at: int, length: int, inserted: str, before: int, after: int) -> None:
    before, after = min(before, at - 1), min(after, len(SEQUENCE) - at - length + 1)
    reference = SEQUENCE[at - 1 : at - 1 + length]
    wide = SEQUENCE[at - 1 - before : at - 1 + length + after]
    padded = SEQUENCE[at - 1 - before : at - 1] + inserted + SEQUENCE[at - 1 + length : at - 1 + length + after]
    plain, spelt = spell(at, reference, inserted, KNOWN), spell(at - before, wide, padded, KNOWN)
    assert plain == spelt or reference == inserted
    assert applied(*plain) == applied(at, reference, inserted)


@given(first=st.integers(2, 15), second=st.integers(2, 15), length=st.integers(1, 4))
def test_two_deletions_are_spelt_alike_if_they_leave_the_same(first: int, second: int, length: int) -> None:
    spelt = [spell(at, SEQUENCE[at - 1 : at - 1 + length], "", KNOWN) for at in (first, second)]
    left = [applied(at, SEQUENCE[at - 1 : at - 1 + length], "") for at in (first, second)]
    assert (spelt[0] == spelt[1]) == (left[0] == left[1])
