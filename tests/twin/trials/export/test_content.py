"""SDTM and ADaM say what happened: counted from the courses by hand, in the shapes that pharmaverse's data have."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from tests.twin.trials.designs import dropout, fixed, plain
from twin.trials.analysis.table import Arms
from twin.trials.export import adam, sdtm
from twin.trials.export.study import Study
from twin.trials.run import run
from twin.trials.stored import Stored, StoredError, read, write_courses

PHARMAVERSE = ROOT.parent / "shared/data/trials"


def test_one_row_a_subject_with_dates_from_when_each_came(survival: Study) -> None:
    rows = sdtm.demographics(survival).rows
    assert len(rows) == 60 and rows["USUBJID"].is_unique
    assert rows["USUBJID"].str.startswith("TEST-01-S0000").all()
    came = survival.stored.design.enrolment.days(tuple(f"S{n:06d}" for n in range(1, 61)), 1)
    expected = [str(np.datetime64("2000-01-01") + np.timedelta64(int(day), "D")) for day in came]
    assert rows.set_index("SUBJID").sort_index()["RFSTDTC"].tolist() == expected
    died = sum(int(course.died.sum()) for course in survival.stored.courses)
    assert (rows["DTHFL"] == "Y").sum() == died == (rows["DTHDTC"] != "").sum() > 10


def test_who_took_nothing_has_no_actual_arm() -> None:
    """SDTMIG 3.4, DM, assumption 4: the actual arm is null, and ARMNRS says why: "ASSIGNED, NOT TREATED".

    One arm is treated from day 8 on: who left before that took nothing.
    """
    arms = [{"name": "at once", "policy": fixed(5.0)}, {"name": "later", "policy": fixed(*[0.0] * 7, 5.0)}]
    study = Study.of(Stored.of(run(plain(arms=arms, hazards=dropout(0.2)))), "T")
    rows = sdtm.demographics(study).rows.set_index("USUBJID")
    took = set(sdtm.exposure(study).rows["USUBJID"])
    treated = rows.index.isin(took)
    assert 0 < (~treated).sum() < len(rows) and treated[rows["ARMCD"] == "ARM1"].all()
    for planned, actual in (("ARM", "ACTARM"), ("ARMCD", "ACTARMCD")):
        assert (rows[actual] == rows[planned].where(treated, "")).all() and (rows[planned] != "").all()
    assert rows["ARMNRS"].tolist() == ["" if one else "ASSIGNED, NOT TREATED" for one in treated]
    assert (rows["ACTARMUD"] == "").all() and (rows["RFXSTDTC"] == "").tolist() == (~treated).tolist()
    level = adam.subject_level(study).rows.set_index("USUBJID")
    assert (level["TRT01A"] == level["ACTARM"]).all() and (level["TRT01AN"].isna() == (level["SAFFL"] == "N")).all()


def test_an_arm_that_gives_nothing_is_followed_by_all_of_it() -> None:
    arms = [{"name": "watched", "policy": fixed(0.0)}, {"name": "treated", "policy": fixed(5.0)}]
    rows = sdtm.demographics(Study.of(Stored.of(run(plain(arms=arms))), "T")).rows
    assert (rows["ACTARM"] == rows["ARM"]).all() and (rows["ARMNRS"] == "").all()


def test_disposition_ends_each_participation_once(survival: Study) -> None:
    rows = sdtm.disposition(survival).rows
    ends = rows[rows["DSSCAT"] == "STUDY PARTICIPATION"]
    assert ends["USUBJID"].is_unique and len(ends) == 60
    courses = survival.stored.courses
    left = [(course.events["dropout"] == course.last_day) & (course.last_day <= 728) for course in courses]
    assert (ends["DSTERM"] == "DROPOUT").sum() == sum(int(one.sum()) for one in left) > 0
    assert set(ends["DSDECOD"]) <= {"COMPLETED", "DEATH", "OTHER"}
    death = ends[ends["DSDECOD"] == "DEATH"].set_index("USUBJID")["DSSTDTC"]
    told = sdtm.demographics(survival).rows.set_index("USUBJID")["DTHDTC"]
    assert told[death.index].tolist() == death.tolist()


def test_a_treatment_that_is_stopped_is_a_disposition_of_its_own(warfarin: Study) -> None:
    rows = sdtm.disposition(warfarin).rows
    stopped = rows[rows["DSSCAT"] == "STUDY TREATMENT"]
    happened = sum(int((course.events["bleeding"] <= 28).sum()) for course in warfarin.stored.courses)
    assert len(stopped) == happened > 0 and set(stopped["DSTERM"]) == {"BLEEDING"}
    assert rows.groupby("USUBJID")["DSSEQ"].apply(counted).all()


def counted(numbers: "pd.Series[float]") -> bool:
    return numbers.tolist() == [*range(1, len(numbers) + 1)]


def test_intervals_of_exposure_make_up_the_doses_taken(warfarin: Study) -> None:
    rows = sdtm.exposure(warfarin).rows
    assert set(rows["EXTRT"]) == {"WARFARIN"} and set(rows["EXDOSFRQ"]) == {"QD"} and set(rows["EXDOSU"]) == {"mg"}
    course, subjects = warfarin.stored.courses[1], warfarin.subjects[1]
    for patient in range(course.n):
        mine = rows[rows["USUBJID"] == subjects["USUBJID"][patient]]
        daily = np.zeros(28)
        for _, interval in mine.iterrows():
            daily[int(interval["EXSTDY"]) - 1 : int(interval["EXENDY"])] += interval["EXDOSE"]
            assert (pd.Timestamp(interval["EXSTDTC"]) - pd.Timestamp("2000-01-01")).days == interval["EXSTDY"] - 1
        np.testing.assert_array_equal(daily, course.doses[patient])


def test_doses_within_a_day_have_their_time_and_placebo_is_a_dose_of_nothing(tacrolimus: Study) -> None:
    rows = sdtm.exposure(tacrolimus).rows
    arm = sdtm.demographics(tacrolimus).rows.set_index("USUBJID")["ARM"]
    rows["ARM"] = rows["USUBJID"].map(arm)
    placebo = rows[rows["ARM"] == "placebo"]
    assert (placebo["EXTRT"] == "PLACEBO").all() and (placebo["EXDOSE"] == 0).all() and len(placebo) == 10
    assert (placebo["EXENDTC"] == "2000-01-07T12:00").all() and set(rows["EXDOSFRQ"]) == {"BID"}
    active = rows[rows["ARM"] == "active"]
    course = tacrolimus.stored.courses[1]
    begun, ended = (pd.to_datetime(active[name]) for name in ("EXSTDTC", "EXENDTC"))
    counts = (ended - begun) / pd.Timedelta("12h") + 1
    assert (counts * active["EXDOSE"]).sum() == pytest.approx(course.doses.sum())


def test_measurements_are_those_seen_while_followed(survival: Study) -> None:
    rows = sdtm.laboratory(survival).rows
    seen = [course.seen("tumour_size_mm") for course in survival.stored.courses]
    assert len(rows) == sum(int(np.isfinite(one).sum()) for one in seen)
    assert rows["LBSTRESN"].sum() == pytest.approx(sum(np.nansum(one) for one in seen))
    assert rows["LBORRES"].astype(float).tolist() == rows["LBSTRESN"].tolist(), "texts read back equal"
    assert set(rows["LBTEST"]) == {"tumour size"} and set(rows["LBSTRESU"]) == {"mm"}
    first = rows[rows["VISITNUM"] == 1]
    assert (first["LBLOBXFL"] == "Y").all() and (first["LBDY"] == 1).all()


def test_qualifiers_hold_the_other_covariates_and_the_twin(warfarin: Study) -> None:
    rows = sdtm.supplemental(warfarin).rows
    assert set(rows["QNAM"]) == {"HEIGHT_C", "WEIGHT_K", "CYP2C9", "VKORC1", "TWINID"}
    heights = rows[rows["QNAM"] == "HEIGHT_C"]["QVAL"].astype(float)
    assert heights.tolist()[:20] == warfarin.stored.cohorts[0].covariates["height_cm"].tolist()
    assert rows[rows["QNAM"] == "TWINID"]["QVAL"].value_counts().unique().tolist() == [2]


def test_subject_level_data_have_the_names_of_pharmaverse(survival: Study) -> None:
    rows = adam.subject_level(survival).rows
    path = PHARMAVERSE / "pharmaverseadam_adsl.csv.gz"
    if path.exists():
        with gzip.open(path, "rt") as file:
            theirs = set(next(csv.reader(file)))
        shared = {"STUDYID", "USUBJID", "SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ARM", "ARMCD", "ACTARM"}
        shared |= {"TRT01P", "TRT01A", "TRTSDT", "TRTEDT", "TRTDURD", "EOSSTT", "EOSDT", "SAFFL", "RANDDT", "DTHDT"}
        assert shared <= theirs & set(rows.columns)
    assert (rows["TRT01P"] == rows["ARM"]).all() and rows["ASIAN"].isin(["yes", "no"]).all()
    begun, ended = pd.to_datetime(rows["TRTSDT"]), pd.to_datetime(rows["TRTEDT"])
    known = begun.notna()
    assert ((ended - begun).dt.days + 1)[known].tolist() == rows["TRTDURD"][known].tolist()
    assert rows["SAFFL"].tolist() == ["Y" if one else "N" for one in known]
    counts = rows["EOSSTT"].value_counts()
    assert counts["DISCONTINUED"] == (rows["DCSREAS"] != "").sum()


def test_changes_are_from_the_first_visit(survival: Study) -> None:
    rows = adam.laboratory(survival).rows
    path = PHARMAVERSE / "pharmaverseadam_adlb_metabolic.csv.gz"
    if path.exists():
        with gzip.open(path, "rt") as file:
            theirs = set(next(csv.reader(file)))
        assert {"PARAM", "PARAMCD", "PARAMN", "AVAL", "AVISIT", "AVISITN", "ADT", "ADY", "LBSEQ", "VISITNUM"} <= theirs
    later = rows[rows["ABLFL"] == ""]
    assert (later["AVAL"] - later["BASE"]).tolist() == later["CHG"].tolist()
    assert later["PCHG"].tolist() == pytest.approx((100 * (later["AVAL"] / later["BASE"] - 1)).tolist())
    assert rows[rows["ABLFL"] == "Y"]["CHG"].isna().all()
    assert set(rows["AVISIT"][:2]) == {"Baseline", "Day 57"}


def test_an_analysis_of_the_exported_times_is_the_trial_s_own(survival: Study) -> None:
    """What a statistician computes from ADTTE and ADSL is what the trial's analysis found."""
    times, subjects = adam.times(survival).rows, adam.subject_level(survival).rows
    table = times.merge(subjects[["USUBJID", "TRT01P", "ASIAN"]], on="USUBJID").rename(columns={"ASIAN": "asian"})
    endpoint = survival.stored.design.endpoints[0]
    arms = [course.arm for course in survival.stored.courses]
    again = endpoint.estimator.estimate(table, Arms(arms[1], arms[0]), 0.95)
    result = run(survival.stored.design)
    assert again.value == pytest.approx(result.differences[0].parallel.value, rel=1e-12)
    assert set(times.loc[times["CNSR"] == 0, "EVNTDESC"]) == {"DEATH"}
    assert set(times.loc[times["CNSR"] == 1, "EVNTDESC"]) <= {"LEFT THE TRIAL", "END OF THE TRIAL"}
    days = (pd.to_datetime(times["ADT"]) - pd.to_datetime(times["STARTDT"])).dt.days + 1
    assert days.tolist() == times["AVAL"].tolist() == times["ADY"].tolist()


def test_other_endpoints_have_a_value_a_subject_or_a_visit(warfarin: Study) -> None:
    rows = adam.endpoints(warfarin).rows
    once = rows[rows["PARAMCD"] == "TTR"]
    assert once["USUBJID"].is_unique and once["AVISITN"].isna().all()
    by_visit = rows[rows["PARAMCD"] == "INR_CHAN"]
    assert sorted(set(by_visit["AVISITN"])) == [4, 8, 15, 22, 29] and by_visit["BASE"].notna().all()
    laboratory = adam.laboratory(warfarin).rows
    same = laboratory.set_index(["USUBJID", "AVISITN"])["CHG"]
    assert by_visit["AVAL"].tolist() == same[list(zip(by_visit["USUBJID"], by_visit["AVISITN"], strict=True))].tolist()


def test_totals_of_exposure_are_those_of_its_intervals(tacrolimus: Study) -> None:
    rows = adam.exposure(tacrolimus).rows
    assert rows.groupby("USUBJID")["ASEQ"].apply(counted).all()
    total = rows[rows["PARAMCD"] == "TDOSE"].set_index("USUBJID")["AVAL"]
    taken = np.concatenate([course.doses.sum(axis=1) for course in tacrolimus.stored.courses])
    assert sorted(total) == pytest.approx(sorted(taken))
    mean = rows[rows["PARAMCD"] == "AVDDSE"].set_index("USUBJID")["AVAL"]
    days = rows[rows["PARAMCD"] == "TDUR"].set_index("USUBJID")["AVAL"]
    assert (mean * days).tolist() == pytest.approx(total[mean.index].tolist())
    assert set(rows["PARAM"]) == {"Dose", "Total Dose (mg)", "Average Daily Dose (mg)", "Treatment Duration (days)"}


def test_potential_outcomes_are_the_truth_that_the_result_states(survival: Study) -> None:
    rows = adam.potential(survival).rows
    sizes = rows[rows["PARAM"] == "SIZE8"].pivot(index="TWINID", columns="ARM", values="AVAL")
    assert len(sizes) == 60, "everybody, in both arms"
    arms = [course.arm for course in survival.stored.courses]
    truth = run(survival.stored.design).endpoints[1].differences[0].truth
    assert (sizes[arms[1]] - sizes[arms[0]]).dropna().mean() == pytest.approx(truth.value)
    shown = rows[(rows["PARAM"] == "OS") & (rows["SHOWNFL"] == "Y")].set_index("TWINID")["ARM"]
    told = adam.subject_level(survival).rows.set_index("TWINID")["ARM"]
    assert shown.sort_index().tolist() == told.sort_index().tolist()


def test_a_stored_trial_is_read_as_it_was(warfarin: Study, tmp_path: Path) -> None:
    result = run(warfarin.stored.design)
    (tmp_path / "result.json").write_text(json.dumps(result.to_json()), encoding="utf-8")
    write_courses(result, tmp_path / "courses.npz")
    again = read(tmp_path)
    assert again.design == result.design
    for one, two in zip(again.courses, result.courses, strict=True):
        assert one.arm == two.arm and one.grid == two.grid
        for name in ("doses", "given", "last_day", "died"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        for name in ("true", "measured", "events"):
            assert list(getattr(one, name)) == list(getattr(two, name))
            for key, values in getattr(one, name).items():
                np.testing.assert_array_equal(values, getattr(two, name)[key])
    pd.testing.assert_frame_equal(again.potential, result.potential)
    assert [cohort.ids for cohort in again.cohorts] == [cohort.ids for cohort in result.cohorts]


def test_files_of_two_trials_are_refused(warfarin: Study, survival: Study, tmp_path: Path) -> None:
    with pytest.raises(StoredError, match=r"has no result\.json: expected a folder that `panakeia trial run --out`"):
        read(tmp_path)
    result = run(survival.stored.design)
    other = Stored.of(run(warfarin.stored.design))
    told = result.to_json() | {"design": other.design.model_dump(mode="json")}
    (tmp_path / "result.json").write_text(json.dumps(told), encoding="utf-8")
    write_courses(run(warfarin.stored.design), tmp_path / "courses.npz")
    with pytest.raises(StoredError, match="are of different trials; run the trial again"):
        read(tmp_path)
