"""Fit: a model over sites by Newton's steps on sums: the pooled fit, without pooling.

Round 1 agrees on the columns, round 2 on their centres and spreads, and each further round is a step. Only sums are
asked for; the steps on them are those that would be taken on all rows together, so the fit is the pooled one to the
last few bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kg.progress import Progress, silent
from twin.estimate import effect_of
from twin.model import Floats
from twin.prognosis.federated.agree import columns_of, misfits
from twin.prognosis.federated.kind import Kind, Step, coefficient_names, kind_of
from twin.prognosis.federated.noise import slope_variance
from twin.prognosis.federated.refusal import FederatedError, SiteRefused
from twin.prognosis.federated.result import FederatedFit, unscaled
from twin.prognosis.federated.rounds import Link, Talk, ask_each, ask_sum, next_ask
from twin.prognosis.federated.wire import Column, Content, Description, Question, Vector

_CLOSE, _FAR, _ROUNDS = 1e-10, 25.0, 50
"""The step that is the last, a coefficient that no data ask for, and steps at most; columns have a spread of 1."""
_LEAST_MASKED = 3
_FLOOR = 0.01
"""Share of its largest eigenvalue, below which a noisy curvature's are noise."""


@dataclass(frozen=True)
class FitSettings:
    """What a coordinator decides.

    `minimum` patients a site has at least; `least_sites` take part to the end; `seconds` a site has for an answer.
    Sums are `masked` where three sites or more take part, unless it is said. `ridge` is a penalty on the coefficients
    of scaled columns. With `epsilon`, spent at each site over `noisy_steps`, sums are noisy, and `scales` give each
    number column's centre and spread, which are then not asked for.
    """

    minimum: int = 10
    least_sites: int = 2
    seconds: float = 30.0
    masked: bool | None = None
    ridge: float = 0.0
    epsilon: float | None = None
    noisy_steps: int = 3
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    level: float = 0.95

    def __post_init__(self) -> None:
        for name, least in (("minimum", 1), ("least_sites", 1), ("noisy_steps", 1)):
            if getattr(self, name) < least:
                raise FederatedError(f"got {name} {getattr(self, name)}, expected {least} or more")
        if not self.ridge >= 0.0 or not self.seconds > 0.0 or not 0.0 < self.level < 1.0:
            raise FederatedError(
                f"got the ridge {self.ridge:g}, {self.seconds:g} seconds and the level {self.level:g}; expected a "
                "ridge of 0 or more, a time above 0 and a level between 0 and 1"
            )
        if self.epsilon is not None and not 0.0 < self.epsilon < float("inf"):
            raise FederatedError(f"got the epsilon {self.epsilon:g}, expected a number above 0")


@dataclass(frozen=True)
class _Fitting:
    """What does not change while steps are taken: the kind, the columns, their coefficients' names, rows by site."""

    kind: Kind
    columns: tuple[Column, ...]
    names: tuple[str, ...]
    settings: FitSettings
    rows: Mapping[str, int]

    @property
    def penalty(self) -> Floats:
        penalty = np.full(len(self.names), self.settings.ridge)
        penalty[: int(self.kind.intercept)] = 0.0
        return penalty

    def check_step(self, sites: tuple[str, ...], values: Floats) -> None:
        """Raise `ValueError` for sums that no rows have."""
        step = Step.of(values, len(self.names))
        self.check_rows(sites, step.rows)
        least = np.linalg.eigvalsh(step.curvature).min()
        if self.settings.epsilon is None and least < -1e-6 * max(np.abs(step.curvature).max(), 1.0):
            raise ValueError("its sums are those of no rows: the curvature is not that of a likelihood")

    def check_moments(self, sites: tuple[str, ...], values: Floats) -> None:
        """Raise `ValueError` for sums and squares that no rows have."""
        self.check_rows(sites, values[0])
        sums, squares = values[2:].reshape(2, -1)
        if (squares * values[0] < sums**2 * (1.0 - 1e-6)).any():
            raise ValueError("its sums are those of no rows: a column's squares are less than its mean's")

    def check_rows(self, sites: tuple[str, ...], came: float) -> None:
        """Raise `ValueError` where sums are over other rows than the sites said to have."""
        told = sum(self.rows[name] for name in sites)
        if not abs(came - told) < 0.5:
            raise ValueError(f"its sums are over {came:.0f} rows, and {told} were described")


def fit(
    links: Sequence[Link], question: Question, settings: FitSettings | None = None, progress: Progress = silent
) -> FederatedFit:
    """Return a model fitted over sites; raises `FederatedError`, `TooFewSites` where too many are refused."""
    settings = settings or FitSettings()
    kind = _kind(links, question, settings)
    talk = Talk(tuple(links), question, settings.least_sites, settings.seconds)
    progress("agree on the columns", 0.0)
    talk, told = _described(talk, kind, settings)
    fitting = _Fitting(kind, columns_of(told, question), (), settings, {name: one.rows for name, one in told.items()})
    fitting = replace(fitting, names=coefficient_names(kind, fitting.columns))
    start, events = np.zeros(len(fitting.names)), None
    if settings.epsilon is None:
        progress("agree on centres and spreads", 0.1)
        talk, fitting, totals = _scaled(talk, fitting)
        if kind.events:
            _require_events(totals, question)
            events = round(totals[1]), talk.names
    else:
        fitting = replace(fitting, columns=_given_scales(fitting.columns, settings.scales))
    talk, at, total = (_noisy_steps if settings.epsilon is not None else _steps)(talk, fitting, start, progress)
    progress("fitted", 1.0)
    return _result(talk, fitting, at, total, told, events[0] if events and events[1] == talk.names else None)


def _kind(links: Sequence[Link], question: Question, settings: FitSettings) -> Kind:
    names = [link.name for link in links]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise FederatedError(f"the sites name {', '.join(repeated)} more than once; expected each once")
    if len(set(question.columns)) != len(question.columns):
        raise FederatedError("the outcome, the time and the features name a column more than once; expected each once")
    kind = kind_of(question.model)
    if question.model == "cox" and question.time is None:
        raise FederatedError("Cox's model needs the column of times (--time), beside the outcome: 1 event, 0 cut off")
    if question.model != "cox" and question.time is not None:
        raise FederatedError(f"a {question.model} model has no column of times; leave it away, or choose cox")
    if settings.epsilon is not None and question.model != "logistic":
        raise FederatedError(f"noise bounds what a row adds to a sum, and in a {question.model} model nothing does")
    return kind


def _described(talk: Talk, kind: Kind, settings: FitSettings) -> tuple[Talk, dict[str, Description]]:
    """Return the talk with the sites that fit together, masked if it is to be, and what they say of themselves."""

    def read(name: str, content: Content) -> Description:
        if not isinstance(content, Description):
            raise SiteRefused(f"it answers with a {content.kind}, expected a description")
        if content.noisy and settings.epsilon is None:
            raise SiteRefused("it answers with noise only, and no epsilon is offered")
        return content

    talk, told = ask_each(talk, next_ask(talk, "describe"), read)
    talk = talk.without(misfits(told, talk.question, kind, settings.minimum))
    told = {name: told[name] for name in talk.names}
    if settings.masked or (settings.masked is None and len(talk.links) >= _LEAST_MASKED):
        talk = replace(talk, masks={name: one.key for name, one in told.items()})
    return talk, told


def _scaled(talk: Talk, fitting: _Fitting) -> tuple[Talk, _Fitting, Floats]:
    """Return the number columns with their centres and spreads over all sites, and the moments."""
    size = 2 + 2 * len(fitting.names)
    ask = next_ask(talk, "moments", columns=fitting.columns)
    talk, totals = ask_sum(talk, ask, size, fitting.check_moments)
    means, squares = totals[2:].reshape(2, -1) / totals[0]
    place, columns = int(fitting.kind.intercept), []
    for column in fitting.columns:
        spread = float(np.sqrt(max(squares[place] - means[place] ** 2, 0.0)))
        if column.levels is None:
            if not spread > 1e-9 * max(abs(means[place]), 1e-300):
                raise FederatedError(f"{column.name} is the same in all patients: leave it out")
            column = column.model_copy(update={"centre": float(means[place]), "spread": spread})
        else:
            _require_cells(column, totals[2 + place :], totals[0], fitting.settings.minimum)
        columns.append(column)
        place += len(column.names)
    return talk, replace(fitting, columns=tuple(columns)), totals


def _require_cells(column: Column, sums: Floats, rows: float, minimum: int) -> None:
    """Raise `FederatedError` where over all sites few patients have a level: masked sums are checked here alone."""
    counts = [float(count) for count in sums[: len(column.names)]]
    names = (f"{column.name}={(column.levels or ('',))[0]}", *column.names)
    for name, count in zip(names, (rows - sum(counts), *counts), strict=True):
        if count < minimum - 0.5:
            raise FederatedError(f"over all sites fewer than {minimum} patients have {name}: join levels")


def _require_events(totals: Floats, question: Question) -> None:
    if not 0.5 < totals[1] < totals[0] + (0.5 if question.time is not None else -0.5):
        which = "nobody has" if totals[1] < 0.5 else "everybody has"
        raise FederatedError(f"{which} the event of {question.outcome}: there is nothing to compare")


def _given_scales(columns: tuple[Column, ...], scales: Mapping[str, tuple[float, float]]) -> tuple[Column, ...]:
    numbers = {column.name for column in columns if column.levels is None}
    if missing := sorted(numbers - scales.keys()):
        raise FederatedError(
            f"with noise, the centre and spread of {', '.join(missing)} must be given: --scale NAME=72,12"
        )
    if unknown := sorted(scales.keys() - numbers):
        raise FederatedError(f"a scale is given for {', '.join(unknown)}, which is no feature of numbers")
    if bad := sorted(name for name, (_, spread) in scales.items() if not spread > 0.0):
        raise FederatedError(f"the spread of {', '.join(bad)} is not above 0")
    return tuple(
        column.model_copy(update=dict(zip(("centre", "spread"), scales[column.name], strict=True)))
        if column.name in numbers
        else column
        for column in columns
    )


def _asked(talk: Talk, fitting: _Fitting, at: Floats, epsilon: float | None = None) -> tuple[Talk, Step]:
    """Return the sums at these coefficients, over the sites that the talk goes on with."""
    size = 2 + len(fitting.names) + len(fitting.names) * (len(fitting.names) + 1) // 2
    ask = next_ask(talk, "sums", columns=fitting.columns, at=Vector.of(at), epsilon=epsilon)
    talk, total = ask_sum(talk, ask, size, fitting.check_step)
    return talk, Step.of(total, len(fitting.names))


def _steps(talk: Talk, fitting: _Fitting, at: Floats, progress: Progress) -> tuple[Talk, Floats, Step]:
    """Return the coefficients of the largest objective, and the sums there."""
    penalty = fitting.penalty
    talk, total = _asked(talk, fitting, at)
    for nth in range(_ROUNDS):
        progress(f"step {nth + 1}", min(0.2 + 0.1 * nth, 0.9))
        curvature = total.curvature + np.diag(penalty)
        if (dependent := _dependent(curvature, fitting.names)) is not None:
            if nth:  # where chances are all but 0 and 1, nothing curves
                break
            raise FederatedError(
                f"{dependent} is constant where it counts, or a combination of other features: leave it out"
            )
        step = np.asarray(np.linalg.solve(curvature, total.slope - penalty * at), np.float64)
        if np.abs(step).max() <= _CLOSE * (1.0 + np.abs(at).max()):
            return talk, at + step, total
        before = _penalised(total, penalty, at)
        talk, ahead, step = _uphill(talk, fitting, at, step, before)
        at, total = at + step, ahead
        if np.abs(at).max() > _FAR * max(1.0, np.abs(at[: int(fitting.kind.intercept)]).max(initial=0.0)):
            break
    first = int(fitting.kind.intercept)
    worst = fitting.names[first + int(np.argmax(np.abs(at[first:])))]
    raise FederatedError(
        f"there is no largest likelihood: the coefficient of {worst} runs away, since all or none with it have the "
        "event; leave it out, join levels, or set a ridge"
    )


def _uphill(talk: Talk, fitting: _Fitting, at: Floats, step: Floats, before: float) -> tuple[Talk, Step, Floats]:
    """Return the sums after a step, which is halved while the objective falls; not over other sites than before."""
    who = talk.names
    talk, ahead = _asked(talk, fitting, at + step)
    slack = 1e-12 * abs(before)
    while talk.names == who and np.abs(step).max() > _CLOSE:
        if _penalised(ahead, fitting.penalty, at + step) >= before - slack:
            break
        step = step / 2.0
        talk, ahead = _asked(talk, fitting, at + step)
    return talk, ahead, step


def _noisy_steps(talk: Talk, fitting: _Fitting, at: Floats, progress: Progress) -> tuple[Talk, Floats, Step]:
    """Return the coefficients after a fixed number of steps on noisy sums, and the sums of the last."""
    penalty, steps = fitting.penalty, fitting.settings.noisy_steps
    each = np.floor((fitting.settings.epsilon or 0.0) / steps * 1e9) / 1e9  # so that all are not more than the whole
    for nth in range(steps):
        progress(f"noisy step {nth + 1}", 0.2 + 0.7 * nth / steps)
        talk, total = _asked(talk, fitting, at, float(each))
        values, vectors = np.linalg.eigh(total.curvature + np.diag(penalty))
        values = np.maximum(values, _FLOOR * values.max())
        total = replace(total, curvature=(vectors * values) @ vectors.T - np.diag(penalty))
        at = at + vectors @ ((vectors.T @ (total.slope - penalty * at)) / values)
    return talk, at, total


def _penalised(total: Step, penalty: Floats, at: Floats) -> float:
    return total.objective - 0.5 * float(penalty @ at**2)


def _dependent(curvature: Floats, names: Sequence[str]) -> str | None:
    """Return the name of a coefficient that others stand for, None where there is none."""
    scale = np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    values, vectors = np.linalg.eigh(curvature / np.outer(scale, scale))
    return names[int(np.argmax(np.abs(vectors[:, 0])))] if values[0] < 1e-10 * len(names) else None


def _result(
    talk: Talk, fitting: _Fitting, at: Floats, total: Step, told: Mapping[str, Description], events: int | None
) -> FederatedFit:
    inverse = np.linalg.inv(total.curvature + np.diag(fitting.penalty))
    spread, settings = fitting.kind.dispersion(total) * total.curvature, fitting.settings
    method = f"{talk.question.model} model over {len(talk.links)} sites by Newton's steps on sums, Wald"
    if settings.epsilon is not None:
        each = slope_variance(fitting.columns, settings.epsilon / settings.noisy_steps, len(at))
        spread = spread + len(talk.links) * each * np.eye(len(at))
        method += ", with the last step's noise"
    to_own = unscaled(fitting.columns, intercept=fitting.kind.intercept)
    values = to_own @ at
    errors = np.sqrt(np.diag(to_own @ inverse @ spread @ inverse @ to_own.T))
    freedom = np.inf if fitting.kind.events else total.rows - len(at)
    return FederatedFit(
        question=talk.question,
        columns=fitting.columns,
        at=at,
        coefficients={
            name: effect_of(float(value), float(error), settings.level, method, freedom)
            for name, value, error in zip(fitting.names, values, errors, strict=True)
        },
        rounds=talk.rounds,
        rows={name: told[name].rows for name in talk.names},
        versions={name: told[name].version for name in talk.names},
        events=events,
        masked=bool(talk.masks),
        epsilon=settings.epsilon,
        ridge=settings.ridge,
    )
