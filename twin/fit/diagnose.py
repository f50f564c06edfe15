"""Diagnose: how a population's fit stands to the data that it was fitted to."""

import numpy as np
import pandas as pd

from twin.engine import float64_on_cpu
from twin.fit.population import PopulationFit
from twin.model import Floats
from twin.streams import normals

PERCENTILES = (0.05, 0.5, 0.95)
"""What a visual predictive check compares."""
REPLICATES = 200
_BINS = 10


def goodness_of_fit(fit: PopulationFit) -> pd.DataFrame:
    """Return a row for each measurement: what was foretold, and residuals, in the field's names.

    PRED is of the typical patient with these covariates, IPRED of the patient's own parameters; IWRES = (DV - IPRED)/s;
    CWRES are the residuals of the population, linearised around the patient's etas and made independent (Hooker 2007,
    doi:10.1007/s11095-007-9361-x): standard normal where the model is true. Where the error is on the logarithm, the
    residuals are of logarithms.
    """
    likelihood, etas = fit.likelihood, fit.search.etas
    line, case = likelihood.line(fit.search.numbers), likelihood.case
    with float64_on_cpu():
        typical, own = likelihood.courses(line, np.zeros_like(etas)), likelihood.courses(line, etas)
        mean, sd, away = likelihood.residuals(line, etas)
        slope, observed = likelihood.linear(line, etas)
    used = case.measured.used
    conditional = np.full(used.shape, np.nan)
    omega = fit.population.omega()
    for patient in range(used.shape[1]):
        rows = used[:, patient]
        moved = slope[:, rows, patient].T  # [observation, eta]
        expected = mean[rows, patient] - moved @ etas[:, patient]
        spread = moved @ omega @ moved.T + np.diag(sd[rows, patient] ** 2)
        values, vectors = np.linalg.eigh(spread)
        root = (vectors / np.sqrt(np.maximum(values, 1e-300))) @ vectors.T
        conditional[rows, patient] = root @ (observed[rows, patient] - expected)
    names = np.array(list(fit.layout.model.observables), dtype=object)
    column, place = np.nonzero(used.T)
    return pd.DataFrame(
        {
            "id": np.array(fit.data.ids, dtype=object)[column],
            "time_h": fit.data.time_h[place, column],
            "observable": names[case.measured.kind[place, column]],
            "DV": case.measured.value[place, column],
            "PRED": typical[place, column],
            "IPRED": own[place, column],
            "IWRES": away[place, column],
            "CWRES": conditional[place, column],
        }
    )


def etas(fit: PopulationFit) -> pd.DataFrame:
    """Return each patient's etas, a row each; those of occasions behind those between patients, NaN where none is."""
    layout, changing = fit.layout, fit.data.changing
    found = dict(zip(layout.etas, fit.search.etas, strict=False))
    known_of = changing.occasions if changing else ()
    for name in layout.parted.fields:
        for number, own in enumerate(fit.search.etas[layout.of_occasions(name)]):
            known = [number < len(one) for one in known_of]
            found[f"{name}, occasion {number + 1}"] = np.where(known, own, np.nan)
    return pd.DataFrame({"id": fit.data.ids, **found})


def predictive_check(fit: PopulationFit, replicates: int = REPLICATES, seed: int = 0) -> pd.DataFrame:
    """Return a visual predictive check: percentiles of what was measured beside those of data that the fit makes up.

    A row for each observable, bin of times and percentile: the middle of the bin, what was measured, and the median and
    the bounds of 95 % of the made-up data sets.
    """
    likelihood, measured = fit.likelihood, fit.likelihood.case.measured
    line, ids = likelihood.line(fit.search.numbers), fit.data.ids
    luck = normals(seed, "etas", ids, replicates, fit.layout.width)  # [patient, replicate, eta]
    root = np.linalg.inv(fit.population.white) if fit.layout.width else np.zeros((0, 0))
    made = []
    with float64_on_cpu():
        for number in range(replicates):
            seen = likelihood.courses(line, root @ luck[:, number].T)
            made.append(_with_error(fit, seen, normals(seed, f"measured {number}", ids, len(seen)).T))
    rows = []
    for number, name in enumerate(fit.layout.model.observables):
        own = measured.used & (measured.kind == number)
        if not own.any():
            continue
        time = fit.data.time_h[own]
        edges = np.unique(np.quantile(time, np.linspace(0, 1, _BINS + 1)))
        place = np.clip(np.searchsorted(edges, time, side="right") - 1, 0, max(len(edges) - 2, 0))
        for bin_ in np.unique(place):
            inside = place == bin_
            seen = np.quantile(measured.value[own][inside], PERCENTILES)
            told = np.quantile([one[own][inside] for one in made], PERCENTILES, axis=1)  # [percentile, replicate]
            for share, value, draws in zip(PERCENTILES, seen, told, strict=True):
                lower, median, upper = np.quantile(draws, (0.025, 0.5, 0.975))
                middle = float(np.median(time[inside]))
                rows.append((name, middle, share, value, median, lower, upper))
    columns = ["observable", "time_h", "percentile", "measured", "median", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)


def _with_error(fit: PopulationFit, seen: Floats, luck: Floats) -> Floats:
    """Return what is foretold with residual error, from standard normal luck. Shapes: [observation, patient]."""
    found, measured = seen.copy(), fit.likelihood.case.measured
    sigma = fit.population.sigma
    for name, error in fit.layout.model.errors.items():
        number = list(fit.layout.model.observables).index(name)
        own = measured.used & (measured.kind == number)
        found[own] = np.asarray(error.measured(sigma[name], seen[own], luck[own]))
    return found
