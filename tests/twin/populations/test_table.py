"""Tables of real patients: whole rows are drawn, each as often as others; bad ones are named by line and counted."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kg.files.checked import DesignError, check
from tests.twin.populations.patients import ANY
from twin.populations.population import Population

HEADER = "id,AGE,weight_kg,CYP2C9,vkorc1,remark\n"
PATIENTS = [
    "Smith,71,80,*1/*1,GG,x",
    "Jones,64.5,92,*3/*1,GA,",
    "Brown,33,55,*1/*2,AA,",
    "Green,90,61,*2/*2,GG,",
]


def table(tmp_path: Path, lines: list[str], **changes: object) -> Population:
    file = tmp_path / "patients.csv"
    file.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    content = {"kind": "table", "source": "made up", "file": str(file), "columns": {"VKORC1": "vkorc1"}}
    return check(content | changes, ANY, "population")


def rows(population: Population, size: int, seed: int = 1) -> list[tuple[Any, ...]]:
    drawn = population.sample(size, seed).covariates
    return list(zip(*(drawn[name].tolist() for name in ("age_years", "weight_kg", "CYP2C9", "VKORC1")), strict=True))


KNOWN = [
    (71.0, 80.0, "*1/*1", "GG"),
    (64.5, 92.0, "*1/*3", "GA"),
    (33.0, 55.0, "*1/*2", "AA"),
    (90.0, 61.0, "*2/*2", "GG"),
]


def test_in_order_everybody_is_enrolled_once(tmp_path: Path) -> None:
    population = table(tmp_path, PATIENTS, order="as listed")
    assert rows(population, 4) == KNOWN and population.most == 4
    assert population.sample(2, 1, first=3).covariates["age_years"].tolist() == [33.0, 90.0]
    with pytest.raises(ValueError, match="has 4 patients, and 5 are asked for"):
        population.sample(5, 1)


def test_whole_patients_are_drawn_each_as_often_as_the_others(tmp_path: Path) -> None:
    population = table(tmp_path, PATIENTS)
    drawn = rows(population, 8000)
    assert set(drawn) == set(KNOWN) and population.most is None
    assert stats.chisquare([drawn.count(one) for one in KNOWN]).pvalue > 1e-3
    assert rows(population, 20) == drawn[:20], "a smaller cohort is the beginning of a larger one"
    assert rows(population, 20, seed=2) != drawn[:20]
    assert population.sample(3, 1, first=7).covariates["age_years"].tolist() == [one[0] for one in drawn[6:9]]


def test_nobody_s_own_id_is_told(tmp_path: Path) -> None:
    population = table(tmp_path, [*PATIENTS, "White,71,80,*1/*1,Gx,Secret"])
    told = f"{population.sample(50, 1)}{population.assumptions()}{population.fingerprint}{population.model_dump()}"
    assert not [word for word in ("Smith", "Jones", "White", "Secret", "Gx") if word in told]


def test_bad_rows_are_left_out_counted_and_named_by_their_lines(tmp_path: Path) -> None:
    bad = ["A,17,80,*1/*1,GG,", "B,,80,*1/*1,GG,", "C,40,eighty,*1/*1,GG,", *["D,40,70,*1/*1,T,"] * 7]
    population = table(tmp_path, [*PATIENTS, *bad])
    told = {row.assumption: row.value for row in population.assumptions()}
    assert told["Real patients, each drawn with replacement; their number."] == 4
    left_out = {text: count for text, count in told.items() if text.startswith("Left out")}
    start = "Left out of the population: "
    assert left_out == {
        f"{start}age_years is not a number of years from 18 to 110 (lines 6, 7).": 2,
        f"{start}weight_kg is not a number of kg from 2 to 635 (line 8).": 1,
        f"{start}VKORC1 is not one of GG, GA, AA (lines 9, 10, 11, 12, 13 and 2 more).": 7,
    }


def test_a_column_has_the_covariate_s_name_or_another_that_is_usual(tmp_path: Path) -> None:
    assert table(tmp_path, PATIENTS).stated == ("age_years", "CYP2C9", "VKORC1", "weight_kg")


@pytest.mark.parametrize(
    ("lines", "changes", "message"),
    [
        (PATIENTS, {"columns": {}}, r"patients.csv has no column VKORC1; it has id, AGE, .*: columns says which"),
        (PATIENTS, {"columns": {"VKORC1": "VK"}}, r"columns.VKORC1: got VK, expected one of id, AGE"),
        (PATIENTS, {"columns": {"vkorc1": "vkorc1"}}, r"columns.vkorc1: got vkorc1, expected a covariate: age_years,"),
        (["A,17,80,*1/*1,GG,"], {}, r"no patient can be enrolled: 1: age_years is not a number of years"),
        (PATIENTS, {"order": "random"}, r"order: got 'random', expected 'resampled' or 'as listed'"),
        (PATIENTS, {"file": "nowhere.csv"}, r"nowhere.csv cannot be read: No such file"),
        (PATIENTS, {"age_years": 5}, r"age_years: unknown key; known here: columns, file, kind, order, source"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, lines: list[str], changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        table(tmp_path, lines, **changes)


def test_a_copy_in_another_process_has_the_rows_even_where_the_file_is_gone(tmp_path: Path) -> None:
    population = table(tmp_path, PATIENTS)
    held = pickle.dumps(population)
    (tmp_path / "patients.csv").unlink()
    copy = pickle.loads(held)
    assert copy == population and copy.fingerprint == population.fingerprint
    np.testing.assert_array_equal(copy.sample(9, 1).covariates["CYP2C9"], population.sample(9, 1).covariates["CYP2C9"])


def test_another_table_in_the_same_file_is_another_population(tmp_path: Path) -> None:
    one = table(tmp_path, PATIENTS)
    assert table(tmp_path, PATIENTS[:3]).fingerprint != one.fingerprint
