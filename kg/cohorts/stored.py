"""Stored: the records of a store, as a cohort's criteria ask for them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kg.cohorts.criteria import Definition, recorded
from kg.cohorts.recorded import ANY, Asked
from kg.cohorts.records import EVENT_COLUMNS, PERIOD_COLUMNS, PERSON_COLUMNS, framed
from kg.files.checked import DesignError
from kg.query import cohort as query
from kg.query.people import patients
from kg.schema import RELATIONS
from kg.search import AmbiguousName, Node, UnknownNode, find
from kg.stores.hidden import require_patients
from kg.stores.protocol import Store

RELATIONS_OF: dict[str, tuple[str, ...]] = {
    "condition": ("patient_has_condition", "patient_has_phenotype"),
    "phenotype": ("patient_has_phenotype", "patient_has_condition"),
    "drug": ("patient_takes_drug",),
    "allergy": ("patient_allergic_to_drug", "patient_allergic_to_entity"),
    "procedure": ("patient_had_procedure",),
    "visit": ("patient_had_visit",),
    "measurement": ("patient_has_measurement",),
    "variant": ("patient_carries_variant",),
    "haplotype": ("patient_carries_haplotype",),
    "gene_phenotype": ("patient_has_gene_phenotype",),
    "diplotype": ("patient_has_diplotype",),
    "death": (),
}
"""What an event may be of -> the relations that state it. A finding is a disease in one ontology, a phenotype in
another."""

ALL_RELATIONS = tuple(dict.fromkeys(name for names in RELATIONS_OF.values() for name in names))


_SAYS_LESS = {False: "skos:narrowMatch", True: "skos:broadMatch"}
"""By whether it is negated: how a code came to mean a node that says more than was recorded: who has what is broader
need not have the node, who lacks what is narrower need not lack it."""

Ends = tuple[frozenset[str], frozenset[str]]
"""Nodes of which one, if a patient has it, says that the patient has what is asked for, and if the patient is said to
lack it, that the patient lacks that: the narrower ones, and the broader ones."""


@dataclass(frozen=True)
class Meant:
    """The nodes that are asked for by name, by the relation that leads to them."""

    nodes: Mapping[str, Ends]


@dataclass(frozen=True)
class StoredRecords:
    """A store's records, for the criteria whose nodes are `meant`; what was asked once is kept."""

    store: Store
    meant: dict[Asked, Meant]
    _events: dict[Asked, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    _spans: list[pd.DataFrame] = field(default_factory=list, repr=False, compare=False)

    def persons(self) -> pd.DataFrame:
        """Return the patients whose consent is not withdrawn, with `PERSON_COLUMNS`."""
        people = patients(self.store).rename(columns={"id": "patient"}).merge(self._days(), "left", on="patient")
        last = people[["last", "death_day"]].astype("float64").max(axis=1)
        return framed(people.assign(last_day=last), PERSON_COLUMNS)

    def periods(self) -> pd.DataFrame:
        """Return when patients were observed, with `PERIOD_COLUMNS`.

        Who has no period of observation on record was observed from the first to the last day that is recorded.
        """
        names = {"first": "start", "last": "end"}
        stated = framed(query.observation_periods(self.store).rename(columns=names), PERIOD_COLUMNS)
        stated = stated.fillna({"start": -float("inf"), "end": float("inf")})
        days = framed(self._days().rename(columns=names), PERIOD_COLUMNS)
        return pd.concat([stated, days[~days["patient"].isin(stated["patient"])]], ignore_index=True)

    def events(self, asked: Asked) -> pd.DataFrame:
        """Return all events that are asked for, with `EVENT_COLUMNS`."""
        if asked not in self._events:
            self._events[asked] = self._deaths() if asked.kind == "death" else self._found(asked)
        return self._events[asked]

    def _deaths(self) -> pd.DataFrame:
        persons = self.persons()
        died = persons[persons["death_day"].notna()].rename(columns={"death_day": "day"})
        return framed(died, EVENT_COLUMNS)

    def _found(self, asked: Asked) -> pd.DataFrame:
        rows = pd.DataFrame(self._rows(asked))
        rows["statement"] = _statements(rows) if len(rows) else None
        return framed(rows, EVENT_COLUMNS)

    def _rows(self, asked: Asked) -> Iterator[dict[str, Any]]:
        every = asked.names == (ANY,)
        codes, starts = {code for code in asked.codes if code[-1] != "*"}, _starts(asked.codes)
        for relation in RELATIONS_OF[asked.kind] if asked.kind else ALL_RELATIONS:
            having, lacking = self.meant[asked].nodes.get(relation, (frozenset(), frozenset()))
            wanted = None if every else having | lacking
            for row in query.events_of(self.store, relation, wanted, asked.codes):
                node, code, negated = row["node"], row.get("code") or "", bool(row.get("negated"))
                by_node = node in (lacking if negated else having) and row.get("mapping") != _SAYS_LESS[negated]
                by_code = code in codes or code.startswith(starts)
                if by_node or by_code or (every and node != query.OBSERVATION_PERIOD):
                    yield row

    def _days(self) -> pd.DataFrame:
        if not self._spans:
            self._spans.append(query.spans(self.store))
        return self._spans[0]


def stored(store: Store, definition: Definition) -> StoredRecords:
    """Return a store's records, with the nodes that a definition names found in it.

    Raises `DesignError` with each name that means no node, or several, under its key, and `PatientsHidden` where who
    asks may not see patients.
    """
    require_patients(store)
    meant: dict[Asked, Meant] = {}
    mistakes: list[str] = []
    for key, criterion in recorded(definition):
        asked = criterion.asked
        try:
            meant[asked] = meant.get(asked) or _meant(store, asked)
        except (UnknownNode, AmbiguousName) as failure:
            mistakes.append(f"{key}.{asked.kind}: {failure}")
    if mistakes:
        told = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise DesignError(f"{definition.name!r} has {told}:\n  " + "\n  ".join(mistakes), mistakes)
    return StoredRecords(store, meant)


def _meant(store: Store, asked: Asked) -> Meant:
    nodes: dict[str, Ends] = {}
    if asked.kind and asked.names != (ANY,):
        named = [_named(store, name, asked.kind) for name in asked.names]
        for relation in RELATIONS_OF[asked.kind]:
            kind = RELATIONS[relation].object
            ids = {node.id for found in named for node in found if node.kind == kind}
            if not ids:
                continue
            if asked.descendants:
                nodes[relation] = (
                    frozenset(query.narrower(store, kind, ids)),
                    frozenset(query.broader(store, kind, ids)),
                )
            else:
                nodes[relation] = frozenset(ids), frozenset(ids)
    return Meant(nodes)


def _named(store: Store, name: str, kind: str) -> list[Node]:
    """Return what a name means: a node of each kind that such an event may be of, or the drugs of a class."""
    found: list[Node] = []
    failures: list[UnknownNode] = []
    for target in dict.fromkeys(RELATIONS[relation].object for relation in RELATIONS_OF[kind]):
        try:
            found.append(find(store, name, target))
        except UnknownNode as failure:
            failures.append(failure)
    if not found and kind == "drug":
        with suppress(UnknownNode):
            drugs = query.drugs_of(store, [find(store, name, "PharmacologicClass").id])
            found = [Node(drug, "Drug", "") for drug in sorted(drugs)]
    if not found:
        raise failures[0]
    return found


def _statements(rows: pd.DataFrame) -> pd.Series:
    """Return what tells statements apart: who states it and the record, or, without a record, the node."""
    return rows["source"].fillna("") + " " + rows["record"].fillna(rows["node"])


def _starts(codes: Collection[str]) -> tuple[str, ...]:
    return tuple(code[:-1] for code in codes if code[-1] == "*")
