"""Claim: theophylline's population fit is nlmixr2's, and fits of simulated sets find the parameters that made them.

    python benchmarks/fit.py DATA [SET ...]

DATA is the folder with theophylline.csv.gz, warfarin.csv.gz, Oral_1CPT.csv.gz, Infusion_2CPT.csv.gz and
Bolus_1CPTMM.csv.gz; SETs are their names without the ending, all if none is given. Prints one JSON object for each:
estimates beside those published, or the correlation and the mean relative difference (bias) of individual parameters
and the true ones; seconds are of the whole fit with compilation, standard errors and shrinkage.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from fit_models import TRUE, WARFARIN

from twin import library
from twin.engine import float64_on_cpu
from twin.fit.data import DataSet, data_set
from twin.fit.likelihood import people
from twin.fit.population import PopulationFit, fit_population
from twin.model import Model
from twin.records import read_records

NLMIXR2 = {"absorption": 1.590, "clearance": 2.752, "volume": 31.81, "ofv": 116.8034, "additive": 0.694}
"""FOCEI of theophylline as nlmixr2's documentation prints it; CVs 70.4, 26.7 and 13.9 %."""


def theophylline(path: Path) -> pd.DataFrame:
    """Return the twelve subjects in NONMEM's columns; the file has the dose in mg/kg beside each concentration."""
    table = pd.read_csv(path)
    seen = pd.DataFrame({"ID": table["Subject"], "TIME": table["Time"], "AMT": ".", "DV": table["conc"], "EVID": 0})
    first = table.groupby("Subject", as_index=False).first()
    amount = first["Dose"] * first["Wt"]
    given = pd.DataFrame({"ID": first["Subject"], "TIME": 0.0, "AMT": amount, "DV": ".", "EVID": 1})
    return pd.concat([given, seen]).sort_values(["ID", "TIME"], kind="stable").reset_index(drop=True)


def timed(model: Model, data: DataSet) -> tuple[PopulationFit, dict[str, object]]:
    """Fit, and return the fit and what to print of it."""
    begun, used = time.perf_counter(), time.process_time()
    fit = fit_population(model, data)
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
        person = people(fit.layout, fit.population, fit.search.etas, fit.likelihood.case.covariates)
    first = table.groupby("ID").first()
    found = {}
    for column, field in true.items():
        own = np.log(np.asarray(getattr(person, field)))
        real = np.log(first.loc[[int(who) for who in fit.data.ids], column].to_numpy())
        found[field] = [round(float(np.corrcoef(own, real)[0, 1]), 4), round(float((own - real).mean()), 4)]
    return found


def main(folder: Path, sets: list[str]) -> None:
    for name in sets or ["theophylline", "warfarin", *TRUE]:
        path = folder / f"{name}.csv.gz"
        if name == "theophylline":
            _, told = timed(library.load("theophylline_boeckmann1994"), data_set_of(theophylline(path), name))
            told["nlmixr2"] = NLMIXR2
        elif name == "warfarin":
            table = pd.read_csv(path)
            _, told = timed(
                WARFARIN, data_set(WARFARIN, read_records(table[table["dvid"] == "cp"].drop(columns="dvid")))
            )
        else:
            model, true = TRUE[name]
            table = pd.read_csv(path)
            fit, told = timed(model, data_set(model, read_records(table)))
            told["correlation and bias of ln(individual parameters)"] = recovered(fit, table, true)
        print(json.dumps(told), flush=True)


def data_set_of(table: pd.DataFrame, name: str) -> DataSet:
    return data_set(library.load(f"{name}_boeckmann1994"), read_records(table))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
