"""Subjects: whose dose is looked for, as individual parameters: the typical ones, and how they may differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import jax
import numpy as np
from numpy.typing import NDArray

from twin.covariates import asked_for, unknown
from twin.dose.schedule import TROUGH, Amounts, Schedule, Window, seen
from twin.dose.target import Limit, Target
from twin.engine import typical
from twin.fit.patient import Posterior
from twin.mixture import Mixture
from twin.model import Floats, Individual, Model
from twin.patient import Cohort, check
from twin.simulate import Variation, draw

AT_ONCE = 8192
"""Drawn people who are looked at at once."""
_POSSIBLE = 400
"""Typical patients who stand for one whose genotype is not known."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """Patients of a model; all individual parameters are patient by patient, [patient * per] and [patient * draws].

    `middle` are those whose median is to meet a target: the typical patient, or draws of what one may be. `spread` says
    how true patients differ from it, or what is not known of one; `level` of them are between bounds. `basis` says both
    in words. `missing`: what is not known of a patient who therefore fails, by id; `told`: where covariates are from.
    """

    model: Model
    ids: tuple[str, ...]
    middle: Individual
    spread: Individual
    level: float
    basis: str
    missing: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def per(self) -> int:
        """How many people stand for the middle of a patient."""
        return _count(self.middle) // len(self.ids)

    @property
    def draws(self) -> int:
        """How many people stand for the spread of a patient."""
        return _count(self.spread) // len(self.ids)

    def only(self, some: NDArray[np.int64]) -> "Subjects":
        """Return some of the patients, by place."""
        return Subjects(
            self.model,
            tuple(self.ids[place] for place in some),
            _taken(self.middle, some, self.per),
            _taken(self.spread, some, self.draws),
            self.level,
            self.basis,
            self.missing,
            self.told,
        )


def of_cohort(model: Model, cohort: Cohort, variation: Variation | None) -> Subjects:
    """Return the typical patients with these covariates, and how such patients vary; without variation not at all.

    Raises `twin.patient.PatientError` where the cohort lacks what the model needs.
    """
    check(cohort, model)
    middle, missing = typical(model, cohort.covariates, None, cohort.n), _missing(model, cohort)
    if variation is None:
        return Subjects(model, cohort.ids, middle, middle, 0.0, "the typical patient with these covariates", missing)
    drawn = draw(model, cohort, variation.seed, variation.draws, doubt=variation.doubt)
    told = "variability between patients" + (", uncertainty of the parameters" if variation.doubt else "")
    basis = (
        f"the typical patient with these covariates; bounds hold {variation.level:.0%} of {variation.draws} such"
        f" patients: {told}"
    )
    return Subjects(model, cohort.ids, middle, drawn, variation.level, basis, missing)


def of_mixture(model: Model, mixture: Mixture, variation: Variation | None) -> Subjects:
    """Return one patient who may be several: each as often as it is likely.

    The middle is the median of the typical patients whom this one may be.
    """
    rows, count, told = mixture.cohort, len(mixture.shares), tuple(one.to_text() for one in mixture.told)
    if mixture.certain:
        return replace(of_cohort(model, rows, variation), told=told)
    draws = variation.draws if variation else _POSSIBLE
    row = np.searchsorted(np.cumsum(mixture.shares), (np.arange(draws) + 0.5) / draws).clip(0, count - 1)
    middle = _taken(typical(model, rows.covariates, None, count), row, 1)
    basis = f"the median of the typical patients whom {' and '.join(mixture.marginalised)} let this one be"
    if variation is None:
        return Subjects(model, (mixture.id,), middle, middle, 0.0, basis, told=told)
    drawn = draw(model, rows, variation.seed, draws, doubt=variation.doubt)
    spread = _taken(drawn, row * draws + np.arange(draws), 1)
    basis += f"; bounds hold {variation.level:.0%} of {draws} such patients, each as likely as it is"
    return Subjects(model, (mixture.id,), middle, spread, variation.level, basis, told=told)


def of_individuals(model: Model, individuals: Individual) -> Subjects:
    """Return patients with these individual parameters, [patient] each, numbered from 1, who do not vary."""
    ids = tuple(str(number) for number in range(1, _count(individuals) + 1))
    return Subjects(model, ids, individuals, individuals, 0.0, "patients with given parameters")


def of_fit(posterior: Posterior, person: Mixture, level: float) -> Subjects:
    """Return the patient whom measurements tell of: draws of the posterior, whose median is the middle."""
    people = posterior.ahead
    basis = f"the median of {_count(people)} draws of the patient, fitted to own measurements; bounds hold {level:.0%}"
    told = (*(one.to_text() for one in person.told), *posterior.warnings)
    return Subjects(posterior.model, (person.id,), people, people, level, basis, told=told)


def middles(subjects: Subjects, amounts: Amounts, schedule: Schedule, window: Window, observable: str) -> Floats:
    """Return what counts of an observable in each patient's middle, on several amounts: [amount, patient]."""
    tried, per = len(jax.tree.leaves(amounts)[0]), subjects.per
    people = jax.tree.map(lambda one: np.tile(one, tried), subjects.middle)
    given = jax.tree.map(lambda one: np.repeat(one.ravel(), per), amounts)
    found = seen(subjects.model, people, given, schedule, window, schedule.measure != TROUGH)
    return np.asarray(np.median(found.counted(observable, schedule.measure).reshape(tried, -1, per), axis=2))


@dataclass(frozen=True, eq=False)
class Spread:
    """How patients on a dose differ: bounds of what counts [patient], the share of time (and of people) within the
    target's range [patient], and how likely each limit is kept, [limit, patient]."""

    lower: Floats
    upper: Floats
    in_range: Floats
    kept: Floats


def spread(
    subjects: Subjects, amounts: Amounts, schedule: Schedule, window: Window, target: Target, limits: Sequence[Limit]
) -> Spread:
    """Return how patients differ, each on an amount: [patient]."""
    draws, count = subjects.draws, len(subjects.ids)
    whole = schedule.measure != TROUGH or target.is_range or bool(limits)
    found = np.empty((3 + len(limits), count))
    group = max(1, AT_ONCE // draws)
    for first in range(0, count, group):
        some = slice(first, min(first + group, count))
        people = jax.tree.map(lambda one, some=some: one[some.start * draws : some.stop * draws], subjects.spread)
        given = jax.tree.map(lambda one, some=some: np.repeat(one[some], draws), amounts)
        of = seen(subjects.model, people, given, schedule, window, whole)
        value = of.counted(target.observable, schedule.measure).reshape(-1, draws)
        tails = (0.5 - subjects.level / 2, 0.5 + subjects.level / 2)
        found[:2, some] = np.quantile(value, tails, axis=1)
        course = of.courses[target.observable]
        within = (course >= target.low) & (course <= target.high)
        lost = np.asarray(~np.isfinite(course).all(axis=1))
        shares = np.asarray((within * of.weight).sum(axis=1) if whole else within[:, of.point], np.float64)
        found[2, some] = _averaged(shares, lost, draws)
        for place, limit in enumerate(limits, start=3):
            held = of.courses[limit.observable]
            kept = np.asarray((held < limit.bound if limit.below else held > limit.bound).all(axis=1), np.float64)
            found[place, some] = _averaged(kept, lost, draws)
    return Spread(found[0], found[1], found[2], found[3:])


def _averaged(values: Floats, lost: NDArray[np.bool_], draws: int) -> Floats:
    """Return means over draws, [patient]; NaN where one has no course."""
    return np.asarray(np.where(lost, np.nan, values).reshape(-1, draws).mean(axis=1))


def _missing(model: Model, cohort: Cohort) -> dict[str, str]:
    """Return what is not known of patients who cannot do without it, by id."""
    found: dict[str, str] = {}
    for covariate in model.covariates:
        if asked_for(covariate):
            for place in np.flatnonzero(unknown(covariate.encode(cohort.covariates[covariate.name]))):
                found.setdefault(cohort.ids[place], covariate.name)
    return found


def _count(people: Individual) -> int:
    return int(jax.tree.leaves(people)[0].shape[-1])


def _taken(people: Individual, some: NDArray[np.int64], each: int) -> Individual:
    places = (some[:, None] * each + np.arange(each)).ravel()
    return jax.tree.map(lambda one: one[places], people)
