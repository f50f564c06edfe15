"""Covariates: what is read, the numbers that a model gets, and what stands for what nobody knows."""

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import pytest

from twin.covariates import Category, Continuous, Covariate, Genotype, asked_for, encode, unknown

AGE = Continuous("age_years", "years", 18.0, 110.0)
SEX = Category("sex", ("female", "male"), {"F": "female", "M": "male"})
CYP2C9 = Genotype("CYP2C9", ("*1", "*2", "*3"), "/")


def test_the_levels_of_a_genotype_are_the_pairs_of_its_alleles() -> None:
    pairs = combinations_with_replacement(("*1", "*2", "*3"), 2)
    assert CYP2C9.levels == tuple(f"{first}/{second}" for first, second in pairs)
    assert (AGE.levels, SEX.levels) == ((), ("female", "male"))


@pytest.mark.parametrize("covariate", [SEX, CYP2C9])
def test_a_code_is_the_place_among_the_levels(covariate: Category | Genotype) -> None:
    order = np.random.default_rng(0).integers(0, len(covariate.levels), 1000)
    written = np.array(covariate.levels)[order]
    for values in (written, written.astype(object), written.astype(np.dtypes.StringDType())):
        codes = covariate.encode(values)
        assert codes.dtype == np.int64 and codes.tolist() == order.tolist()


@pytest.mark.parametrize(
    ("covariate", "values", "codes"),
    [
        (AGE, np.array([71.5, np.nan]), [71.5, np.nan]),
        (AGE, np.array([71, 18]), [71.0, 18.0]),
        (AGE, np.array([71, None, "50", "", np.nan], dtype=object), [71.0, np.nan, 50.0, np.nan, np.nan]),
        (AGE, np.array(["71", ""]), [71.0, np.nan]),
        (AGE, np.array([]), []),
        (SEX, np.array(["male", ""]), [1, -1]),
        (SEX, np.array(["male", None, np.nan], dtype=object), [1, -1, -1]),
        (CYP2C9, np.array(["", "*3/*3"]), [-1, 5]),
        (CYP2C9, np.array([], dtype=str), []),
    ],
)
def test_what_is_unknown_has_a_code_of_its_own(covariate: Covariate, values: Any, codes: list[float]) -> None:
    found = covariate.encode(values)
    np.testing.assert_array_equal(found, codes)
    assert unknown(found).tolist() == [code != code or code == -1 for code in codes]


@pytest.mark.parametrize(
    ("covariate", "values", "message"),
    [
        (AGE, np.array([71.0, 17.0, 5.0]), "patient 2: age_years is 17.0, expected a number of years from 18 to 110"),
        (AGE, np.array([np.inf]), "patient 1: age_years is inf"),
        (AGE, np.array(["71", "old"]), "patient 2: age_years is old, expected a number of years"),
        (AGE, np.array([71, "1_0"], dtype=object), "patient 2: age_years is 1_0"),
        (SEX, np.array(["male", "F"]), "patient 2: sex is F, expected one of female, male"),
        (SEX, np.array(["male "]), "patient 1: sex is male , expected"),
        (CYP2C9, np.array(["*1/*1", "*3/*1"]), r"patient 2: CYP2C9 is \*3/\*1, expected one of \*1/\*1, \*1/\*2"),
        (CYP2C9, np.array([5], dtype=object), "patient 1: CYP2C9 is 5"),
    ],
)
def test_a_value_that_is_none_of_the_covariate_s_is_refused(covariate: Covariate, values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        covariate.encode(values)


@pytest.mark.parametrize(
    ("text", "level"), [("F", "female"), (" M ", "male"), ("male", "male"), ("Male", None), ("", None)]
)
def test_a_level_is_read_as_others_spell_it(text: str, level: str | None) -> None:
    assert SEX.read(text) == level


def test_a_default_stands_for_what_nobody_knows() -> None:
    asked = (
        AGE,
        Continuous("weight_kg", "kg", 2.0, 635.0, default=70.0),
        Category("race", ("asian", "other"), default="other"),
        Genotype("VKORC1", ("G", "A"), "", needed=False),
    )
    assert [asked_for(covariate) for covariate in asked] == [True, False, False, False]
    known = {"age_years": np.array([50.0, np.nan]), "weight_kg": np.array([np.nan, 80.0]), "height_cm": np.zeros(9)}
    read = encode(asked, known | {"VKORC1": np.array(["", "GA"])}, 2)
    assert {name: codes.tolist() for name, codes in read.items() if name != "age_years"} == {
        "weight_kg": [70.0, 80.0],
        "race": [1, 1],
        "VKORC1": [-1, 1],
    }
    np.testing.assert_array_equal(read["age_years"], [50.0, np.nan])
    assert encode(asked, known, 2)["VKORC1"].tolist() == [-1, -1]


def test_covariates_are_told_apart_by_what_they_are() -> None:
    assert len({AGE, SEX, CYP2C9, Genotype("CYP2C9", ("*1", "*2"), "/"), Genotype("CYP2C9", ("*1", "*2"), "/")}) == 4
