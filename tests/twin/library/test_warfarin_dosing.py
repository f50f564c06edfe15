"""Warfarin's dosing rules against doses worked out by hand."""

import numpy as np
import pytest

from tests.twin.trials.designs import INR
from tests.twin.trials.patients import COVARIATES, patients, revised, seen
from twin.library.warfarin.doses import eu_pact_loading, iwpc_pharmacogenetic, lenzini_2010
from twin.library.warfarin.dosing import WarfarinAlgorithm
from twin.trials.titrations.table import Row, Table

TITRATION = Table(
    observable=INR,
    from_day=4,
    max_dose=12.0,
    tablet=0.5,
    rows=(Row(below=2.0, change_percent=10.0), Row(below=3.0, change_percent=0.0), Row(change_percent=-10.0)),
)


def test_a_start_by_algorithm_is_its_maintenance_dose() -> None:
    plan = WarfarinAlgorithm(algorithm="iwpc_pharmacogenetic").begin(patients())
    assert plan.laid_out(3) == pytest.approx(np.tile(iwpc_pharmacogenetic(COVARIATES)[:, None], 3))


def test_eu_pact_loads_for_three_days_and_revises_on_the_fourth() -> None:
    policy = WarfarinAlgorithm(algorithm="iwpc_pharmacogenetic", loading="eu_pact", revision="lenzini_2010")
    start = policy.begin(patients())
    plan, maintenance = start.laid_out(6), iwpc_pharmacogenetic(COVARIATES)
    assert plan[:, :3] == pytest.approx(eu_pact_loading(maintenance, COVARIATES["CYP2C9"]))
    assert plan[:, 3:] == pytest.approx(np.tile(maintenance[:, None], 3))
    # By hand: maintenance 6.31 and 1.32 mg, loading 9.58, 8.49 and 2.57, 2.15 mg; tablets of 0.5 mg; nothing on day 0.
    assert plan[:, :2] == pytest.approx(np.array([[9.58, 8.49], [2.57, 2.15]]), abs=0.005)
    before = np.array([[0.0, 9.5, 8.5], [0.0, 2.5, 2.0]])
    inr, given = np.array([1.3, 2.4]), TITRATION.given(plan[:, :3])
    assert given[:, :2].tolist() == before[:, 1:].tolist()
    fourth = revised(policy, TITRATION, start.after(3), seen(patients(), 4, inr, given))
    assert fourth.laid_out(3) == pytest.approx(np.tile(lenzini_2010(COVARIATES, inr, before)[:, None], 3))
    missing = revised(policy, TITRATION, start.after(3), seen(patients(), 4, [np.nan, 2.4], given))
    assert missing.laid_out(3)[0].tolist() == plan[0, 3:].tolist(), "who is not measured goes on as planned"
