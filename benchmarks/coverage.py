"""Claim: what is foretold of one patient has the bounds that it says, on simulated patients and on real last samples.

    python benchmarks/coverage.py DATA [PATIENTS]

Simulated patients of theophylline have four samples in the first half day; foretold is a measurement at 24 h. Of real
patients (theophylline.csv.gz, warfarin.csv.gz in DATA) the last sample of each kind is foretold from those before it,
under the population that was fitted without anybody's last sample. Of theophylline, patients whom that population makes
up at the real patients' doses and hours are foretold too. Prints one JSON object: the share of measurements within
bounds of 50, 80 and 95 %, its exact binomial 95 % interval (Clopper and Pearson), how many there were, and how far they
are from the middle in standard deviations of what was foretold (root mean square): 1 where bounds are right.
"""

import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from fit import theophylline
from scipy.stats import binomtest, norm

from twin import library
from twin.fit.data import ROWS_AT_ONCE, data_set
from twin.fit.forecast import forecast
from twin.fit.layout import Population
from twin.fit.patient import fit_patient
from twin.fit.population import fit_population
from twin.model import Model
from twin.records import read_records

LEVELS, COPIES = (0.5, 0.8, 0.95), 25
"""Of bounds; and how many patients are made up for each real one."""
MODEL = library.load("theophylline_boeckmann1994")


class Within(NamedTuple):
    """Whether a measurement is within each level's bounds, and how far from the middle, in standard deviations."""

    bounds: list[bool]
    away: float


def within(model: Model, known: pd.DataFrame, last: tuple[float, float, int], population: Population | None) -> Within:
    """Return where a measurement is in what is foretold of it from what was known.

    The last one is its hour, its value and the place of its observable.
    """
    when, value, place = last
    posterior = fit_patient(model, data_set(model, read_records(known), rows=ROWS_AT_ONCE), population=population)
    found = [forecast(posterior, np.array([when]), level=level) for level in LEVELS]
    bounds = [bool(one.lower_measured[place, 0] <= value <= one.upper_measured[place, 0]) for one in found]
    sd = (found[-1].upper_measured - found[-1].lower_measured)[place, 0] / (2 * norm.ppf(0.5 + LEVELS[-1] / 2))
    return Within(bounds, float((value - found[-1].value[place, 0]) / sd))


def simulated(count: int) -> tuple[list[Within], float]:
    """Return coverage of simulated patients, by closed forms of our own, and milliseconds for a patient."""
    random, rows, begun = np.random.default_rng(11), [], 0.0
    theta, cv = np.array([1.590, 2.752, 31.81]), np.array([0.704, 0.267, 0.139])
    times = np.array([0.5, 2.0, 5.0, 12.0, 24.0])
    for number in range(count):
        ka, clearance, volume = theta * np.exp(np.sqrt(np.log1p(cv**2)) * random.standard_normal(3))
        k = clearance / volume
        seen = 320.0 / volume * ka / (ka - k) * (np.exp(-k * times) - np.exp(-ka * times))
        seen = seen + 0.694 * random.standard_normal(len(times))
        known = pd.DataFrame({"TIME": [0.0, *times[:-1]], "AMT": [320.0, *["."] * 4], "DV": [".", *seen[:-1]]})
        if number == 1:
            begun = time.perf_counter()
        rows.append(within(MODEL, known, (float(times[-1]), float(seen[-1]), 0), None))
    return rows, 1e3 * (time.perf_counter() - begun) / (count - 1)


def made_up(table: pd.DataFrame, population: Population) -> list[Within]:
    """Return coverage of theophylline's last samples in patients whom a population makes up, by closed forms."""
    random, rows = np.random.default_rng(6), []
    theta = np.array([population.theta[name] for name in ("absorption", "clearance", "volume")])
    root, sd = np.linalg.inv(np.asarray(population.white)), population.sigma[next(iter(MODEL.observables))]["additive"]
    for _ in range(COPIES):
        for _, own in table.groupby("ID"):
            ka, clearance, volume = theta * np.exp(root @ random.standard_normal(3))
            k, dose = clearance / volume, float(pd.to_numeric(own["AMT"], errors="coerce").max())
            new, hours = own.copy(), own["TIME"].astype(float).to_numpy()
            seen = dose / volume * ka / (ka - k) * (np.exp(-k * hours) - np.exp(-ka * hours))
            new["DV"] = seen + sd * random.standard_normal(len(hours))
            known = new[new["TIME"] < hours[-1]]
            rows.append(within(MODEL, known, (float(hours[-1]), float(new["DV"].iloc[-1]), 0), population))
    return rows


def without_last(model: Model, table: pd.DataFrame) -> tuple[Population, pd.Series, pd.Index]:
    """Return the population fitted without last samples, what each row is of, and which are last."""
    seen = table[table["EVID"] == 0]
    kind = seen["DVID"] if "DVID" in table else pd.Series(next(iter(model.observables)), index=seen.index)
    lasts = seen.groupby([seen["ID"], kind]).tail(1).index
    return fit_population(model, data_set(model, read_records(table.drop(index=lasts)))).population, kind, lasts


def real(model: Model, table: pd.DataFrame, fitted: tuple[Population, pd.Series, pd.Index]) -> dict[str, list[Within]]:
    """Return coverage of each patient's last sample of each observable, by its name."""
    names = list(model.observables)
    population, kind, lasts = fitted
    rows: dict[str, list[Within]] = {name: [] for name in names}
    for place in lasts:
        name, last = kind[place], table.loc[place]
        own = table[table["ID"] == last["ID"]]
        known = own[(own["TIME"] < last["TIME"]) | (own["EVID"] == 1)]
        told = float(last["TIME"]), float(last["DV"]), names.index(name)
        rows[name].append(within(model, known, told, population))
    return rows


def told(rows: list[Within]) -> dict[str, object]:
    """Return the shares with their intervals."""
    found: dict[str, object] = {"samples": len(rows)}
    found["away, standard deviations"] = round(float(np.sqrt(np.mean([one.away**2 for one in rows]))), 3)
    for level, inside in zip(LEVELS, np.array([one.bounds for one in rows]).T, strict=True):
        bounds = binomtest(int(inside.sum()), len(inside)).proportion_ci()
        found[f"{level:.0%}"] = [round(float(one), 3) for one in (inside.mean(), bounds.low, bounds.high)]
    return found


def main(folder: Path, count: int) -> None:
    """Measure and print."""
    rows, milliseconds = simulated(count)
    warfarin = pd.read_csv(folder / "warfarin.csv.gz")
    warfarin.columns = [name.upper() for name in warfarin.columns]
    sets, oral = {"simulated": rows}, theophylline(folder / "theophylline.csv.gz")
    for model, table in ((MODEL, oral), (library.load("warfarin_oreilly1968"), warfarin)):
        fitted = without_last(model, table)
        sets |= {f"{model.name}, last {name}": one for name, one in real(model, table, fitted).items()}
        if model is MODEL:
            sets[f"{model.name}, made up at the same hours"] = made_up(oral, fitted[0])
    found = {name: told(one) for name, one in sets.items()}
    print(json.dumps({**found, "milliseconds for a patient, fit and three forecasts": round(milliseconds, 1)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
