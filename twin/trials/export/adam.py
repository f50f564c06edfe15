"""ADaM: what is analysed of each subject, in the shapes that analyses read: one row a subject, a visit, an event."""

from textwrap import shorten
from typing import Any

import numpy as np
import pandas as pd

from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Repeated, Timed, Value
from twin.trials.export import sdtm
from twin.trials.export.dataset import Dataset, Variable, dataset, variables_of
from twin.trials.export.names import short_names
from twin.trials.export.study import Study, first_days, on_day
from twin.trials.export.xpt import LONGEST_TEXT

_SUBJECT = ("STUDYID", "USUBJID", "TRTP", "TRTPN", "TRTA", "TRTAN")
_DAYS_PER = {"Total Dose": "TDOSE", "Average Daily Dose": "AVDDSE", "Treatment Duration (days)": "TDUR"}


def adam(study: Study) -> list[Dataset]:
    """Return the ADaM datasets of a study; those that would have no row are left out."""
    visits = [laboratory(study)] if study.stored.design.measured else []
    made = [subject_level(study), *visits, exposure(study), times(study), endpoints(study)]
    return [one for one in made if len(one.rows)]


def subject_level(study: Study) -> Dataset:
    """Return ADSL: a row a subject, with the covariates of the twin."""
    collected = sdtm.demographics(study).rows
    kept = [variable.name for variable in variables_of("ADSL") if variable.name in collected]
    rows = pd.concat([collected[kept], _treated(study)], axis=1)
    names = [name for name in study.stored.cohorts[0].covariates if name not in (sdtm.AGE, sdtm.SEX, sdtm.RACE)]
    short = short_names(names, [variable.name for variable in variables_of("ADSL")])
    also = []
    for name in names:
        values = np.concatenate([np.asarray(cohort.covariates[name]) for cohort in study.stored.cohorts])
        numeric = values.dtype.kind in "fi"
        rows[short[name]] = values if numeric else values.astype(str)
        also.append(Variable(short[name], name, "float" if numeric else "text", "Collected"))
    return dataset("ADSL", rows, tuple(also))


def _treated(study: Study) -> pd.DataFrame:
    """Return when each subject was treated and how participation ended."""
    parts = []
    for subjects, course, doses in zip(study.subjects, study.stored.courses, study.doses, strict=True):
        first, per_day = first_days(subjects), course.grid.per_day
        begun, ended = np.full((2, course.n), np.nan)
        steps = doses.groupby("row").agg({"first": "min", "last": "max"})
        begun[steps.index] = steps["first"] // per_day + 1
        ended[steps.index] = steps["last"] // per_day + 1
        treated, left = study.treated(course, doses), study.ends(course) <= course.grid.days
        status = np.where(left | course.failed, "DISCONTINUED", "COMPLETED")
        reason = np.where(course.died & left, "DEATH", np.where(left | course.failed, "OTHER", ""))
        parts.append(
            pd.DataFrame(
                {
                    "ITTFL": "Y",
                    "SAFFL": np.where(np.isfinite(begun), "Y", "N"),
                    "TRT01P": subjects["ARM"],
                    "TRT01PN": subjects["TRT01PN"],
                    "TRT01A": subjects["ARM"].where(treated, ""),
                    "TRT01AN": subjects["TRT01PN"].where(treated),
                    "RANDDT": first,
                    "TRTSDT": on_day(first, begun),
                    "TRTEDT": on_day(first, ended),
                    "TRTDURD": ended - begun + 1,
                    "EOSSTT": status,
                    "EOSDT": on_day(first, study.ends(course)),
                    "DCSREAS": reason,
                    "DTHDT": on_day(first, np.where(course.died, course.last_day, np.inf)),
                    "TWINID": subjects["TWINID"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _by_subject(study: Study) -> pd.DataFrame:
    """Return what analysis datasets repeat of ADSL, by USUBJID."""
    rows = subject_level(study).rows
    named = {"TRT01P": "TRTP", "TRT01PN": "TRTPN", "TRT01A": "TRTA", "TRT01AN": "TRTAN"}
    return rows.rename(columns=named)[[*_SUBJECT, "TRTSDT", "TRTEDT"]]


def laboratory(study: Study) -> Dataset:
    """Return ADLB: measurements with their baseline, which is that of day 1, before the first dose."""
    collected = sdtm.laboratory(study).rows
    numbers = {code: place for place, (code, _, _) in enumerate(sdtm.tests(study).values(), start=1)}
    words = {code: f"{name} ({unit})" if unit else name for code, name, unit in sdtm.tests(study).values()}
    rows = collected.merge(_by_subject(study), on=["STUDYID", "USUBJID"], validate="many_to_one")
    at_first = rows["LBDY"] == 1
    keys = ["USUBJID", "LBTESTCD"]
    first = rows[at_first].set_index(keys)["LBSTRESN"].rename("BASE")
    rows = rows.join(first, on=keys)
    value, base = rows["LBSTRESN"].astype(float), rows["BASE"].astype(float)
    change = (value - base).where(~at_first)
    columns = {name: rows[name] for name in (*_SUBJECT, "TRTSDT", "TRTEDT", "LBSEQ", "VISITNUM")} | {
        "ADT": pd.to_datetime(rows["LBDTC"]),
        "ADY": rows["LBDY"],
        "AVISIT": rows["VISIT"].str.capitalize().where(~at_first, "Baseline"),
        "AVISITN": rows["LBDY"],
        "PARAM": rows["LBTESTCD"].map(words),
        "PARAMCD": rows["LBTESTCD"],
        "PARAMN": rows["LBTESTCD"].map(numbers),
        "AVAL": value,
        "BASE": base,
        "CHG": change,
        "PCHG": 100 * change / base.where(base != 0),
        "ABLFL": np.where(at_first, "Y", ""),
    }
    return dataset("ADLB", pd.DataFrame(columns))


def exposure(study: Study) -> Dataset:
    """Return ADEX: each interval of constant dosing, and each subject's total, mean and duration."""
    collected = sdtm.exposure(study).rows
    by_subject = _by_subject(study)
    each = collected.assign(
        PARAM="Dose",
        PARAMCD="DOSE",
        PARAMN=1,
        PARCAT1="INDIVIDUAL",
        AVAL=collected["EXDOSE"],
        ASTDT=pd.to_datetime(collected["EXSTDTC"].str[:10]),
        AENDT=pd.to_datetime(collected["EXENDTC"].str[:10]),
        ASTDY=collected["EXSTDY"],
        AENDY=collected["EXENDY"],
    )
    rows = pd.concat([each, _totals(study, by_subject)], ignore_index=True)
    rows = rows.drop(columns=["TRTP", "TRTPN", "TRTA", "TRTAN"], errors="ignore")
    rows = rows.merge(by_subject[[*_SUBJECT]], on=["STUDYID", "USUBJID"], validate="many_to_one")
    rows = rows.sort_values(["USUBJID", "PARAMN", "EXSEQ"], kind="stable", ignore_index=True)
    rows["ASEQ"] = rows.groupby("USUBJID").cumcount() + 1
    known = [variable.name for variable in variables_of("ADEX")]
    return dataset("ADEX", rows[[name for name in known if name in rows]])


def _totals(study: Study, by_subject: pd.DataFrame) -> pd.DataFrame:
    """Return what each subject who was treated took in all, a day on the mean, and for how long."""
    days = (pd.to_datetime(by_subject["TRTEDT"]) - pd.to_datetime(by_subject["TRTSDT"])).dt.days + 1
    taken = np.concatenate([_taken(course) for course in study.stored.courses])
    figures: dict[str, Any] = {"TDOSE": taken, "AVDDSE": taken / days, "TDUR": days}
    parts = []
    for number, (words, code) in enumerate(_DAYS_PER.items(), start=2):
        unit = f" ({study.dose_unit})" if study.dose_unit and code != "TDUR" else ""
        rows = by_subject.assign(
            PARAM=f"{words}{unit}",
            PARAMCD=code,
            PARAMN=number,
            PARCAT1="OVERALL",
            AVAL=figures[code],
            ASTDT=pd.to_datetime(by_subject["TRTSDT"]),
            AENDT=pd.to_datetime(by_subject["TRTEDT"]),
        )
        parts.append(rows[days.notna()])
    return pd.concat(parts).drop(columns=["TRTSDT", "TRTEDT"])


def _taken(course: Course) -> Any:
    followed = course.grid.day_of_step <= course.last_day[:, np.newaxis]
    return course.doses.sum(axis=1, where=followed)


def times(study: Study) -> Dataset:
    """Return ADTTE: each endpoint that is a time to an event, as the estimand lets it be seen."""
    asks, found = study.stored.design.asks, []
    for number, (endpoint, code) in enumerate(_coded(study), start=1):
        for subjects, course in zip(study.subjects, study.stored.courses, strict=True):
            outcome = asks.observed(endpoint, course)
            if isinstance(outcome, Timed):
                row = np.flatnonzero(outcome.known)
                day, event = outcome.day[row], outcome.event[row]
                first = first_days(subjects)[row]
                found.append(
                    _parameter(study, subjects.iloc[row], endpoint, (number, code)).assign(
                        AVAL=day,
                        STARTDT=first,
                        ADT=on_day(first, day),
                        ADY=day,
                        CNSR=np.where(event, 0.0, 1.0),
                        EVNTDESC=np.where(event, _what(endpoint), _cut(course, row)),
                    )
                )
    return _joined(study, "ADTTE", found)


def _what(endpoint: Endpoint) -> str:
    return " OR ".join(name.upper() for name in getattr(endpoint, "events", (endpoint.name,)))


def _cut(course: Course, row: Any) -> Any:
    return np.where(course.last_day[row] <= course.grid.days, "LEFT THE TRIAL", "END OF THE TRIAL")


def endpoints(study: Study) -> Dataset:
    """Return ADEFF: each other endpoint, one value a subject, or one a visit, as the estimand lets it be seen."""
    asks, found = study.stored.design.asks, []
    for number, (endpoint, code) in enumerate(_coded(study), start=1):
        for subjects, course in zip(study.subjects, study.stored.courses, strict=True):
            outcome = asks.observed(endpoint, course)
            rows = _parameter(study, subjects, endpoint, (number, code))
            if isinstance(outcome, Value):
                base = np.full(course.n, np.nan) if outcome.baseline is None else outcome.baseline
                rows = rows.assign(AVISIT="", AVISITN=np.nan, AVAL=outcome.value, BASE=base)
                found.append(rows[outcome.known])
            elif isinstance(outcome, Repeated):
                for place, day in enumerate(outcome.days):
                    value = outcome.value[:, place]
                    seen = rows.assign(AVISIT=f"Day {day}", AVISITN=float(day), AVAL=value, BASE=outcome.baseline)
                    found.append(seen[np.isfinite(value)])
    return _joined(study, "ADEFF", found)


def _coded(study: Study) -> list[tuple[Endpoint, str]]:
    """Return the endpoints with their codes."""
    stated = study.stored.design.endpoints
    short = short_names([endpoint.name for endpoint in stated])
    return [(endpoint, short[endpoint.name]) for endpoint in stated]


def _parameter(study: Study, subjects: pd.DataFrame, endpoint: Endpoint, coded: tuple[int, str]) -> pd.DataFrame:
    number, code = coded
    words = shorten(endpoint.words(study.stored.design.grid), LONGEST_TEXT)
    return pd.DataFrame(
        {"STUDYID": study.study_id, "USUBJID": subjects["USUBJID"], "PARAM": words, "PARAMCD": code, "PARAMN": number}
    )


def _joined(study: Study, name: str, found: list[pd.DataFrame]) -> Dataset:
    known = [variable.name for variable in variables_of(name)]
    if not found:
        return dataset(name, pd.DataFrame({column: [] for column in known}))
    rows = pd.concat(found, ignore_index=True)
    rows = rows.merge(_by_subject(study)[[*_SUBJECT]], on=["STUDYID", "USUBJID"], validate="many_to_one")
    return dataset(name, rows[known])


def potential(study: Study) -> Dataset:
    """Return POTENT: every twin's true outcome in every arm, had nobody left; no real trial has it."""
    told = study.stored.potential
    codes = {course.arm: f"ARM{place}" for place, course in enumerate(study.stored.courses, start=1)}
    columns = [str(name) for name in told if name not in ("USUBJID", "ARM", "SHOWN")]
    short = short_names(columns)
    parts = [
        pd.DataFrame(
            {
                "STUDYID": study.study_id,
                "TWINID": told["USUBJID"],
                "ARM": told["ARM"],
                "ARMCD": told["ARM"].map(codes),
                "SHOWNFL": np.where(told["SHOWN"], "Y", "N"),
                "PARAM": name,
                "PARAMCD": short[name],
                "AVAL": told[name],
            }
        )
        for name in columns
    ]
    return dataset("POTENT", pd.concat(parts, ignore_index=True))
