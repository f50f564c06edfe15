"""PROCOVA by the twin's own prognosis: known before allocation, the same in every arm, and worth its correlation."""

from typing import Any

import numpy as np
import pytest

from kg.files.checked import check
from twin.trials.protocol import TrialDesign
from twin.trials.replicates import replicate
from twin.trials.run import enrol, run

CONCENTRATION = "tacrolimus_ug_per_L"


def designed(analysis: dict[str, Any], size: int = 40) -> TrialDesign:
    spread = {"sd": 14.0, "lower": 18.0, "upper": 80.0}
    content = {
        "trial": {
            "name": "tacrolimus",
            "model": "tacrolimus_andrews2019",
            "seed": 1,
            "weeks": 1,
            "subjects_per_arm": size,
            "design": "parallel",
        },
        "population": {
            "source": "made up",
            "age_years": {"mean": 56.0, **spread},
            "albumin_g_per_L": {"mean": 42.0, "sd": 5.0, "lower": 20.0, "upper": 55.0},
            "body_surface_m2": {"mean": 1.93, "sd": 0.2, "lower": 1.3, "upper": 2.7},
            "creatinine_umol_per_L": {"mean": 180.0, "sd": 90.0, "lower": 50.0, "upper": 1200.0},
            "haematocrit_percent": {"mean": 34.0, "sd": 8.0, "lower": 18.0, "upper": 55.0},
            "lean_mass_kg": {"mean": 59.0, "sd": 10.0, "lower": 35.0, "upper": 88.0},
            "CYP3A5": {"*1": 0.3, "*3": 0.7},
            "CYP3A4": {"*1": 0.95, "*22": 0.05},
        },
        "visits": {"days": [1, 8]},
        "conduct": {"adherence": 0.9, "measurement_error": True},
        "endpoints": [{"kind": "value", "name": "TROUGH", "observable": CONCENTRATION, "analysis": analysis}],
        "arms": [
            {"name": name, "policy": {"kind": "fixed", "doses": [dose], "every": "12h"}}
            for name, dose in (("low", 5.0), ("high", 6.0))
        ],
    }
    return check(content, TrialDesign, "trial.toml")


def test_a_prognosis_is_the_typical_course_of_the_covariates_on_control() -> None:
    design = designed({"kind": "procova"})
    scores = enrol(design, 60).cohort.covariates["PROGNOSIS_TROUGH"]
    again = enrol(designed({"kind": "procova"}, 20), 60).cohort.covariates["PROGNOSIS_TROUGH"]
    assert scores.tolist() == again.tolist() and np.unique(scores).size == 60
    clearance = enrol(design, 60).bodies[0].clearance_l_per_h
    assert np.corrcoef(scores, np.log(clearance))[0, 1] < -0.5, "who clears more has less"


def test_adjusting_for_it_saves_as_many_patients_as_its_correlation_says() -> None:
    plain, adjusted = (replicate(designed({"kind": kind}), 0, 60) for kind in ("unadjusted", "procova"))
    subjects = run(designed({"kind": "procova"}, 600)).subjects
    low = subjects[subjects["ARM"] == "low"]
    correlation = np.corrcoef(low["TROUGH"], low["PROGNOSIS_TROUGH"])[0, 1]
    ratio = (adjusted["standard_error"] ** 2).mean() / (plain["standard_error"] ** 2).mean()
    assert 0.1 < correlation**2 < 0.9
    assert ratio == pytest.approx(1 - correlation**2, abs=0.12)
    assert adjusted["estimate"].mean() == pytest.approx(plain["estimate"].mean(), abs=0.6)
