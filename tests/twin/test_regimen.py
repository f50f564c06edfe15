"""Regimens: doses in time as NONMEM's records mean them; what a model cannot do is named with its line."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.nonmem import MODELLED_DURATION, MODELLED_RATE
from twin.regimen import Doses, Regimen, RegimenError, boluses, check_doses, every, read_regimen


def read(tmp_path: Path, content: str, time_unit: str = "h") -> Regimen:
    path = tmp_path / "regimen.csv"
    path.write_text(content, encoding="utf-8")
    return read_regimen(path, time_unit)


def alone(regimen: Regimen, patient: str = "anyone") -> Doses:
    return regimen.for_patients([patient])[0]


def doses(regimen: Regimen, patient: str = "anyone") -> list[tuple[float, float]]:
    found = alone(regimen, patient)
    return list(zip(found.time_h.tolist(), found.amount.tolist(), strict=True))


def test_additional_doses_follow_at_the_interval(tmp_path: Path) -> None:
    # NONMEM's guide: ADDL is the number of doses like the one of the record, II the time between them.
    regimen = read(tmp_path, "TIME,AMT,II,ADDL\n0,10,24,1\n48,5,24,2\n")
    assert doses(regimen) == [(0, 10), (24, 10), (48, 5), (72, 5), (96, 5)]
    assert alone(regimen).line.tolist() == [2, 2, 3, 3, 3]
    assert not alone(regimen).interval_h.any()


def test_the_two_ways_to_write_doses_in_the_help_on_addl_are_one(tmp_path: Path) -> None:
    """NONMEM's help on ADDL: both fragments 'specify the same set of doses'."""
    long = "TIME,AMT,ADDL,II,DV\n10,15,0,0,.\n15,.,.,.,25.7\n20,10,0,0,.\n22,15,0,0,.\n34,15,0,0,.\n36,.,.,.,30.2\n"
    short = "TIME,AMT,ADDL,II,DV\n10,15,2,12,.\n15,.,.,.,25.7\n20,10,0,0,.\n36,.,.,.,30.2\n"
    assert doses(read(tmp_path, long)) == doses(read(tmp_path, short)) == [(10, 15), (20, 10), (22, 15), (34, 15)]


def test_additional_doses_overlap_and_come_first_at_one_moment(tmp_path: Path) -> None:
    regimen = read(tmp_path, "TIME,AMT,II,ADDL\n0,1,12,3\n6,2,6,2\n12,3,.,.\n")
    assert doses(regimen) == [(0, 1), (6, 2), (12, 1), (12, 2), (12, 3), (18, 2), (24, 1), (36, 1)]


def test_what_a_record_says_of_a_dose_is_kept(tmp_path: Path) -> None:
    regimen = read(
        tmp_path,
        "TIME,AMT,RATE,CMT,II,ADDL,SS\n0,100,50,2,.,.,.\n1,0,25,2,.,.,2\n2,5,-1,1,.,.,.\n3,6,-2,0,24,1,1\n",
    )
    found = alone(regimen)
    assert found.time_h.tolist() == [0, 1, 2, 3, 27]
    assert found.amount.tolist() == [100, 0, 5, 6, 6]
    assert found.rate.tolist() == [50, 25, MODELLED_RATE, MODELLED_DURATION, MODELLED_DURATION]
    assert found.compartment.tolist() == [2, 2, 1, 0, 0]
    # Help on ADDL: 'the additional doses of the pattern are non-steady state doses'.
    assert found.steady.tolist() == [0, 2, 0, 1, 0] and found.interval_h.tolist() == [0, 0, 0, 24, 0]


def test_resets_are_kept_and_cancel_what_is_still_to_come(tmp_path: Path) -> None:
    """Help on EVID and SS: a reset, and SS 1, cancel pending additional doses; of EVID 4 only the first dose resets."""
    found = alone(read(tmp_path, "TIME,AMT,II,ADDL,EVID\n0,10,12,9,1\n24,.,.,.,3\n36,5,12,2,4\n"))
    assert found.time_h.tolist() == [0, 12, 36, 48, 60]
    assert found.reset_h.tolist() == [24, 36]
    found = alone(read(tmp_path, "TIME,AMT,II,ADDL,SS\n0,10,12,9,0\n20,7,24,1,2\n24,5,12,1,1\n"))
    assert found.time_h.tolist() == [0, 12, 20, 24, 36]
    assert found.steady.tolist() == [0, 0, 2, 1, 0] and not found.reset_h.size


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("0,5,1,.,.\n0,.,3,.,.\n", "line 3, column EVID: the reset undoes the dose of the same moment in line 2"),
        ("0,5,1,.,.\n0,5,4,.,.\n", "line 3, column EVID: the reset undoes the dose of the same moment in line 2"),
        ("0,5,1,.,.\n0,5,1,12,1\n", "line 3, column SS: a steady state with SS 1 undoes the dose of the same moment"),
    ],
)
def test_a_dose_that_is_undone_at_once_is_an_error(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(RegimenError, match=message):
        read(tmp_path, f"TIME,AMT,EVID,II,SS\n{rows}")


def test_a_reset_or_a_dose_follows_at_the_same_moment(tmp_path: Path) -> None:
    found = alone(read(tmp_path, "TIME,AMT,EVID,II,SS\n0,.,3,.,.\n0,5,1,12,1\n0,5,1,12,2\n0,5,1,.,.\n"))
    assert found.reset_h.tolist() == [0] and found.steady.tolist() == [1, 2, 0]


def test_observations_are_held_against_the_contract_and_left_out(tmp_path: Path) -> None:
    assert doses(read(tmp_path, "TIME,AMT,DV\n0,5,.\n12,.,1.1\n24,0,1.2\n")) == [(0, 5)]
    assert doses(read(tmp_path, "TIME,AMT,EVID,CMT,WT\n0,5,1,1,70\n12,0,0,2,71\n12,.,2,.,72\n24,5,1,.,.\n")) == [
        (0, 5),
        (24, 5),
    ]


def test_times_in_days_make_the_same_doses(tmp_path: Path) -> None:
    hours = alone(read(tmp_path, "TIME,AMT,RATE,II,ADDL\n12,48,2,24,3\n"))
    days = alone(read(tmp_path, "TIME,AMT,RATE,II,ADDL\n0.5,48,48,1,3\n", "d"))
    for name in ("time_h", "amount", "rate"):
        np.testing.assert_array_equal(getattr(days, name), getattr(hours, name))


def test_each_patient_has_doses_of_their_own(tmp_path: Path) -> None:
    regimen = read(tmp_path, "ID,TIME,AMT,EVID\na,0,5,1\na,24,6,1\nb,0,7,1\nc,0,0,0\n")
    assert [one.amount.tolist() for one in regimen.for_patients(["c", "b", "a"])] == [[], [7], [5, 6]]
    with pytest.raises(RegimenError, match="1 patients who are not in the cohort, and none for 1 of the cohort's 3"):
        regimen.for_patients(["a", "b", "d"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("TIME,AMT,EVID\n0,5,1\n24,5,0\n48,5,0\n", "line 3, column AMT: got '5', expected 0 or nothing"),
        ("TIME,AMT,II,ADDL\n0,10,24,1\n48,.,24,81\n", "line 3, column AMT: nothing there, expected a dose > 0"),
        ("TIME,AMT,II\n0,5,24\n", "line 2, column II: got '24', expected 0 or nothing without ADDL or SS"),
        ("ID,TIME,AMT\nA,0,5\nA,24,5\nA,0,5\nA,24,5\n", "line 4, column TIME: goes back to 0 h, behind the 24 h"),
        ("TIME,AMT\n0,1_0\n", "line 2, column AMT: got '1_0'"),
        ("TIME,AMT\n24,5\n0,5\n", "line 3, column TIME: goes back to 0 h, behind the 24 h of the record before"),
        ("TIME,AMT,EVID\n24,5,1\n0,5,4\n", "line 3, column TIME: .* write the times of a later occasion on"),
        ("ID,TIME,AMT\nA,0,5\nB,0,5\nA,24,5\n", "line 4, column ID: the id of line 2 again, with others in between"),
        ("TIME,AMT,II,ADDL\n0,5,24,100000\n", "line 2, column ADDL: got 100000, expected fewer than 100000 doses"),
        ("TIME,AMT,II,ADDL\n0,5,24,1e300\n", "line 2, column ADDL: got 1000"),
        ("TIME,AMT\n0,0\n", "regimen.csv has no doses; expected at least one record with AMT > 0"),
        ("TIME\n0\n", "the column AMT is missing"),
    ],
)
def test_what_was_lost_or_doubled_in_silence_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as failure:
        read(tmp_path, content)
    assert "'A'" not in str(failure.value) and "patient A" not in str(failure.value)


def test_records_that_make_too_many_doses_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegimenError, match="line 102: 10100000 doses so far, expected at most 10000000 in a file"):
        read(tmp_path, "TIME,AMT,II,ADDL\n" + "0,5,24,99999\n" * 1000)


def test_a_frame_is_a_regimen_too() -> None:
    frame = pd.DataFrame(
        {"id": [7, 7, 8], "time": [0, 24.5, 0], "amt": [5, 2.5, 1], "ii": [np.nan, 24, np.nan], "addl": [0, 1, 0]}
    )
    regimen = read_regimen(frame)
    assert doses(Regimen(None, {"7": regimen.by_id["7"]}), "7") == [(0, 5), (24.5, 2.5), (48.5, 2.5)]
    assert regimen.by_id["7"].line.tolist() == [1, 2, 2]
    with pytest.raises(RegimenError, match="the table, row 3, column TIME: goes back to 0 h"):
        read_regimen(frame.assign(id=7))
    with pytest.raises(RegimenError, match="the table has no doses"):
        read_regimen(pd.DataFrame({"TIME": [0], "AMT": [0]}))


@dataclass(frozen=True)
class Compartment:
    rate: object = None
    duration_h: object = None


GUT_AND_PLASMA = {"gut": Compartment(), "plasma": Compartment(duration_h=2.0)}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,5,.,2,.,.", None),
        ("0,5,-2,2,.,.", None),
        ("0,5,.,.,12,2", None),
        (
            "0,5,.,3,.,.",
            r"line 3, column CMT: got 3, expected one of the model's compartments: 1 \(gut\), 2 \(plasma\)",
        ),
        ("0,5,-1,2,.,.", "line 3, column RATE: got -1, expected a rate: the model has none for that compartment"),
        ("0,5,-2,.,.,.", "line 3, column RATE: got -2, expected a rate: the model has no duration of infusions"),
    ],
)
def test_what_a_model_cannot_do_is_named_with_the_line(tmp_path: Path, row: str, message: str | None) -> None:
    found = alone(read(tmp_path, f"TIME,AMT,RATE,CMT,II,SS\n0,5,.,.,.,.\n{row}\n"))
    if message is None:
        check_doses(found, GUT_AND_PLASMA)
        return
    with pytest.raises(RegimenError, match=message):
        check_doses(found, GUT_AND_PLASMA)


def test_a_model_that_is_not_linear_adds_no_steady_states_up(tmp_path: Path) -> None:
    found = alone(read(tmp_path, "TIME,AMT,II,SS\n0,5,12,1\n6,5,12,2\n"))
    with pytest.raises(RegimenError, match="line 3, column SS: got 2, expected 0 or 1: the model is not linear"):
        check_doses(found, GUT_AND_PLASMA, linear=False)


def test_doses_made_in_python_are_named_by_their_number() -> None:
    made = boluses(np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    check_doses(made, GUT_AND_PLASMA)
    with pytest.raises(RegimenError, match="dose 1, column CMT: got 0, expected one of the model's compartments"):
        check_doses(made, {})


@pytest.mark.parametrize("hours", [0.0, -24.0, 1e-9, float("nan")])
def test_every_refuses_an_interval_that_makes_no_sense(hours: float) -> None:
    with pytest.raises(RegimenError, match="expected hours > 0 and at most 100000 doses"):
        every(5.0, hours, 84)


def test_every_gives_as_many_doses_as_fit_before_the_end() -> None:
    twice_daily = every(2.5, 12, 3).everyone
    assert twice_daily is not None
    np.testing.assert_array_equal(twice_daily.time_h, [0, 12, 24, 36, 48, 60])
    assert twice_daily.amount.sum() == 2 * 3 * 2.5
