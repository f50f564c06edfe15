"""A population's parameters from its patients' measurements: by FOCEI or Laplace's approximation."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kg.progress import Progress, silent
from twin.engine import TOLERANCE, float64_on_cpu
from twin.fit.data import UNPARTED, DataSet, parted_of
from twin.fit.doubt import Doubt, doubt
from twin.fit.layout import Layout, Population, coefficient_of_variation, layout, starting, unheard
from twin.fit.likelihood import Likelihood
from twin.fit.minimise import Search, begin, step
from twin.fit.modes import Objective, objective
from twin.fit.rough import far, made_up, roughly
from twin.fit.settings import FitSettings
from twin.fit.shrink import Shrinkage, shrinkage
from twin.model import Floats, Model
from twin.solve.choose import solver_of

METHODS = ("focei", "laplace")
DEFAULTS = FitSettings()
_FORMAT = 1
"""Of a saved fit."""
_NEAR_ZERO = 0.01
"""A standard deviation of an eta below this (1 % between patients) is as good as none."""
_NEGLIGIBLE = 0.03
"""A part below this share of every measurement's standard deviation adds less than a thousandth to its variance."""
_LOOSE = 1.0
"""A standard error above this share of its estimate: the data hardly know the parameter."""


@dataclass(frozen=True, eq=False)
class PopulationFit:
    """A population that was fitted, or how far the search for it is.

    `doubt` and `shrinkage` are None where the search is not over. `warnings` say in words what stands against a fit.
    """

    likelihood: Likelihood
    data: DataSet
    method: str
    search: Search
    doubt: Doubt | None
    shrinkage: Shrinkage | None
    warnings: tuple[str, ...]

    @property
    def layout(self) -> Layout:
        """What was fitted."""
        return self.likelihood.layout

    @property
    def population(self) -> Population:
        """The population's numbers."""
        with float64_on_cpu():
            found = self.layout.unpack(self.search.numbers)
        sigma = {name: {part: float(value) for part, value in parts.items()} for name, parts in found.sigma.items()}
        return Population({name: float(value) for name, value in found.theta.items()}, np.asarray(found.white), sigma)

    @property
    def ofv(self) -> float:
        """-2 ln L without n ln(2 pi), as NONMEM and nlmixr2 state it."""
        return self.search.value

    def to_json(self) -> dict[str, Any]:
        """Return estimates with standard errors, variability as CV (percent), residual errors, and warnings."""
        found, model = self.population, self.layout.model
        omega, fitted = found.omega(), self._slopes()
        wide = dict(zip(self.layout.names, self.doubt.se, strict=True)) if self.doubt else {}
        between = len(self.layout.etas)
        return {
            "model": model.name,
            "method": self.method,
            "theta": {
                name: {
                    "estimate": found.theta[name],
                    "se": _number(wide[name] * abs(fitted[name])) if name in wide else None,
                    "unit": quantity.unit,
                    "fixed": name not in fitted,
                }
                for name, quantity in model.parameters.items()
            },
            "omega_cv_percent": {
                name: coefficient_of_variation(model, name, omega[place, place])
                for place, name in enumerate(self.layout.etas)
            },
            "omega": omega[:between, :between].tolist(),
            **self._in_time(omega),
            "sigma": found.sigma,
            "ofv": self.ofv,
            "patients": len(self.data.ids),
            "observations": self.data.observations,
            "shrinkage": self.shrinkage.to_json(self.layout) if self.shrinkage else None,
            "converged": self.search.ended == "converged",
            "steps": self.search.steps,
            "warnings": list(self.warnings),
        }

    def _in_time(self, omega: Floats) -> dict[str, Any]:
        """Return what changes in time: variability between occasions, and which covariates do; nothing without."""
        layout, changing = self.layout, self.data.changing
        first = {name: layout.of_occasions(name).start for name in layout.parted.fields}
        return (
            {}
            if changing is None
            else {
                "occasions_cv_percent": {
                    name: coefficient_of_variation(layout.model, name, omega[place, place])
                    for name, place in first.items()
                },
                "occasions": layout.parted.occasions,
                "changing": changing.to_json(),
            }
        )

    def _slopes(self) -> dict[str, float]:
        """Return by how much each fitted parameter changes as it moves on the line."""
        with float64_on_cpu():
            slopes = self.layout.slope(self.search.numbers)
        return {name: float(slope) for (name, _), slope in zip(self.layout.theta, slopes, strict=True)}


def fit_population(
    model: Model,
    data: DataSet,
    settings: FitSettings = DEFAULTS,
    *,
    method: str = "focei",
    resume: PopulationFit | Search | None = None,
    progress: Progress = silent,
) -> PopulationFit:
    """Fit a population's parameters, the variability between patients and the residual error.

    The search begins at the model's own numbers or those of the settings; a model of which nothing was published has
    none, and it begins where all patients, taken as one, fit best. What no measurement depends on stays as it is, with
    a warning. After `most_steps` of the settings, or when interrupted (Ctrl-C), what was reached is returned, from
    which `resume` goes on: the same numbers come out as without the pause.

    Raises `ValueError` for a method or name that there is none of, and where the likelihood is no number at the start.
    """
    if method not in METHODS:
        raise ValueError(f"got method {method!r}, expected one of {', '.join(METHODS)}")
    if method == "focei" and data.case.happened is not None:
        raise ValueError("FOCEI knows nothing of events in time; choose the method laplace or nuts")
    with float64_on_cpu():
        likelihood, first, notes = prepared(model, data, settings)

        def function(numbers: Floats, etas: Floats) -> Objective:
            return objective(likelihood, numbers, etas, method == "laplace")

        none = np.zeros((likelihood.layout.width, likelihood.patients))
        search = resume.search if isinstance(resume, PopulationFit) else resume
        if search is None:
            search = begin(function, likelihood.layout.pack(first), none)
        elif len(search.numbers) != len(likelihood.layout.names) or search.etas.shape != none.shape:
            raise ValueError("the saved fit is of another model or data set; begin anew")
        try:
            for _ in range(settings.most_steps):
                if search.ended:
                    break
                share = search.steps / max(settings.most_steps, 1)
                progress(f"fit {model.name}: step {search.steps}, OFV {search.value:.3f}", share)
                search = step(function, search)
        except KeyboardInterrupt:
            notes = (*notes, "interrupted")
        return _finished(likelihood, data, method, search, notes, function)


def prepared(model: Model, data: DataSet, settings: FitSettings) -> tuple[Likelihood, Population, tuple[str, ...]]:
    """Return the likelihood of what the data say something about, where its search begins, and notes on the rest.

    The solver's steps are made fine enough for the start values.
    """
    solver = solver_of(model, data.case.plan.rate is not None)
    etas, parted = tuple(model.variability.between), parted_of(model, data)
    start, fixed = starting(model, etas, settings.start, parted), kept(model, settings)
    whole = Likelihood(layout(model, start, data.case.covariates, etas, fixed, parted), solver, data.case)
    line, none = whole.line(whole.layout.pack(start)), np.zeros((whole.layout.width, whole.patients))
    used = data.case.measured.used
    looked = used | (data.case.measured.kind >= len(model.observables))
    slope = np.where(looked, np.asarray(whole.told(line, none).slope), 0.0)
    silent_etas, silent_names = unheard(whole.layout, slope, np.unique(data.case.measured.kind[used]))
    unsaid = [
        *silent_names,
        *(f"between patients: {name}" for name in silent_etas if name in etas),
        *(f"between occasions: {name}" for name in silent_etas if name in parted.fields),
    ]
    if unsaid:
        heard = tuple(name for name in etas if name not in silent_etas)
        parted = replace(parted, fields=tuple(name for name in parted.fields if name not in silent_etas))
        start = starting(model, heard, settings.start, parted)
        found = layout(model, start, data.case.covariates, heard, (*fixed, *silent_names), parted)
        whole = replace(whole, layout=found)
    notes = _notes(model, data, unsaid)
    if not settings.start and (made_up(model) or far(whole, start)):
        if not made_up(model):
            notes.append(
                "the model's own numbers are far from these data: the search began where all patients as one fit"
            )
        start = roughly(whole, start)
    line, none = whole.line(whole.layout.pack(start)), np.zeros((whole.layout.width, whole.patients))
    while whole.accuracy(line, none) > TOLERANCE and whole.solver.finer:
        whole = replace(whole, solver=whole.solver.finer())
    return whole, start, tuple(notes)


def kept(model: Model, settings: FitSettings) -> tuple[str, ...]:
    """Return what a fit leaves as it is: what the settings or the model itself say so of.

    Raises `ValueError` for a name that is nothing that is fitted.
    """
    known = {
        *model.parameters,
        *(f"between patients: {name}" for name in model.variability.between),
        *(f"between occasions: {name}" for name in model.variability.occasions),
        *(f"residual: {name}" for name in model.errors),
    }
    strange = [name for name in (*settings.fixed, *settings.free) if name not in known]
    if strange:
        raise ValueError(f"{model.name} has nothing called {strange[0]!r}; expected any of {', '.join(sorted(known))}")
    return (*settings.fixed, *(name for name in model.fixed if name not in settings.free))


def _notes(model: Model, data: DataSet, unsaid: Sequence[str]) -> list[str]:
    notes = [*data.notes]
    if unsaid:
        notes.append(f"the data say nothing of {', '.join(unsaid)}: kept as published")
    if model.variability.occasions and not (data.changing and data.changing.most_occasions):
        notes.append(f"variability between occasions is not fitted, {UNPARTED}")
    return notes


def _finished(
    likelihood: Likelihood, data: DataSet, method: str, search: Search, notes: tuple[str, ...], function: Any
) -> PopulationFit:
    """Return a fit with what can be said of it once the search is over."""
    if not search.ended:
        unfinished = f"paused after {search.steps} steps, before the objective was least"
        return PopulationFit(likelihood, data, method, search, None, None, (*notes, unfinished))
    population = likelihood.layout.unpack(search.numbers)
    zero = at_zero(likelihood, search)
    found = doubt(function, search, likelihood.layout.names, zero)
    shrunk = shrinkage(likelihood, search.numbers, search.etas)
    warnings = [*notes, *found.warnings]
    if search.ended != "converged":
        warnings.append(search.ended)
    off = likelihood.accuracy(likelihood.line(search.numbers), search.etas)
    if off > TOLERANCE:
        warnings.append(f"the solver is off by up to {off:.1g} of a state at the estimates")
    warnings += [f"at zero, leave it out: {name}" for name in zero]
    for (name, scale), se in zip(likelihood.layout.theta, found.se, strict=False):
        relative = se if scale == "log" else se / max(abs(float(population.theta[name])), 1e-300)
        if relative > _LOOSE:
            warnings.append(f"the data hardly know {name}: its standard error is {relative:.0%} of it")
    return PopulationFit(likelihood, data, method, search, found, shrunk, tuple(warnings))


def at_zero(likelihood: Likelihood, search: Search) -> tuple[str, ...]:
    """Return the variances between patients, and parts of residual errors, that are as good as none, by their names."""
    layout, measured = likelihood.layout, likelihood.case.measured
    population = layout.unpack(search.numbers)
    omega = population.omega()
    found = [
        f"between patients: {name}" for place, name in enumerate(layout.etas) if omega[place, place] < _NEAR_ZERO**2
    ]
    first = {name: layout.of_occasions(name).start for name in layout.parted.fields}
    found += [f"between occasions: {name}" for name, place in first.items() if omega[place, place] < _NEAR_ZERO**2]
    mean, sd, _ = likelihood.residuals(likelihood.line(search.numbers), search.etas)
    observables = list(layout.model.observables)
    for observable, part in layout.sigma:
        own = measured.used & (measured.kind == observables.index(observable))
        of = np.abs(mean[own]) if part == "proportional" else 1.0
        if (float(population.sigma[observable][part]) * of < _NEGLIGIBLE * sd[own]).all():
            found.append(f"residual: {observable}, {part}")
    return tuple(found)


def save(fit: PopulationFit, path: str | Path) -> None:
    """Write a fit, from which `load_search` lets the search go on exactly where it was."""
    told = {"format": _FORMAT, "model": fit.layout.model.name, "method": fit.method, "search": fit.search.to_json()}
    Path(path).write_text(json.dumps(told), encoding="utf-8")


def load_search(path: str | Path, model: Model, method: str) -> Search:
    """Return the search that `save` wrote.

    Raises `ValueError` where the file is of another model or method, or no saved fit.
    """
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
        if (told["format"], told["model"], told["method"]) != (_FORMAT, model.name, method):
            raise ValueError(
                f"{path} is a fit of {told['model']} by {told['method']}, expected one of {model.name} by {method}"
            )
        return Search.from_json(told["search"])
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{path} is no saved fit; expected what a fit has written there") from None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
