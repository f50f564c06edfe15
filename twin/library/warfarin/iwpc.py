"""The patients of the IWPC: who took which dose of warfarin, read from the consortium's file and completed as it did.

What is missing is filled in by the consortium's rules (N Engl J Med 2009;360:753, supplementary appendix, as a public
reproduction of its analysis applies them):

- VKORC1 -1639 from 2255C>T, then 1173C>T, then 1542G>C, which go with it (C, C, G with G); 2255 and 1542 not where the
  ancestry is African or unknown;
- height by least squares on weight, sex and ancestry, weight on height, sex and ancestry; both by sex and ancestry;
- CYP2C9 *11 counts as *2, and *5, *6, *13, *14 as *3;
- a medicine that the file does not mention is not taken.

An age, given by decade, is its middle; one that is missing is the median's, which the consortium left out.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.library.warfarin.doses import UNKNOWN, Covariates
from twin.model import Floats

RACE = {"White": "white", "Asian": "asian", "Black or African American": "black", "Unknown": "mixed_or_missing"}
_GOES_WITH = (
    ("VKORC1 2255 consensus", {"C/C": "GG", "C/T": "GA", "T/T": "AA"}, False),
    ("VKORC1 1173 consensus", {"C/C": "GG", "C/T": "GA", "T/T": "AA"}, True),
    ("VKORC1 1542 consensus", {"G/G": "GG", "C/G": "GA", "C/C": "AA"}, False),
)
"""A column, what it says of -1639, and whether it does so in everyone."""
_COUNTS_AS = {"*1/*11": "*1/*2", "*1/*5": "*1/*3", "*1/*6": "*1/*3", "*1/*13": "*1/*3", "*1/*14": "*1/*3"}
_INDUCERS = ("Carbamazepine (Tegretol)", "Phenytoin (Dilantin)", "Rifampin or Rifampicin")
_CLOTS = ("1", "2")
"""Indications: deep vein thrombosis, pulmonary embolism."""


@dataclass(frozen=True)
class Treated:
    """Patients with what they took; all arrays are [patient].

    `weekly_mg` is the therapeutic dose and `inr` the INR on it, NaN where the file has none; `stable`: a stable dose
    was reached; `aimed_at` is the INR aimed at, or the middle of its range, NaN where none is stated. `completed` says
    of each covariate for whom it was filled in; genotypes that are still missing are "unknown".
    """

    covariates: Covariates
    weekly_mg: Floats
    inr: Floats
    stable: NDArray[np.bool_]
    aimed_at: Floats
    completed: dict[str, NDArray[np.bool_]]


def read(path: str | Path) -> Treated:
    """Read the consortium's file, a CSV (it may be gzipped)."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    race = np.array([RACE[value] for value in rows["Race"]])
    height, weight = _number(rows, "Height (cm)"), _number(rows, "Weight (kg)")
    age = pd.to_numeric(rows["Age"].str.slice(0, 2), errors="coerce").to_numpy(np.float64) + 5.0
    groups = np.column_stack([race == one for one in RACE.values()] + [rows["Gender"] == one for one in ("male", "NA")])
    vkorc1 = _vkorc1(rows, race)
    covariates = {
        "age_years": np.where(np.isnan(age), np.nanmedian(age), age),
        "height_cm": _completed(height, weight, groups),
        "weight_kg": _completed(weight, height, groups),
        "race": race,
        "CYP2C9": np.array([_COUNTS_AS.get(one, one) for one in rows["CYP2C9 consensus"].replace("NA", UNKNOWN)]),
        "VKORC1": vkorc1,
        "amiodarone": _has(rows, "Amiodarone (Cordarone)"),
        "enzyme_inducer": np.any([_has(rows, name) for name in _INDUCERS], axis=0),
        "fluvastatin": _has(rows, "Fluvastatin (Lescol)"),
        "smoker": _has(rows, "Current Smoker"),
        "diabetes": _has(rows, "Diabetes"),
        "thrombosis": rows["Indication for Warfarin Treatment"].str.findall(r"\d+").map(_is_clot).to_numpy(bool),
    }
    completed = {
        "age_years": np.isnan(age),
        "height_cm": np.isnan(height),
        "weight_kg": np.isnan(weight),
        "VKORC1": (rows["VKORC1 -1639 consensus"] == "NA").to_numpy() & (vkorc1 != UNKNOWN),
        "CYP2C9": rows["CYP2C9 consensus"].isin(_COUNTS_AS).to_numpy(),
    }
    return Treated(
        covariates,
        _number(rows, "Therapeutic Dose of Warfarin"),
        _number(rows, "INR on Reported Therapeutic Dose of Warfarin"),
        _has(rows, "Subject Reached Stable Dose of Warfarin"),
        _aimed_at(rows),
        completed,
    )


def _number(rows: pd.DataFrame, column: str) -> Floats:
    return pd.to_numeric(rows[column], errors="coerce").to_numpy(np.float64)


def _has(rows: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    return (rows[column] == "1").to_numpy()


def _is_clot(indications: list[str]) -> bool:
    return any(one in _CLOTS for one in indications)


def _aimed_at(rows: pd.DataFrame) -> Floats:
    ranges = rows["Estimated Target INR Range Based on Indication"].str.split("-")
    middle = np.array([sum(float(end) / 2 for end in one) if len(one) == 2 else np.nan for one in ranges])
    stated = _number(rows, "Target INR")
    return np.where(np.isnan(stated), middle, stated)


def _vkorc1(rows: pd.DataFrame, race: NDArray[np.str_]) -> NDArray[np.str_]:
    known = {"G/G": "GG", "A/G": "GA", "A/A": "AA"}
    found = np.array([known.get(one, UNKNOWN) for one in rows["VKORC1 -1639 consensus"]])
    linked = np.isin(race, ["white", "asian"])
    for column, says, everyone in _GOES_WITH:
        told = np.array([says.get(one, UNKNOWN) for one in rows[column]])
        found = np.where((found == UNKNOWN) & (linked | everyone), told, found)
    return found


def _completed(wanted: Floats, other: Floats, groups: NDArray[np.bool_]) -> Floats:
    """Fill in what is missing by least squares on another quantity and groups [patient, group], or on groups alone."""
    found = wanted
    for design in (np.column_stack([groups, other]), groups.astype(np.float64)):
        usable = np.isfinite(design).all(axis=1)
        known = usable & np.isfinite(wanted)
        coefficients = np.linalg.lstsq(design[known].astype(np.float64), wanted[known], rcond=None)[0]
        expected = np.where(usable, np.nan_to_num(design.astype(np.float64)) @ coefficients, np.nan)
        found = np.where(np.isnan(found), expected, found)
    return found
