"""A patient of the graph in a model's terms: what the record states of covariates, and what was measured when."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from kg.query.people import EVENT_COLUMNS, MEASURED, PatientRecord, events, measurements, patient, records
from kg.schema import WITHDRAWN
from kg.search import UnknownNode
from kg.stores.protocol import Store
from twin.covariates import Asking, Genotype, asked_for, recorded_codes
from twin.mixture import Mixture, mixture
from twin.model import Model
from twin.newest import Reading, newest
from twin.patient import PatientError
from twin.records import Observations, Record, Records
from twin.regimen import Doses, Regimen

TAKEN = "patient_takes_drug"
Days = tuple[int, int | None]
"""The first and the last day of a treatment, since 1970-01-01 on the patient's calendar; None where it is open."""
_ORIGIN = date(1970, 1, 1)
DAY_H, HOUR_MINUTES, YEAR_DAYS = 24.0, 60.0, 365.25
NOON_MINUTES = 720.0
"""When something was that a record dates without an hour: the middle of the day."""
_PLACE = "the patient's record, measurement"


def from_graph(
    store: Store,
    patient_id: str,
    model: Asking,
    given: Mapping[str, str] | None = None,
    *,
    days: Days | None = None,
) -> Mixture:
    """Return one patient of the store; the id is given as for `kg.query.people.patient`, covariates by hand in `given`.

    A genotype is not known where an allele of the model may be there as well, for it was not looked for: then it is
    one of those that the call leaves open. Of the days (first and last, on the patient's calendar), the first is when
    the age counts, and until the last, measured covariates do: the latest value of each.
    Raises `PatientError` that names the covariates which the patient's record lacks, without the record's content, and
    for a patient who withdrew consent.
    """
    record = known(store, patient_id)
    return of_record(record, measurements(store, [record.id], recorded_codes(model)), model, given, days=days)


def several_from_graph(
    store: Store, patients: Collection[str], model: Asking
) -> Iterator[tuple[PatientRecord, pd.DataFrame]]:
    """Yield the records of patients (by identifier) with what was measured of them, for `of_record`.

    Who withdrew consent is among them.
    """
    seen = dict(list(measurements(store, patients, recorded_codes(model)).groupby("patient")))
    for record in records(store, patients):
        yield record, seen.get(record.id, pd.DataFrame(columns=["patient", *EVENT_COLUMNS]))


def of_record(
    record: PatientRecord,
    measured: pd.DataFrame,
    model: Asking,
    given: Mapping[str, str] | None = None,
    *,
    days: Days | None = None,
) -> Mixture:
    """Return one patient from a record and what was measured (as `kg.query.people.measurements`); see `from_graph`."""
    _require_consent(record)
    stated = {**_measured(measured, model, days[1] if days else None), **_stated(record, model)}
    if days and "age_years" in stated and record.birth_day is not None:
        stated["age_years"] = f"{(days[0] - record.birth_day) / YEAR_DAYS:.1f}"
    return mixture(model, record.id, stated, given, possible=_left_open(record, model))


def known(store: Store, patient_id: str) -> PatientRecord:
    """Return a patient's record; raise `PatientError` where there is none, or the patient withdrew consent."""
    try:
        record = patient(store, patient_id)
    except UnknownNode as failure:
        raise PatientError(str(failure)) from None
    _require_consent(record)
    return record


def _require_consent(record: PatientRecord) -> None:
    if record.consent == WITHDRAWN:
        raise PatientError("the patient withdrew consent: nothing is simulated of the record")


def _measured(seen: pd.DataFrame, model: Asking, last_day: int | None) -> dict[str, str]:
    """Return the latest value of each covariate that is measured, as text in the model's unit.

    What was measured in a unit that the model does not know is not used.
    """
    seen = seen[seen["value"].notna() & ~seen["negated"].astype(bool)]
    if last_day is not None:
        seen = seen[seen["day"].isna() | (seen["day"] <= last_day)]
    columns = [seen[name].to_list() for name in ("id", "value", "unit")]
    columns += [[None if pd.isna(one) else int(one) for one in seen[name]] for name in ("day", "minute")]
    readings = (Reading(*row) for row in zip(*columns, strict=True))
    return {name: f"{one.value:.6g}" for name, one in newest(readings, recorded_codes(model)).items()}


def _seen(told: pd.DataFrame, codes: Collection[str]) -> pd.DataFrame:
    """Return a patient's measurements under some codes."""
    return told[(told["relation"] == MEASURED) & told["id"].isin(list(codes))]


def parse_days(text: str) -> Days:
    """Read FIRST:LAST, two days of a patient's calendar, as dates or as numbers of days; the last may be left out.

    >>> parse_days("2018-04-01:2018-06-01"), parse_days("17622:")
    ((17622, 17683), (17622, None))
    """
    written, colon, until = (part.strip() for part in text.partition(":"))
    first, last = _day(written), _day(until)
    if not colon or first is None or (until and (last is None or last < first)):
        raise PatientError(f"days {text!r}: expected FIRST:LAST, such as 2018-04-01:2018-06-01, or FIRST: alone")
    return first, last


def _day(text: str) -> int | None:
    """Return a day since 1970-01-01, None for what is none."""
    try:
        if re.fullmatch("-?[0-9]{1,7}", text):
            return (_ORIGIN + timedelta(int(text)) - _ORIGIN).days
        return (date.fromisoformat(text) - _ORIGIN).days
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, eq=False)
class Treated:
    """What a record says of a patient under a treatment, in a model's terms.

    `records` is the patient alone, TIME 0 at the start of `days` (first and last, on the patient's calendar). `used`
    counts measurements by observable, `left_out` what could not be used, by reason.
    """

    records: Records
    days: Days
    used: Mapping[str, int]
    left_out: Mapping[str, int]

    def notes(self) -> tuple[str, ...]:
        """Say what of the record was used and what was not."""
        used = ", ".join(f"{count} of {name}" for name, count in self.used.items())
        left = [f"left out of the record: {count} {reason}" for reason, count in self.left_out.items()]
        start = _ORIGIN + timedelta(self.days[0])
        return (f"used of the record: {used}; TIME 0 is on {start} of the patient's calendar", *left)


def treated(store: Store, patient_id: str, model: Model, regimen: Regimen | None, days: Days | None = None) -> Treated:
    """Return what a record says of a patient under a regimen: the graph tells when a drug was taken, not how much.

    TIME 0 of the regimen is when the first record of the model's drug is, or the beginning of the first of the `days`.
    Raises `PatientError` for what is lacking, and says what to do.
    """
    who = known(store, patient_id).id
    if not model.recorded:
        raise PatientError(
            f"{model.name} observes nothing that records state; give a table of doses and measurements instead"
        )
    told = events(store, who)
    taken = told[(told["relation"] == TAKEN) & (told["id"] == model.drug) & ~told["negated"] & told["day"].notna()]
    if regimen is None:
        raise PatientError(
            f"the patient's record has {len(taken)} dated records of {model.drug} and the amount of none: the graph"
            " holds when a drug was taken, not how much; state the doses with --regimen REGIMEN.csv (TIME 0 is the"
            " first of these records, or the first day of --days FIRST:LAST)"
        )
    if days is None and taken.empty:
        raise PatientError(
            f"the patient's record has no dated record of {model.drug}: state on which day of the patient's calendar"
            " (panakeia patient show) TIME 0 of the regimen is, with --days FIRST:LAST"
        )
    if days is None:
        first = taken.iloc[0]
        begin, last = (int(first["day"]), 0.0 if pd.isna(first["minute"]) else float(first["minute"])), None
    else:
        begin, last = (days[0], 0.0), days[1]
    seen, left_out = _usable(told, model, begin, last)
    (doses,) = regimen.for_patients([who])
    return Treated(_as_records(who, doses, seen), (begin[0], last), Counter(seen["observable"]), left_out)


def _usable(
    told: pd.DataFrame, model: Model, begin: tuple[int, float], last: int | None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the measurements that can be used, with observable, hours and amount, and how many others by reason."""
    wanted = {code: name for name, one in model.recorded.items() for code in one.codes}
    seen = _seen(told, wanted).copy()
    seen["observable"] = seen["id"].map(wanted)
    units = [model.recorded[name].units for name in seen["observable"]]
    factor = pd.Series(
        [known.get(unit) for known, unit in zip(units, seen["unit"], strict=True)], seen.index, "float64"
    )
    slow = seen["observable"].map({name: one.day_suffices for name, one in model.recorded.items()}).astype(bool)
    minute = seen["minute"].astype("float64")
    seen["time_h"] = (
        DAY_H * (seen["day"].astype("float64") - begin[0]) + (minute.fillna(NOON_MINUTES) - begin[1]) / HOUR_MINUTES
    )
    reasons = (
        ("that say what is absent", seen["negated"]),
        ("without a number", seen["value"].isna()),
        (f"in a unit other than {', '.join(sorted({unit for one in units for unit in one}))}", factor.isna()),
        ("without a day", seen["day"].isna() | seen["precision"].isin(["month", "year"])),
        ("without an hour, which the observable needs", minute.isna() & ~slow),
        ("before TIME 0", seen["time_h"] < 0),
        ("after the last day", seen["day"].gt(last).fillna(False) if last is not None else seen["negated"] & False),
    )
    left, left_out = pd.Series(True, seen.index), {}
    for reason, at_fault in reasons:
        if count := int((left & at_fault).sum()):
            left_out[reason] = count
        left &= ~at_fault
    if not left.any():
        why = "; ".join(f"{count} {reason}" for reason, count in left_out.items()) or "there is none"
        raise PatientError(
            f"the patient's record has no measurement of {', '.join(model.recorded)} that can be used: {why};"
            f" expected one under {', '.join(wanted)}"
        )
    seen["value"] = seen["value"] * factor
    return seen[left], left_out


def _as_records(who: str, doses: Doses, seen: pd.DataFrame) -> Records:
    """Return one patient's doses and measurements as a data set."""
    count = len(seen)
    time = seen["time_h"].to_numpy(np.float64)
    line = np.arange(1, count + 1)
    observations = Observations(
        time,
        seen["value"].to_numpy(np.float64),
        np.zeros(count, bool),
        tuple(seen["observable"]),
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        line,
    )
    return Records(_PLACE, {who: Record(doses, observations, {}, time, line, np.zeros(1))})


def lacks(record: PatientRecord, model: Asking) -> list[str]:
    """Return the covariates which a model asks for and a patient's record does not state for certain."""
    stated = _stated(record, model)
    return [covariate.name for covariate in model.covariates if asked_for(covariate) and covariate.name not in stated]


def _stated(record: PatientRecord, model: Asking) -> dict[str, str]:
    """Return what a record states of a model's covariates, as text."""
    stated = {
        gene: genotype
        for gene, genotype in record.genotypes.items()
        if not _may_be_others(gene, record.not_excluded.get(gene, frozenset()), model)
    }
    own = {"age_years": record.age_years, "sex": record.sex}
    return stated | {name: str(value) for name, value in own.items() if value is not None}


def _left_open(record: PatientRecord, model: Asking) -> dict[str, set[str]]:
    """Return the diplotypes that a call leaves open which could not exclude some alleles: each may be in place of the
    first allele, which is what is called where nothing else is found."""
    found = {}
    for gene in model.covariates:
        if not isinstance(gene, Genotype) or gene.name not in record.genotypes:
            continue
        called = gene.read(record.genotypes[gene.name])
        if called is None:
            continue
        unseen = {gene.spelt.get(allele, allele) for allele in record.not_excluded.get(gene.name, ())}
        may_be = {gene.alleles[0]: {gene.alleles[0], *(unseen & set(gene.alleles))}}
        pair = called.split(gene.separator) if gene.separator else list(called)
        first, second = (may_be.get(allele, {allele}) for allele in pair)
        found[gene.name] = {gene.separator.join(sorted((a, b), key=gene.alleles.index)) for a in first for b in second}
    return found


def _may_be_others(gene: str, not_excluded: Collection[str], model: Asking) -> bool:
    """Return whether an allele that was not looked for is one that the model knows."""
    known = {
        allele
        for covariate in model.covariates
        if isinstance(covariate, Genotype) and covariate.name == gene
        for allele in (*covariate.alleles, *covariate.spelt)
    }
    return not known.isdisjoint(not_excluded)
