"""Regimens: NONMEM's event records as the standard reads them, and every mistake named."""

from pathlib import Path

import numpy as np
import pytest

from twin.regimen import Regimen, RegimenError, every, read_regimen


def read(tmp_path: Path, content: str) -> Regimen:
    path = tmp_path / "regimen.csv"
    path.write_text(content, encoding="utf-8")
    return read_regimen(path)


def doses(regimen: Regimen, patient: str = "anyone") -> list[tuple[float, float]]:
    found = regimen.for_patients([patient])[0]
    return list(zip(found.time_h.tolist(), found.amount_mg.tolist(), strict=True))


def test_additional_doses_follow_at_the_interval(tmp_path: Path) -> None:
    # NONMEM's guide: ADDL is the number of doses like the one of the record, II the time between them.
    regimen = read(tmp_path, "TIME,AMT,II,ADDL\n0,10,24,1\n48,5,24,2\n")
    assert doses(regimen) == [(0, 10), (24, 10), (48, 5), (72, 5), (96, 5)]


def test_records_in_any_order_and_doses_of_one_moment_add_up(tmp_path: Path) -> None:
    assert doses(read(tmp_path, "TIME,AMT\n24,2.5\n0,5\n24,2.5\n")) == [(0, 5), (24, 5)]


def test_observations_are_left_out(tmp_path: Path) -> None:
    assert doses(read(tmp_path, "TIME,AMT,DV\n0,5,.\n12,.,1.1\n24,0,1.2\n")) == [(0, 5)]
    assert doses(read(tmp_path, "TIME,AMT,EVID,CMT,RATE,SS\n0,5,1,1,0,0\n12,7,0,2,.,.\n24,5,1,.,.,.\n")) == [
        (0, 5),
        (24, 5),
    ]


def test_each_patient_has_doses_of_their_own(tmp_path: Path) -> None:
    regimen = read(tmp_path, "ID,TIME,AMT,EVID\na,0,5,1\nb,0,7,1\na,24,6,1\nc,0,0,0\n")
    found = regimen.for_patients(["c", "b", "a"])
    assert [one.amount_mg.tolist() for one in found] == [[], [7], [5, 6]]
    with pytest.raises(RegimenError, match="1 patients who are not in the cohort, and none for 1 of the cohort's 3"):
        regimen.for_patients(["a", "b", "d"])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("0,-5,,,,,,", "column AMT: got '-5', expected a number >= 0"),
        ("0,0,,,1,,,", "column AMT: got 0, expected a dose > 0 mg"),
        ("0,five,,,,,,", "column AMT: got 'five', expected a number >= 0"),
        ("0,inf,,,,,,", "column AMT: got 'inf'"),
        ("0,1_0,,,,,,", "column AMT: got '1_0', expected a number >= 0"),
        ("0,１０,,,,,,", "column AMT: got '１０', expected a number >= 0"),
        (f"0,{'9' * 310},,,,,,", "column AMT: got '999"),
        ("0,1e-400,,,,,,", "column AMT: got '1e-400'"),
        ("2_4,5,,,,,,", "column TIME: got '2_4'"),
        ("0,5,24,1_0,,,,", "column ADDL: got '1_0'"),
        (",5,,,,,,", "column TIME: nothing there, expected hours >= 0"),
        ("-1,5,,,,,,", "column TIME: got '-1'"),
        ("0,5,24,1.5,,,,", "column ADDL: got '1.5', expected a whole number"),
        ("0,5,,3,,,,", "column II: ADDL 3 needs the hours between doses, expected > 0"),
        ("0,5,24,100000,,,,", "column ADDL: got 100000, expected fewer than 100000 doses"),
        ("0,5,1e308,2,,,,", "column II: got '1e308', with which the last dose's time is no number"),
        (f"{'9' * 310},5,,,,,,", "column TIME: got '999"),
        ("0,5,,,3,,,", "column EVID: got 3, expected 1 (dose) or 0 (observation)"),
        ("0,5,,,,2,,", "column CMT: got '2', expected 1 (or nothing): the gut"),
        ("0,5,,,,,10,", "column RATE: got '10', expected 0 (or nothing): the drug is swallowed"),
        ("0,5,24,,,,,1", "column SS: got '1', expected 0 (or nothing): write the run-in as doses"),
    ],
)
def test_a_mistake_names_line_column_and_what_is_allowed(tmp_path: Path, record: str, message: str) -> None:
    with pytest.raises(RegimenError) as failure:
        read(tmp_path, f"TIME,AMT,II,ADDL,EVID,CMT,RATE,SS\n0,5,,,,,,\n{record}\n")
    assert f"line 3, {message}" in str(failure.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("AMT\n5\n", "the column TIME is missing"),
        ("time,AMT\n0,5\n", "the column TIME is missing among 'time' (not the same), AMT"),
        ("TIME,AMT,AMT\n0,5,5\n", "columns 2 and 3 are both 'AMT'"),
        ("TIME,AMT,ADL\n0,5,1\n", "the column 'ADL' is not known"),
        ("TIME,AMT\n0,0\n", "has no doses; expected at least one record with AMT > 0"),
        ("ID,TIME,AMT\na,0,5\n,0,5\n", "line 3, column ID: nothing there"),
    ],
)
def test_a_file_that_is_no_regimen(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ValueError) as failure:
        read(tmp_path, content)
    assert message in str(failure.value)


def test_records_that_make_too_many_doses_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RegimenError, match="line 102: 10100000 doses so far, expected at most 10000000 in a file"):
        read(tmp_path, "TIME,AMT,II,ADDL\n" + "0,5,24,99999\n" * 1000)


@pytest.mark.parametrize("hours", [0.0, -24.0, 1e-9, float("nan")])
def test_every_refuses_an_interval_that_makes_no_sense(hours: float) -> None:
    with pytest.raises(RegimenError, match="expected hours > 0 and at most 100000 doses"):
        every(5.0, hours, 84)


def test_every_gives_as_many_doses_as_fit_before_the_end() -> None:
    twice_daily = every(2.5, 12, 3).everyone
    assert twice_daily is not None
    np.testing.assert_array_equal(twice_daily.time_h, [0, 12, 24, 36, 48, 60])
    assert twice_daily.amount_mg.sum() == 2 * 3 * 2.5
