"""Patients from a file and made in Python: what is accepted, and how each mistake is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from twin import library
from twin.covariates import Category, Continuous
from twin.patient import Cohort, PatientError, check, read_cohort

MODEL = library.load("warfarin_hamberg2007")
HEADER = "id,age_years,CYP2C9,VKORC1,note\n"


def read(tmp_path: Path, rows: str) -> Cohort:
    path = tmp_path / "cohort.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    return read_cohort(path, MODEL)


def test_genotypes_are_read_in_any_order_of_alleles(tmp_path: Path) -> None:
    cohort = read(tmp_path, "a,71,*3/*1,AG,x\nb,50.5,*1/*3,A/G,\nc,18,*2/*2,GG,\n")
    assert cohort.ids == ("a", "b", "c")
    assert cohort.covariates["age_years"].tolist() == [71.0, 50.5, 18.0]
    assert cohort.covariates["CYP2C9"].tolist() == ["*1/*3", "*1/*3", "*2/*2"]
    assert cohort.covariates["VKORC1"].tolist() == ["GA", "GA", "GG"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "b,71,*1/*9,GG,",
            "line 3, column CYP2C9: got '*1/*9', expected one of *1/*1, *1/*2, *1/*3, *2/*2, *2/*3, *3/*3",
        ),
        ("b,71,*1,GG,", "line 3, column CYP2C9: got '*1'"),
        ("b,71,*1/*1,CT,", "line 3, column VKORC1: got 'CT', expected one of GG, GA, AA"),
        ("b,71,*1/*1,,", "line 3, column VKORC1: nothing there, expected one of GG, GA, AA"),
        ("b,17,*1/*1,GG,", "line 3, column age_years: got '17', expected a number of years from 18 to 110"),
        ("b,nan,*1/*1,GG,", "line 3, column age_years: got 'nan'"),
        ("b,old,*1/*1,GG,", "line 3, column age_years: got 'old'"),
        ("b,7_1,*1/*1,GG,", "line 3, column age_years: got '7_1', expected a number of years from 18 to 110"),
        ("b,７１,*1/*1,GG,", "line 3, column age_years: got '７１'"),
        (",71,*1/*1,GG,", "line 3, column id: nothing there; every patient needs an id"),
        ("first,71,*1/*1,GG,", "line 3, column id: the same id as in line 2; ids must differ"),
    ],
)
def test_a_mistake_names_line_column_and_what_is_allowed(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(PatientError) as failure:
        read(tmp_path, f"first,71,*1/*1,GG,\n{row}\n")
    assert message in str(failure.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"CYP2C9": None}, "the cohort lacks CYP2C9"),
        ({"CYP2C9": np.array(["*1/*1"])}, "CYP2C9 has 1 values for 2 patients"),
        ({"CYP2C9": np.array(["*1/*1", "*3/*1"])}, "patient 2: CYP2C9 is *3/*1, expected one of"),
        ({"VKORC1": np.array(["GG", None], dtype=object)}, "patient 2: VKORC1 is None"),
        ({"age_years": np.array([71.0, 200.0])}, "patient 2: age_years is 200.0, expected a number of years"),
    ],
)
def test_a_cohort_made_in_python_is_checked(change: dict[str, object], message: str) -> None:
    covariates = {
        "age_years": np.array([71.0, np.nan]),
        "CYP2C9": np.array(["*1/*1", "*1/*3"]),
        "VKORC1": np.array(["GG", "AA"]),
    }
    check(Cohort(("a", "b"), covariates), MODEL)
    changed = {name: values for name, values in {**covariates, **change}.items() if values is not None}
    with pytest.raises(PatientError) as failure:
        check(Cohort(("a", "b"), changed), MODEL)
    assert message in str(failure.value)


LENIENT = replace(
    MODEL,
    covariates=(
        *MODEL.covariates[:1],
        replace(MODEL.covariates[1], needed=False),
        Category("race", ("white", "black"), {"Caucasian": "white"}, default="white"),
        Continuous("weight_kg", "kg", 2.0, 635.0, needed=False),
    ),
)


def test_a_file_may_leave_out_what_the_model_does_not_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("id,age_years,race,weight_kg\na,71,Caucasian,80\nb,50,,\n", encoding="utf-8")
    cohort = read_cohort(path, LENIENT)
    check(cohort, LENIENT)
    assert cohort.covariates["race"].tolist() == ["white", ""] and "CYP2C9" not in cohort.covariates
    np.testing.assert_array_equal(cohort.covariates["weight_kg"], [80.0, np.nan])


def test_what_a_file_states_is_read_strictly_also_where_it_could_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cohort.csv"
    path.write_text("id,age_years,race\na,71,blue\n", encoding="utf-8")
    with pytest.raises(PatientError, match="line 2, column race: got 'blue', expected one of white, black"):
        read_cohort(path, LENIENT)
    with pytest.raises(PatientError, match="patient 1: race is blue"):
        check(Cohort(("a",), {"age_years": np.array([71.0]), "race": np.array(["blue"])}), LENIENT)
    path.write_text("id,race\na,white\n", encoding="utf-8")
    with pytest.raises(ValueError, match="age_years"):
        read_cohort(path, LENIENT)
