"""Concepts: which codes of public systems an OMOP concept stands for, by the data set's own vocabulary tables.

An event names a standard concept and the one that the source recorded. Where the data set's `concept` does not list
the latter, the source's text is read as a code if its shape is that of one system.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from kg.patients.record import Account, Code
from kg.patients.systems import diagnosis, ndc, procedure
from kg.patients.tables import Table, read_table

SYSTEMS: dict[str, str] = {
    "SNOMED": "SNOMEDCT",
    "ICD10CM": "ICD10CM",
    "ICD10": "ICD10",
    "ICD9CM": "ICD9CM",
    "ICD9Proc": "ICD9CM",
    "ICD10PCS": "ICD10PCS",
    "RxNorm": "RXNORM",
    "LOINC": "LOINC",
    "ATC": "ATC",
    "NDC": "NDC",
    "HCPCS": "HCPCS",
    "CPT4": "CPT",
    "CVX": "CVX",
    "UCUM": "UCUM",
}
"""A vocabulary of OMOP -> the prefix of its CURIEs."""

OWN_CONCEPTS = 2_000_000_000
"""From here on concepts are a site's own, and so are their names (https://ohdsi.github.io/CommonDataModel)."""
ICD9CM_CONCEPTS = range(44_819_000, 44_838_000)
"""The block of numbers that OHDSI gave ICD-9-CM: it tells E870-E879 from ICD-10-CM's E87."""
NO_CONCEPT = (None, "0")
"""What stands for no concept."""


@dataclass(frozen=True)
class Concept:
    """A line of `concept`: the vocabulary, the code there, its name, and whether that is a public one."""

    vocabulary: str
    code: str
    name: str
    public: bool


@dataclass(frozen=True)
class Concepts:
    """The concepts that a data set uses, by id, and the standard concept that each other one maps to."""

    known: Mapping[str, Concept]
    maps_to: Mapping[str, str]
    asked: dict[tuple[str | None, ...], tuple[Code, ...]] = field(default_factory=dict, repr=False, compare=False)
    """What was answered before: most events share their codes with many others."""

    def codes(self, what: str, standard: str | None, source: str | None, text: str | None) -> tuple[Code, ...]:
        """Return the codes of an event: the standard concept's, the source's; OMOP's own where no system has one.

        `text` is what the source wrote. A source that is no concept at all (0) may be free text and is not looked at.
        """
        asked = (what, standard, source, text)
        if asked not in self.asked:
            self.asked[asked] = self._codes(*asked)
        return self.asked[asked]

    def one(self, concept: str | None) -> Code | None:
        """Return the code of one concept, such as a measurement's result; None for no concept."""
        return (
            None if concept is None or concept in NO_CONCEPT else self._public_code(concept) or self._own_code(concept)
        )

    def unit(self, concept: str | None, text: str | None) -> str | None:
        """Return a unit in UCUM, or as the source wrote it where the data set does not list the concept."""
        found = self.known.get(concept or "")
        return found.code if found and found.vocabulary == "UCUM" else text

    def _codes(self, what: str, standard: str | None, source: str | None, text: str | None) -> tuple[Code, ...]:
        if standard in NO_CONCEPT and source is not None:
            standard = self.maps_to.get(source)
        ids = [concept for concept in (standard, source) if concept is not None and concept not in NO_CONCEPT]
        found = [code for code in map(self._public_code, ids) if code]
        if source not in (*NO_CONCEPT, *self.known) and text:
            guessed = _SHAPES.get(what, _nothing)(text, source or "")
            found += [guessed] if guessed else []
        return tuple(dict.fromkeys(found or map(self._own_code, ids)))

    def _public_code(self, concept: str) -> Code | None:
        found = self.known.get(concept)
        system = SYSTEMS.get(found.vocabulary) if found else None
        if found is None or system is None:
            return None
        return Code(system, found.code, found.name, found.public)

    def _own_code(self, concept: str) -> Code:
        found = self.known.get(concept)
        return Code("OMOP", concept, found.name, found.public) if found else Code("OMOP", concept)


def read_concepts(files: Mapping[str, Path], tables: Iterable[Table], account: Account) -> Concepts:
    """Return the concepts that these tables name, of the data set's `concept` and `concept_relationship` if it has any.

    Raises `RecordError` for a vocabulary table that cannot be read.
    """
    used = _used(tables)
    maps_to: dict[str, set[str]] = {}
    if "concept_relationship" in files:
        table = _whole_rows(files, "concept_relationship", ("concept_id_1", "concept_id_2", "relationship_id"), account)
        mapped = table.filter(
            pc.and_(pc.equal(table["relationship_id"], "Maps to"), pc.is_in(table["concept_id_1"], value_set=used))
        )
        for row in mapped.to_pylist():
            maps_to.setdefault(row["concept_id_1"], set()).add(row["concept_id_2"])
    # One that maps to several means all of them together: no one code says that.
    single = {source: min(targets) for source, targets in maps_to.items() if len(targets) == 1 and targets != {source}}
    known: dict[str, Concept] = {}
    if "concept" in files:
        table = _whole_rows(files, "concept", ("concept_id", "concept_name", "vocabulary_id", "concept_code"), account)
        wanted = pa.concat_arrays([used, pa.array(single.values(), used.type)])
        for row in table.filter(pc.is_in(table["concept_id"], value_set=wanted)).to_pylist():
            concept, name, vocabulary, code = row.values()
            if concept.isdigit():
                known[concept] = Concept(vocabulary, code, name, public=int(concept) < OWN_CONCEPTS)
    return Concepts(known, single)


def _whole_rows(files: Mapping[str, Path], name: str, columns: tuple[str, ...], account: Account) -> pa.Table:
    """Return these columns of a vocabulary table, without the rows that lack any of them."""
    table = read_table(files[name], name, columns, (), account)
    return pa.table({column: table.columns[column] for column in columns}).drop_null()


def _used(tables: Iterable[Table]) -> pa.Array:
    """Return every concept that the rows of these tables name."""
    columns = [pc.unique(cells) for table in tables for name, cells in table.columns.items() if "concept_id" in name]
    return pc.unique(pa.concat_arrays([pa.array([], pa.large_string()), *columns])).drop_null()


def _diagnosis(text: str, source: str) -> Code | None:
    return diagnosis(text, icd9=source.isdigit() and int(source) in ICD9CM_CONCEPTS)


def _drug(text: str, source: str) -> Code | None:
    return ndc(text)


def _procedure(text: str, source: str) -> Code | None:
    return procedure(text)


def _nothing(text: str, source: str) -> Code | None:
    return None


_SHAPES: dict[str, Callable[[str, str], Code | None]] = {
    "condition": _diagnosis,
    "drug": _drug,
    "procedure": _procedure,
}
"""What the source of an event may have written as a code, by what the event is of."""
