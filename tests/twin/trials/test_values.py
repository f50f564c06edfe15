"""Values of a model that are the design's own: what is measured, and how patients vary, follow them."""

from typing import Any

import numpy as np
import pytest

from kg.files.checked import DesignError, check
from twin import library
from twin.quantity import Assumed
from twin.trials.protocol import TrialDesign
from twin.trials.run import enrol, follow
from twin.trials.values import settable, with_values

MODEL = library.load("warfarin_hamberg2007")
DESIGN: dict[str, Any] = {
    "trial": {"name": "t", "model": MODEL.name, "seed": 1, "weeks": 2, "subjects_per_arm": 2000, "design": "twins"},
    "population": {"source": "made up", "age_years": {"mean": 60.0, "sd": 9.0, "lower": 18.0, "upper": 90.0}}
    | {"CYP2C9": {"*1": 1.0}, "VKORC1": {"G": 1.0}},
    "visits": {"days": [1, 8, 15]},
    "conduct": {"adherence": 1.0, "measurement_error": True},
    "endpoints": [{"kind": "value", "name": "INR15", "observable": "INR", "day": 15}],
    "arms": [{"name": name, "policy": {"kind": "fixed", "doses": [dose]}} for name, dose in (("a", 3.0), ("b", 5.0))],
}


def designed(days: int | None = None, **parameters: float) -> TrialDesign:
    conduct = DESIGN["conduct"] | ({"occasion_days": days} if days else {})
    return check(DESIGN | {"parameters": parameters, "conduct": conduct}, TrialDesign, "trial.toml")


def test_a_parameter_s_value_is_an_assumption_that_says_what_it_replaces() -> None:
    found = with_values(MODEL, {"clearance": 0.4, "between patients: clearance_l_per_h": 0.1})
    assert found.theta == MODEL.theta | {"clearance": 0.4}
    assert isinstance(found.parameters["clearance"], Assumed)
    assert found.parameters["clearance"].reason.endswith("in place of 0.314")
    varies = found.variability.between["clearance_l_per_h"]
    assert (varies.value, varies.unit) == (0.1, "CV")


def test_every_number_of_the_table_may_have_another_value() -> None:
    names = set(settable(MODEL))
    assert names >= set(MODEL.parameters) | {"residual: INR", "between patients: ec50_mg_per_l"}
    for name, (published, _) in settable(MODEL).items():
        assert settable(with_values(MODEL, {name: published.value + 0.5}))[name][0].value == published.value + 0.5


def test_measurements_scatter_by_the_stated_error() -> None:
    design = designed(**{"residual: INR": 0.05})
    course = follow(design, design.arms[0], enrol(design, 2000))
    away = np.log(course.measured["INR"] / course.true["INR"][:, [0, 7, 14]])
    assert away.std() == pytest.approx(0.05, abs=4 * 0.05 / np.sqrt(2 * away.size))


def test_between_occasions_a_parameter_varies_as_stated_where_the_model_says_nothing() -> None:
    first, second = enrol(designed(days=7, **{"between occasions: ec50_mg_per_l": 0.3}), 2000).bodies
    away = np.log(first.ec50_mg_per_l / second.ec50_mg_per_l)
    assert away.std() == pytest.approx(0.3 * np.sqrt(2), abs=4 * 0.3 / np.sqrt(2000))
    assert (first.clearance_l_per_h == second.clearance_l_per_h).all()
    (usual,) = enrol(designed(), 2000).bodies
    ratio = np.log(first.ec50_mg_per_l / usual.ec50_mg_per_l)
    assert ratio.std() == pytest.approx(0.3, abs=4 * 0.3 / np.sqrt(4000)), "each occasion is around the patient's own"


@pytest.mark.parametrize(
    ("parameters", "conduct", "message"),
    [
        ({"residual: inr": 0.1}, {}, "parameters: warfarin_hamberg2007 has no residual: inr; it has "),
        ({"residual: INR": -0.1}, {}, r"parameters: residual: INR: got -0\.1, expected >= 0"),
        ({}, {"occasion_days": 7}, "says nothing of occasions; leave it out, or say how much in parameters"),
        ({"between occasions: ec50_mg_per_l": 0.1}, {}, r"conduct\.occasion_days: missing"),
    ],
)
def test_what_does_not_fit_is_told(parameters: dict[str, float], conduct: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check(DESIGN | {"parameters": parameters, "conduct": DESIGN["conduct"] | conduct}, TrialDesign, "trial.toml")
