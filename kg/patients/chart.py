"""Chart: what the records of one patient say together, on the patient's shifted calendar, as rows of the graph.

A day that cannot have been is refused, and sets nothing; the age is that at the latest day that holds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from kg.patients.days import ShiftedDays, TrueDays
from kg.patients.deidentify import OLDEST_AGE_YEARS, Pseudonym, capped_age, epoch_day, record_name
from kg.patients.diplotypes import call_rows, one_call, stated_call
from kg.patients.moment import Moment, NoMoment, check_moment
from kg.patients.pharmacogenomics import settle
from kg.patients.private import SHORTEST_NUMBER, Private
from kg.patients.record import Account, Age, Event, Found, GeneCall, LeftOut, Person, RecordError
from kg.patients.terminology import Meaning, Row, Terminology
from kg.patients.terms.meaning import UNMAPPED
from kg.patients.units import unit_of
from kg.patients.versions import Key, State, older, states
from kg.schema import WITHDRAWN, edge_identity

_AGENTS = {"patient_has_condition": "manual_agent", "patient_has_phenotype": "manual_agent"}
_AGENTS |= {"patient_takes_drug": "manual_agent", "patient_had_procedure": "manual_agent"}
"""Clinicians enter these; whether a person or a machine told the others, the record does not say."""
_PER_YEAR: dict[str, float] = {"a": 1, "a_j": 1, "a_t": 1, "a_g": 1, "mo": 12, "mo_j": 12, "mo_s": 12, "mo_g": 12}
_PER_YEAR |= {"wk": 365.25 / 7, "d": 365.25, "h": 8_766, "min": 525_960, "s": 31_557_600, "ks": 31_557.6, "Ms": 31.5576}
"""The units of UCUM in which an age is given -> how many make a year."""
_AGES = frozenset(f"LOINC:{code}" for code in ("21611-9", "21612-7", "29553-5", "30525-0", "63900-5"))
_AGES |= frozenset(f"SNOMEDCT:{code}" for code in ("397669002", "424144002", "445518008"))
"""Measurements that are ages: a number without a dimension is one of years."""


@dataclass(frozen=True)
class Stored:
    """What the store has of a patient already: the node's columns, and by source and record the first and last day."""

    row: Row
    days: Mapping[Key, tuple[int, int]]
    versions: Mapping[tuple[str, str], int]
    calls: tuple[tuple[tuple[str, str], str, str], ...] = ()
    """The genotypes that are known: source and record, gene, diplotype."""


@dataclass(frozen=True)
class Terms:
    """What is needed to make rows of records: the key, the graph's words, what must not pass, and the moment.

    `accounts` hear, by source, what does not come in. Without `now`, days may lie in the future.
    """

    key: bytes
    words: Terminology
    private: Private
    accounts: Mapping[str, Account]
    now: datetime | None


@dataclass(frozen=True)
class Chart:
    """A patient as rows: the node, the nodes that its edges lead to, and its edges by source.

    `seen` are the names of the records that were read, by source; `whole` the sources that told all they have.
    """

    nodes: tuple[Row, ...]
    edges: Mapping[str, tuple[Row, ...]]
    seen: Mapping[str, frozenset[str]]
    whole: frozenset[str]


@dataclass(frozen=True)
class _Said:
    """An event or call that counts, with the keyed name of its record and the first day that is meant."""

    what: Event | GeneCall
    source: str
    name: str
    day: date | None


def chart(who: Pseudonym, told: Sequence[tuple[str, Person]], stored: Stored | None, terms: Terms) -> Chart:
    """Return what persons of one identity, each with its source, say together, beside what is stored.

    Consent that was withdrawn stays so, whatever an older record says. Raises `RecordError` where they are two people.
    """
    if any(person.shifted for _, person in told):
        terms = replace(terms, now=None)
    born, dead = _life(who, told, stored, terms)
    dated = any(isinstance(event.at, Moment) for _, person in told for event in person.events)
    true = TrueDays(who, terms.key, born, dated, terms.now.date() if terms.now else None)
    died = true.day(dead, ("death",))
    counting = _counting(who, told, stored, terms)
    others = _other_days(told, stored, counting)
    seen: dict[str, set[str]] = {}
    said: list[_Said] = []
    retracted = set((stored.row.get("retracted") or ()) if stored else ())
    for (source, name), state in counting.items():
        seen.setdefault(source, set()).add(name)
        if state.retracted:
            version = _version_of_retraction(state, stored, (source, name))
            retracted.add(f"{source} {name} {version if version is not None else ''}".strip())
        for what in (_as_it_can_have_been(one, born, terms, source) for one in state.says):
            if what is not None:
                said.append(_Said(what, source, name, true.day(what.at, what.record)))
    said = _agreeing(said, stored, counting, terms)
    before = [day for _, day in others]
    if stored and not died and stored.row.get("death_day") is not None:
        before.append(stored.row["death_day"])
    days = [one.day for one in said if one.day] + ([died] if died else [])
    days += [date(1970, 1, 1) + timedelta(day - who.shift_days) for day in before]
    calendar = ShiftedDays(true, max(days, default=None), min((day for day, _ in others), default=None))
    nodes: dict[tuple[str, str], Row] = {}
    edges: dict[str, dict[tuple[object, ...], Row]] = {source: {} for source, _ in told}
    for one in said:
        for node, edge in _rows(one, calendar, terms):
            nodes.setdefault((node["kind"], node["id"]), {**node, "file": edge["file"], "line": edge["line"]})
            same = edge["relation"], *(edge.get(column) for column in edge_identity(edge["relation"]))
            edges[one.source].setdefault(same, edge)
    patient = _patient(told, stored, died, calendar, terms.now) | {"retracted": sorted(retracted)}
    return Chart(
        (patient, *nodes.values()),
        {source: tuple(rows.values()) for source, rows in edges.items()},
        {source: frozenset(names) for source, names in seen.items()},
        frozenset(source for source, person in told if person.whole),
    )


def _counting(
    who: Pseudonym, told: Sequence[tuple[str, Person]], stored: Stored | None, terms: Terms
) -> dict[Key, State]:
    """Return the state of each record that counts; those of which a newer one is stored are left out, and counted."""
    names: dict[tuple[str, ...], str] = {}

    def name_of(record: tuple[str, ...]) -> str:
        if record not in names:
            names[record] = record_name(terms.key, who, record)
        return names[record]

    found = states(told, name_of)
    for key in older(found, stored.versions) if stored else ():
        says = found.pop(key).says
        terms.accounts[key[0]].leave_out("record", "an older version of what is stored", len(says) or 1)
    return found


def _life(
    who: Pseudonym, told: Sequence[tuple[str, Person]], stored: Stored | None, terms: Terms
) -> tuple[Moment | None, Moment | None]:
    """Return the birth, as precisely as it is told, and the death, the latest; raises `RecordError` for two people."""
    births = _holding([(source, person, person.born) for source, person in told], "birth", None, terms)
    _check_one_person(who, told, births, stored)
    order = ("minute", "day", "month", "year")
    born = min(births, key=lambda one: order.index(one.precision), default=None)
    deaths = _holding([(source, person, person.died) for source, person in told], "death", born, terms)
    return born, max(deaths, key=lambda one: one.first, default=None)


def _holding(
    told: Sequence[tuple[str, Person, Moment | None]], element: str, born: Moment | None, terms: Terms
) -> list[Moment]:
    """Return the moments of a birth or a death that can have been; the others are refused."""
    held = []
    for source, person, moment in told:
        try:
            if moment is not None:
                check_moment(moment, born=born.first if born else None, now=terms.now)
                held.append(moment)
        except NoMoment as reason:
            terms.accounts[source].reject(person.place, "Patient", f"{element}:", str(reason))
    return held


def _check_one_person(
    who: Pseudonym, told: Sequence[tuple[str, Person]], births: list[Moment], stored: Stored | None
) -> None:
    """Raise `RecordError` where the same identifier has two sexes and two dates of birth, here or in the store."""
    sexes = {person.sex for _, person in told if person.sex in ("male", "female")}
    apart = bool(births) and max(one.first for one in births) > min(one.last for one in births)
    if stored and stored.row.get("sex") in ("male", "female"):
        sexes.add(stored.row["sex"])
        day = stored.row.get("birth_day")
        if births and day is not None:
            true = epoch_day(births[0].first) + who.shift_days
            apart |= abs(true - day) > 366
    if apart and len(sexes) > 1:
        places = ", ".join(dict.fromkeys(f"{person.place.file}" for _, person in told))
        raise RecordError(
            f"{places}: the same identifier stands for two people, of another sex and another date of birth, here or "
            "here and in the store; nothing was stored. Give each an identifier of the hospital's, with its system"
        )


def _agreeing(said: list[_Said], stored: Stored | None, counting: Mapping[Key, State], terms: Terms) -> list[_Said]:
    """Return what was said, without calls of a gene of which others say otherwise; what is stored already stays."""
    calls = [one for one in said if isinstance(one.what, GeneCall)]
    before = (
        [stated_call(gene, diplotype) for where, gene, diplotype in stored.calls if where not in counting]
        if stored
        else []
    )
    wrong = settle([*before, *(one_call(one.what) for one in calls if isinstance(one.what, GeneCall))]).contradicted
    for one in calls:
        if isinstance(one.what, GeneCall) and one.what.gene in wrong:
            why = f"contradicts another call of {one.what.gene}"
            terms.accounts[one.source].reject(one.what.place, "genotype", "the call", why)
    return [one for one in said if not (isinstance(one.what, GeneCall) and one.what.gene in wrong)]


def _as_it_can_have_been(
    what: Event | GeneCall, born: Moment | None, terms: Terms, source: str
) -> Event | GeneCall | None:
    """Return an event or a call if it was when it can have been, less an end that cannot be; else None."""
    for moment, element in ((what.at, "the time"), (getattr(what, "until", None), "the end")):
        try:
            if isinstance(moment, Age):
                moment = Moment(born.first + timedelta(moment.days), precision="month") if born else None  # about
            if moment is not None:
                check_moment(moment, born=born.first if born else None, now=terms.now)
        except NoMoment as reason:
            terms.accounts[source].reject(what.place, _kind(what), element, str(reason))
            if element == "the time" or not isinstance(what, Event):
                return None
            what = replace(what, until=None)
    return what


def _other_days(
    told: Sequence[tuple[str, Person]], stored: Stored | None, counting: Mapping[Key, State]
) -> list[tuple[int, int]]:
    """Return the first and the last day, as stored, of each stored record that is not read anew."""
    whole = {source for source, person in told if person.whole}
    held = stored.days if stored else {}
    return [days for key, days in held.items() if key not in counting and key[0] not in whole]


def _version_of_retraction(state: State, stored: Stored | None, key: Key) -> int | None:
    """Return a retraction's version; without one, of a record whose version is stored, it is the one after that."""
    if state.version is not None or stored is None or key not in stored.versions:
        return state.version
    again = any(text.startswith(" ".join(key)) for text in stored.row.get("retracted") or ())
    version = stored.versions[key] + (not again)
    return version if version >= 0 else None


def _rows(said: _Said, calendar: ShiftedDays, terms: Terms) -> Iterator[tuple[Row, Row]]:
    """Yield a node and the edge that leads to it for each thing that an event or a call means."""
    what = said.what
    day = calendar.day(said.day)
    if said.day is not None and day is None:
        terms.accounts[said.source].leave_out(
            _kind(what), "a day that would tell an age of 90 or more (the event is taken)"
        )
    seen = {
        "day": day,
        "minute": what.at.minute if isinstance(what.at, Moment) and day is not None else None,
        "precision": what.at.precision if what.at is not None and day is not None else None,
        "record": said.name,
        "version": what.version,
        "knowledge_level": "observation",
        "file": what.place.file,
        "line": what.place.line,
        "subject": calendar.true.who.curie,
    }
    if isinstance(what, GeneCall):
        for node, relation, attributes in call_rows(what, terms.words.known):
            yield node, {**seen, "relation": relation, "object": node["id"], "agent_type": "not_provided", **attributes}
        return
    try:
        meanings = terms.words.meanings(what)
        _check_private(what, meanings, terms.private)
        measured = [_measured(what, meaning) for meaning in meanings]
    except LeftOut as reason:
        terms.accounts[said.source].leave_out(what.what, str(reason))
        return
    until = calendar.day(calendar.true.day(what.until, what.record))
    event = {**seen, "end_day": until, "negated": what.negated, "copies": what.copies}
    for meaning, value in zip(meanings, measured, strict=True):
        yield (
            meaning.node,
            {
                **event,
                **value,
                "relation": meaning.relation,
                "object": meaning.node["id"],
                "agent_type": _AGENTS.get(meaning.relation, "not_provided"),
                "code": meaning.code,
                "mapping": meaning.mapping,
                **(_evidence(what.found) if what.found else {}),
            },
        )


def _evidence(found: Found) -> Row:
    """Return how something is known that a model found."""
    return {
        "knowledge_level": found.knowledge_level,
        "agent_type": found.agent_type,
        "model": found.model,
        "model_version": found.version,
        "model_sha256": found.sha256,
        "references": [found.url] if found.url else [],
    }


def _kind(what: Event | GeneCall) -> str:
    return "genotype" if isinstance(what, GeneCall) else what.what


def _check_private(event: Event, meanings: Sequence[Meaning], private: Private) -> None:
    """Raise `LeftOut` for a code that is somebody's record number, telephone or the like.

    A code that means a node of the graph or of our tables is one, though somebody's number may end alike.
    """
    unknown = [meaning.code for meaning in meanings if meaning.mapping == UNMAPPED]
    if event.value_code:
        unknown.append(f"{event.value_code.system}:{event.value_code.code}")
    for curie in unknown:
        code = curie.partition(":")[2].removeprefix("rs")
        if len(code) >= SHORTEST_NUMBER and private.is_code(code):
            raise LeftOut("a code that is somebody's own number")


def _measured(event: Event, meaning: Meaning) -> dict[str, object]:
    """Return the value of a measurement, in a unit of UCUM or as a code; one that was made may have neither.

    Raises `LeftOut` for a number that has no unit, or that tells an age of 90 or more.
    """
    if event.what != "measurement":
        return {}
    code = f"{event.value_code.system}:{event.value_code.code}" if event.value_code else None
    if event.value is None:
        return {"value_code": code}
    unit = unit_of(event.unit, meaning.node["id"])
    if unit is None:
        raise LeftOut("a unit that UCUM does not have" if event.unit else "a number without a unit")
    per_year = 1 if unit == "1" and meaning.node["id"] in _AGES else _PER_YEAR.get(unit, math.inf)
    if event.value >= OLDEST_AGE_YEARS * per_year:
        raise LeftOut(f"a number of years that may be an age of {OLDEST_AGE_YEARS} or more")
    return {"value": event.value, "unit": unit, "value_code": code}


def _patient(
    told: Sequence[tuple[str, Person]],
    stored: Stored | None,
    died: date | None,
    calendar: ShiftedDays,
    now: datetime | None,
) -> dict[str, Any]:
    """Return the patient's own node, with what the store has where the records do not say."""
    row = dict(stored.row) if stored else {}
    who, born = calendar.true.who, calendar.true.born
    ages = [capped_age(_middle(born), calendar.latest)] if born and calendar.latest else []
    for person in (person for _, person in told):
        seen = [event.at.days for event in person.events if isinstance(event.at, Age)]
        seen += [person.last_seen.days] if person.last_seen else []
        ages += [float(min(max(seen) // 365.25, OLDEST_AGE_YEARS))] if seen and not born else []
    if row.get("age_years") is not None and _still_holds(row, told, born, now):
        ages.append(row["age_years"])
    age = max(ages, default=None)
    aged = bool(born) or any(isinstance(event.at, Age) for _, person in told for event in person.events)
    birth = calendar.day(calendar.true.birth) if aged else row.get("birth_day")
    consents = [person.consent for _, person in told if person.consent]
    place = told[-1][1].place
    return {
        "kind": "Patient",
        "id": who.curie,
        "name": who.name,
        "sex": next((person.sex for _, person in reversed(told) if person.sex), row.get("sex")),
        "age_years": age,
        "birth_day": None if age is not None and age >= OLDEST_AGE_YEARS else birth,
        "death_day": calendar.day(died) if died else row.get("death_day"),
        "consent": row.get("consent") if row.get("consent") == WITHDRAWN or not consents else consents[-1],
        "provided_by": sorted({*(row.get("provided_by") or ()), *(source for source, _ in told)}),
        "file": place.file,
        "line": place.line,
    }


def _still_holds(row: Row, told: Sequence[tuple[str, Person]], born: Moment | None, now: datetime | None) -> bool:
    """Say whether the age that is stored counts beside what is read now.

    A birth that is told gives the age anew, and so does all that is known of a patient; but an age of 90 or more may
    rest on a day that is not stored, so it stays where the birth allows it.
    """
    if born is None:
        return not {*(row.get("provided_by") or ())} <= {source for source, person in told if person.whole}
    old = bool(row["age_years"] >= OLDEST_AGE_YEARS)
    return old and (now is None or capped_age(_middle(born), now.date()) >= OLDEST_AGE_YEARS)


def _middle(born: Moment) -> date:
    """Return the day of birth, that in the middle where only a month or a year is told."""
    return born.first + (born.last - born.first) // 2
