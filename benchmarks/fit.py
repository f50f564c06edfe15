"""Claim: fits of populations are those of nlmixr2 and Monolix, and find the parameters of simulated sets.

    python benchmarks/fit.py DATA [SET ...]

DATA is the folder with theophylline.csv.gz, warfarin.csv.gz, Oral_1CPT.csv.gz, Infusion_2CPT.csv.gz and
Bolus_1CPTMM.csv.gz; SETs are their names without the ending, all if none is given. All models are of the library; those
of the simulated sets begin without any start value. Prints one JSON object for each set: estimates beside those
published and the bars that they pass or miss, or the correlation and the mean relative difference (bias) of individual
parameters and the true ones; seconds are of the whole fit with compilation, standard errors and shrinkage.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from twin import library
from twin.engine import float64_on_cpu
from twin.fit.data import DataSet, data_set
from twin.fit.people import people
from twin.fit.population import DEFAULTS, PopulationFit, fit_population
from twin.fit.settings import FitSettings
from twin.model import Model
from twin.records import read_records

NLMIXR2 = {
    "theta": {"absorption": 1.590, "clearance": 2.752, "volume": 31.81},
    "omega_cv_percent": {"absorption_per_h": 70.4, "clearance_l_per_h": 26.7, "volume_l": 13.9},
    "additive": 0.694,
    "ofv": 116.8034,
}
"""FOCEI of theophylline as nlmixr2's documentation prints it."""
MONOLIX = {
    "theta": {
        "lag": 0.92, "absorption": 1.4, "clearance": 0.134, "volume": 7.89, "baseline": 96.5, "loss": 0.0542,
        "most_inhibition": 0.996, "half_inhibition": 1.15,
    },
    "sd_log": {
        "lag_h": 0.497, "absorption_per_h": 0.882, "clearance_l_per_h": 0.284, "volume_l": 0.219,
        "baseline_percent": 0.0532, "loss_per_h": 0.106, "half_inhibition_mg_per_l": 0.449,
    },
    "sigma": {"cp": {"additive": 0.282, "proportional": 0.0469}, "pca": {"additive": 3.82}},
}  # fmt: skip
"""SAEM of warfarin, without weight, as a public project of Monolix 2021R2 prints it; SDs of its error add up."""
TRUE = {
    "Oral_1CPT": (
        "generic_1cpt_oral",
        {"KA": "absorption_per_h", "CL": "clearance_l_per_h", "V": "central_volume_l"},
    ),
    "Infusion_2CPT": (
        "generic_2cpt_iv",
        {
            "CL": "clearance_l_per_h",
            "V": "central_volume_l",
            "Q": "exchange_l_per_h",
            "V2": "peripheral_volume_l",
        },
    ),
    "Bolus_1CPTMM": (
        "generic_1cpt_iv_mm",
        {"VM": "most_elimination_mg_per_h", "KM": "half_elimination_mg_per_l", "V": "central_volume_l"},
    ),
}
"""Simulated sets: a model, and which column has the true value of which individual parameter."""
WITHOUT_WEIGHT = FitSettings(start={"clearance_weight_exponent": 0.0, "volume_weight_exponent": 0.0})
MOST_SECONDS, CLOSE, HIGHEST_OFV = 15.0, 0.005, 116.81


def theophylline(path: Path) -> pd.DataFrame:
    """Return the twelve subjects in NONMEM's columns; the file has the dose in mg/kg beside each concentration."""
    table = pd.read_csv(path)
    seen = pd.DataFrame({"ID": table["Subject"], "TIME": table["Time"], "AMT": ".", "DV": table["conc"], "EVID": 0})
    first = table.groupby("Subject", as_index=False).first()
    amount = first["Dose"] * first["Wt"]
    given = pd.DataFrame({"ID": first["Subject"], "TIME": 0.0, "AMT": amount, "DV": ".", "EVID": 1})
    return pd.concat([given, seen]).sort_values(["ID", "TIME"], kind="stable").reset_index(drop=True)


def timed(model: Model, data: DataSet, settings: FitSettings = DEFAULTS) -> tuple[PopulationFit, dict[str, Any]]:
    """Fit, and return the fit and what to print of it."""
    begun, used = time.perf_counter(), time.process_time()
    fit = fit_population(model, data, settings)
    told = fit.to_json()
    return fit, {
        "set": model.name,
        "patients": told["patients"],
        "observations": told["observations"],
        "ofv": round(fit.ofv, 4),
        "theta": {name: [one["estimate"], one["se"]] for name, one in told["theta"].items()},
        "omega_cv_percent": told["omega_cv_percent"],
        "sigma": told["sigma"],
        "shrinkage": told["shrinkage"],
        "steps": told["steps"],
        "warnings": told["warnings"],
        "seconds": round(time.perf_counter() - begun, 1),
        "processor_seconds": round(time.process_time() - used, 1),
    }


def recovered(fit: PopulationFit, table: pd.DataFrame, true: dict[str, str]) -> dict[str, list[float]]:
    """Return the correlation of the logarithms of individual parameters with the true ones, and the mean difference."""
    with float64_on_cpu():
        person = people(fit.layout, fit.population, fit.search.etas, fit.likelihood.case)
    first = table.groupby("ID").first()
    found = {}
    for column, field in true.items():
        own = np.log(np.asarray(getattr(person, field)))
        real = np.log(first.loc[[int(who) for who in fit.data.ids], column].to_numpy())
        found[field] = [round(float(np.corrcoef(own, real)[0, 1]), 4), round(float((own - real).mean()), 4)]
    return found


def bars(told: dict[str, Any]) -> dict[str, bool]:
    """Return which bars theophylline's fit passes."""
    (additive,) = (parts["additive"] for parts in told["sigma"].values())
    pairs = [(told["theta"][name][0], value) for name, value in NLMIXR2["theta"].items()]
    pairs += [(told["omega_cv_percent"][name], value) for name, value in NLMIXR2["omega_cv_percent"].items()]
    off = max(abs(found / value - 1) for found, value in [*pairs, (additive, NLMIXR2["additive"])])
    return {
        "within 0.5 % of nlmixr2": off <= CLOSE,
        "objective at most 116.81": told["ofv"] <= HIGHEST_OFV,
        "at most 15 s of the processor, with compilation": told["processor_seconds"] <= MOST_SECONDS,
    }


def measured(name: str, path: Path) -> dict[str, Any]:
    """Fit a set and return what to print of it."""
    if name == "theophylline":
        model = library.load("theophylline_boeckmann1994")
        _, told = timed(model, data_set(model, read_records(theophylline(path))))
        return {**told, "nlmixr2": NLMIXR2, "bars": bars(told)}
    if name == "warfarin":
        model = library.load("warfarin_oreilly1968")
        data = data_set(model, read_records(path))
        fit, told = timed(model, data, WITHOUT_WEIGHT)
        told["sd_log"] = dict(zip(fit.layout.etas, np.sqrt(np.diag(fit.population.omega())).tolist(), strict=True))
        _, weighed = timed(model, data)
        few = ("ofv", "theta", "omega_cv_percent", "sigma", "shrinkage", "warnings")
        return {**told, "monolix": MONOLIX, "with weight": {key: weighed[key] for key in few}}
    called, true = TRUE[name]
    model, table = library.load(called), pd.read_csv(path)
    fit, told = timed(model, data_set(model, read_records(table)))
    return {**told, "correlation and bias of ln(individual parameters)": recovered(fit, table, true)}


def main(folder: Path, sets: list[str]) -> None:
    """Measure and print."""
    for name in sets or ["theophylline", "warfarin", *TRUE]:
        print(json.dumps({"data": name, **measured(name, folder / f"{name}.csv.gz")}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
