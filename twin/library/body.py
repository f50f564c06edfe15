"""How records state what models of several drugs ask of a body: LOINC's codes, and units in UCUM's."""

from twin.covariates import Recorded

WEIGHT_CODES = Recorded(("LOINC:29463-7", "LOINC:3141-9"), {"kg": 1.0, "g": 1e-3, "[lb_av]": 0.45359237})
HEIGHT_CODES = Recorded(("LOINC:8302-2", "LOINC:3137-7"), {"cm": 1.0, "m": 100.0, "[in_i]": 2.54})
ALBUMIN_CODES = Recorded(("LOINC:1751-7",), {"g/L": 1.0, "g/dL": 10.0})
CREATININE_CODES = Recorded(("LOINC:2160-0", "LOINC:14682-9"), {"umol/L": 1.0, "mg/dL": 1e4 / 113.12})
"""113.12 g/mol."""
HAEMATOCRIT_CODES = Recorded(("LOINC:4544-3", "LOINC:20570-8"), {"%": 1.0, "1": 100.0})
