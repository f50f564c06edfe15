"""Dose-response: is there one, of which shape, and which dose has the effect that is wanted (MCP-Mod).

A multiple contrast test first: only shapes whose contrast is significant are fitted; then the one that is likeliest for
its parameters (AIC), or an average. Bretz F, Pinheiro JC, Branson M. Biometrics 2005;61:738-748. Buckland ST, Burnham
KP, Augustin NH. Model selection: an integral part of inference. Biometrics 1997;53:603-618.
"""

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize

from kg.notebook import notebook_html
from twin.trials.design.contrast_test import ContrastTest, optimal_contrast
from twin.trials.design.dose_models import KINDS, Parameters, Shape
from twin.trials.design.spending import Floats

SELECTIONS = ("aic", "max-t", "average")
"""How a shape is chosen of those that are significant: the least AIC, the greatest test, or all, weighed by AIC."""

_GRID, _FINE = 25, 2001
"""Values of each parameter that a fit starts from, and doses among which one is looked for."""


@dataclass(frozen=True)
class DoseData:
    """Responses by dose: doses ascending, [dose], their patients and mean responses, and the variance within a dose.

    More is not needed: of normal responses these tell all.
    """

    doses: tuple[float, ...]
    patients: tuple[float, ...]
    means: tuple[float, ...]
    variance: float

    def __post_init__(self) -> None:
        checked_doses(self.doses)
        if not len(self.doses) == len(self.patients) == len(self.means):
            raise ValueError(
                f"got {len(self.doses)} doses, {len(self.patients)} counts and {len(self.means)} means: expected as"
                " many"
            )
        if min(self.patients) < 1.0 or self.freedom < 1.0:
            raise ValueError(f"got the patients {self.patients}, expected one or more of each dose, and two of one")
        if not (np.isfinite(self.variance) and self.variance > 0.0):
            raise ValueError(f"got the variance {self.variance:g} within doses, expected a number above 0")

    @classmethod
    def of(cls, doses: Floats, responses: Floats) -> "DoseData":
        """Return the data of patients, a dose and a response each; raise `ValueError` for too few, or no numbers."""
        doses, responses = np.asarray(doses, float), np.asarray(responses, float)
        if not (np.isfinite(doses).all() and np.isfinite(responses).all()):
            raise ValueError("a dose or a response is missing: leave out such patients, or impute them")
        levels = np.unique(doses)
        groups = [responses[doses == level] for level in levels]
        freedom = responses.size - levels.size
        if levels.size < 2 or freedom < 1:
            raise ValueError(f"got {responses.size} patients on {levels.size} doses, expected more, on two or more")
        within = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
        counts = tuple(float(group.size) for group in groups)
        return cls(tuple(levels.tolist()), counts, tuple(float(group.mean()) for group in groups), within / freedom)

    @property
    def freedom(self) -> float:
        """Return the degrees of freedom of the variance."""
        return sum(self.patients) - len(self.patients)

    @property
    def levels(self) -> Floats:
        """Return the doses, [dose]."""
        return np.array(self.doses)


@dataclass(frozen=True)
class Fit:
    """A model fitted by least squares: `linear` are the constant and what multiplies its terms."""

    kind: str
    linear: Parameters
    parameters: Parameters
    squares: float
    """What is left of the squares, within doses too."""
    aic: float
    largest: float

    def at(self, doses: Floats) -> Floats:
        """Return the response at doses, [dose]."""
        terms = KINDS[self.kind].terms(np.append(doses, self.largest), self.parameters, self.largest)[:-1]
        return np.asarray(self.linear[0] + terms @ np.array(self.linear[1:]))

    def target_dose(self, delta: float, decreasing: bool = False) -> float | None:
        """Return the least dose whose response is better by `delta` than without; None where none studied is."""
        sign = -1.0 if decreasing else 1.0
        base = float(self.at(np.zeros(1))[0])
        return self._first(lambda dose: sign * (self.at(dose) - base) - delta)

    def effective_dose(self, share: float, decreasing: bool = False) -> float | None:
        """Return the least dose with this share of the largest effect among the doses studied; None without effect."""
        sign = -1.0 if decreasing else 1.0
        effect = sign * (self.at(np.linspace(0.0, self.largest, _FINE)) - float(self.at(np.zeros(1))[0]))
        return None if effect.max() <= 0.0 else self.target_dose(share * float(effect.max()), decreasing)

    def _first(self, excess: Any) -> float | None:
        doses = np.linspace(0.0, self.largest, _FINE)
        over = np.flatnonzero(excess(doses) >= 0.0)
        if over.size == 0:
            return None
        if over[0] == 0:
            return 0.0
        return float(
            brentq(lambda dose: float(excess(np.array([dose]))[0]), doses[over[0] - 1], doses[over[0]], xtol=1e-12)
        )


def fitted(kind: str, data: DoseData) -> Fit:
    """Return a model's least squares: its linear part in closed form, the rest within bounds from a grid on.

    Raises `ValueError` for a kind that is not known, or one with as many parameters as there are doses or more.
    """
    if kind not in KINDS:
        raise ValueError(f"got the model {kind!r}, expected one of {', '.join(KINDS)}")
    model, largest = KINDS[kind], max(data.doses)
    count = 1 + (2 if kind == "quadratic" else 1) + len(model.parameters)
    if count > len(data.doses):
        raise ValueError(f"the model {kind} has {count} parameters, expected no more than the {len(data.doses)} doses")
    limits = model.limits(largest)

    def left(parameters: Parameters) -> tuple[float, Floats]:
        return _linear_fit(model.terms(data.levels, parameters, largest), data)

    best: Parameters = ()
    if limits:
        grid = product(*(np.geomspace(low, high, _GRID) for low, high in limits))
        start = min((tuple(map(float, point)) for point in grid), key=lambda point: left(point)[0])

        def squares_at(logs: Floats) -> float:
            return left(tuple(np.exp(logs).tolist()))[0]

        found = minimize(
            squares_at,
            np.log(start),
            method="Nelder-Mead",
            bounds=[(float(np.log(low)), float(np.log(high))) for low, high in limits],
            options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 2000, "maxfev": 4000},
        )
        best = tuple(float(value) for value in np.exp(found.x))
    between, linear = left(best)
    squares = between + data.variance * data.freedom
    size = sum(data.patients)
    aic = size * (np.log(2.0 * np.pi * squares / size) + 1.0) + 2.0 * (count + 1)
    return Fit(kind, tuple(linear.tolist()), best, squares, float(aic), largest)


def _linear_fit(terms: Floats, data: DoseData) -> tuple[float, Floats]:
    """Return the squares between means and fit, and the constant and multipliers, [1 + term]."""
    columns = np.column_stack([np.ones(len(data.doses)), terms])
    root, means = np.sqrt(np.array(data.patients)), np.array(data.means)
    linear = np.linalg.lstsq(columns * root[:, np.newaxis], means * root, rcond=None)[0]
    return float((np.array(data.patients) * (means - columns @ linear) ** 2).sum()), np.asarray(linear)


@dataclass(frozen=True)
class DoseResponse:
    """The test of each candidate, and the fits of the significant ones, with their target doses.

    `statistics` and `p_values`, adjusted for all, are by candidate, [candidate]; `weights` say how much each fit
    counts: all of one that is selected, or by AIC.
    """

    shapes: tuple[Shape, ...]
    statistics: Floats
    p_values: Floats
    critical: float
    alpha: float
    fits: tuple[Fit, ...]
    weights: Floats
    doses: tuple[float | None, ...]
    """Each fit's dose with the effect that is wanted."""
    wanted: str

    @property
    def dose(self) -> float | None:
        """Return the dose that is wanted, by the fits as they count; None where there is none."""
        counted = [(weight, dose) for weight, dose in zip(self.weights, self.doses, strict=True) if weight > 0.0]
        if not counted or any(dose is None for _, dose in counted):
            return None
        return float(sum(weight * (dose or 0.0) for weight, dose in counted))

    def to_frame(self) -> pd.DataFrame:
        """Return a row a candidate: test, and fit, weight and dose where it is significant."""
        by_kind = {
            fit.kind: (fit, weight, dose) for fit, weight, dose in zip(self.fits, self.weights, self.doses, strict=True)
        }
        rows = []
        for shape, statistic, chance in zip(self.shapes, self.statistics, self.p_values, strict=True):
            fit, weight, dose = by_kind.get(shape.kind, (None, None, None))
            rows.append(
                {
                    "model": shape.name,
                    "t": statistic,
                    "p": chance,
                    "aic": None if fit is None else fit.aic,
                    "weight": weight,
                    "dose": dose,
                }
            )
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the tests, the fits and the dose as JSON values."""
        return {
            "critical": self.critical,
            "alpha": self.alpha,
            "tests": [
                {"model": shape.name, "t": float(t), "p": float(p)}
                for shape, t, p in zip(self.shapes, self.statistics, self.p_values, strict=True)
            ],
            "fits": [
                {
                    "model": fit.kind,
                    "linear": list(fit.linear),
                    **dict(zip(KINDS[fit.kind].parameters, fit.parameters, strict=True)),
                    "squares": fit.squares,
                    "aic": fit.aic,
                    "weight": float(weight),
                    "dose": dose,
                }
                for fit, weight, dose in zip(self.fits, self.weights, self.doses, strict=True)
            ],
            "wanted": self.wanted,
            "dose": self.dose,
        }

    def to_text(self) -> str:
        """Return in a few lines whether there is a response to dose, and which dose is wanted."""
        if not self.fits:
            return (
                f"no response to dose is shown: no test reaches {self.critical:.4f} (alpha {self.alpha:g}, one-sided)"
            )
        chosen = ", ".join(
            f"{fit.kind} ({weight:.3f})" for fit, weight in zip(self.fits, self.weights, strict=True) if weight > 0.0
        )
        dose = "none studied has it" if self.dose is None else f"{self.dose:.6g}"
        return (
            f"a response to dose is shown: tests from {self.critical:.4f} on are significant at one-sided alpha"
            f" {self.alpha:g}, all together\nby {chosen}, the dose with {self.wanted}: {dose}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class Wanted:
    """What is asked of the data: an effect above that of no dose (`delta`), or a share of the largest (`share`).

    `decreasing`, a lower response is better. `select` is one of `SELECTIONS`.
    """

    delta: float | None = None
    share: float | None = None
    decreasing: bool = False
    select: str = "aic"
    alpha: float = 0.025

    def __post_init__(self) -> None:
        if (self.delta is None) == (self.share is None):
            raise ValueError("which dose is wanted: tell an effect above none, or a share of the largest (one of both)")
        if self.delta is not None and not (np.isfinite(self.delta) and self.delta > 0.0):
            raise ValueError(f"got the effect {self.delta:g} above none, expected a number above 0")
        if self.share is not None and not 0.0 < self.share < 1.0:
            raise ValueError(f"got the share {self.share:g} of the largest effect, expected one above 0 and below 1")
        if self.select not in SELECTIONS:
            raise ValueError(f"got the selection {self.select!r}, expected one of {', '.join(SELECTIONS)}")

    def dose_of(self, fit: Fit) -> float | None:
        """Return the dose that is wanted, by a fit."""
        if self.delta is not None:
            return fit.target_dose(self.delta, self.decreasing)
        return fit.effective_dose(self.share or 0.0, self.decreasing)

    def __str__(self) -> str:
        if self.delta is not None:
            return f"a response better by {self.delta:g} than without"
        return f"{self.share:g} of the largest effect"


def dose_response(data: DoseData, shapes: tuple[Shape, ...], wanted: Wanted) -> DoseResponse:
    """Return the tests of all candidates, the fits of those that are significant, and the dose that is wanted.

    Raises `ValueError` for no candidates, or one that is flat on these doses.
    """
    sign = -1.0 if wanted.decreasing else 1.0
    test = contrasts_of(shapes, data.levels, np.array(data.patients), data.freedom)
    statistics = sign * test.statistics(np.array(data.means), data.variance)
    critical = test.critical(wanted.alpha)
    order = np.argsort(-statistics, kind="stable")
    kinds = list(dict.fromkeys(shapes[i].kind for i in order if statistics[i] >= critical))
    fits = tuple(fitted(kind, data) for kind in kinds)
    return DoseResponse(
        shapes=shapes,
        statistics=statistics,
        p_values=test.adjusted(statistics),
        critical=critical,
        alpha=wanted.alpha,
        fits=fits,
        weights=_weights(fits, wanted.select),
        doses=tuple(wanted.dose_of(fit) for fit in fits),
        wanted=str(wanted),
    )


def contrasts_of(shapes: tuple[Shape, ...], doses: Floats, patients: Floats, freedom: float | None) -> ContrastTest:
    """Return the test by the contrasts that are best for these shapes."""
    if not shapes:
        raise ValueError("got no candidate models, expected one or more")
    contrasts = [optimal_contrast(shape.standard(doses), patients) for shape in shapes]
    return ContrastTest(tuple(tuple(each.tolist()) for each in contrasts), tuple(patients.tolist()), freedom)


def checked_doses(doses: tuple[float, ...]) -> None:
    """Raise `ValueError` for doses that are not two or more, ascending from 0."""
    if len(doses) < 2 or doses[0] != 0.0 or not all(low < high for low, high in pairwise(doses)):
        raise ValueError(f"got the doses {doses}, expected two or more, ascending from 0, no dose")


def _weights(fits: tuple[Fit, ...], select: str) -> Floats:
    """Return how much each fit counts, [fit]; they come in the order of their tests."""
    if not fits:
        return np.zeros(0)
    worse = np.array([fit.aic for fit in fits])
    worse -= worse.min()
    if select == "average":
        likely = np.exp(-worse / 2.0)
        return np.asarray(likely / likely.sum())
    chosen = 0 if select == "max-t" else int(worse.argmin())
    return np.asarray(np.eye(len(fits))[chosen])
