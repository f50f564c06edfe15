"""Which evidence passes a filter."""

import pytest

from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence

OURS = Evidence("a", "1", "CC0-1.0", "observation", "manual_agent", ())


@pytest.mark.parametrize(
    ("where", "passes"),
    [
        (EVERYTHING, True),
        (Filter(sources=["a", "b"]), True),
        (Filter(sources=["b"]), False),
        (Filter(licences=["CC0-1.0"]), True),
        (Filter(licences=["MIT"]), False),
        (Filter(knowledge_levels=["observation"]), True),
        (Filter(knowledge_levels=["prediction"]), False),
        (Filter(without_sources=["b"]), True),
        (Filter(without_sources=["a"]), False),
        (Filter(sources=["a"], licences=["MIT"]), False),
    ],
)
def test_a_statement_passes_if_all_that_is_asked_for_holds(where: Filter, passes: bool) -> None:
    assert where.passes(OURS) is passes
    assert bool(where) is (where != EVERYTHING)


def test_a_level_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match=r"guessed is no knowledge level: expected some of knowledge_assertion, "):
        Filter(knowledge_levels=["guessed"])
