"""Sizes chosen anew at a look, on twins: by hand, against the formula, and with the type I error held."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, norm

from kg.files.checked import DesignError
from tests.twin.trials.test_operating import designed
from twin.trials.design.comparison import Means
from twin.trials.protocol import TrialDesign
from twin.trials.reestimations.promising_zone import PromisingZone
from twin.trials.replicates import patients, replicate
from twin.trials.variants import variants

ZONE = {"kind": "promising_zone", "at": 0.5, "most": 2.0, "target": 0.8, "least": 0.2}
BLINDED = {"kind": "blinded", "at": 0.5, "most": 3.0, "effect": 1.0, "power": 0.8}


def null(design: TrialDesign) -> TrialDesign:
    return variants(design)[-1][1]


@pytest.fixture(scope="module")
def grown() -> pd.DataFrame:
    return replicate(designed(reestimation=ZONE), 0, 300)


def test_a_trial_grows_by_the_rule_of_its_look(grown: pd.DataFrame) -> None:
    """The same patients without a second half: their z is the look's, and says how many patients there are."""
    rule = PromisingZone.model_validate(ZONE).rule
    assert patients(designed(reestimation=ZONE)) == 80
    early = grown[grown["look"] == 1]
    assert (early["patients"] == 20).all() and (early["z"] >= rule.bounds.upper[0]).all() and early["rejected"].all()
    late = grown[grown["look"] == 2]
    assert set(late["patients"]) >= {40, 80} and late["patients"].between(40, 80).all()
    assert (late["rejected"] == (late["z"] >= rule.critical)).all()


def test_growing_brings_power_as_the_formula_says(grown: pd.DataFrame) -> None:
    """Against the closed form at the effect that these twins show: within the error of 300 trials and of t for z."""
    plain = replicate(designed(), 0, 300)
    drift = plain["estimate"].mean() / plain["estimate"].std()
    rule = PromisingZone.model_validate(ZONE).rule
    told = rule.operating(drift / rule.bounds.drift)
    assert grown["rejected"].mean() == pytest.approx(told["power"], abs=4 * np.sqrt(0.25 / 300))
    assert grown["patients"].mean() / 40 == pytest.approx(told["expected_size"], abs=0.12)
    assert grown["rejected"].mean() > plain["rejected"].mean()


@pytest.mark.parametrize("reestimation", [ZONE, BLINDED], ids=lambda one: str(one["kind"]))
def test_the_type_one_error_holds(reestimation: dict[str, Any]) -> None:
    found = replicate(null(designed(reestimation=reestimation)), 0, 600)
    assert found["rejected"].sum() <= binom.ppf(0.999, 600, 0.025)
    assert found["patients"].nunique() > 5


def test_a_blinded_size_is_the_formula_s_by_the_deviation_of_all() -> None:
    """Rules in which the deviation seen is replayed by hand, of the values of the first 20."""
    rule = designed(reestimation=BLINDED).reestimation
    assert rule is not None and rule.critical == pytest.approx(norm.isf(0.025))
    values = np.random.default_rng(0).normal(5.0, 1.7, 20)
    assert rule.grown(values, 0.0, 40) == pytest.approx(Means(1.0, values.std(ddof=1)).size(0.8, 0.025))
    assert rule.grown(np.ones(20), 0.0, 40) == 40.0 and not rule.stops(9.0)


def test_replicates_are_the_same_in_any_pieces() -> None:
    design = designed(reestimation=BLINDED)
    parts = pd.concat([replicate(design, 0, 2), replicate(design, 2, 3)], ignore_index=True)
    pd.testing.assert_frame_equal(parts, replicate(design, 0, 5))


@pytest.mark.parametrize(
    "changes",
    [
        {"interims": {"information": [0.5, 1.0]}},
        {
            "endpoints": [{"kind": "time_to_event", "name": "T", "events": ["gone"]}],
            "hazards": [{"kind": "constant", "name": "gone", "then": "count", "per_week": 0.1}],
        },
    ],
)
def test_what_it_does_not_go_with_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DesignError, match="reestimation: the size is chosen anew at one look, of two arms"):
        designed(reestimation=ZONE, **changes)
