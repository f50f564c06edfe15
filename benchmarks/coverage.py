"""Claim: what is foretold of one patient has the bounds that it says, on simulated patients and on real last samples.

    python benchmarks/coverage.py DATA [PATIENTS]

Simulated patients of theophylline have four samples in the first half day; foretold is a measurement at 24 h. Of real
patients (theophylline.csv.gz, warfarin.csv.gz in DATA) the last sample of each kind is foretold from those before it,
under the population that was fitted without anybody's last sample. Prints one JSON object: the share of measurements
within bounds of 50, 80 and 95 %, its exact binomial 95 % interval (Clopper and Pearson), and how many there were.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from fit import theophylline
from scipy.stats import binomtest

from twin import library
from twin.fit.data import ROWS_AT_ONCE, data_set
from twin.fit.forecast import forecast
from twin.fit.layout import Population
from twin.fit.patient import fit_patient
from twin.fit.population import fit_population
from twin.model import Model
from twin.records import read_records

LEVELS = (0.5, 0.8, 0.95)
MODEL = library.load("theophylline_boeckmann1994")


def within(
    model: Model, known: pd.DataFrame, last: tuple[float, float, int], population: Population | None
) -> list[bool]:
    """Return whether a measurement is within each level's bounds, foretold from what was known.

    The last one is its hour, its value and the place of its observable.
    """
    when, value, place = last
    posterior = fit_patient(model, data_set(model, read_records(known), rows=ROWS_AT_ONCE), population=population)
    found = [forecast(posterior, np.array([when]), level=level) for level in LEVELS]
    return [bool(one.lower_measured[place, 0] <= value <= one.upper_measured[place, 0]) for one in found]


def simulated(count: int) -> tuple[list[list[bool]], float]:
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


def real(model: Model, table: pd.DataFrame) -> dict[str, list[list[bool]]]:
    """Return coverage of each patient's last sample of each observable, by its name."""
    names = list(model.observables)
    seen = table[table["EVID"] == 0]
    kind = seen["DVID"] if "DVID" in table else pd.Series(names[0], index=seen.index)
    lasts = seen.groupby([seen["ID"], kind]).tail(1).index
    population = fit_population(model, data_set(model, read_records(table.drop(index=lasts)))).population
    rows: dict[str, list[list[bool]]] = {name: [] for name in names}
    for place in lasts:
        name, last = kind[place], table.loc[place]
        own = table[table["ID"] == last["ID"]]
        known = own[(own["TIME"] < last["TIME"]) | (own["EVID"] == 1)]
        told = float(last["TIME"]), float(last["DV"]), names.index(name)
        rows[name].append(within(model, known, told, population))
    return rows


def told(rows: list[list[bool]]) -> dict[str, object]:
    """Return the shares with their intervals."""
    found: dict[str, object] = {"samples": len(rows)}
    for level, inside in zip(LEVELS, np.array(rows).T, strict=True):
        bounds = binomtest(int(inside.sum()), len(inside)).proportion_ci()
        found[f"{level:.0%}"] = [round(float(one), 3) for one in (inside.mean(), bounds.low, bounds.high)]
    return found


def main(folder: Path, count: int) -> None:
    """Measure and print."""
    rows, milliseconds = simulated(count)
    warfarin = pd.read_csv(folder / "warfarin.csv.gz")
    warfarin.columns = [name.upper() for name in warfarin.columns]
    sets = {"simulated": rows}
    for model, table in (
        (MODEL, theophylline(folder / "theophylline.csv.gz")),
        (library.load("warfarin_oreilly1968"), warfarin),
    ):
        sets |= {f"{model.name}, last {name}": one for name, one in real(model, table).items()}
    found = {name: told(one) for name, one in sets.items()}
    print(json.dumps({**found, "milliseconds for a patient, fit and three forecasts": round(milliseconds, 1)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
