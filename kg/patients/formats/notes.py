"""Notes: a folder of texts and the table `notes.csv`, which says of each whose it is; what they mention becomes events.

Columns of the table: `patient`, `file` (the note's path within the folder), and if there are `day` (as FHIR writes
dates), `system` (the system of the patient's identifier, `notes` without one, so that a patient of other records is the
same one: `mimic`, a URL of FHIR's) and `names` (the patient's, so that none of them is taken for a term). The text is
read, and nothing of it is kept: an event has a node's identifier, the note's day, and that it was found by our rules,
in which version, with which dictionary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.curie import OWN
from kg.patients.moment import Moment, NoMoment, read_moment
from kg.patients.notes.annotate import MODEL, VERSION, annotate
from kg.patients.notes.files import NoteError, read_note
from kg.patients.notes.lexicon import Lexicon, compiled
from kg.patients.notes.mention import Fact, facts
from kg.patients.notes.terms import NoTerms, digest, modes_of_inheritance, terms_of
from kg.patients.private import Private, as_words
from kg.patients.record import Code, Event, Found, Person, Place, Reading, RecordError, Refused, What
from kg.patients.tables import of_data_set, read_table, table_files, table_names
from kg.stores.protocol import Store

NEEDED, WANTED = ("patient", "file"), ("day", "system", "names")
_OTHERS = frozenset(("patients", "person", "admissions"))
"""Tables of data sets of other formats, which may have one of notes too."""
_WHAT: Mapping[str, What] = {"Disease": "condition", "Phenotype": "condition", "Drug": "drug"}


class Notes:
    """Reads folders of notes with the names of the nodes that the store has."""

    name = "notes"
    describes = "clinical notes, a folder with notes.csv (patient, file, day) and the texts that it names"
    url = "https://doi.org/10.1016/j.jbi.2009.05.002"

    def sniff(self, path: Path) -> bool:
        """Say whether a folder has the table `notes`, and none of another format's patients."""
        named = table_names(path)
        return "notes" in named and not named & _OTHERS

    def read(self, paths: Sequence[Path], reading: Reading) -> Iterator[Person]:
        """Yield for each note its patient, with what it states of them.

        Raises `RecordError` for a folder without the table, and where there are no names to look for.
        """
        dictionary = Dictionary.of(reading.store)
        for number, path in enumerate(paths, start=1):
            yield from _Folder(path, of_data_set(number, len(paths)), dictionary, reading).persons()


READER = Notes()


@dataclass(frozen=True)
class Dictionary:
    """What is looked for in notes, and what the evidence of a fact names."""

    lexicon: Lexicon
    found: Found

    @classmethod
    def of(cls, store: Store | None) -> "Dictionary":
        """Return the dictionary of a store's graph; how a disease is inherited is no fact of a patient's."""
        if store is None:
            raise RecordError("notes are read with the names of a graph's nodes: import them into a store of a graph")
        try:
            inherited = modes_of_inheritance(store)
            terms = [term for term in terms_of(store) if term.curie not in inherited]
        except NoTerms as reason:
            raise RecordError(str(reason)) from None
        found = Found(MODEL, VERSION, "text_mining_agent", "not_provided", digest(terms))
        return cls(compiled(terms), found)


@dataclass(frozen=True)
class _Folder:
    """A folder of notes; `part` follows the table's name in messages."""

    path: Path
    part: str
    dictionary: Dictionary
    reading: Reading

    def persons(self) -> Iterator[Person]:
        """Yield the patient of each note, in the order of the table."""
        found = table_files(self.path).get("notes")
        if found is None:
            raise RecordError(
                f"a folder of notes without its table{self.part}: expected notes.csv with patient and file"
            )
        account = self.reading.account
        table = read_table(found, f"notes{self.part}", NEEDED, WANTED, account, "patient")
        done = 0
        for patient in table.spans:
            for row in table.rows(patient):
                place = Place(f"notes{self.part}", row["line"])
                done += 1
                self.reading.progress(f"note {done:,} of {table.size:,}", done / table.size)
                try:
                    yield self._person(row, place)
                except Refused as fault:
                    account.reject(place, "notes", fault.element, fault.reason)

    def _person(self, row: Mapping[str, Any], place: Place) -> Person:
        """Return the patient of a note; raises `Refused` for a row that cannot be taken."""
        if not row["patient"]:
            raise Refused("patient", "is missing")
        if (row["system"] or "").strip(":").upper() == OWN:
            raise Refused("system", "is that of pseudonyms, whose days are moved: give the patient's own identifier")
        day = _day(row)
        names = row["names"] or ""
        text = _text(self.path, row)
        said = tuple(as_words(names).split())
        stated = facts(annotate(text, self.dictionary.lexicon, said))
        record = ("note", str(row["file"]))
        events = tuple(_event(fact, day, place, record, self.dictionary.found) for fact in stated)
        words = {as_words(told) for told in (row["patient"], names, *names.split()) if len(told) > 1}
        return Person(
            identity=(row["system"] or READER.name, row["patient"]),
            place=place,
            events=events,
            retracted=() if events else ((record, None),),
            private=Private(frozenset(words - {as_words("")}), frozenset()),
        )


def _event(fact: Fact, day: Moment | None, place: Place, record: tuple[str, ...], found: Found) -> Event:
    """Return a fact as an event; what is past has no day."""
    prefix, _, code = fact.term.partition(":")
    return Event(
        what="allergy" if fact.allergy else _WHAT[fact.kind],
        codes=(Code(prefix, code),),
        at=None if fact.historical else day,
        place=place,
        record=record,
        negated=fact.negated,
        found=found,
    )


def _day(row: Mapping[str, Any]) -> Moment | None:
    try:
        return read_moment(row["day"]) if row["day"] else None
    except NoMoment as reason:
        raise Refused("day", str(reason)) from None


def _text(folder: Path, row: Mapping[str, Any]) -> str:
    """Return a note's text; raises `Refused`, which neither names the file nor quotes it."""
    if not row["file"]:
        raise Refused("file", "is missing")
    path = folder / row["file"]
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise Refused("file", "lies outside the folder of the notes")
        return read_note(path, "")
    except NoteError as failure:
        raise Refused("file", str(failure).strip()) from None
    except (OSError, ValueError):
        raise Refused("file", "is no path that can be opened") from None
