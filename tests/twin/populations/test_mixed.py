"""Mixtures: each part has its share, and its own distributions."""

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError, check
from tests.twin.populations.patients import ANY
from twin.populations.distributions import Distributions
from twin.populations.population import Population

SIZE = 20_000
AGE = {"mean": 60.0, "sd": 10.0, "lower": 18.0, "upper": 90.0}


def part(name: str, share: float, a: float, **changes: object) -> dict[str, Any]:
    alleles = {"CYP2C9": {"*1": 0.9, "*2": 0.1}, "VKORC1": {"G": 1 - a, "A": a}}
    return {"name": name, "share": share, "source": f"{name}'s", "race": name, "age_years": AGE, **alleles, **changes}


PARTS = [part("white", 0.73, 0.4), part("black", 0.27, 0.1)]


def mixed(parts: list[dict[str, Any]], **changes: object) -> Population:
    return check({"kind": "mixture", "source": "made up", "parts": parts, **changes}, ANY, "population")


def test_each_part_has_its_share_and_its_allele_frequencies() -> None:
    drawn = mixed(PARTS).sample(SIZE, 5).covariates
    black = drawn["race"] == "black"
    assert stats.binomtest(int(black.sum()), SIZE, 0.27).pvalue > 1e-3
    for who, a in ((black, 0.1), (~black, 0.4)):
        alleles = int(np.strings.count(drawn["VKORC1"][who].astype(str), "A").sum())
        assert stats.binomtest(alleles, 2 * int(who.sum()), a).pvalue > 1e-3


def test_a_patient_is_the_one_that_the_part_alone_would_have_drawn() -> None:
    population = mixed(PARTS)
    drawn = population.sample(200, 5)
    for stated in PARTS:
        own = {name: value for name, value in stated.items() if name not in ("name", "share")}
        alone = check(own, Distributions.stating(ANY.covariates), "population").sample(200, 5)
        who = drawn.covariates["race"] == stated["name"]
        for name, values in alone.covariates.items():
            np.testing.assert_array_equal(drawn.covariates[name][who], values[who])
    assert drawn.ids == alone.ids


def test_the_first_patients_of_a_larger_cohort_are_those_of_a_smaller_one() -> None:
    small, large = mixed(PARTS).sample(20, 3), mixed(PARTS).sample(70, 3)
    for name, values in small.covariates.items():
        assert large.covariates[name][:20].tolist() == values.tolist()
    assert mixed(PARTS).sample(5, 3, first=16).covariates["race"].tolist() == small.covariates["race"][15:].tolist()


def test_it_tells_each_share_and_what_each_part_takes_for_granted() -> None:
    told = mixed(PARTS).assumptions()
    shares = {row.assumption: row.value for row in told if row.value is not None}
    assert shares == {
        "Share of the patients who are of the part 'white'.": 0.73,
        "Share of the patients who are of the part 'black'.": 0.27,
    }
    assert {row.reason for row in told if "Hardy-Weinberg" in row.assumption} == {"white's", "black's"}


def test_it_is_the_same_after_a_journey_to_another_process() -> None:
    population = mixed(PARTS)
    assert pickle.loads(pickle.dumps(population)) == population


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([part("white", 0.73, 0.4), part("black", 0.37, 0.1)], "parts: the shares sum to 1.1, expected 1"),
        (PARTS[:1], "parts: got 1 items, expected at least 2"),
        ([PARTS[0], PARTS[1] | {"name": "white"}], r"parts\[1\].name: got 'white', which another part has"),
        ([part("white", 0.73, 0.4), part("black", 0.27, 0.1, race="blak")], r"parts\[1\].race: got 'blak', expected"),
        ([PARTS[0], {k: v for k, v in PARTS[1].items() if k != "race"}], r"parts\[1\].race: missing; another part"),
        ([PARTS[0], {k: v for k, v in PARTS[1].items() if k != "CYP2C9"}], r"parts\[1\].CYP2C9: missing"),
        ([PARTS[0], PARTS[1] | {"raec": "black"}], r"parts\[1\].raec: unknown key; did you mean race\?"),
    ],
)
def test_a_mistake_is_named_with_its_key(parts: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        mixed(parts)


def test_bounds_beyond_a_covariate_s_own_are_named_with_the_part() -> None:
    wide = part("black", 0.27, 0.1, age_years=AGE | {"lower": 10.0})
    assert mixed([PARTS[0], wide]).mistakes() == ["parts[1].age_years.lower: got 10, expected >= 18"]


def test_an_unknown_kind_is_told_with_those_that_there_are() -> None:
    with pytest.raises(DesignError, match="kind: got 'mix', expected one of cohort, distributions, mixture, table"):
        mixed(PARTS, kind="mix")
