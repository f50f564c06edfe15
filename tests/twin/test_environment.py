"""The environments: Gymnasium's own checks, the same luck whatever is done, and one patient as among many."""

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from tests.twin.test_warfarin import TABLE_5, cohort_of
from twin import library
from twin.dose.target import DoseError
from twin.environment import IDENTIFIER, TwinEnv, TwinVectorEnv, care_of, register

WARFARIN = library.load("warfarin_hamberg2007")
COHORT = cohort_of([cell[:3] for cell in TABLE_5])
CARE = care_of(WARFARIN, "INR=2:3", (0, 3, 7, 14), high=10.0, step=0.5)


@pytest.mark.parametrize("step", [0.5, None])
def test_gymnasium_s_own_checks(step: float | None) -> None:
    env = TwinEnv(WARFARIN, care_of(WARFARIN, "INR=2:3", (0, 3, 7), high=10.0, step=step), COHORT)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(action space|Box action|not within the observation|spec).*")
        check_env(env)


def test_a_patient_has_the_same_luck_whatever_is_done() -> None:
    env, seen = TwinEnv(WARFARIN, CARE, COHORT), []
    for doses in ((10, 10, 10), (0, 20, 10)):
        observation, info = env.reset(seed=3)
        assert info["patient"] == env.reset(options={"patient": info["patient"]})[1]["patient"]
        errors = []
        for dose in doses:
            observation, _, ended, _, told = env.step(dose)
            errors.append(np.log(observation[1] / told["true"]))
        assert ended
        seen.append((info["patient"], errors))
    assert seen[0][0] == seen[1][0]
    np.testing.assert_allclose(seen[0][1], seen[1][1], rtol=1e-9)


def test_one_among_many_is_the_same_person() -> None:
    many = TwinVectorEnv(WARFARIN, CARE, COHORT, num_envs=5)
    observations, info = many.reset(seed=1)
    alone = TwinEnv(WARFARIN, CARE, COHORT)
    first, _ = alone.reset(options={"patient": info["patient"][2]})
    np.testing.assert_array_equal(first, observations[2])
    for action in (10, 12, 3):
        observations, rewards, ended, _, told = many.step(np.full(5, action))
        observation, reward, _, _, _ = alone.step(action)
        np.testing.assert_allclose(observation, observations[2], rtol=1e-12)
        assert reward == rewards[2] and told["dose"][2] == action / 2
    assert ended.all()
    observations, rewards, ended, _, _ = many.step(np.zeros(5))  # whose actions do not count: care begins anew
    assert not ended.any() and not rewards.any() and (observations[:, 0] == 0).all()


def test_the_reward_is_the_share_of_days_in_range() -> None:
    env = TwinEnv(WARFARIN, care_of(WARFARIN, "INR=0.5:1.5", (0, 2, 4), high=10.0), COHORT)
    env.reset(seed=0)
    assert env.step(np.zeros(1))[1] == 1.0  # nothing is taken: the INR stays 1
    highest = TwinEnv(WARFARIN, CARE, COHORT, reward=lambda true, target: -true.max(axis=1))
    highest.reset(seed=0)
    assert highest.step(20)[1] < -1.0


def test_it_is_found_by_name() -> None:
    register()
    register()
    env = gymnasium.make(IDENTIFIER, model="warfarin_hamberg2007", care=CARE, cohort=COHORT)
    assert env.reset(seed=1)[0].shape == (6,)
    many = gymnasium.make_vec(
        IDENTIFIER,
        num_envs=3,
        vectorization_mode="vector_entry_point",
        model="warfarin_hamberg2007",
        care=CARE,
        cohort=COHORT,
    )
    assert many.reset(seed=1)[0].shape == (3, 6)


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(DoseError, match="asks for age_years, CYP2C9, VKORC1"):
        TwinEnv(WARFARIN, CARE)
    with pytest.raises(DoseError, match="reset the environment first"):
        TwinEnv(WARFARIN, CARE, COHORT).step(1)
    with pytest.raises(DoseError, match="expected 1 to 8"):
        TwinVectorEnv(WARFARIN, CARE, COHORT, num_envs=9)
    with pytest.raises(DoseError, match="ascending days from 0"):
        care_of(WARFARIN, "INR=2:3", (1, 2), high=10.0)
    with pytest.raises(DoseError, match="a whole number of them"):
        care_of(WARFARIN, "INR=2:3", (0, 1.25), high=10.0)
