"""Charts: what one document states of each patient, of every record its newest version alone.

A record that is entered in error, deleted, or that states nothing any more in its newest version takes back what an
older one stated, here and in what was imported before.
"""

from dataclasses import dataclass, field

from kg.patients.formats.fhir.consent import Decision
from kg.patients.formats.fhir.people import Patient
from kg.patients.formats.fhir.stated import Record, Statement
from kg.patients.record import Event, GeneCall, Person


@dataclass(frozen=True, slots=True)
class Said:
    """What one version of a record states; nothing takes back. `order` is that of the entries."""

    version: int | None
    order: int
    statements: tuple[Statement, ...] = ()
    decision: Decision | None = None
    refused: bool = False


@dataclass(frozen=True)
class Chart:
    """What a document states of one patient, by record."""

    newest_first: bool = False
    said: dict[Record, Said] = field(default_factory=dict)

    def say(self, record: Record, said: Said) -> bool:
        """Note what a version of a record states, unless a newer one was noted; say whether it is the only one."""
        before = self.said.get(record)
        self.said[record] = said if before is None else self.newer(said, before)
        return before is None

    def newer(self, one: Said, other: Said) -> Said:
        """Return the newer of two versions of a record."""
        if one.version is not None and other.version is not None and one.version != other.version:
            return max(one, other, key=lambda said: said.version or 0)
        if one.refused != other.refused:  # what is bad and says no version takes nothing back
            return one if other.refused else other
        return one if (one.order < other.order) is self.newest_first else other

    @property
    def decisions(self) -> list[Decision]:
        """What was decided of research, in any order."""
        return [said.decision for said in self.said.values() if said.decision]

    def person(self, patient: Patient, consent: str | None, digest: str) -> Person:
        """Return the patient with what is stated."""
        statements = [statement for said in self.said.values() for statement in said.statements]
        return Person(
            identity=patient.identity,
            place=patient.place,
            events=tuple(statement for statement in statements if isinstance(statement, Event)),
            calls=tuple(statement for statement in statements if isinstance(statement, GeneCall)),
            sex=patient.sex,
            born=patient.born,
            died=patient.died,
            retracted=tuple((record, said.version) for record, said in self.said.items() if _takes_back(record, said)),
            consent=consent,
            private=patient.private,
            digest=digest,
        )


def _takes_back(record: Record, said: Said) -> bool:
    """Say whether a record states nothing any more; one without an id is known by what it states."""
    stating = said.statements or said.decision
    return not stating and record[1] == "id" and not (said.refused and said.version is None)
