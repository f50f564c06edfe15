"""Claim: a fit over sites is the pooled fit, without pooling; what each site alone, a mean of sites, and noise give.

    python benchmarks/federated.py --data DIR [--out FILE.json]

prints one JSON object. Of the International Stroke Trial (death or dependence after 6 months, 36 countries): the fit
over countries with masks, held against the same likelihood on all rows; the mean of countries' own fits weighed by
their variance (meta-analysis); each country foretold by the others (AUROC, random effects); and the fit with noise.
Of TCGA's breast cancers in the six regions of FLamby: Cox's model over regions, held against the stratified one.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from twin.prognosis.federated.fit import FitSettings, fit
from twin.prognosis.federated.guard import Rules
from twin.prognosis.federated.leave import leave_one_out
from twin.prognosis.federated.measures import concordance, discrimination
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.result import FederatedFit
from twin.prognosis.federated.rows import rows_of
from twin.prognosis.federated.site import Site, Spending
from twin.prognosis.federated.transports.here import Here
from twin.prognosis.federated.wire import Question
from twin.trials.analysis.cox import partial_likelihood
from twin.trials.analysis.logistic import logistic
from twin.trials.analysis.survival import Times

IST = Question(
    model="logistic", outcome="BAD", features=("AGE", "RDELAY", "RSBP", "SEX", "ALERT", "RATRIAL", "RVISINF", "STYPE")
)
SMALLER = Question(model="logistic", outcome="BAD", features=("AGE", "SEX", "ALERT", "TACS"))
BRCA = Question(
    model="cox",
    outcome="E",
    time="T",
    features=("age_at_index", "ajcc_pathologic_n_N1", "ajcc_pathologic_t_T2", "ajcc_pathologic_t_T3"),
)
EPSILONS = (1.0, 4.0, 16.0)
REGIONS: Mapping[str, str] = {
    "Northeast": "BH E2 AO S3 LD 3C PE OK UL",
    "West": "A2 AC AN A1 Z7 4H",
    "Europe": "A8 D8",
    "Midwest": "AR E9 OL WT XX GI LQ MS",
    "South": "B6 EW A7 GM LL AQ W8 5T UU V7",
    "Canada": "C8 HN",
}
"""FLamby's regions (`centers.csv`) of the tissue source sites, the second part of a barcode."""


def ist(folder: Path) -> pd.DataFrame:
    """Return 19,285 patients with a known outcome after 6 months, with what is known at randomisation."""
    raw = pd.read_csv(folder / "trials/IST_v2.csv.gz", low_memory=False)
    raw = raw[raw["OCCODE"].isin([1, 2, 3, 4])].reset_index(drop=True)
    return raw.assign(
        BAD=raw["OCCODE"].isin([1, 2]).astype(int),
        ALERT=(raw["RCONSC"] == "F").map({True: "alert", False: "drowsy or worse"}),
        RATRIAL=raw["RATRIAL"].fillna("unknown"),
        TACS=(raw["STYPE"] == "TACS").map({True: "yes", False: "no"}),
    )


def brca(folder: Path) -> pd.DataFrame:
    """Return the patients of the six regions, one row each."""
    raw = pd.read_csv(folder / "risk/fed-tcga-brca.csv.gz")
    region = {code: name for name, codes in REGIONS.items() for code in codes.split()}
    return raw.assign(REGION=raw["pid"].str[5:7].map(region)).dropna(subset=["REGION"]).reset_index(drop=True)


def sites(table: pd.DataFrame, by: str, question: Question, rules: Rules) -> list[Here]:
    """Return a site for each value of a column."""
    return [Here(str(name), Site(rows_of(rows[list(question.columns)]), rules)) for name, rows in table.groupby(by)]


def design(table: pd.DataFrame, found: FederatedFit) -> np.ndarray:
    """Return the columns in their own units, by pandas; the first level of text is the reference."""
    told = pd.get_dummies(table[list(found.question.features)], prefix_sep="=").astype(float)
    names = [name for name in found.coefficients if name != "intercept"]
    return told[names].to_numpy()


def apart(found: FederatedFit, values: np.ndarray, covariance: np.ndarray) -> dict[str, float]:
    """Return the largest differences from a fit on all rows, in standard errors and of standard errors."""
    errors = np.sqrt(np.diag(covariance))
    mine = [*found.coefficients.values()]
    return {
        "coefficients": float(np.abs(np.array([one.value for one in mine]) - values).max()),
        "standard errors, relative": float(np.abs(np.array([one.standard_error for one in mine]) / errors - 1).max()),
    }


def summary(found: FederatedFit) -> dict[str, Any]:
    """Return who took part, and what it cost."""
    return {
        "sites": len(found.rows),
        "patients": sum(found.rows.values()),
        "rounds": len(found.rounds),
        "message bytes": found.message_bytes,
        "refused": found.refused,
    }


def exact(table: pd.DataFrame, minimum: int) -> dict[str, Any]:
    """Return how the masked fit over countries differs from that on all of their rows."""
    found = fit(sites(table, "COUNTRY", IST, Rules(minimum)), IST, FitSettings(minimum=minimum, masked=True))
    rows = table[table["COUNTRY"].isin(list(found.rows))]
    full = np.column_stack([np.ones(len(rows)), design(rows, found)])
    values, covariance = logistic(full, rows["BAD"].to_numpy(float))
    area, error = discrimination(rows["BAD"].to_numpy(float), found.scores(rows))
    return summary(found) | {"differences": apart(found, values, covariance), "AUROC, same rows": [area, error]}


def meta(table: pd.DataFrame) -> dict[str, Any]:
    """Return each country's own fit, averaged, beside the fit over countries: log odds ratios of the smaller model."""
    links = sites(table, "COUNTRY", SMALLER, Rules(10))
    together = fit(links, SMALLER, FitSettings(masked=False))
    alone = {}
    for link in links:
        try:
            alone[link.name] = fit([link], SMALLER, FitSettings(masked=False, least_sites=1))
        except FederatedError:
            continue
    areas = {}
    for name, model in alone.items():
        rest = table[(table["COUNTRY"] != name) & table["COUNTRY"].isin(list(together.rows))]
        areas[name] = discrimination(rest["BAD"].to_numpy(float), model.scores(rest))[0]
    told = {}
    for name, one in together.coefficients.items():
        weight = np.array([model.coefficients[name].standard_error ** -2.0 for model in alone.values()])
        value = np.array([model.coefficients[name].value for model in alone.values()])
        mean = float((weight * value).sum() / weight.sum())
        told[name] = {"over sites": one.value, "error": one.standard_error, "mean of sites": mean}
        told[name]["mean's error"] = float(weight.sum() ** -0.5)
    return {
        "countries alone": len(alone),
        "coefficients": told,
        "AUROC of a country's own model elsewhere": {
            "lowest": min(areas.values()),
            "median": float(np.median([*areas.values()])),
            "highest": max(areas.values()),
        },
    }


def left_out(table: pd.DataFrame) -> dict[str, Any]:
    """Return how countries are foretold by the others."""
    found = leave_one_out(sites(table, "COUNTRY", SMALLER, Rules(10)), SMALLER)
    values = sorted(one["AUROC"] for one in found.sites.values())
    return {
        "AUROC": found.mean.to_json(),
        "lowest": values[0],
        "highest": values[-1],
        "countries": len(values),
        "patients": sum(one["rows"] for one in found.sites.values()),
        "refused": found.refused,
    }


def noisy(table: pd.DataFrame, repeats: int = 5) -> dict[str, Any]:
    """Return what a budget at each country costs: the AUROC, and how far coefficients are, in errors without noise."""
    large = table[table.groupby("COUNTRY")["BAD"].transform("size") >= 400]
    plain = fit(sites(large, "COUNTRY", SMALLER, Rules(10)), SMALLER)
    outcome, told = large["BAD"].to_numpy(float), {}
    told["none"] = {"AUROC": discrimination(outcome, plain.scores(large))[0], "countries": len(plain.rows)}
    for epsilon in EPSILONS:
        areas, away = [], []
        for _ in range(repeats):
            with TemporaryDirectory() as folder:
                links = [
                    replace(link, site=replace(link.site, budget=Spending(Path(folder, link.name), epsilon)))
                    for link in sites(large, "COUNTRY", SMALLER, Rules(10))
                ]
                found = fit(links, SMALLER, FitSettings(epsilon=epsilon, scales={"AGE": (72.0, 12.0)}))
            areas.append(discrimination(outcome, found.scores(large))[0])
            away += [
                abs(one.value - plain.coefficients[name].value) / plain.coefficients[name].standard_error
                for name, one in found.coefficients.items()
            ]
        told[f"epsilon {epsilon:g}"] = {
            "AUROC": [min(areas), float(np.median(areas)), max(areas)],
            "coefficients away, in errors, median": float(np.median(away)),
        }
    return told


def regions(table: pd.DataFrame) -> dict[str, Any]:
    """Return Cox's model over six regions, held against the stratified one on all rows, and the C-indices."""
    found = fit(sites(table, "REGION", BRCA, Rules(10)), BRCA)
    rows = table[table["REGION"].isin(list(found.rows))]
    times = Times(rows["T"].to_numpy(float), rows["E"].to_numpy(float))
    strata = pd.factorize(rows["REGION"])[0].astype(float)
    values, covariance = partial_likelihood(design(rows, found), times, strata)
    pooled, _ = partial_likelihood(design(rows, found), times, np.zeros(len(rows)))
    told = summary(found) | {"events": found.events, "differences": apart(found, values, covariance)}
    told["C-index, same rows"] = concordance(times, found.scores(rows))[0]
    told["C-index of one baseline, same rows"] = concordance(times, design(rows, found) @ pooled)[0]
    out = []
    for link in sites(table, "REGION", BRCA, Rules(10)):
        others = rows[rows["REGION"] != link.name]
        model = fit(sites(others, "REGION", BRCA, Rules(10)), BRCA)
        own = rows[rows["REGION"] == link.name]
        index, pairs = concordance(Times(own["T"].to_numpy(float), own["E"].to_numpy(float)), model.scores(own))
        out.append({"region": link.name, "patients": len(own), "C-index": index, "pairs": pairs})
    told["left out"] = out
    told["left out, by pairs"] = sum(one["C-index"] * one["pairs"] for one in out) / sum(one["pairs"] for one in out)
    return told


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    names = ("trials/IST_v2.csv.gz", "risk/fed-tcga-brca.csv.gz")
    stroke = ist(given.data)
    found = {
        "data": {name: hashlib.sha256((given.data / name).read_bytes()).hexdigest()[:16] for name in names},
        "IST, at least 10 patients a country": exact(stroke, 10),
        "IST, all 36 countries": exact(stroke, 1),
        "IST, a country left out": left_out(stroke),
        "IST, mean of countries": meta(stroke),
        "IST, noise": noisy(stroke),
        "TCGA-BRCA": regions(brca(given.data)),
    }
    text = json.dumps(found, indent=2)
    if given.out is not None:
        given.out.write_text(text, encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
