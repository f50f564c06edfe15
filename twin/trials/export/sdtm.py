"""SDTM: what was collected of each subject: demographics, disposition, exposure, measurements."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.patient import Cohort
from twin.trials.course import Course
from twin.trials.export.dataset import Dataset, dataset
from twin.trials.export.names import short_names
from twin.trials.export.study import COUNTRY, SITE, Study, first_days, iso, on_day
from twin.words import without_unit

AGE, SEX, RACE = "age_years", "sex", "race"
SEXES = {"female": "F", "male": "M"}
RACES = {"white": "WHITE", "asian": "ASIAN", "black": "BLACK OR AFRICAN AMERICAN"}
NOT_TREATED = "ASSIGNED, NOT TREATED"
"""Why an actual arm is null (SDTMIG 3.4, DM; codelist ARMNULRS): its subject took nothing of what it was to take."""
TREATMENT = "TREATMENT"
"""The epoch: there is no other."""


def sdtm(study: Study) -> list[Dataset]:
    """Return the SDTM datasets of a study; those that would have no row are left out."""
    made = [demographics(study), supplemental(study), disposition(study), exposure(study)]
    made += [laboratory(study)] if study.stored.design.measured else []
    return [one for one in made if len(one.rows)]


def demographics(study: Study) -> Dataset:
    """Return DM: a row a subject."""
    parts = []
    for subjects, course, cohort, doses in zip(
        study.subjects, study.stored.courses, study.stored.cohorts, study.doses, strict=True
    ):
        first, ends = first_days(subjects), study.ends(course)
        last = iso(on_day(first, ends))
        died = np.where(course.died, course.last_day, np.inf)
        begun, ended = (_moments(study, subjects, doses, which) for which in ("first", "last"))
        treated = study.treated(course, doses)
        parts.append(
            subjects.drop(columns=["FIRST", "TWINID", "TRT01PN"]).assign(
                DOMAIN="DM",
                RFSTDTC=iso(first),
                RFENDTC=last,
                RFXSTDTC=begun,
                RFXENDTC=ended,
                RFICDTC=iso(first),
                RFPENDTC=last,
                DTHDTC=iso(on_day(first, died)),
                DTHFL=np.where(course.died, "Y", ""),
                SITEID=SITE,
                AGE=_numbers(cohort, AGE),
                AGEU=np.where(np.isfinite(_numbers(cohort, AGE)), "YEARS", ""),
                SEX=_terms(cohort, SEX, SEXES, "U"),
                RACE=_terms(cohort, RACE, RACES, "UNKNOWN"),
                ETHNIC="UNKNOWN",
                ACTARMCD=subjects["ARMCD"].where(treated, ""),
                ACTARM=subjects["ARM"].where(treated, ""),
                ARMNRS=np.where(treated, "", NOT_TREATED),
                ACTARMUD="",
                COUNTRY=COUNTRY,
                DMDTC=iso(first),
                DMDY=1.0,
            )
        )
    return dataset("DM", pd.concat(parts, ignore_index=True))


def _moments(study: Study, subjects: pd.DataFrame, doses: pd.DataFrame, which: str) -> list[str]:
    """Return the date, or date and time, of each subject's first or last dose; nothing where there was none."""
    step = doses.groupby("row")[which].agg("min" if which == "first" else "max")
    moments = _at(study, first_days(subjects)[step.index], step.to_numpy())
    return [moments[row] if (row := rows) is not None else "" for rows in _places(step.index, len(subjects))]


def _places(index: "pd.Index[int]", count: int) -> list[int | None]:
    known = {row: place for place, row in enumerate(index)}
    return [known.get(row) for row in range(count)]


def _at(study: Study, first: NDArray[np.datetime64], step: NDArray[np.int64]) -> list[str]:
    """Return when steps of the grid begin: a date, with the time where doses are given within days."""
    grid = study.stored.design.grid
    if grid.per_day == 1:
        return iso(first + step.astype("timedelta64[D]"))
    return iso(first.astype("datetime64[m]") + (step * round(grid.step_h * 60)).astype("timedelta64[m]"))


def supplemental(study: Study) -> Dataset:
    """Return SUPPDM: covariates that DM has no variable for, and the twin that subjects of several arms are."""
    names = [name for name in study.stored.cohorts[0].covariates if name not in (AGE, SEX, RACE)]
    short, parts = short_names(names, ["TWINID"]), []
    for subjects, cohort in zip(study.subjects, study.stored.cohorts, strict=True):
        told = {short[name]: (name, cohort.covariates[name]) for name in names}
        if study.twins:
            told["TWINID"] = ("Twin: the Virtual Patient's Identifier", subjects["TWINID"].to_numpy())
        for qualifier, (label, values) in told.items():
            parts.append(
                pd.DataFrame(
                    {
                        "STUDYID": study.study_id,
                        "RDOMAIN": "DM",
                        "USUBJID": subjects["USUBJID"],
                        "IDVAR": "",
                        "IDVARVAL": "",
                        "QNAM": qualifier,
                        "QLABEL": label,
                        "QVAL": [_written(value) for value in values],
                        "QORIG": "Assigned",
                        "QEVAL": "",
                    }
                )
            )
    rows = pd.concat(parts) if parts else pd.DataFrame({"QVAL": []})
    return dataset("SUPPDM", rows[rows["QVAL"] != ""].reset_index(drop=True))


def disposition(study: Study) -> Dataset:
    """Return DS: allocation, treatments that were stopped or switched, and how participation ended."""
    parts = []
    for subjects, course in zip(study.subjects, study.stored.courses, strict=True):
        events = [pd.DataFrame({"row": np.arange(course.n), "DAY": 1.0, **_RANDOMIZED})]
        for hazard in study.stored.design.hazards:
            day = course.events[hazard.name]
            if hazard.then in ("stop", "switch"):
                whose = np.flatnonzero(day <= np.minimum(course.last_day, course.grid.days))
                told = {"DSTERM": hazard.name.upper(), "DSDECOD": "OTHER", **_TREATMENT_ENDS}
                events.append(pd.DataFrame({"row": whose, "DAY": day[whose], **told}))
        events.append(_ends(study, course))
        rows = pd.concat(events).sort_values(["row", "DAY"], kind="stable", ignore_index=True)
        parts.append(_dated(study, subjects, rows, "DS"))
    return dataset("DS", pd.concat(parts, ignore_index=True))


_RANDOMIZED = {
    **{"DSTERM": "RANDOMIZED", "DSDECOD": "RANDOMIZED", "DSCAT": "PROTOCOL MILESTONE"},
    **{"DSSCAT": "", "EPOCH": ""},
}
_TREATMENT_ENDS = {"DSCAT": "DISPOSITION EVENT", "DSSCAT": "STUDY TREATMENT", "EPOCH": TREATMENT}
_STUDY_ENDS = {"DSCAT": "DISPOSITION EVENT", "DSSCAT": "STUDY PARTICIPATION", "EPOCH": TREATMENT}


def _ends(study: Study, course: Course) -> pd.DataFrame:
    """Return how each subject's participation ended."""
    leaving = [hazard for hazard in study.stored.design.hazards if hazard.then in ("leave", "die")]
    days = study.ends(course)
    term = np.full(course.n, "COMPLETED", object)
    for hazard in leaving:
        term[(course.events[hazard.name] == course.last_day) & (days <= course.grid.days)] = hazard.name.upper()
    left = days <= course.grid.days
    term[course.failed & ~left] = "COURSE COULD NOT BE COMPUTED"
    decoded = np.where(course.died & left, "DEATH", np.where(left | course.failed, "OTHER", "COMPLETED"))
    return pd.DataFrame({"row": np.arange(course.n), "DAY": days, "DSTERM": term, "DSDECOD": decoded, **_STUDY_ENDS})


def exposure(study: Study) -> Dataset:
    """Return EX: intervals of constant dosing, as it was taken."""
    parts = []
    for subjects, doses in zip(study.subjects, study.doses, strict=True):
        row = doses["row"].to_numpy()
        first, per_day = first_days(subjects)[row], study.stored.design.grid.per_day
        parts.append(
            pd.DataFrame(
                {
                    "STUDYID": study.study_id,
                    "DOMAIN": "EX",
                    "USUBJID": subjects["USUBJID"].to_numpy()[row],
                    "EXSEQ": doses.groupby("row").cumcount() + 1.0,
                    "EXTRT": doses["treatment"],
                    "EXDOSE": doses["dose"],
                    "EXDOSU": study.dose_unit,
                    "EXDOSFRQ": doses["frequency"],
                    "EPOCH": TREATMENT,
                    "EXSTDTC": _at(study, first, doses["first"].to_numpy()),
                    "EXENDTC": _at(study, first, doses["last"].to_numpy()),
                    "EXSTDY": doses["first"] // per_day + 1.0,
                    "EXENDY": doses["last"] // per_day + 1.0,
                }
            )
        )
    return dataset("EX", pd.concat(parts, ignore_index=True))


def laboratory(study: Study) -> Dataset:
    """Return LB: what was measured at visits while subjects were followed, on the morning before that day's dose."""
    parts = []
    for subjects, course in zip(study.subjects, study.stored.courses, strict=True):
        measured = [_measured(study, course, name) for name in study.stored.design.measured]
        rows = pd.concat(measured).sort_values(["row", "DAY"], kind="stable", ignore_index=True)
        parts.append(_dated(study, subjects, rows, "LB"))
    return dataset("LB", pd.concat(parts, ignore_index=True))


def tests(study: Study) -> dict[str, tuple[str, str, str]]:
    """Return the code, the name and the unit of each observable."""
    units = study.stored.design.model.observables
    short = short_names(study.stored.design.measured)
    return {
        name: (code, without_unit(name, units[name]), "" if units[name] == "1" else units[name])
        for name, code in short.items()
    }


def _measured(study: Study, course: Course, name: str) -> pd.DataFrame:
    code, words, unit = tests(study)[name]
    seen = course.seen(name)
    row, visit = np.nonzero(np.isfinite(seen))
    day, value = np.array(course.grid.visits, np.float64)[visit], seen[row, visit]
    written = [_written(one) for one in value]
    return pd.DataFrame(
        {
            "row": row,
            "DAY": day,
            "LBTESTCD": code,
            "LBTEST": words,
            "LBCAT": "SIMULATED MEASUREMENT",
            "LBORRES": written,
            "LBORRESU": unit,
            "LBSTRESC": written,
            "LBSTRESN": value,
            "LBSTRESU": unit,
            "LBLOBXFL": np.where(day == 1, "Y", ""),
            "VISITNUM": visit + 1.0,
            "VISIT": [f"DAY {one:.0f}" for one in day],
            "VISITDY": day,
            "EPOCH": TREATMENT,
        }
    )


def _dated(study: Study, subjects: pd.DataFrame, rows: pd.DataFrame, domain: str) -> pd.DataFrame:
    """Return rows of subjects, by `row`, with their identifiers, a sequence number, and the DAY as date and day."""
    row = rows["row"].to_numpy()
    day = rows["DAY"].to_numpy(np.float64)
    start = "ST" if domain == "DS" else ""
    dated: dict[str, Any] = {
        f"{domain}SEQ": rows.groupby("row").cumcount() + 1.0,
        f"{domain}{start}DTC": iso(on_day(first_days(subjects)[row], day)),
        f"{domain}{start}DY": day,
    }
    identified = rows.drop(columns=["row", "DAY"]).assign(STUDYID=study.study_id, DOMAIN=domain, **dated)
    return identified.assign(USUBJID=subjects["USUBJID"].to_numpy()[row])


def _numbers(cohort: Cohort, name: str) -> NDArray[np.float64]:
    return np.asarray(cohort.covariates.get(name, np.full(cohort.n, np.nan)), np.float64)


def _terms(cohort: Cohort, name: str, terms: Mapping[str, str], unknown: str) -> list[str]:
    return [terms.get(str(value), unknown) for value in cohort.covariates.get(name, np.full(cohort.n, ""))]


def _written(value: Any) -> str:
    """Return a value as text that reads back equal; nothing for none."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else repr(float(value)).removesuffix(".0")
    return str(value)
