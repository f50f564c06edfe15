"""Likeness, held against sums over sets that are written out, and against what must hold of any."""

from dataclasses import replace
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.similar import features, kinds_of, ranked, read_cases
from kg.fetch import Fetch
from kg.query.likeness import ASPECTS
from kg.similar import OTHERS_ONLY, broader_terms, facet, joined, likeness

BROADER = [("b", "a"), ("c", "a"), ("d", "b"), ("d", "c"), ("e", "c"), ("f", "e"), ("x", "y"), ("y", "x")]
CIRCLE = {"x", "y"}
TERMS = st.sampled_from("abcdefxyz")
PEOPLE = st.lists(st.sets(TERMS, max_size=5), min_size=1, max_size=6)


def rows(people: list[set[str]]) -> list[tuple[int, str]]:
    return [(row, term) for row, terms in enumerate(people) for term in sorted(terms)]


def closed(terms: set[str]) -> set[str]:
    found = set(terms)
    while more := {broad for term, broad in BROADER if term in found} - found:
        found |= more
    return found


def by_sets(people: list[set[str]], one: int, other: int, emphasis: float) -> float:
    """Return the likeness as its formula says, over sets."""
    known = [closed(terms) for terms in people]
    worth = {term: log((len(people) + 2) / (sum(term in one for one in known) + 1)) for term in set().union(*known)}

    def weigh(terms: set[str], recorded: set[str]) -> float:
        return sum(worth[term] for term in terms) + emphasis * sum(worth[term] for term in recorded)

    both = weigh(known[one] & known[other], people[one] & people[other])
    mine = weigh(known[one], people[one]) - both
    theirs = weigh(known[other], people[other]) - both
    whole = both + mine + OTHERS_ONLY * theirs
    return both / whole if whole else 0.0


@given(people=PEOPLE, emphasis=st.sampled_from([0.0, 1.0, 10.0]))
def test_likeness_is_the_share_of_information_that_both_have(people: list[set[str]], emphasis: float) -> None:
    of = facet(len(people), rows(people), BROADER, emphasis)
    everybody = range(len(people))
    expected = [[by_sets(people, one, other, emphasis) for other in everybody] for one in everybody]
    np.testing.assert_allclose(likeness(of, list(everybody)), expected, atol=1e-12)


@given(people=PEOPLE)
def test_nobody_is_more_like_a_patient_than_the_patient(people: list[set[str]]) -> None:
    found = likeness(facet(len(people), rows(people), BROADER, 10), list(range(len(people))))
    assert (found >= 0).all() and (found <= 1).all()
    for row, terms in enumerate(people):
        assert found[row, row] == pytest.approx(1.0 if terms else 0.0)


@given(people=st.lists(st.sets(TERMS, min_size=1, max_size=5), min_size=2, max_size=5))
def test_what_is_shared_is_the_narrowest_that_both_have(people: list[set[str]]) -> None:
    shared = facet(len(people), rows(people), BROADER).shared(0, 1)
    both = closed(people[0]) & closed(people[1])
    assert shared.keys() <= both
    above = {broad for term in both for broad in closed({term}) - {term}}
    assert shared.keys() - CIRCLE == both - above - CIRCLE
    assert list(shared.values()) == sorted(shared.values(), reverse=True)


def test_a_rare_term_counts_more_than_a_common_one() -> None:
    people = [{"d", "f"}, {"d"}, {"f"}, {"f"}, {"f"}]
    found = likeness(facet(len(people), rows(people), BROADER), [0])[0]
    assert found[1] > found[2]


def test_a_broader_term_is_a_part_of_the_likeness() -> None:
    people = [{"b"}, {"d"}, {"e"}, {"z"}]
    found = likeness(facet(len(people), rows(people), BROADER), [0])[0]
    assert found[0] > found[1] > found[2] > found[3] == 0


def test_facets_count_by_weight_where_the_patient_has_any() -> None:
    colour = facet(3, [(0, "red"), (1, "red"), (2, "blue")])
    shape = facet(3, [(0, "round"), (2, "round")])
    whole, each = joined({"colour": colour, "shape": shape}, {"colour": 3, "shape": 1}, 0)
    assert each.keys() == {"colour", "shape"}
    assert whole.tolist() == pytest.approx([1.0, 0.75, 0.25])
    whole, each = joined({"colour": colour, "shape": shape}, {"colour": 3, "shape": 1}, 1)
    assert each.keys() == {"colour"}  # nobody knows the shape of this one
    assert whole.tolist() == pytest.approx([1.0, 1.0, 0.0])


def test_without_anything_nobody_is_alike() -> None:
    whole, each = joined({"colour": facet(2, [])}, {"colour": 1}, 0)
    assert (whole.tolist(), each) == ([0.0, 0.0], {})


def test_a_circle_of_terms_ends() -> None:
    assert broader_terms("x", {"x": ["y"], "y": ["x"]}) == {"x", "y"}


@pytest.mark.mirror
def test_the_likest_published_patient_of_another_publication_has_the_disease(mirror: Path) -> None:
    fetch = Fetch(mirror, offline=True)
    cases = read_cases(fetch)
    assert len(cases.asked) == 6_365
    of = features(cases.present, kinds_of(fetch), ASPECTS["phenotype"].emphasis)
    ranks = ranked(replace(cases, asked=cases.asked[::6]), lambda rows: likeness(of, rows))
    assert (ranks <= 1).mean() >= 0.5 and (ranks <= 10).mean() >= 0.68  # of all: 0.536 and 0.705
