"""Real warfarin patients: how the consortium's file is completed, and doses by equations and twins against theirs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin import library
from twin.library.warfarin.doses import MAINTENANCE, gage_2008, iwpc_pharmacogenetic
from twin.library.warfarin.iwpc import Treated, read
from twin.library.warfarin.recalibration import comparable, covariates_of, doses_for_target, estimate, half

FILE = Path("pgx") / "iwpc-warfarin.csv.gz"
CYCLES = 9


@pytest.fixture(scope="module")
def treated(mirror: Path) -> Treated:
    if not (mirror / FILE).is_file():
        pytest.skip(f"{mirror / FILE} is not there")
    return read(mirror / FILE)


@pytest.mark.mirror
def test_every_patient_gets_a_dose_by_the_iwpc_equation_and_it_is_near_the_one_they_took(treated: Treated) -> None:
    weekly = iwpc_pharmacogenetic(treated.covariates) * 7
    assert len(weekly) == 4010 and np.isfinite(weekly).all()
    told = np.isfinite(treated.weekly_mg)
    missed = np.abs(weekly - treated.weekly_mg)[told].mean()
    assert told.sum() == 3888 and missed <= 8.7 < np.abs(35 - treated.weekly_mg)[told].mean() - 4
    # N Engl J Med 2009;360:753, Table 2: 8.5 mg a week in their validation patients, of those with these completed too.
    assert missed == pytest.approx(8.5, abs=0.25)


@pytest.mark.mirror
def test_who_is_completed_is_told(treated: Treated, mirror: Path) -> None:
    rows = pd.read_csv(mirror / FILE, dtype=str, keep_default_na=False)
    for column, name in (("Age", "age_years"), ("Weight (kg)", "weight_kg")):
        np.testing.assert_array_equal(treated.completed[name], rows[column] == "NA")
    stated = rows["VKORC1 -1639 consensus"].map({"G/G": "GG", "A/G": "GA", "A/A": "AA"})
    known = stated.notna().to_numpy()
    assert (treated.covariates["VKORC1"][known] == stated[known]).all() and not treated.completed["VKORC1"][known].any()
    assert (
        np.isnan(gage_2008(treated.covariates)).sum()
        == ((treated.covariates["VKORC1"] == "unknown") | (treated.covariates["CYP2C9"] == "unknown")).sum()
    )


def test_what_is_missing_is_completed_by_the_consortiums_rules(tmp_path: Path) -> None:
    columns = {
        "Gender": ["male"] * CYCLES, "Race": ["White"] * 6 + ["Black or African American"] * 3,
        "Age": ["60 - 69"] * 7 + ["90+", "NA"],
        "Height (cm)": ["160", "170", "180", "190", "NA", "NA", "170", "172", "174"],
        "Weight (kg)": ["60", "70", "80", "90", "85", "NA", "70", "72", "74"],
        "Indication for Warfarin Treatment": ["1 or 2", "3", "NA", "4; 8", "2; 3", "12", "5", "6", "7"],
        "Target INR": ["2.5", "NA", "3", "NA", "NA", "NA", "NA", "NA", "NA"],
        "Estimated Target INR Range Based on Indication": ["NA", "2-3.5", "2-3", *["NA"] * 6],
        "Therapeutic Dose of Warfarin": ["35", *["NA"] * 8],
        "INR on Reported Therapeutic Dose of Warfarin": ["2.4", *["NA"] * 8],
        "CYP2C9 consensus": ["*1/*1", "*1/*11", "*1/*5", "NA", *["*1/*2"] * 5],
        "VKORC1 -1639 consensus": ["A/G", *["NA"] * 8],
        "VKORC1 2255 consensus": ["C/C", "C/C", "NA", "NA", "NA", "NA", "T/T", "NA", "NA"],
        "VKORC1 1173 consensus": ["NA", "NA", "T/T", "NA", "NA", "NA", "C/T", "C/C", "NA"],
        "VKORC1 1542 consensus": ["NA", "NA", "NA", "C/G", "NA", "NA", "NA", "NA", "C/C"],
    }  # fmt: skip
    flags = [
        "Amiodarone (Cordarone)", "Carbamazepine (Tegretol)", "Phenytoin (Dilantin)", "Rifampin or Rifampicin",
        "Fluvastatin (Lescol)", "Current Smoker", "Diabetes", "Subject Reached Stable Dose of Warfarin",
    ]  # fmt: skip
    table = pd.DataFrame(columns | {name: ["NA"] * CYCLES for name in flags})
    table.loc[0, "Phenytoin (Dilantin)"] = "1"
    table.to_csv(tmp_path / "patients.csv", index=False)
    found = read(tmp_path / "patients.csv")
    told = found.covariates
    assert told["VKORC1"].tolist() == ["GA", "GG", "AA", "GA", "unknown", "unknown", "GA", "GG", "unknown"]
    assert told["CYP2C9"].tolist()[:4] == ["*1/*1", "*1/*2", "*1/*3", "unknown"]
    assert told["height_cm"][4] == pytest.approx(185)  # on the line through the others
    assert told["height_cm"][5] == pytest.approx(175) and told["weight_kg"][5] == pytest.approx(77)  # the means
    assert told["age_years"].tolist() == [65.0] * 7 + [95.0, 65.0]
    assert told["thrombosis"].tolist() == [True, False, False, False, True, *[False] * 4]
    assert told["enzyme_inducer"].tolist() == [True, *[False] * 8]
    np.testing.assert_array_equal(found.aimed_at[:4], [2.5, 2.75, 3.0, np.nan])


def test_a_steady_dose_brings_the_twin_to_its_target() -> None:
    # Hamberg 2007, Table 5, as in the test of that model
    model = library.load("warfarin_hamberg2007")
    covariates = {
        "age_years": np.array([70.0, 50.0]),
        "CYP2C9": np.array(["*1/*1", "*3/*3"]),
        "VKORC1": np.array(["GG"] * 2),
    }
    found = doses_for_target(model, covariates)
    np.testing.assert_allclose(found, [7.72, 1.38], rtol=0.06)


@pytest.mark.mirror
def test_the_recalibrated_twin_agrees_with_patients_whom_it_has_not_seen(treated: Treated) -> None:
    who = comparable(treated)
    unseen = ~half(int(who.sum()))
    covariates = {name: values[unseen] for name, values in covariates_of(treated, who).items()}
    taken = treated.weekly_mg[who][unseen] / 7
    away = {
        name: np.log(taken / doses_for_target(library.load(name), covariates))
        for name in ("warfarin_hamberg2007", "warfarin_hamberg2007_iwpc")
    }
    groups = [covariates[kind] == one for kind in ("race", "CYP2C9", "VKORC1") for one in np.unique(covariates[kind])]
    large = [group for group in groups if group.sum() >= 25]
    assert len(large) == 10
    assert max(abs(away["warfarin_hamberg2007_iwpc"][group].mean()) for group in large) <= 0.05
    assert max(abs(away["warfarin_hamberg2007"][group].mean()) for group in large) > 0.25
    heavier = np.log(covariates["weight_kg"] / 70)
    slopes = {name: np.polyfit(heavier, values, 1)[0] for name, values in away.items()}
    assert slopes["warfarin_hamberg2007"] > 0.35 and abs(slopes["warfarin_hamberg2007_iwpc"]) < 0.1


def test_the_estimate_finds_the_terms_that_doses_were_made_with() -> None:
    model = library.load("warfarin_hamberg2007_iwpc")
    random, n = np.random.default_rng(5), 160
    covariates = {
        "age_years": random.uniform(30, 90, n),
        "weight_kg": random.uniform(45, 120, n),
        "race": np.resize(["white", "asian", "black", "mixed_or_missing"], n),
        "CYP2C9": random.permutation(np.resize(["*1/*1", "*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3"], n)),
        "VKORC1": random.permutation(np.resize(["GG", "GA", "AA"], n)),
    }
    found, _ = estimate(model, covariates, doses_for_target(model, covariates))
    for name, value in found.items():
        assert value == pytest.approx(model.theta[name], rel=2e-3), name


def test_equations_that_know_no_genotype_need_none() -> None:
    assert [name for name, (table, _) in MAINTENANCE.items() if "AA" not in table and "A" not in table] == [
        "iwpc_clinical",
        "gage_clinical_2008",
    ]
