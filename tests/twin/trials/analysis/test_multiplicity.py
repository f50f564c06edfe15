"""Adjusted p values, against statsmodels, R's graphicalMCP and gMCP, and the closed tests that they are short for."""

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from twin.trials.analysis.multiplicity import Graph, bonferroni, fixed_sequence, hochberg, holm
from twin.trials.analysis.table import AnalysisError


def drawn(count: int, seed: int) -> dict[str, float]:
    values = np.random.default_rng(seed).beta(0.3, 3.0, count)
    return {f"H{number + 1}": float(value) for number, value in enumerate(values)}


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_statsmodels_s(seed: int) -> None:
    p_values = drawn(6, seed)
    for ours, name in ((bonferroni, "bonferroni"), (holm, "holm"), (hochberg, "simes-hochberg")):
        expected = multipletests(list(p_values.values()), method=name)[1]
        assert list(ours(p_values).values()) == pytest.approx(list(expected), rel=1e-12)


SUCCESSIVE = Graph(
    ("H1", "H2", "H3", "H4"),
    (0.5, 0.5, 0.0, 0.0),
    ((0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)),
)
"""Two doses, of each a primary and a secondary endpoint: Bretz et al. 2009 and 2011."""

E = 0.0001
TWO_FAMILIES = Graph(
    ("H1", "H2", "H3", "H4", "H5", "H6"),
    (0.5, 0.0, 0.0, 0.5, 0.0, 0.0),
    (
        (0.0, 0.5, 0.5, 0.0, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0, 0.0, 0.0),
        (0.0, 1.0 - E, 0.0, E, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 0.5, 0.5),
        (0.0, 0.0, 0.0, 0.0, 0.0, 1.0),
        (E, 0.0, 0.0, 0.0, 1.0 - E, 0.0),
    ),
)


def test_two_families_are_graphicalmcp_s() -> None:
    """graph_test_shortcut(complex_example_1(), p), verbose: adjusted p values, and the graph after each step."""
    p_values = {f"H{number}": p for number, p in enumerate((0.0150, 0.0125, 0.0100, 0.0075, 0.0050, 0.0025), 1)}
    assert list(TWO_FAMILIES.adjusted(p_values).values()) == pytest.approx([0.015, 0.020, 0.020, 0.015, 0.015, 0.015])
    first = TWO_FAMILIES.without("H4")
    assert first.weights == pytest.approx((0.5, 0.0, 0.0, 0.25, 0.25))
    assert first.transitions[2] == pytest.approx((0.0, 0.9999, 0.0, 0.00005, 0.00005))
    second = first.without("H6")
    assert second.weights == pytest.approx((0.5, 0.0, 0.0, 0.5), abs=5e-5)
    assert second.transitions[2] == pytest.approx((5e-9, 0.9999, 0.0, 0.000099995), abs=1e-12)
    assert second.transitions[3] == pytest.approx((1.0, 0.0, 0.0, 0.0))
    last = second.without("H5").without("H1")
    assert last.weights == pytest.approx((0.5, 0.5))
    assert last.transitions == ((0.0, 1.0), (1.0, 0.0))


def test_a_secondary_waits_for_its_primary() -> None:
    """graphicalMCP prints .02 for all of .01; with the first primary lost, its secondary is lost too."""
    assert SUCCESSIVE.adjusted(dict.fromkeys(SUCCESSIVE.hypotheses, 0.01)) == pytest.approx(
        dict.fromkeys(SUCCESSIVE.hypotheses, 0.02)
    )
    p_values = {"H1": 0.5, "H2": 0.01, "H3": 0.001, "H4": 0.02}
    assert SUCCESSIVE.rejected(p_values, 0.05) == ("H2", "H4")


def closed(graph: Graph, p_values: dict[str, float]) -> dict[str, float]:
    """The closed test of which a graph is the shortcut: weighted Bonferroni tests of all intersections."""
    found = dict.fromkeys(graph.hypotheses, 0.0)
    for count in range(1, len(graph.hypotheses) + 1):
        for kept in combinations(graph.hypotheses, count):
            inside = graph
            for name in graph.hypotheses:
                inside = inside if name in kept else inside.without(name)
            shares = zip(inside.hypotheses, inside.weights, strict=True)
            least = min([1.0, *(p_values[name] / weight for name, weight in shares if weight > 0.0)])
            found.update({name: max(found[name], least) for name in kept})
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("graph", [SUCCESSIVE, TWO_FAMILIES])
def test_a_graph_is_its_closed_test(graph: Graph, seed: int) -> None:
    p_values = drawn(len(graph.hypotheses), seed)
    assert graph.adjusted(p_values) == pytest.approx(closed(graph, p_values), rel=1e-9)


def test_holm_and_fixed_sequences_are_graphs() -> None:
    p_values = drawn(4, 9)
    even = tuple(tuple(0.0 if one == other else 1.0 / 3.0 for other in range(4)) for one in range(4))
    chain = tuple(tuple(1.0 if other == one + 1 else 0.0 for other in range(4)) for one in range(4))
    names = tuple(p_values)
    assert Graph(names, (0.25,) * 4, even).adjusted(p_values) == pytest.approx(holm(p_values))
    assert Graph(names, (1.0, 0.0, 0.0, 0.0), chain).adjusted(p_values) == pytest.approx(fixed_sequence(p_values))
    assert fixed_sequence({"A": 0.02, "B": 0.3, "C": 0.01}) == {"A": 0.02, "B": 0.3, "C": 0.3}


@pytest.mark.parametrize(
    ("weights", "transitions", "words"),
    [
        ((0.7, 0.7), ((0.0, 1.0), (1.0, 0.0)), "at most 1 together"),
        ((0.5, 0.5), ((0.5, 0.5), (1.0, 0.0)), "0 from one to itself"),
        ((0.5,), ((0.0, 1.0), (1.0, 0.0)), "2 hypotheses, weights of shape"),
    ],
)
def test_a_graph_that_is_none_is_named(weights, transitions, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(AnalysisError, match=words):
        Graph(("A", "B"), weights, transitions)


def test_p_values_that_are_none_are_named() -> None:
    with pytest.raises(AnalysisError, match="within 0 and 1"):
        holm({"A": 1.2})
    with pytest.raises(AnalysisError, match="expected H1, H2, H3, H4"):
        SUCCESSIVE.adjusted({"H1": 0.1})
