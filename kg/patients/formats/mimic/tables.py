"""The tables of MIMIC-IV: which are read and which not, and what its vital signs are in LOINC.

https://mimic.mit.edu/docs/iv/modules/hosp/ and icu/.
"""

from dataclasses import dataclass

from kg.patients.record import Code


@dataclass(frozen=True)
class Columns:
    """The columns of a table: without the `needed` ones nothing can be said, the `wanted` ones are read if there."""

    needed: tuple[str, ...]
    wanted: tuple[str, ...] = ()


PATIENTS = Columns(("subject_id", "gender", "anchor_age", "anchor_year"), ("dod",))
TABLES = {
    "admissions": Columns(
        ("subject_id", "hadm_id", "admittime", "dischtime"), ("admission_type", "edregtime", "edouttime")
    ),
    "diagnoses_icd": Columns(("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")),
    "procedures_icd": Columns(("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"), ("chartdate",)),
    "hcpcsevents": Columns(("subject_id", "hadm_id", "seq_num", "hcpcs_cd"), ("chartdate",)),
    "labevents": Columns(("subject_id", "labevent_id", "itemid", "charttime", "valuenum"), ("value", "valueuom")),
    "prescriptions": Columns(
        ("subject_id", "pharmacy_id", "starttime", "drug"), ("stoptime", "drug_type", "formulary_drug_cd", "ndc")
    ),
    "omr": Columns(("subject_id", "chartdate", "seq_num", "result_name", "result_value")),
    "icustays": Columns(("subject_id", "stay_id", "intime", "outtime")),
    "procedureevents": Columns(("subject_id", "orderid", "itemid", "starttime"), ("endtime", "ordercategoryname")),
}
"""The tables of events; `patients` and `admissions` must be there, the others may."""

LABELS = {
    "d_icd_diagnoses": Columns(("icd_code", "icd_version", "long_title")),
    "d_icd_procedures": Columns(("icd_code", "icd_version", "long_title")),
    "d_hcpcs": Columns(("code",), ("long_description", "short_description")),
    "d_labitems": Columns(("itemid", "label"), ("fluid",)),
    "d_items": Columns(("itemid", "label")),
}
"""The tables that say what a code means, in public words."""

NOT_TAKEN = {
    "emar": "doses given of what prescriptions states: each drug would count once a dose, and has no code here",
    "emar_detail": "doses given of what prescriptions states: each drug would count once a dose, and has no code here",
    "pharmacy": "the dispensing of what prescriptions states",
    "poe": "orders, not what was done",
    "poe_detail": "orders, not what was done",
    "services": "a part of a stay in admissions",
    "transfers": "a part of a stay in admissions",
    "drgcodes": "a group for billing, not a diagnosis",
    "microbiologyevents": "cultures: organisms and their resistance are no facts of this graph",
    "inputevents": "drugs of prescriptions once more, by the pump's rate",
    "ingredientevents": "drugs of prescriptions once more, by the pump's rate",
    "outputevents": "the balance of fluids, hour by hour",
    "datetimeevents": "dates that are no events of their own",
    "chartevents": "the bedside chart, minute by minute",
}
"""Tables of persons that are left out, and why."""

OBSERVATION_STAYS = frozenset({"AMBULATORY OBSERVATION", "DIRECT OBSERVATION", "EU OBSERVATION"})
"""The types of admission under which a person was observed and not admitted; all others are of inpatients."""


TALK = "Communication"
"""The category of what is among the procedures of intensive care and none: a relative was told, a priest called."""


@dataclass(frozen=True)
class Vital:
    """What is measured outside of the laboratory: the code, and the unit in UCUM."""

    code: Code
    unit: str


def _vital(loinc: str, name: str, unit: str) -> Vital:
    return Vital(Code("LOINC", loinc, name, public=True), unit)


_STANDING = (
    _vital("8460-8", "Systolic blood pressure--standing", "mm[Hg]"),
    _vital("8454-1", "Diastolic blood pressure--standing", "mm[Hg]"),
)
VITALS: dict[str, tuple[Vital, ...]] = {
    "Blood Pressure": (
        _vital("8480-6", "Systolic blood pressure", "mm[Hg]"),
        _vital("8462-4", "Diastolic blood pressure", "mm[Hg]"),
    ),
    "Blood Pressure Sitting": (
        _vital("8459-0", "Systolic blood pressure--sitting", "mm[Hg]"),
        _vital("8453-3", "Diastolic blood pressure--sitting", "mm[Hg]"),
    ),
    "Blood Pressure Lying": (
        _vital("8461-6", "Systolic blood pressure--supine", "mm[Hg]"),
        _vital("8455-8", "Diastolic blood pressure--supine", "mm[Hg]"),
    ),
    "Blood Pressure Standing (1 min)": _STANDING,
    "Blood Pressure Standing (3 mins)": _STANDING,
    "Weight (Lbs)": (_vital("29463-7", "Body weight", "[lb_av]"),),
    "Height (Inches)": (_vital("8302-2", "Body height", "[in_i]"),),
    "BMI (kg/m2)": (_vital("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2"),),
}
"""The names of results in `omr` -> what they are; those of a blood pressure stand as 120/80."""
