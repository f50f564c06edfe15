"""Scope: the entries of one document, read into the charts of its patients; and what all documents share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kg.patients.formats.fhir.charts import Chart, Said
from kg.patients.formats.fhir.consent import Decision, decision, newest
from kg.patients.formats.fhir.documents import Entry
from kg.patients.formats.fhir.elements import Json, member, objects, tagged, text
from kg.patients.formats.fhir.people import OTHERS, Identity, Names, People, others_words
from kg.patients.formats.fhir.resources import statements
from kg.patients.formats.fhir.stated import Record, Resource, record_of, version_of
from kg.patients.formats.fhir.validate import READ_TYPES, Fault, OtherVersion, validated
from kg.patients.private import NOTHING, Private
from kg.patients.record import LeftOut, Person, Reading, RecordError, Refused

NOT_READ = "a type that is not read"
_OLDER = "stated again, or in a newer version"
_SUBJECTS = {"AllergyIntolerance": "patient", "Immunization": "patient", "Consent": "patient"}
"""A resource type -> the element that says whose it is, where that is not `subject`."""


class _Waits(Exception):
    """An entry refers to what no document had so far."""


class Shared:
    """What the documents of one import share: its people, its medications, and what waits for a later document."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.account = reading.account
        self.people = People(reading.account)
        self.medications: dict[str, Json] = {}
        self.decisions: dict[Identity, list[Decision]] = {}
        self.others: Private = NOTHING
        self.waiting: list[Entry] = []
        self.deleted: list[Entry] = []

    def late(self) -> Iterator[Person]:
        """Yield what the entries state that referred to a later document; those that refer to none are refused."""
        scope = Scope(self, last=True)
        scope.read(self.waiting)
        if self.deleted:
            for identity in self.people.known:
                scope.chart(identity)
            scope.read(self.deleted)
        yield from scope.persons()


@dataclass(frozen=True, slots=True)
class Raw:
    """A resource as it is written, as much of it as is valid, and whose it is."""

    written: Json
    valid: Json
    kind: str
    faults: tuple[Fault, ...]
    identity: Identity


class Scope:
    """One document as it is read; `digest` is that of its content. In the `last` one nothing waits any more."""

    def __init__(self, shared: Shared, *, newest_first: bool = False, digest: str = "", last: bool = False) -> None:
        self.shared = shared
        self.newest_first = newest_first
        self.digest = digest
        self.last = last
        self.names = Names()
        self.medications: dict[str, Json] = {}
        self.charts: dict[Identity, Chart] = {}
        self.owners: dict[Record, Identity] = {}
        self.others: Private = NOTHING
        self.stating = False

    def read(self, entries: Iterable[Entry]) -> None:
        """Read entries: first those that others refer to, then those that state something, then what is deleted."""
        rest = [entry for entry in entries if not self._is_referred_to(entry)]
        for entry in rest:
            kind = member(entry.resource, "resourceType")
            if entry.resource is None:
                continue
            if isinstance(kind, str) and kind in READ_TYPES:
                self.stating = True
                self._state(entry, entry.resource, kind)
            else:
                self.shared.account.leave_out("other resources", NOT_READ)
        for entry in rest:
            if entry.deletes:
                self._delete(entry, entry.deletes)

    def chart(self, identity: Identity) -> Chart:
        """Return the chart of a patient in this document."""
        return self.charts.setdefault(identity, Chart(self.newest_first))

    @property
    def is_of_nobody(self) -> bool:
        """Whether the document has neither a patient nor anything that is stated of one."""
        return not self.charts and not self.stating and not self.medications

    def persons(self) -> Iterator[Person]:
        """Yield the patients of the document, with what it states of them; the first has all other people too."""
        if not self.charts:
            self.shared.others |= self.others
        others = self.others
        for identity, chart in self.charts.items():
            patient = self.shared.people.known[identity]
            private = patient.private if others == NOTHING else patient.private | others
            decisions = self.shared.decisions.setdefault(identity, [])
            decisions += chart.decisions
            yield chart.person(replace(patient, private=private), newest(decisions), self.digest)
            others = NOTHING

    def _is_referred_to(self, entry: Entry) -> bool:
        """Note a patient, a medication or another person; say whether the entry was one of them."""
        raw = entry.resource or {}
        kind = raw.get("resourceType")
        if kind == "Patient":
            self._patient(entry, raw)
        elif kind == "Medication":
            self._medication(entry, raw)
        elif isinstance(kind, str) and kind in OTHERS:
            self.others |= others_words(raw)
            self.shared.account.leave_out("other resources", NOT_READ)
        else:
            return False
        return True

    def _patient(self, entry: Entry, raw: Json) -> None:
        people = self.shared.people
        try:
            valid, faults = self._valid(entry, raw, "Patient")
            patient = people.add(valid, entry.place)
        except Refused as fault:
            self.shared.account.reject(entry.place, "Patient", fault.element, fault.reason)
            for names in (self.names, people.names):
                names.add(raw, entry.url, None)
            return
        for element, reason in faults:
            self.shared.account.reject(entry.place, "Patient", element, reason)
        for names in (self.names, people.names):
            names.add(valid, entry.url, patient.identity)
        self.chart(patient.identity)

    def _medication(self, entry: Entry, raw: Json) -> None:
        try:
            valid, faults = self._valid(entry, raw, "Medication")
        except Refused as fault:
            self.shared.account.reject(entry.place, "Medication", fault.element, fault.reason)
            return
        for element, reason in faults:
            self.shared.account.reject(entry.place, "Medication", element, reason)
        name = text(raw.get("id"))
        for reference in filter(None, (entry.url, name and f"Medication/{name}", name and f"urn:uuid:{name}")):
            for known in (self.medications, self.shared.medications):
                before = version_of(known[reference]) if reference in known else None
                if before is None or (version_of(valid) or before) >= before:
                    known[reference] = valid

    def _valid(self, entry: Entry, raw: Json, kind: str) -> tuple[Json, list[Fault]]:
        """Return a resource as `validated` does; the results that a report contains are judged later, each alone."""
        inside = objects(raw.get("contained")) if kind in ("DiagnosticReport", "Observation") else []
        results = [inner for inner in inside if inner.get("resourceType") == "Observation"]
        rest = [inner for inner in inside if inner.get("resourceType") != "Observation"]
        less = {name: value for name, value in raw.items() if name != "contained"} | (
            {"contained": rest} if rest else {}
        )
        try:
            valid, faults = validated(less if results else raw, kind)
        except OtherVersion:
            place = f"{entry.place.file}, entry {entry.place.line}"
            raise RecordError(
                f"{place}: the {kind} is of another version of FHIR, such as R5: expected R4 (4.0.1) or R4B (4.3.0); "
                "convert the records, or export them as R4"
            ) from None
        return ({**valid, "contained": inside} if results else valid), faults

    def _state(self, entry: Entry, raw: Json, kind: str) -> None:
        """Note what a resource states, in the chart of whose it is."""
        account = self.shared.account
        if tagged(raw, "SUBSETTED"):
            account.leave_out(kind, "only a part of the resource (SUBSETTED)")
            return
        said = Said(version_of(raw), entry.order)
        identity: Identity | None = None
        try:
            valid, faults = self._valid(entry, raw, kind)
            identity = self._whose(entry, valid, kind)
            said = self._said(entry, Raw(raw, valid, kind, tuple(faults), identity), said)
        except _Waits:
            self.shared.waiting.append(entry)
            return
        except LeftOut as reason:
            account.leave_out(kind, str(reason))
        except Refused as fault:
            account.reject(entry.place, kind, fault.element, fault.reason)
            said = replace(said, refused=True)
            identity = identity or self._perhaps_whose(entry, raw, kind)
        if identity is None or (said.refused and not text(raw.get("id"))):
            return
        record = record_of(raw, kind)
        if not self.chart(identity).say(record, said):
            account.leave_out(kind, _OLDER)
        self._only_once(record, identity)

    def _only_once(self, record: Record, identity: Identity) -> None:
        """Take a record back of a patient whom another version of it had been about."""
        before = self.owners.setdefault(record, identity)
        one, other = self.charts[before].said[record], self.charts[identity].said[record]
        if before == identity or None in (one.version, other.version) or one.version == other.version:
            return  # two servers may have given one id twice
        newest = self.charts[identity].newer(other, one)
        self.owners[record] = identity if newest is other else before
        self.charts[before if newest is other else identity].said[record] = Said(newest.version, newest.order)

    def _said(self, entry: Entry, raw: Raw, said: Said) -> Said:
        if raw.kind == "Consent":
            return replace(said, decision=decision(raw.valid))
        resource = Resource(
            raw=raw.valid,
            kind=raw.kind,
            place=entry.place,
            record=record_of(raw.written, raw.kind),
            version=said.version,
            account=self.shared.account,
            medication=self._medication_meant,
            is_of_the_same=lambda subject: self._is_of(subject, raw, entry),
            faults=raw.faults,
            alleles=self.shared.reading.alleles,
        )
        return replace(said, statements=tuple(statements(resource)))

    def _is_of(self, subject: object, raw: Raw, entry: Entry) -> bool:
        if subject == raw.valid.get(_SUBJECTS.get(raw.kind, "subject")):
            return True
        try:
            found = self.shared.people.find(subject, self.names, entry.url) if isinstance(subject, Mapping) else None
        except Refused:
            return False
        return found == raw.identity

    def _whose(self, entry: Entry, raw: Json, kind: str) -> Identity:
        """Return who a resource is about; raises `Refused` if nobody, `_Waits` if a later document may tell."""
        element = _SUBJECTS.get(kind, "subject")
        subject = raw.get(element)
        if not isinstance(subject, Mapping):
            raise Refused(element, "is missing")
        people = self.shared.people
        reference = text(subject.get("reference")) or ""
        try:
            if reference.startswith("#"):
                return people.contained(raw, reference, entry.place, self.names)
            identity = people.find(subject, self.names, entry.url)
        except Refused as fault:
            raise Refused(element, fault.reason) from None
        if identity is not None:
            return identity
        if self.last:
            raise Refused(element, "does not refer to a Patient that is here")
        raise _Waits

    def _perhaps_whose(self, entry: Entry, raw: Json, kind: str) -> Identity | None:
        """Return who a resource is about that is not valid, None if it cannot be told."""
        try:
            return self._whose(entry, raw, kind)
        except (Refused, _Waits):
            return None

    def _medication_meant(self, reference: str) -> Json | None:
        """Return the Medication that a reference means; raises `_Waits` if a later document may have it."""
        plain = reference.partition("/_history/")[0]
        for known in (self.medications, self.shared.medications):
            for form in (plain, "/".join(plain.split("/")[-2:])):
                if form in known:
                    return known[form]
        if self.last or not plain:
            return None
        raise _Waits

    def _delete(self, entry: Entry, deleted: tuple[str, str]) -> None:
        """Take back what a deleted record stated: of whoever it was about, else of all who are in the document."""
        kind, name = deleted
        if kind == "Patient":
            self.shared.account.leave_out(kind, "deleted there: `panakeia patient forget` takes a patient out here")
            return
        if kind not in READ_TYPES:
            self.shared.account.leave_out("other resources", NOT_READ)
            return
        record = (kind, "id", name)
        charts = [chart for chart in self.charts.values() if record in chart.said] or list(self.charts.values())
        for chart in charts:
            chart.say(record, Said(entry.version, entry.order))
        if charts:
            self.shared.account.leave_out(kind, "deleted")
        elif not self.last:
            self.shared.deleted.append(entry)
