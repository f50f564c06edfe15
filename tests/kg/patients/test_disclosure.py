"""What a table of people gives away: equal to pycanon's figures, and to the definitions written down plainly."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.patients import disclosure
from kg.patients.disclosure import figures
from tests.kg.patients.pycanon_figures import QUESTIONS, people

PYCANON: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "nhanes-pycanon.json").read_text(encoding="utf-8")
)
NAMES = {
    "k": "k_anonymity",
    "alpha": "alpha",
    "distinct_l": "l_diversity",
    "entropy_l": "entropy_l_diversity",
    "t": "t_closeness",
    "basic_beta": "basic_beta_likeness",
    "enhanced_beta": "enhanced_beta_likeness",
    "delta": "delta_disclosure",
}


@pytest.fixture(scope="module")
def nhanes(mirror: Path) -> pd.DataFrame:
    return pd.DataFrame(people(mirror))


@pytest.mark.mirror
@pytest.mark.parametrize("place", range(len(QUESTIONS)))
def test_figures_equal_pycanon_s_on_nhanes(nhanes: pd.DataFrame, place: int) -> None:
    quasi, sensitive = QUESTIONS[place]
    expected = PYCANON[place]
    assert (expected["quasi"], expected["sensitive"]) == (list(quasi), list(sensitive))
    found = figures(nhanes, quasi, sensitive).to_json()
    assert {name: found[ours] for name, ours in NAMES.items()} == pytest.approx(
        {name: expected[name] for name in NAMES}, rel=1e-12
    )


@pytest.mark.mirror
def test_pycanon_s_recursive_c_is_another_because_it_counts_from_the_rarest_value(nhanes: pd.DataFrame) -> None:
    quasi, sensitive = QUESTIONS[0]
    of = nhanes.groupby(list(quasi))[sensitive[0]]
    counts = [sorted(Counter(values).values()) for _, values in of]
    assert max(rising[0] // sum(rising[2:]) + 1 for rising in counts) == PYCANON[0]["recursive_c"] == 1
    assert max(rising[-1] // sum(rising[:-2]) + 1 for rising in counts) == 29
    assert figures(nhanes, quasi, sensitive).recursive_c == 29


def plainly(rows: list[tuple[object, ...]], quasi: Sequence[int], sensitive: int, ordered: bool) -> dict[str, float]:
    """The figures of one sensitive attribute, straight from their definitions."""
    groups: dict[tuple[object, ...], list[Any]] = {}
    for row in rows:
        groups.setdefault(tuple(row[place] for place in quasi), []).append(row[sensitive])
    every: list[Any] = [row[sensitive] for row in rows]
    values = sorted(set(every))
    overall = {value: every.count(value) / len(every) for value in values}
    found: dict[str, list[float]] = {name: [] for name in ("k", "alpha", "distinct", "entropy", "t", "gain", "delta")}
    for group in groups.values():
        share = {value: group.count(value) / len(group) for value in values}
        found["k"].append(len(group))
        found["alpha"].append(max(share.values()))
        found["distinct"].append(len(set(group)))
        found["entropy"].append(-sum(p * math.log(p) for p in share.values() if p))
        found["gain"].append(max((share[value] - overall[value]) / overall[value] for value in values))
        found["delta"].append(max(abs(math.log(share[value] / overall[value])) for value in values if share[value]))
        apart = [share[value] - overall[value] for value in values]
        moved = sum(abs(sum(apart[: place + 1])) for place in range(len(values))) / max(1, len(values) - 1)
        found["t"].append(moved if ordered else sum(map(abs, apart)) / 2)
    least = int(min(found["distinct"]))
    c = [0]
    for group in groups.values():
        falling = sorted(Counter(group).values(), reverse=True)
        c.append(next(c for c in range(1, len(rows) + 2) if falling[0] < c * sum(falling[least - 1 :])))
    return {
        "k_anonymity": min(found["k"]),
        "unique": found["k"].count(1),
        "alpha": max(found["alpha"]),
        "l_diversity": least,
        "entropy_l_diversity": max(
            bound for bound in range(1, least + 1) if min(found["entropy"]) >= math.log(bound) - 1e-9
        ),
        "recursive_c": max(c) if least > 1 else None,
        "t_closeness": max(found["t"]),
        "basic_beta_likeness": max(found["gain"]),
        "enhanced_beta_likeness": min(max(found["gain"]), -math.log(min(overall.values()))),
        "delta_disclosure": max(found["delta"]),
    }


ROWS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("fm"), st.integers(0, 4)), min_size=1, max_size=24)


@given(ROWS, st.booleans(), st.sampled_from([1, 3, disclosure.BLOCK]))
@settings(max_examples=60)
def test_figures_are_their_definitions(rows: list[tuple[int, str, int]], ordered: bool, block: int) -> None:
    table = pd.DataFrame(rows, columns=["age", "sex", "value"])
    if not ordered:
        table["value"] = table["value"].map(str)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disclosure, "BLOCK", block)
        found = figures(table, ["age", "sex"], ["value"]).to_json()
    expected = plainly(rows, (0, 1), 2, ordered)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_of_several_sensitive_attributes_the_worst_counts() -> None:
    table = pd.DataFrame({"age": [1, 1, 2, 2], "a": ["x", "y", "x", "y"], "b": ["x", "x", "x", "z"]})
    both, a, b = (figures(table, ["age"], list(names)) for names in ("ab", "a", "b"))
    assert (a.l_diversity, b.l_diversity, both.l_diversity) == (2, 1, 1)
    assert (a.t_closeness, b.t_closeness, both.t_closeness) == (0, 0.25, 0.25)
    assert both.alpha == 1


def test_a_missing_value_is_a_value() -> None:
    table = pd.DataFrame({"age": [40.0, None, None], "sex": ["f", "f", "f"], "value": [1.0, None, 2.0]})
    found = figures(table, ["age", "sex"], ["value"])
    assert (found.classes, found.k_anonymity, found.unique, found.l_diversity) == (2, 1, 1, 1)
    assert found.t_closeness == pytest.approx(2 / 3)  # as of categories: what is missing has no place among numbers


def test_without_a_sensitive_attribute_there_is_k_alone() -> None:
    found = figures(pd.DataFrame({"sex": ["f", "f", "m"]}), ["sex"])
    assert (found.k_anonymity, found.mean_risk, found.t_closeness, found.l_diversity) == (1, 2 / 3, None, None)


@pytest.mark.parametrize(
    ("quasi", "message"), [([], "no quasi-identifier"), (["zip"], "'zip' is no column .*expected any of sex")]
)
def test_what_cannot_be_told_is_said(quasi: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figures(pd.DataFrame({"sex": ["f"]}), quasi)


def test_nobody_gives_nothing_away() -> None:
    with pytest.raises(ValueError, match="nobody in the table"):
        figures(pd.DataFrame({"sex": []}), ["sex"])
