"""Warfarin's dosing rules against doses worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from tests.twin.trials.designs import INR
from tests.twin.trials.patients import COVARIATES, patients, revised, seen
from twin.library.warfarin.doses import (
    eu_pact_loading,
    gage_2008,
    gage_clinical_2008,
    iwpc_clinical,
    iwpc_pharmacogenetic,
    lenzini_2010,
)
from twin.library.warfarin.dosing import Late, WarfarinAlgorithm
from twin.trials.grid import Grid
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


def test_cyp2c9_counts_from_its_day_on() -> None:
    policy = WarfarinAlgorithm(algorithm="gage_2008", cyp2c9_from_day=2)
    plan, known = policy.begin(patients()).laid_out(4), gage_2008(COVARIATES)
    without = gage_2008({**COVARIATES, "CYP2C9": np.array(["*1/*1", "*1/*1"])})
    assert plan[:, 0] == pytest.approx(without)
    assert plan[:, 1:] == pytest.approx(np.tile(known[:, None], 3))
    assert known[1] / without[1] == pytest.approx(np.exp(-0.4008)), "one *3 allele, by Gage's coefficient"


def test_whose_genotype_is_late_begins_by_the_clinical_equation() -> None:
    many = 4000
    covariates = {name: np.repeat(values[1:], many) for name, values in COVARIATES.items()}
    late = Late(share=0.55, until_day=3, algorithm="gage_clinical_2008")
    policy = WarfarinAlgorithm(algorithm="gage_2008", cyp2c9_from_day=2, late=late)
    plan = policy.begin(patients(covariates, n=many)).laid_out(5)
    clinical, known = gage_clinical_2008(covariates)[0], gage_2008(covariates)[0]
    without = gage_2008({**covariates, "CYP2C9": np.full(many, "*1/*1")})[0]
    is_late = plan[:, 0] == clinical
    assert stats.binomtest(int(is_late.sum()), many, 0.55).pvalue > 1e-3
    assert plan[is_late] == pytest.approx(np.tile([clinical, clinical, known, known, known], (is_late.sum(), 1)))
    assert plan[~is_late] == pytest.approx(np.tile([without, known, known, known, known], ((~is_late).sum(), 1)))
    few = policy.begin(patients({name: values[:9] for name, values in covariates.items()}, n=9)).laid_out(5)
    assert (few == plan[:9]).all(), "who is late hangs on seed and patient alone"


def test_a_loading_dose_may_be_late_too() -> None:
    late = Late(share=1.0, until_day=3, algorithm="iwpc_clinical")
    policy = WarfarinAlgorithm(algorithm="iwpc_pharmacogenetic", loading="eu_pact", late=late)
    plan, loaded = (
        policy.begin(patients()).laid_out(5),
        eu_pact_loading(iwpc_pharmacogenetic(COVARIATES), COVARIATES["CYP2C9"]),
    )
    assert plan[:, :2] == pytest.approx(np.tile(iwpc_clinical(COVARIATES)[:, None], 2))
    assert plan[:, 2] == pytest.approx(loaded[:, 2])
    assert plan[:, 3:] == pytest.approx(np.tile(iwpc_pharmacogenetic(COVARIATES)[:, None], 2))


def test_when_genotypes_count_is_an_assumption_and_a_clinical_equation_asks_for_none() -> None:
    late = Late(share=0.55, until_day=2, algorithm="gage_clinical_2008")
    told = [row.value for row in WarfarinAlgorithm(algorithm="gage_2008", late=late, cyp2c9_from_day=2).assumptions()]
    assert {0.55, 2.0} <= set(told)
    clinical = WarfarinAlgorithm(algorithm="gage_clinical_2008", late=late, cyp2c9_from_day=2)
    assert [mistake.split(":")[0] for mistake in clinical.mistakes(Grid(28, 1, (1, 29)))] == ["late", "cyp2c9_from_day"]
    names = {row["name"] for row in WarfarinAlgorithm(algorithm="gage_2008", late=late).parameters()}
    assert {"gage_2008: A", "gage_clinical_2008: intercept"} <= names
