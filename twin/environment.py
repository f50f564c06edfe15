"""Environments of Gymnasium: a virtual patient, or many at once, whose doses an agent chooses from visit to visit.

An episode is one patient's care. At a visit the agent sees the day, what was just measured, the last dose and the
covariates; its action is the dose until the next visit; the reward is the share of that time within the target, or any
function of what was true. Who a patient is and how measurements err hangs on the luck's seed and the patient's id: a
patient is the same person whatever an agent does, in either environment. `reset(seed=...)` says who comes in which
order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from twin import library
from twin.covariates import Continuous
from twin.dose.asked import Bounds
from twin.dose.target import DoseError, Target, parse_target
from twin.dose.visits import Care, Ward, admit, treat
from twin.model import Floats, Model
from twin.patient import Cohort

IDENTIFIER = "panakeia/Twin-v0"
VIRTUAL = 1000
"""How many patients there are of a model that asks nothing of them, if no cohort is given."""
_ALONE: dict[str, Any] = {"render_modes": []}
_TOGETHER: dict[str, Any] = {**_ALONE, "autoreset_mode": AutoresetMode.NEXT_STEP}
_LARGE = float(np.finfo(np.float32).max)

Reward = Callable[[Floats, Target], Floats]
"""What is good, [patient], about the true observable before each dose since the last visit, [patient, dose]."""


def time_in_range(true: Floats, target: Target) -> Floats:
    """Return the share of time within the target, [patient]."""
    return np.asarray(((true >= target.low) & (true <= target.high)).mean(axis=1))


def care_of(
    model: Model,
    target: str,
    days: Sequence[float],
    *,
    high: float,
    low: float = 0.0,
    step: float | None = None,
    every_h: float = 24.0,
) -> Care:
    """Return care by visits on `days`, from 0, towards a target such as "NAME=2:3"; doses from `low` to `high`."""
    return Care(parse_target(target, model), tuple(days), Bounds(low, high, step), every_h)


class _Clinic:
    """What both environments do: spaces, whom they admit, what an agent sees."""

    def __init__(self, model: Model | str, care: Care, cohort: Cohort | None, luck: int, reward: Reward) -> None:
        self.model = library.load(model) if isinstance(model, str) else model
        if cohort is None and self.model.covariates:
            asked = ", ".join(covariate.name for covariate in self.model.covariates)
            raise DoseError(f"{self.model.name} asks for {asked}: give a cohort of patients")
        self.cohort = cohort or Cohort(tuple(f"virtual {number}" for number in range(1, VIRTUAL + 1)), {})
        self.care, self.luck, self.reward = care, luck, reward
        self.covariates = self.model.encoded(self.cohort.covariates)

    @property
    def actions(self) -> Box | Discrete[np.int64]:
        """Doses: as many multiples of the step as there are, or any between the bounds."""
        bounds = self.care.bounds
        if bounds.step is None:
            return Box(bounds.least, bounds.most, (1,), np.float64)
        least, most = bounds.multiples
        return Discrete(int(most - least) + 1)

    @property
    def observations(self) -> Box:
        """Day, measurement, last dose, then the covariates in the model's order."""
        asked = self.model.covariates
        low = [one.lower if isinstance(one, Continuous) else -1.0 for one in asked]
        high = [one.upper if isinstance(one, Continuous) else len(one.levels) - 1.0 for one in asked]
        ends = self.care.days[-1], self.care.bounds.most
        return Box(np.array([0.0, -_LARGE, 0.0, *low]), np.array([ends[0], _LARGE, ends[1], *high]), dtype=np.float64)

    def admitted(self, places: NDArray[np.integer[Any]]) -> Ward:
        """Return a ward of some patients of the cohort, by place; nobody twice."""
        return admit(self.model, self.cohort.some(places), self.care, self.luck)

    def doses(self, actions: Any) -> Floats:
        """Return the doses that actions stand for, [patient]."""
        bounds = self.care.bounds
        chosen = np.asarray(actions, np.float64)
        if bounds.step is None:
            return chosen.reshape(len(chosen), -1)[:, 0]
        return (bounds.multiples[0] + chosen) * bounds.step

    def seen(self, ward: Ward, places: NDArray[np.integer[Any]]) -> Floats:
        """Return what an agent sees of a ward's patients, [patient, number]; the last measurement where one failed."""
        history = ward.history
        known = np.isfinite(history.measured)
        last = history.measured.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
        measured = np.take_along_axis(history.measured, last[:, None], axis=1)[:, 0]
        dose = history.doses[:, -1] if history.number else np.zeros(len(places))
        told = [np.asarray(self.covariates[one.name], np.float64)[places] for one in self.model.covariates]
        day = np.full(len(places), history.days[-1])
        return np.stack([day, np.clip(measured, -_LARGE, _LARGE), dose, *told], axis=1)


class TwinEnv(gymnasium.Env[Floats, Any]):
    """One virtual patient an episode; see the module.

    `reset(options={"patient": ID})` asks for one of the cohort. `info` has the patient's id, the dose as given (whole
    tablets, within bounds) and the true observable at the visit. An episode ends at the last visit, or where the
    patient's course cannot be computed, which `info["failed"]` says; that interval's reward is 0.

    >>> from twin import library
    >>> model = library.load("theophylline_boeckmann1994")
    >>> care = care_of(model, "theophylline_mg_per_L=10:20", (0, 1, 2), high=400, step=100, every_h=12)
    >>> env = TwinEnv(model, care)
    >>> observation, info = env.reset(seed=1)
    >>> env.action_space.n, observation[0], env.step(3)[0][2]
    (np.int64(5), np.float64(0.0), np.float64(300.0))
    """

    metadata = _ALONE

    def __init__(
        self,
        model: Model | str,
        care: Care,
        cohort: Cohort | None = None,
        *,
        luck: int = 0,
        reward: Reward = time_in_range,
    ) -> None:
        self._clinic = _Clinic(model, care, cohort, luck, reward)
        self.action_space: gymnasium.Space[Any] = self._clinic.actions
        self.observation_space: gymnasium.Space[Any] = self._clinic.observations
        self._places = np.zeros(1, np.int64)
        self._ward: Ward | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Begin the care of a patient: the one asked for, else one by chance."""
        super().reset(seed=seed)
        ids = self._clinic.cohort.ids
        asked = (options or {}).get("patient")
        if asked is not None and asked not in ids:
            raise DoseError("no patient of the cohort has the id that is asked for")
        place = int(self.np_random.integers(len(ids))) if asked is None else ids.index(asked)
        self._places = np.array([place])
        self._ward = self._clinic.admitted(self._places)
        return self._clinic.seen(self._ward, self._places)[0], {"patient": ids[place]}

    def step(self, action: Any) -> tuple[Floats, float, bool, bool, dict[str, Any]]:
        """Give a dose until the next visit."""
        if self._ward is None or self._ward.ended:
            raise DoseError("no care is going on: reset the environment first")
        ward, true = treat(self._ward, self._clinic.doses([action] if np.ndim(action) == 0 else [np.ravel(action)]))
        self._ward = ward
        failed = not np.isfinite(true).all()
        reward = 0.0 if failed else float(self._clinic.reward(true, self._clinic.care.target)[0])
        info = {
            "patient": ward.history.ids[0],
            "dose": float(ward.history.doses[0, -1]),
            "true": float(true[0, -1]),
            "failed": failed,
        }
        return self._clinic.seen(ward, self._places)[0], reward, failed or ward.ended, False, info


class TwinVectorEnv(VectorEnv[Floats, Any, NDArray[Any]]):
    """Many virtual patients at once, carried on together; see the module. Nobody of a cohort is there twice.

    All end at the last visit; the next step, whose actions do not count, begins the care of others. A patient whose
    course cannot be computed has rewards of 0 from then on, and `info["failed"]`.
    """

    metadata = _TOGETHER

    def __init__(
        self,
        model: Model | str,
        care: Care,
        cohort: Cohort | None = None,
        *,
        num_envs: int = 1,
        luck: int = 0,
        reward: Reward = time_in_range,
    ) -> None:
        self._clinic = _Clinic(model, care, cohort, luck, reward)
        if not 1 <= num_envs <= self._clinic.cohort.n:
            raise DoseError(
                f"got {num_envs} environments, expected 1 to {self._clinic.cohort.n}, the cohort's patients"
            )
        self.num_envs = num_envs
        self.single_action_space = self._clinic.actions
        self.single_observation_space = self._clinic.observations
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._places = np.zeros(num_envs, np.int64)
        self._ward: Ward | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Floats, dict[str, Any]]:
        """Begin the care of patients by chance."""
        super().reset(seed=seed)
        self._places = self.np_random.permutation(self._clinic.cohort.n)[: self.num_envs]
        self._ward = self._clinic.admitted(self._places)
        return self._clinic.seen(self._ward, self._places), {"patient": np.array(self._ward.history.ids, dtype=object)}

    def step(self, actions: Any) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Give each patient a dose until the next visit; after the last one, begin anew."""
        if self._ward is None:
            raise DoseError("no care is going on: reset the environment first")
        never = np.zeros(self.num_envs, bool)
        if self._ward.ended:
            observations, info = self.reset()
            return observations, np.zeros(self.num_envs), never, never, info
        self._ward, true = treat(self._ward, self._clinic.doses(actions))
        failed = ~np.isfinite(true).all(axis=1)
        rewards = np.where(failed, 0.0, self._clinic.reward(true, self._clinic.care.target))
        history = self._ward.history
        info = {
            "patient": np.array(history.ids, dtype=object),
            "dose": history.doses[:, -1],
            "true": true[:, -1],
            "failed": failed,
        }
        return self._clinic.seen(self._ward, self._places), rewards, never | self._ward.ended, never, info


def register() -> None:
    """Register the environment with Gymnasium, so that `gymnasium.make` and `make_vec` find it.

    A model has no target of its own: which model, which care and whose are arguments of `make`.
    """
    if IDENTIFIER not in gymnasium.registry:
        gymnasium.register(
            IDENTIFIER, entry_point="twin.environment:TwinEnv", vector_entry_point="twin.environment:TwinVectorEnv"
        )
