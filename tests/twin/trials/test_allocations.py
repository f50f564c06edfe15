"""Allocations: who is shown in which arm, and how alike the arms are."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError
from tests.twin.trials.designs import Content, plain
from twin.trials.allocations.allocation import Allocation, Arms, Enrolling
from twin.trials.allocations.blocks import Blocks
from twin.trials.allocations.fixed import Fixed
from twin.trials.allocations.minimisation import Minimisation
from twin.trials.allocations.simple import Simple


def allocated(seed: int, ids: list[str], arms: int, by: Allocation | None = None) -> Arms:
    return (by or Fixed()).arms(Enrolling(tuple(ids), {}, (1.0,) * arms, seed))


@pytest.mark.parametrize("arms", [2, 3])
def test_patients_are_allocated_at_random_in_equal_numbers_whatever_their_order(arms: int) -> None:
    ids = [f"S{number}" for number in range(3000)]
    found = allocated(5, ids, arms)
    assert np.bincount(found).tolist() == [3000 // arms] * arms
    order = np.random.default_rng(0).permutation(3000)
    assert allocated(5, [ids[place] for place in order], arms).tolist() == found[order].tolist()
    assert abs(np.corrcoef(found, np.arange(3000))[0, 1]) < 4 / np.sqrt(3000)
    assert abs(np.corrcoef(found, allocated(6, ids, arms))[0, 1]) < 4 / np.sqrt(3000)


@pytest.mark.parametrize("arms", [2, 3])
def test_an_added_patient_moves_one_other_at_most_at_each_bound_between_arms(arms: int) -> None:
    ids = [f"S{number}" for number in range(40)]
    for size in range(arms, 40):
        before, after = allocated(1, ids[:size], arms), allocated(1, ids[: size + 1], arms)
        assert (before != after[:size]).sum() <= arms - 1
        assert np.ptp(np.bincount(after, minlength=arms)) <= 1


SEXES = np.array(["female", "male"])


def enrolling(n: int, seed: int = 1, shares: tuple[float, ...] = (1.0, 1.0)) -> Enrolling:
    """Patients with a sex, of whom one in five is a man, an age, and a site of three."""
    luck = np.random.default_rng(0)
    covariates = {
        "sex": SEXES[(luck.random(n) < 0.2).astype(int)],
        "age_years": luck.normal(60, 10, n),
        "site": np.array(["a", "b", "c"])[luck.integers(0, 3, n)],
    }
    return Enrolling(tuple(f"S{number}" for number in range(n)), covariates, shares, seed)


def test_shares_are_kept_exactly_by_fixed_and_on_average_by_simple_allocation() -> None:
    thirds = enrolling(3000, shares=(2.0, 1.0))
    assert np.bincount(Fixed().arms(thirds)).tolist() == [2000, 1000]
    assert np.bincount(Fixed().arms(enrolling(700, shares=(1.0, 2.0, 4.0)))).tolist() == [100, 200, 400]
    counts = [int((Simple().arms(enrolling(300, seed, (2.0, 1.0))) == 1).sum()) for seed in range(200)]
    assert stats.kstest(np.array(counts) + np.random.default_rng(0).random(200), smooth(300, 1 / 3)).pvalue > 1e-3


def smooth(n: int, p: float) -> Callable[[np.ndarray], np.ndarray]:
    """The distribution of a binomial number to which a uniform one is added."""
    law = stats.binom(n, p)
    return lambda x: law.cdf(np.floor(x) - 1) + (x - np.floor(x)) * law.pmf(np.floor(x))


@pytest.mark.parametrize(("size", "shares"), [(4, (1.0, 1.0)), (6, (2.0, 1.0)), (12, (1.0, 2.0, 3.0))])
def test_blocks_are_balanced_in_every_prefix(size: int, shares: tuple[float, ...]) -> None:
    found = Blocks(size=size).arms(enrolling(600, shares=shares))
    per_block = np.array(shares) / sum(shares) * size
    for end in range(size, 601, size):
        assert np.bincount(found[:end], minlength=len(shares)).tolist() == (per_block * end / size).tolist()
    blocks = {tuple(found[start : start + size]) for start in range(0, 600, size)}
    assert len(blocks) > 5, "blocks are permuted"


def test_each_stratum_has_blocks_of_its_own() -> None:
    who = enrolling(1000)
    found = Blocks(size=4, strata=("sex", "age_years")).arms(who)
    older = who.covariates["age_years"] > np.median(who.covariates["age_years"])
    for sex in SEXES:
        for half in (older, ~older):
            inside = found[(who.covariates["sex"] == sex) & half]
            surplus = np.cumsum(2 * inside - 1)
            assert np.abs(surplus).max() <= 2 and (surplus[3::4] == 0).all()


def imbalance(found: Arms, who: Enrolling, factors: tuple[str, ...]) -> float:
    """The sum over levels of all factors of the difference between two arms."""
    return sum(
        abs(int((2 * found[who.covariates[name] == level] - 1).sum()))
        for name in factors
        for level in np.unique(who.covariates[name])
    )


def test_minimisation_balances_better_than_chance_and_best_when_it_is_sure() -> None:
    factors = ("sex", "site")
    means = []
    for by in (Simple(), Minimisation(factors=factors), Minimisation(factors=factors, probability=1.0)):
        who = [enrolling(200, seed) for seed in range(30)]
        means.append(np.mean([imbalance(by.arms(one), one, factors) for one in who]))
    assert means[2] < means[1] < means[0] / 2
    assert means[2] < 6, "five levels, each a patient or so away from balance"


def test_minimisation_keeps_shares() -> None:
    found = Minimisation(factors=("sex", "age_years")).arms(enrolling(900, shares=(2.0, 1.0)))
    assert np.bincount(found).tolist() == pytest.approx([600, 300], abs=10)


def test_minimisation_by_hand() -> None:
    """Who is sure to lower the sum of imbalances: patients a a b a, then one of b and one of a."""
    who = Enrolling(tuple("123456"), {"site": np.array(list("aababa"))}, (1.0, 1.0), 1)
    found = Minimisation(factors=("site",), probability=1.0).arms(who)
    first, third, fourth = found[0], found[2], found[3]
    assert found.tolist() == [first, 1 - first, third, fourth, 1 - third, 1 - fourth]


EVERY: list[Allocation] = [Fixed(), Simple(), Blocks(size=4), Minimisation(factors=("sex", "site"))]


@pytest.mark.parametrize("by", EVERY, ids=lambda by: by.kind)
def test_no_allocation_hangs_on_another_seeds_or_on_what_patients_are(by: Allocation) -> None:
    who = enrolling(2000)
    found, other = by.arms(who), by.arms(enrolling(2000, 2))
    assert found.tolist() == by.arms(who).tolist() != other.tolist()
    assert abs(np.corrcoef(found, other)[0, 1]) < 4 / np.sqrt(2000)
    assert abs(np.corrcoef(found, who.covariates["age_years"])[0, 1]) < 4 / np.sqrt(2000)


@pytest.mark.parametrize(
    ("allocation", "message"),
    [
        ({"kind": "coin"}, "allocation.kind: got 'coin', expected one of blocks, fixed, minimisation"),
        ({"kind": "blocks", "size": 1}, "allocation.size: got 1, expected >= 2"),
        (
            {"kind": "blocks", "size": 3},
            "allocation.size: got 3, of which the arms' shares are 1.5, 1.5; expected a si",
        ),
        ({"kind": "blocks", "strata": ["sex"]}, "population.sex: missing; allocation needs it"),
        ({"kind": "minimisation", "factors": []}, "allocation.factors: got 0 items, expected at least 1"),
        ({"kind": "minimisation", "factors": ["sex"]}, "population.sex: missing; allocation needs it"),
        (
            {"kind": "minimisation", "factors": ["a"], "probability": 0.5},
            "allocation.probability: got 0.5, expected > 0.5",
        ),
    ],
)
def test_an_impossible_allocation_is_refused(allocation: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        plain(allocation=allocation)
