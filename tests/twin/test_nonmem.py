"""NONMEM's contract: what the Users Guide (part VI, chapter V) and the help on each data item say of a record."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.nonmem import MODELLED_DURATION, MODELLED_RATE, Event, RegimenError, read_events


def events(tmp_path: Path, content: str, name: str = "table.csv", **settings: object) -> tuple[Event, ...]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return read_events(path, needed=("TIME",), **settings).events  # type: ignore[arg-type]


HEADER = "TIME,AMT,RATE,DUR,II,ADDL,SS,EVID,CMT,MDV,DV"

DOSES = {
    "a bolus": ("0,5,,,,,,1,,,", (5, 0, 0, 0, 0)),
    "a bolus with what NONMEM takes for nothing": ("0,5,0,0,0,0,0,1,0,1,0", (5, 0, 0, 0, 0)),
    "an infusion": ("0,5,2.5,,,,,1,,,", (5, 2.5, 0, 0, 0)),
    "an infusion by its length": ("0,5,,2,,,,1,,,", (5, 2.5, 0, 0, 0)),
    "an infusion by both, rounded": ("0,100,33.3,3,,,,1,,,", (100, 33.3, 0, 0, 0)),
    "a modelled rate": ("0,5,-1,,,,,1,,,", (5, MODELLED_RATE, 0, 0, 0)),
    "a modelled duration": ("0,5,-2,.,,,,1,,,", (5, MODELLED_DURATION, 0, 0, 0)),
    "additional doses": ("0,5,,,24,3,,1,,,", (5, 0, 24, 3, 0)),
    "steady state, multiple boluses": ("0,5,,,24,,1,1,,,", (5, 0, 24, 0, 1)),
    "steady state on top": ("0,5,,,24,,2,1,,,", (5, 0, 24, 0, 2)),
    "steady state, multiple infusions that overlap": ("0,5,0.1,,24,,1,1,,,", (5, 0.1, 24, 0, 1)),
    "steady state that goes on": ("0,5,,,24,6,1,1,,,", (5, 0, 24, 6, 1)),
    "steady state, constant infusion": ("0,0,2.5,,,,1,1,,,", (0, 2.5, 0, 0, 1)),
    "steady state, constant infusion at a modelled rate": ("0,.,-1,,,,1,1,,,", (0, MODELLED_RATE, 0, 0, 1)),
    "nlmixr's mark for outside the analysis at steady state": ("0,5,,,0,,99,1,,,", (5, 0, 0, 0, 0)),
    "a dose after a reset": ("0,5,,,,,,4,,1,", (5, 0, 0, 0, 0)),
}


@pytest.mark.parametrize("what", DOSES)
def test_each_kind_of_dose(tmp_path: Path, what: str) -> None:
    row, expected = DOSES[what]
    found = events(tmp_path, f"{HEADER}\n{row}\n")[0]
    assert found.doses and (found.amount, found.rate, found.interval_h, found.more, found.steady) == expected
    assert found.resets == (",4," in row)


@pytest.mark.parametrize("kind", [0, 2, 3])
@pytest.mark.parametrize("item", ["AMT", "RATE", "DUR", "II", "ADDL", "SS"])
def test_what_is_no_dose_has_nothing_of_one(tmp_path: Path, kind: int, item: str) -> None:
    """Help on EVID: for EVID 0, 2 and 3 'dose-related data items must be zero'."""
    with pytest.raises(RegimenError, match=rf"line 3, column {item}: got '1', expected 0 or nothing: the record is"):
        events(tmp_path, f"TIME,EVID,{item}\n0,{kind},0\n0,{kind},1\n")
    assert events(tmp_path, f"TIME,EVID,{item}\n0,{kind},0\n0,{kind},.\n")[1].amount == 0


FAULTS = [
    ("0,-5,,,,,,1,,,", "column AMT: got '-5', expected a number >= 0"),
    ("0,0,,,,,,1,,,", "column AMT: got '0', expected a dose > 0"),
    ("0,.,,,,,,1,,,", "column AMT: nothing there, expected a dose > 0"),
    ("0,.,,,24,81,,,,,", "column AMT: nothing there, expected a dose > 0"),  # no EVID: a dose by II and ADDL
    ("0,0,2.5,,,,,1,,,", "column AMT: got '0', expected a dose > 0"),
    ("0,0,,,24,,1,1,,,", "column AMT: got '0', expected a dose > 0"),
    ("0,0,,,,,1,1,,,", "column AMT: got '0', expected a dose > 0"),  # steady state of what the body makes itself
    ("0,five,,,,,,1,,,", "column AMT: got 'five', expected a number >= 0"),
    ("0,inf,,,,,,1,,,", "column AMT: got 'inf'"),
    ("0,nan,,,,,,1,,,", "column AMT: got 'nan'"),
    ("0,NA,,,,,,1,,,", "column AMT: got 'NA'"),
    ("0,1_0,,,,,,1,,,", "column AMT: got '1_0', expected a number >= 0"),
    ("0,0x10,,,,,,1,,,", "column AMT: got '0x10'"),
    ("0,1e400,,,,,,1,,,", "column AMT: got '1e400'"),
    ("0,1e-400,,,,,,1,,,", "column AMT: got '1e-400'"),
    ('0,"1,000",,,,,,1,,,', "column AMT: got '1,000'"),
    ("0,１０,,,,,,1,,,", "column AMT: got '１０', expected a number >= 0"),
    (f"0,{'9' * 310},,,,,,1,,,", f"column AMT: got '{'9' * 60}...'"),
    ("0,5,-3,,,,,1,,,", "column RATE: got '-3', expected a rate > 0, 0 (a bolus), or -1 or -2"),
    ("0,5,-1.5,,,,,1,,,", "column RATE: got '-1.5', expected a rate > 0"),
    ("0,1e300,1e-300,,,,,1,,,", "column AMT: got '1e300', expected an amount whose infusion takes a time"),
    ("0,1e-300,1e300,,,,,1,,,", "column AMT: got '1e-300', expected an amount whose infusion takes a time"),
    ("0,5,2.5,3,,,,1,,,", "column DUR: got '3', expected nothing, or what RATE 2.5 says"),
    ("0,5,0,2,,,,1,,,", "column DUR: got '2', expected nothing, or what RATE 0 says: AMT/RATE, 0 for a bolus"),
    ("0,5,-2,2,,,,1,,,", "column DUR: got '2', expected nothing, or what RATE -2 says"),
    ("0,5,,-2,,,,1,,,", "column DUR: got '-2', expected a number >= 0"),
    ("0,0,2.5,2,,,1,1,,,", "column DUR: got '2', expected 0 or nothing: AMT 0 with SS"),
    ("0,0,-2,,,,1,1,,,", "column RATE: got '-2', expected a rate > 0 or -1"),
    ("0,0,2.5,,24,,1,1,,,", "column II: got '24', expected 0 or nothing: AMT 0 with SS"),
    ("0,0,2.5,,,3,1,1,,,", "column ADDL: got '3', expected 0 or nothing: AMT 0 with SS"),
    ("0,5,,,,,1,1,,,", "column II: nothing there, expected the hours between the doses of the steady state (SS)"),
    ("0,5,,,24,,3,1,,,", "column SS: got '3', expected 0 (no steady state), 1"),
    ("0,5,,,24,,99,1,,,", "column II: got '24', expected 0 or nothing without ADDL or SS"),
    ("0,5,,,24,,,1,,,", "column II: got '24', expected 0 or nothing without ADDL or SS: write into ADDL how many"),
    ("0,5,,,24,0,,1,,,", "column II: got '24', expected 0 or nothing without ADDL or SS"),
    ("0,5,,,,3,,1,,,", "column II: ADDL 3 needs the hours between doses, expected > 0"),
    ("0,5,,,-24,3,,1,,,", "column II: got '-24', expected a number >= 0"),
    ("0,5,,,12:00,3,,1,,,", "column II: got '12:00', expected a number >= 0: the time between doses, not a clock time"),
    ("0,5,,,24,-3,,1,,,", "column ADDL: got '-3', expected a whole number >= 0"),
    ("0,5,,,24,1.5,,1,,,", "column ADDL: got '1.5', expected a whole number"),
    ("0,5,,,1e308,2,,1,,,", "column II: got '1e308', with which a time is no number"),
    ("0,5,,,,,,5,,,", "column EVID: got '5', expected 0 (observation), 1 (dose)"),
    ("0,5,,,,,,201,,,", "column EVID: got '201'"),
    ("0,5,,,,,,1.5,,,", "column EVID: got '1.5'"),
    ("0,5,,,,,,101,2,,", "column CMT: got '2', expected 1 or nothing with EVID 101, which is of compartment 1"),
    ("0,5,,,,,,1,1.5,,", "column CMT: got '1.5', expected a compartment's whole number"),
    ("0,5,,,,,,1,1e300,,", "column CMT: got '1e300', expected a compartment's whole number"),
    ("0,5,,,,,,1,depot,,", "column CMT: got 'depot', expected a compartment's whole number"),
    ("0,,,,,,,2,-1,,", "column CMT: got '-1', expected a compartment's number > 0: to turn compartments off"),
    ("0,,,,,,,0,-3,,4", "column CMT: got '-3', expected a compartment's number > 0: to turn compartments off"),
    ("0,5,,,,,,1,,0,", "column MDV: got '0', expected 1: the record is a dose (EVID 1), whose DV does not count"),
    ("0,,,,,,,3,,0,", "column MDV: got '0', expected 1: the record is a reset (EVID 3)"),
    ("0,,,,,,,0,,100,4", "column MDV: got '100', expected 0 (DV counts) or 1 (it does not); 100 and 101"),
    ("0,5,,,,,,,,,4.1", "column DV: got '4.1', expected nothing or 0 on a dose"),
    (".,5,,,,,,1,,,", "column TIME: nothing there, expected a number: the time since the start"),
    ("2_4,5,,,,,,1,,,", "column TIME: got '2_4', expected a number: the time since the start"),
    ("10:30,5,,,,,,1,,,", "column TIME: got '10:30', expected a number: the time since the start, not a clock time"),
    (
        "2020-01-31,5,,,,,,1,,,",
        "column TIME: got '2020-01-31', expected a number: the time since the start, not a date",
    ),
    ("31.1.2020 8:00,5,,,,,,1,,,", "not a date"),
    ("1/31/20,5,,,,,,1,,,", "not a date"),
    (f"{'9' * 310},5,,,,,,1,,,", "column TIME: got '999"),
]


@pytest.mark.parametrize(("row", "message"), FAULTS)
def test_a_fault_names_line_column_what_came_and_what_is_expected(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(RegimenError) as failure:
        events(tmp_path, f"{HEADER}\n0,5,,,,,,1,,,\n{row}\n")
    assert "line 3, column " in str(failure.value) and message in str(failure.value)


@pytest.mark.parametrize(("row", "message"), [fault for fault in FAULTS if '"' not in fault[0]])
def test_a_frame_has_the_same_faults_by_row(row: str, message: str) -> None:
    rows = [one.split(",") for one in ("0,5,,,,,,1,,,", row)]
    with pytest.raises(RegimenError) as failure:
        read_events(pd.DataFrame(rows, columns=HEADER.split(",")), needed=("TIME",))
    assert "the table, row 2, column " in str(failure.value) and message in str(failure.value)


def test_without_evid_a_record_is_what_nm_tran_makes_of_it(tmp_path: Path) -> None:
    """Help on EVID and MDV: a record with anything of a dose is one; without, MDV 1 makes it neither."""
    found = events(tmp_path, "TIME,AMT,RATE,MDV\n0,5,.,.\n0,5,5,1\n1,.,.,.\n2,0,0,0\n3,.,.,1\n")
    assert [event.kind for event in found] == [1, 1, 0, 0, 2]


def test_what_rxode_writes_for_compartment_1(tmp_path: Path) -> None:
    found = events(tmp_path, "TIME,AMT,EVID,CMT\n0,5,101,1\n1,0,102,.\n2,0,103,1\n3,5,104,0\n4,0,0,2\n")
    assert [event.kind for event in found] == [1, 2, 3, 4, 0]
    assert [event.compartment for event in found] == [1, 1, 0, 1, 2]


def test_an_observation_has_a_dv_that_counts(tmp_path: Path) -> None:
    found = events(
        tmp_path,
        "TIME,DV,MDV,EVID\n0,4.5,0,0\n1,4.5,.,0\n2,4.5,1,0\n3,.,1,0\n4,.,.,0\n5,0,1,2\n6,-1,0,.\n",
        observed=True,
    )
    assert [event.value for event in found] == [4.5, 4.5, None, None, None, None, -1.0]
    with pytest.raises(RegimenError, match="line 2, column DV: nothing there, expected a number, or MDV 1"):
        events(tmp_path, "TIME,DV,MDV\n0,.,0\n", observed=True)
    with pytest.raises(RegimenError, match=r"line 2, column DV: got '<0\.1', expected a number, or nothing"):
        events(tmp_path, "TIME,DV\n0,<0.1\n", observed=True)


def test_times_may_be_in_days_and_before_0(tmp_path: Path) -> None:
    dose, observation = events(tmp_path, "TIME,AMT,RATE,II,ADDL\n-1,48,48,7,2\n0.5,,,,\n", time_unit="d")
    assert (dose.time_h, dose.rate, dose.interval_h, observation.time_h) == (-24, 2, 168, 12)
    assert events(tmp_path, "TIME,AMT,DUR\n0,48,2\n", time_unit="d")[0].rate == 1  # 48 in two days
    with pytest.raises(RegimenError, match="the times' unit is 'min', expected h or d"):
        events(tmp_path, "TIME,AMT\n0,5\n", time_unit="min")


def test_names_in_any_case_and_covariates_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,time,Amt,wt,Sex\na,0,5,79.6,m\na,1,.,.,m\n", encoding="utf-8")
    found = read_events(path, needed=("TIME", "AMT"))
    assert found.covariates == {"wt": ("79.6", "."), "Sex": ("m", "m")}
    assert [event.patient for event in found.events] == ["a", "a"]


@pytest.mark.parametrize(
    ("header", "cell", "harmless", "message"),
    [
        ("DATE", "2020-01-31", ".", "dates are not read: write the hours since the start into TIME"),
        ("dat1", "31-1-20", "", "dates are not read"),
        ("CENS", "1", "0", "censored observations are not done"),
        ("CONT", "1", "0", "records of more than one row"),
        ("L2", "1", "0", "a common error"),
        ("ADM", "2", "1", "routes by number"),
        ("TINF", "2", "0", "called DUR"),
        ("ADL", "3", "0", "called ADDL"),
        ("C", "C", ".", "marks the row as a comment"),
    ],
)
def test_a_column_that_would_change_the_result_is_not_taken_for_a_covariate(
    tmp_path: Path, header: str, cell: str, harmless: str, message: str
) -> None:
    assert len(events(tmp_path, f"TIME,AMT,{header}\n0,5,{harmless}\n")) == 1
    with pytest.raises(RegimenError, match=rf"line 3, column {header.upper()}: .*{message}") as failure:
        events(tmp_path, f"TIME,AMT,{header}\n0,5,{harmless}\n0,5,{cell}\n")
    assert "-" not in cell or cell not in str(failure.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("AMT\n5\n", "line 1: the column TIME is missing"),
        ("TIME;AMT\n0;5\n", "the columns are separated by semicolons; expected commas"),
        ("time;amt\n0;5\n", "the columns are separated by semicolons; expected commas"),
        ("TIME,AMT,AMT\n0,5,5\n", "columns 2 and 3 are both 'AMT'"),
        ("TIME,AMT,amt\n0,5,5\n", "columns 2 and 3 are both 'AMT'"),
        ("TIME,AMT,wt,wt\n0,5,1,1\n", "columns 3 and 4 are both 'wt'"),
        ("TIME,AMT\n0,5,1\n", "line 2: 3 instead of 2 cells"),
        ("TIME,AMT\n0\n", "line 2: 1 instead of 2 cells"),
        ("TIME,AMT\n", "has no rows"),
        ("ID,TIME,AMT\na,0,5\n,0,5\n", "line 3, column ID: nothing there"),
        ("ID,TIME,AMT\n.,0,5\n", "line 2, column ID: nothing there"),
    ],
)
def test_a_table_with_a_fault(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ValueError) as failure:
        events(tmp_path, content)
    assert message in str(failure.value)


def test_a_file_may_be_marked_gzipped_or_separated_by_tabs(tmp_path: Path) -> None:
    plain = events(tmp_path, "TIME,AMT\n0,5\n")
    assert events(tmp_path, "\ufeffTIME,AMT\r\n0,5\r\n") == plain
    assert events(tmp_path, "TIME\tAMT\n0\t5\n", name="table.tsv") == plain
    with gzip.open(tmp_path / "table.csv.gz", "wt") as file:
        file.write("TIME,AMT\n0,5\n")
    assert read_events(tmp_path / "table.csv.gz", needed=("TIME",)).events == plain
    assert read_events(str(tmp_path / "table.csv"), needed=("TIME",)).events == plain


def test_a_frame_is_read_as_the_file_that_pandas_made_it_of(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "ID,TIME,AMT,DV,EVID,WT,ok\n1,0,5,,1,79.6,True\n1,0.1,,1.5,0,79.6,False\n2,0.3,1e-3,,1,,True\n",
        encoding="utf-8",
    )
    direct, framed = (read_events(source, needed=("TIME",), observed=True) for source in (path, pd.read_csv(path)))
    assert [event._replace(line=0) for event in framed.events] == [event._replace(line=0) for event in direct.events]
    assert framed.covariates == direct.covariates
    assert [event.line for event in framed.events] == [1, 2, 3]


def test_an_id_that_pandas_made_a_float_is_the_same_id() -> None:
    frame = pd.DataFrame({"ID": [1.0, 2.0], "TIME": [0, np.float32(0.1)], "AMT": [5, 6]})
    assert [event.patient for event in read_events(frame, needed=()).events] == ["1", "2"]
    assert read_events(frame.astype({"TIME": "float32"}), needed=()).events[1].time_h == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"TIME": [0], "amt": [5]}, index=[7]), None),
        (pd.DataFrame({"TIME": [0]}), "the table lacks the column AMT; it has TIME"),
        (pd.DataFrame([[0, 5, 5]], columns=["TIME", "AMT", "amt"]), "the table has the column AMT twice"),
        (pd.DataFrame({"TIME": [], "AMT": []}), "the table has no rows"),
        (pd.DataFrame({"TIME": [pd.Timestamp("2020-01-31")], "AMT": [5]}), "row 1, column TIME: .* not a date"),
        (pd.DataFrame({"TIME": [0], "AMT": [True]}), "row 1, column AMT: got 'True'"),
        (pd.DataFrame({"TIME": [0], "AMT": [np.inf]}), "row 1, column AMT: got 'inf'"),
    ],
)
def test_a_frame_with_a_fault(frame: pd.DataFrame, message: str | None) -> None:
    if message is None:
        assert read_events(frame, needed=("TIME", "AMT")).events[0].amount == 5
    else:
        with pytest.raises(ValueError, match=message):
            read_events(frame, needed=("TIME", "AMT"))
