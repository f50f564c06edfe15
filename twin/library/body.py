"""How records state what models of several drugs ask of a body, LOINC's codes and UCUM's units, and what follows of it.

surface = 0.007184 m2 · (weight/kg)^0.425 · (height/cm)^0.725          (Du Bois 1916)
lean mass = 1.07·weight - 148·(weight/height)^2 of a woman, 1.10·weight - 128·(weight/height)^2 of a man, in kg
            with the height in cm                                      (James 1976)
"""

from collections.abc import Mapping
from typing import Any

from twin.covariates import Category, Continuous, Recorded

WEIGHT_CODES = Recorded(("LOINC:29463-7", "LOINC:3141-9"), {"kg": 1.0, "g": 1e-3, "[lb_av]": 0.45359237})
HEIGHT_CODES = Recorded(("LOINC:8302-2", "LOINC:3137-7"), {"cm": 1.0, "m": 100.0, "[in_i]": 2.54})
ALBUMIN_CODES = Recorded(("LOINC:1751-7",), {"g/L": 1.0, "g/dL": 10.0})
CREATININE_CODES = Recorded(("LOINC:2160-0", "LOINC:14682-9"), {"umol/L": 1.0, "mg/dL": 1e4 / 113.12})
"""113.12 g/mol."""
HAEMATOCRIT_CODES = Recorded(("LOINC:4544-3", "LOINC:20570-8"), {"%": 1.0, "1": 100.0})
BODY_SURFACE_CODES = Recorded(("LOINC:3140-1", "LOINC:8277-6"), {"m2": 1.0})

WEIGHT = Continuous("weight_kg", "kg", 2.0, 635.0, also=("WT",), recorded=WEIGHT_CODES)
HEIGHT = Continuous("height_cm", "cm", 50.0, 272.0, also=("HT",), recorded=HEIGHT_CODES)
"""Bounds of body size: the tallest and the heaviest person on record; a height in metres is none."""
SEX = Category("sex", ("female", "male"))
DU_BOIS = "Du Bois and Du Bois 1916, Arch Intern Med 17:863, doi:10.1001/archinte.1916.00080130010002"
JAMES = "James 1976, Research on Obesity, HMSO"


def surface_m2(body: Mapping[str, Any]) -> float:
    """Return the body's surface, by Du Bois.

    >>> round(surface_m2({"weight_kg": 79.4, "height_cm": 183.0}), 2)
    2.01
    """
    return float(0.007184 * body["weight_kg"] ** 0.425 * body["height_cm"] ** 0.725)


def lean_mass_kg(body: Mapping[str, Any]) -> float:
    """Return the lean mass, by James.

    >>> round(lean_mass_kg({"weight_kg": 79.4, "height_cm": 183.0, "sex": "male"}), 1)
    63.2
    """
    by_weight, by_index = (1.07, 148.0) if body["sex"] == "female" else (1.10, 128.0)
    return float(by_weight * body["weight_kg"] - by_index * (body["weight_kg"] / body["height_cm"]) ** 2)
