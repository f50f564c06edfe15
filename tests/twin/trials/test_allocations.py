"""Allocations: who is shown in which arm."""

import numpy as np
import pytest

from twin.trials.allocations.allocation import Allocation, Arms, Enrolling
from twin.trials.allocations.fixed import Fixed


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
