"""Claim: glucose half an hour ahead is foretold better by an autoregression over persons than by its last value.

    python benchmarks/glucose.py --data DIR [--networks 3] [--out FILE.json]

prints one JSON object. Each person of `series/cgm-hall.csv.gz` is foretold by what was learned from the others:

- persistence: the last reading; linear: the line through the last four readings; both learn nothing.
- autoregression: `twin.prognosis.series.forecast`, order and shrinkage by persons left out among the others.
- network: `twin.prognosis.series.network`, recurrent networks over the last 12 readings, which foretell the change; the
  mean of `networks`, each stopped early by persons among the others that it does not learn from.

All are asked of the same cases: 12 readings in a row, 5 minutes apart, and one 30 minutes ahead, each within 2.5.
Of each: RMSE and MAE in mg/dL, the share within zone A (Clarke 1987: 20 % off, or both below 70) and the lag in minutes
(how long before its time the reading that a forecast is nearest to was), by person, then averaged over persons, with
the 95 % bootstrap interval over persons; and the paired difference of RMSE. The network is kept if it is below 0.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from twin.prognosis.conformal import coverage
from twin.prognosis.series.forecast import Autoregression, Horizon, Readings
from twin.prognosis.series.network import RecurrentForecast

LENGTH, HORIZON, RESAMPLES = 12, Horizon(), 10_000
LINE = 4
"""Readings that the line is laid through."""


def read(path: Path) -> dict[str, Readings]:
    """Return the readings of each person."""
    rows = pd.read_csv(path, parse_dates=["time"])
    start = rows["time"].min()
    return {
        str(person): Readings(((own["time"] - start) / pd.Timedelta(minutes=1)).to_numpy(), own["gl"].to_numpy())
        for person, own in rows.sort_values(["id", "time"]).groupby("id")
    }


def by_line(seen: np.ndarray) -> np.ndarray:
    """Return the value ahead on the least-squares line through the last readings, [case]."""
    minutes = np.arange(1 - LINE, 1) * HORIZON.step
    slope, level = np.polyfit(minutes, seen[:, -LINE:].T, 1)
    return level + slope * HORIZON.ahead


def lag(readings: Readings, forecast: np.ndarray) -> float:
    """Return how many minutes before its time the reading was that a forecast is nearest to, in mean square."""
    last, ahead = HORIZON.cases(readings, LENGTH)
    steps = round(HORIZON.ahead / HORIZON.step)
    whole = ahead - last == steps
    errors = [np.mean((forecast[whole] - readings.values[ahead[whole] - back]) ** 2) for back in range(steps + LENGTH)]
    return float(np.argmin(errors) * HORIZON.step)


def figures(readings: Readings, truth: np.ndarray, forecast: np.ndarray) -> dict[str, float]:
    """Return the figures of one person and way."""
    away = np.abs(forecast - truth)
    return {
        "RMSE": float(np.sqrt(np.mean(away**2))),
        "MAE": float(np.mean(away)),
        "zone A": float(np.mean((away <= 0.2 * truth) | ((truth < 70.0) & (forecast < 70.0)))),
        "lag": lag(readings, forecast),
    }


def over_persons(values: list[float]) -> dict[str, float]:
    """Return the mean over persons and its bootstrap interval."""
    found = np.array(values)
    drawn = np.random.default_rng(0).integers(found.size, size=(RESAMPLES, found.size))
    low, high = np.percentile(found[drawn].mean(axis=1), [2.5, 97.5])
    return {"mean": round(float(found.mean()), 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def of_person(persons: dict[str, Readings], one: str, networks: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the figures of a person by way, learned from all others, and what the autoregression came to."""
    others = [readings for person, readings in persons.items() if person != one]
    own = persons[one]
    last, ahead = HORIZON.cases(own, LENGTH)
    seen, truth = own.values[last[:, None] + np.arange(1 - LENGTH, 1)], own.values[ahead]
    linear = Autoregression().fit(others)
    learned = {"autoregression": linear, "network": RecurrentForecast(networks=networks).fit(others)}
    forecasts, bounds = {"persistence": seen[:, -1], "linear": by_line(seen)}, {}
    for way, forecaster in learned.items():
        told = forecaster.predict(own).iloc[last]
        forecasts[way], bounds[way] = told["PROGNOSIS"].to_numpy(), (told["LOWER"].to_numpy(), told["UPPER"].to_numpy())
    found = {way: figures(own, truth, forecast) for way, forecast in forecasts.items()}
    for way, (lower, upper) in bounds.items():
        found[way] |= {"coverage": coverage(truth, lower, upper), "width": float(np.mean(upper - lower))}
    return found, {"cases": truth.size, "order": linear.order, "shrinkage": linear.shrinkage}


def measure(path: Path, networks: int) -> dict[str, Any]:
    """Return all figures."""
    persons = read(path)
    found, about = {}, {}
    for number, one in enumerate(persons, start=1):
        found[one], about[one] = of_person(persons, one, networks)
        sys.stderr.write(f"{number} of {len(persons)} persons\n")
    ways = list(found[next(iter(persons))])
    told: dict[str, Any] = {
        "data": f"series/{path.name} sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}",
        "persons": len(persons),
        "readings": sum(one.values.size for one in persons.values()),
        "cases": sum(one["cases"] for one in about.values()),
        "networks": networks,
    }
    for way in ways:
        told[way] = {
            name: over_persons([one[way][name] for one in found.values()]) for name in next(iter(found.values()))[way]
        }
        if "coverage" in told[way]:
            told[way]["lowest coverage"] = round(min(one[way]["coverage"] for one in found.values()), 3)
    for name in ("order", "shrinkage"):
        told["autoregression"][name] = sorted({one[name] for one in about.values()})
    pairs = [("network", other) for other in ways[:-1]] + [("autoregression", other) for other in ways[:-2]]
    told["RMSE, difference"] = {
        f"{way} less {other}": over_persons([one[way]["RMSE"] - one[other]["RMSE"] for one in found.values()])
        for way, other in pairs
    }
    better = sum(one["network"]["RMSE"] < one["autoregression"]["RMSE"] for one in found.values())
    told["persons whom the network foretells better than the autoregression"] = better
    told["network is kept"] = told["RMSE, difference"]["network less autoregression"]["high"] < 0.0
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--networks", type=int, default=RecurrentForecast().networks)
    parser.add_argument("--out", type=Path, help="also written here")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    torch.set_num_threads(1)
    started = time.perf_counter()
    told = measure(Path(options.data) / "series" / "cgm-hall.csv.gz", options.networks)
    told["seconds"] = round(time.perf_counter() - started, 1)
    if options.out:
        options.out.write_text(json.dumps(told, indent=2), encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
