"""Starts: where a twin's sliders and target stand before anybody moves them: round numbers to look at, no advice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Start:
    """A regimen: so much each so many hours, so many times; then how the course is looked at."""

    dose: float
    every_h: float
    doses: int
    times: str


_BY_MODEL: Mapping[str, Start] = {
    "theophylline": Start(300.0, 12.0, 10, "0:120:2h"),
    "warfarin": Start(5.0, 24.0, 28, "0:28:1d"),
    "tacrolimus": Start(5.0, 12.0, 28, "0:336:4h"),
    "phenobarbital": Start(10.0, 24.0, 14, "0:336:6h"),
    "tumour_geng2017": Start(1.0, 504.0, 4, "0:168:7d"),
    "tumour_claret2014": Start(1.0, 24.0, 1, "0:336:7d"),
    "diabetes_choy2016": Start(1.0, 24.0, 1, "0:364:7d"),
    "diabetes_dallaman2014": Start(4.0, 24.0, 1, "0:24:1h"),
    "weight": Start(1.0, 24.0, 1, "0:364:7d"),
}
_USUAL = Start(100.0, 24.0, 7, "0:168:4h")
_COVARIATES: Mapping[str, float] = {
    "age_years": 60.0,
    "weight_kg": 75.0,
    "body_surface_m2": 1.9,
    "creatinine_umol_per_L": 90.0,
    "albumin_g_per_L": 40.0,
    "haematocrit_percent": 40.0,
    "lean_mass_kg": 55.0,
    "BW": 75.0,
    "dose_mg": 2.4,
    "mean_age_years": 50.0,
    "diameter_cm": 4.0,
}


@dataclass(frozen=True)
class Target:
    """A usual range of what a model observes, and who says so; anybody may set another."""

    low: float
    high: float
    source: str


_TARGETS: Mapping[str, Target] = {
    "INR": Target(2.0, 3.0, "the usual range of a vitamin K antagonist: Holbrook 2012, doi:10.1378/chest.11-2295"),
}


def target_of(observable: str) -> Target | None:
    """Return the usual target range of an observable; None where none is known here.

    >>> target_of("INR").low, target_of("cp")
    (2.0, None)
    """
    return _TARGETS.get(observable)


def start_of(model: str) -> Start:
    """Return where a model's regimen begins; a model of which nothing is said begins as any drug might.

    >>> start_of("warfarin_hamberg2010").dose
    5.0
    """
    found = [start for name, start in _BY_MODEL.items() if model.startswith(name)]
    return found[0] if found else _USUAL


def covariate_start(about: Mapping[str, Any]) -> float | str:
    """Return where a covariate begins: what is usual, else its first level, else the middle of its bounds.

    >>> covariate_start({"name": "VKORC1", "levels": ["GG", "GA"]})
    'GG'
    >>> covariate_start({"name": "x", "lower": 1.0, "upper": 3.0})
    2.0
    """
    if "levels" in about:
        return str(about["levels"][0])
    if (usual := _COVARIATES.get(about["name"])) is not None:
        return usual
    return float(f"{(about['lower'] + about['upper']) / 2:.3g}")
