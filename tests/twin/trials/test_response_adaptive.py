"""Response-adaptive allocation: more patients where it is better, none of it before anything is known."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from kg.files.checked import DesignError, check
from tests.twin.trials.test_operating import content
from twin.trials.allocations.allocation import Enrolling, Responses
from twin.trials.allocations.response_adaptive import ResponseAdaptive, best_of_means
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import replicate
from twin.trials.run import run

RULE = ResponseAdaptive(burn_in=40, every=20, power=1.0, least=0.1)
IDS = tuple(f"S{number:06d}" for number in range(400))
ENROLLING = Enrolling(IDS, {}, (1.0, 1.0), 5)


def responses(better: np.ndarray, apart_d: float = 1.0, follow_d: float = 7.0) -> Responses:
    came = apart_d * np.arange(len(IDS))
    return Responses(better, came, came + follow_d)


def test_the_chance_to_be_best_is_that_of_the_difference_of_two_normals() -> None:
    means, errors = np.array([1.0, 1.7]), np.array([0.5, 1.2])
    expected = norm.cdf((means[1] - means[0]) / np.hypot(*errors))
    assert best_of_means(means, errors) == pytest.approx([1 - expected, expected], abs=1e-9)


def test_the_better_arm_gets_more_up_to_the_limit() -> None:
    luck = np.random.default_rng(1).normal(size=(2, 400))
    better = luck + np.array([[0.0], [1.0]])
    arms = RULE.adapted(ENROLLING, responses(better))
    assert 0.85 < (arms[200:] == 1).mean() < 0.95, "nine in ten, the rest by the least share"
    equal = RULE.adapted(ENROLLING, responses(luck))
    assert 0.2 < (equal == 1).mean() < 0.8


def test_nothing_changes_before_a_response_is_known() -> None:
    better = np.random.default_rng(1).normal(size=(2, 400)) + np.array([[0.0], [3.0]])
    late = RULE.adapted(ENROLLING, responses(better, follow_d=1e6))
    assert late.tolist() == RULE.arms(ENROLLING).tolist()
    arms = RULE.adapted(ENROLLING, responses(better))
    assert arms[:40].tolist() == late[:40].tolist() and arms[40:].tolist() != late[40:].tolist()
    changed = better.copy()
    changed[:, 300:] = -changed[:, 300:]
    again = RULE.adapted(ENROLLING, responses(changed))
    assert again[:300].tolist() == arms[:300].tolist(), "who comes later is not known"


def designed(**changes: Any) -> TrialDesign:
    doses = {"low": 250.0, "middle": 300.0, "high": 420.0}
    stated = content(
        arms=[{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in doses.items()],
        enrolment={"kind": "piecewise", "periods": [{"per_week": 20.0}]},
        allocation={"kind": "response_adaptive", "burn_in": 30, "every": 10, "power": 1.0},
    )
    stated["trial"]["subjects_per_arm"] = 60
    return check(stated | changes, TrialDesign, "trial.toml")


def test_a_trial_puts_its_patients_where_they_do_better() -> None:
    counts = run(designed()).counts
    assert counts["high"]["enrolled"] > 1.5 * counts["low"]["enrolled"] > 0
    assert sum(one["enrolled"] for one in counts.values()) == 180


def test_replicates_are_allocated_each_alone() -> None:
    some, alone = replicate(designed(), 1, 2), replicate(designed(), 2, 1)
    assert some[some["replicate"] == 2]["estimate"].tolist() == alone["estimate"].tolist()


def test_an_outcome_that_is_no_single_value_is_refused() -> None:
    hazards = [{"kind": "constant", "name": "relapse", "then": "count", "per_week": 0.1}]
    endpoints = [{"kind": "time_to_event", "name": "RELAPSE", "events": ["relapse"]}]
    with pytest.raises(DesignError, match="response_adaptive needs one value a patient"):
        designed(hazards=hazards, endpoints=endpoints)
