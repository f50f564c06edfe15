"""Data sets: doses, observations and covariates of each patient, and the public sets read as they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.records import ALONE, Record, Records, covariate, observables, read_records
from twin.regimen import Doses, RegimenError

Floats = NDArray[np.float64]


def read(tmp_path: Path, content: str) -> Records:
    path = tmp_path / "data.csv"
    path.write_text(content, encoding="utf-8")
    return read_records(path)


def only(records: Records) -> Record:
    return records.by_id[ALONE]


def test_doses_and_observations_of_each_patient(tmp_path: Path) -> None:
    records = read(
        tmp_path,
        "ID,TIME,AMT,DV,DVID,MDV,CMT,WT\na,0,5,.,.,1,1,70\na,1,.,4.5,cp,0,2,70\na,1,0,88,pca,0,3,70\na,2,.,4.1,cp,1,2,70\n"
        "b,0,.,-1,cp,0,2,80\n",
    )
    seen = records.by_id["a"].observations
    assert records.by_id["a"].doses.amount.tolist() == [5] and not records.by_id["b"].doses.time_h.size
    assert seen.time_h.tolist() == [1, 1] and seen.value.tolist() == [4.5, 88] and seen.label == ("cp", "pca")
    assert seen.compartment.tolist() == [2, 3] and seen.line.tolist() == [3, 4] and seen.occasion.tolist() == [0, 0]
    assert records.by_id["b"].observations.value.tolist() == [-1]
    assert records.by_id["a"].covariates == {"WT": ("70",) * 4}
    assert records.by_id["a"].record_h.tolist() == [0, 1, 1, 2]


def test_a_set_of_one_patient_without_doses(tmp_path: Path) -> None:
    record = only(read(tmp_path, "TIME,DV\n0,1.5\n24,.\n48,2.5\n"))
    assert record.observations.value.tolist() == [1.5, 2.5] and not record.doses.time_h.size


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        ("0,5,.,1\n0,.,7,0\n", [True]),  # the record of the dose stands first
        ("0,.,7,0\n0,5,.,1\n0,.,8,0\n", [False, True]),
        ("0,.,7,0\n0,.,.,3\n0,5,.,1\n", [False]),
        ("0,.,.,3\n0,.,7,0\n", [True]),
        ("0,5,.,1\n1,.,7,0\n", [False]),
    ],
)
def test_at_one_moment_the_order_of_the_table_counts(tmp_path: Path, rows: str, after: list[bool]) -> None:
    """NONMEM goes from record to record: a dose counts for what stands behind it, even at the same time."""
    assert only(read(tmp_path, f"TIME,AMT,DV,EVID\n{rows}")).observations.after.tolist() == after


def test_an_additional_dose_comes_before_an_observation_of_that_moment(tmp_path: Path) -> None:
    record = only(read(tmp_path, "TIME,AMT,II,ADDL,DV\n0,5,12,1,.\n6,.,.,.,7\n12,.,.,.,8\n24,.,.,.,9\n"))
    assert record.observations.after.tolist() == [False, True, False]


def test_an_observation_between_two_doses_of_one_moment_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        RegimenError, match="line 3: an observation in the middle of doses or resets of the same moment"
    ):
        read(tmp_path, "TIME,AMT,DV\n0,5,.\n0,.,7\n0,5,.\n")


def test_a_reset_may_begin_the_times_anew(tmp_path: Path) -> None:
    record = only(
        read(
            tmp_path,
            "TIME,AMT,II,ADDL,DV,EVID\n0,5,12,9,.,1\n30,.,.,.,1,0\n0,6,.,.,.,4\n2,.,.,.,2,0\n0,.,.,.,.,3\n0,7,.,.,.,1\n"
            "3,.,.,.,3,0\n",
        )
    )
    seen = record.observations
    assert record.start_h.tolist() == [0, 54, 80]  # a day behind the last record of the occasion before
    assert (seen.time_h - record.start_h[seen.occasion]).tolist() == [30, 2, 3] and seen.occasion.tolist() == [0, 1, 2]
    assert record.doses.time_h.tolist() == [0, 12, 24, 36, 48, 54, 80] and record.doses.reset_h.tolist() == [54, 80]
    with pytest.raises(RegimenError, match=r"line 4, column TIME: goes back to 0 h, .* only a reset"):
        read(tmp_path, "TIME,AMT,DV\n0,5,.\n30,.,1\n0,6,.\n")


def test_a_covariate_has_one_value_for_a_patient(tmp_path: Path) -> None:
    records = read(
        tmp_path, "ID,TIME,DV,wt,sex\na,0,1,70,m\na,1,1,.,m\na,2,1,70.0,m\nb,0,1,.,f\nb,1,1,80,f\nb,2,1,81,f\n"
    )
    assert covariate(records, "a", "WT") == "70" and covariate(records, "b", "sex") == "f"
    with pytest.raises(RegimenError, match="line 7, column wt: another value than before"):
        covariate(records, "b", "wt")
    with pytest.raises(RegimenError, match=r"data.csv has no column age; its covariates: wt, sex"):
        covariate(records, "a", "age")


def test_dvid_tells_what_was_observed(tmp_path: Path) -> None:
    records = read(tmp_path, "TIME,DV,DVID\n0,1,INR\n1,1,2\n2,1,1.0\n3,1,cp\n")
    assert observables(records, ALONE, ["C", "INR"], {"cp": "C"}).tolist() == [1, 1, 0, 0]
    with pytest.raises(
        RegimenError, match=r"line 5, column DVID: got 'cp', expected .* observables: 1 \(C\), 2 \(INR\)"
    ):
        observables(records, ALONE, ["C", "INR"])
    with pytest.raises(RegimenError, match="there is no observable D; expected any of C, INR"):
        observables(records, ALONE, ["C", "INR"], {"cp": "D"})
    without = read(tmp_path, "TIME,DV\n0,1\n1,1\n")
    assert observables(without, ALONE, ["C"]).tolist() == [0, 0]
    with pytest.raises(
        RegimenError, match="line 2, column DVID: nothing there, expected one of the model's observables"
    ):
        observables(without, ALONE, ["C", "INR"])


def test_a_frame_is_a_data_set_too() -> None:
    frame = pd.DataFrame({"id": [3, 3], "time": [0, 1], "amt": [5, np.nan], "dv": [np.nan, 1.5], "race": ["a", None]})
    record = read_records(frame).by_id["3"]
    assert record.doses.amount.tolist() == [5] and record.observations.value.tolist() == [1.5]
    assert record.covariates == {"race": ("a", "")}
    with pytest.raises(RegimenError, match="the table, row 2, column DV: got 'BLQ', expected a number"):
        read_records(frame.assign(dv=[None, "BLQ"]))


COLUMNS = ("TIME", "AMT", "RATE", "II", "ADDL", "SS", "EVID", "DV")
SHAPES = (
    ("5", ".", ".", ".", ".", "1", "."),
    ("100", "10", ".", ".", ".", "1", "."),
    ("5", "-2", "6", "3", ".", "101", "."),
    ("5", ".", "12", "2", ".", ".", "."),
    ("5", "1", "12", ".", "1", "1", "."),
    ("5", ".", "12", "4", "2", "4", "."),
    (".", "2", ".", ".", "2", "1", "."),
    (".", ".", ".", ".", ".", "3", "."),
    (".", ".", ".", ".", ".", "2", "7"),
    (".", ".", ".", ".", "99", "0", "1.5"),
    ("0", "0", "0", "0", "0", "0", "2.5"),
    ("5", ".", ".", ".", ".", "0", "2.5"),  # the one with a fault
)
STEPS = st.sampled_from([0, 0, 6, 12, 18])
ROWS = st.lists(st.tuples(STEPS, st.sampled_from(SHAPES)), min_size=1, max_size=7)


@drawn(ROWS)
@settings(max_examples=150)
def test_whatever_stands_in_a_table_is_doses_that_can_be_given_or_a_named_error(
    rows: list[tuple[int, tuple[str, ...]]],
) -> None:
    times = np.cumsum([step for step, _ in rows])
    frame = pd.DataFrame([(time, *cells) for time, (_, cells) in zip(times, rows, strict=True)], columns=list(COLUMNS))
    try:
        record = only(read_records(frame))
    except RegimenError as failure:
        assert str(failure).startswith("the table, row ")
        return
    doses, numbers = record.doses, frame.replace(".", "0").astype(float)
    resets = numbers["EVID"].isin([3, 4]) | (numbers["SS"] == 1)
    expected = []
    for row in numbers[numbers["EVID"].isin([1, 4, 101]) | (frame["EVID"] == ".")].itertuples():
        cancelled = numbers["TIME"][resets & (numbers.index > row.Index)].min()
        expected += [
            row.TIME + n * row.II for n in range(int(row.ADDL) + 1) if not (n and row.TIME + n * row.II >= cancelled)
        ]
    assert doses.time_h.tolist() == sorted(expected)
    endless = (doses.steady > 0) & (doses.interval_h == 0)
    assert ((doses.amount > 0) != endless).all() and (doses.rate[endless] == 2).all()
    assert record.observations.value.tolist() == [float(cells[-1]) for _, cells in rows if cells[-2] == "0"]


def given(doses: Doses, until: float) -> Iterator[tuple[float, float, float]]:
    """Yield time, amount and length of each dose so far; a steady state is a hundred more, and none from before it."""
    so_far = np.flatnonzero(doses.time_h <= until)
    first = so_far[doses.steady[so_far] == 1]
    for place in so_far[so_far >= first[-1]] if first.size else so_far:
        length = doses.amount[place] / doses.rate[place] if doses.rate[place] else 0.0
        for before in range(101 if doses.steady[place] else 1):
            yield doses.time_h[place] - before * doses.interval_h[place], doses.amount[place], length


def swallowed(doses: Doses, hours: float, ka: float, cl: float, v: float) -> float:
    """One compartment with first-order absorption, by superposition."""
    k, total = cl / v, 0.0
    for time, amount, _ in given(doses, hours):
        total += amount / v * ka / (ka - k) * (np.exp(-k * (hours - time)) - np.exp(-ka * (hours - time)))
    return total


def infused(doses: Doses, hours: float, cl: float, v: float, q: float, v2: float) -> float:
    """Two compartments, by superposition: the eigenvalues of the system, and a convolution with each infusion."""
    k, k12, k21 = cl / v, q / v, q / v2
    mean, root = (k + k12 + k21) / 2, np.sqrt(((k + k12 + k21) / 2) ** 2 - k * k21)
    alpha, beta, total = mean + root, mean - root, 0.0
    for time, amount, length in given(doses, hours):
        passed = hours - time
        for rate, share in ((alpha, (alpha - k21) / (alpha - beta)), (beta, (k21 - beta) / (alpha - beta))):
            grown = 1 - np.exp(-rate * min(passed, length))
            total += amount / length / v * share / rate * grown * np.exp(-rate * max(passed - length, 0.0))
    return total


@pytest.fixture
def pk(mirror: Path) -> Path:
    if not (mirror / "pk").is_dir():
        pytest.skip(f"{mirror / 'pk'} is not there")
    return mirror / "pk"


def log_errors(records: Records, course: object, names: tuple[str, ...], every: int) -> tuple[Floats, Floats]:
    """Return log(DV / computed by the parameters that the set states), and the times, of each so-manieth patient."""
    errors, times = [], []
    for patient in list(records.by_id)[::every]:
        record = records.by_id[patient]
        parameters = [float(covariate(records, patient, name)) for name in names]
        seen = record.observations
        for hours, value in zip(seen.time_h.tolist(), seen.value.tolist(), strict=True):
            if value > 0:
                errors.append(np.log(value / course(record.doses, hours, *parameters)))  # type: ignore[operator]
                times.append(hours)
    return np.array(errors), np.array(times)


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("name", "course", "parameters"),
    [("Oral_1CPT", swallowed, ("KA", "CL", "V")), ("Infusion_2CPT", infused, ("CL", "V", "Q", "V2"))],
)
def test_the_doses_explain_what_was_simulated(pk: Path, name: str, course: object, parameters: tuple[str, ...]) -> None:
    """SS 99 is no steady state: so, the parameters that a set states make its DV, in each of its three parts."""
    records = read_records(pk / f"{name}.csv.gz")
    errors, times = log_errors(records, course, parameters, every=5)
    for part in (times < 72, (times >= 72) & (times < 216), times >= 216):
        assert abs(errors[part].mean()) < 0.03 and errors[part].std() < 0.25
    raw = pd.read_csv(pk / f"{name}.csv.gz")
    found = [record.observations.value for record in records.by_id.values()]
    np.testing.assert_array_equal(np.concatenate(found), raw["DV"][raw["EVID"] == 0])


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["Bolus_1CPTMM", "theo_md", "warfarin"])
def test_public_sets_are_read_as_they_are(pk: Path, name: str) -> None:
    raw = pd.read_csv(pk / f"{name}.csv.gz").rename(columns=str.upper)
    records = read_records(pk / f"{name}.csv.gz")
    assert list(records.by_id) == [str(number) for number in raw["ID"].unique()]
    seen, given = raw[raw["EVID"] == 0], raw[raw["EVID"].isin([1, 101])]
    assert len(given) > 0
    for column, found in (("TIME", "time_h"), ("AMT", "amount")):
        values = np.concatenate([getattr(record.doses, found) for record in records.by_id.values()])
        np.testing.assert_array_equal(values, given[column])
    for column, found in (("TIME", "time_h"), ("DV", "value")):
        values = np.concatenate([getattr(record.observations, found) for record in records.by_id.values()])
        np.testing.assert_array_equal(values, seen[column])
    if name == "warfarin":
        labels = [label for record in records.by_id.values() for label in record.observations.label]
        assert labels == seen["DVID"].tolist() and set(labels) == {"cp", "pca"}
        assert covariate(records, "1", "sex") == "male"
