"""Likeness: the patients of a store who are most like one, and what they share, over phenotypes, conditions, drugs and
variants, each with what it is a kind of. What is absent does not count: see docs/validation.md."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.query.people import find_patient, patients
from kg.schema import PERSON, Step
from kg.search import Node, check_count
from kg.similar import Facet, broader_terms, facet, joined
from kg.stores.protocol import Store

FIRST = 10
"""How many patients are listed unless more are asked for."""
SHARED = 5
"""How many shared terms of each patient a text and a frame show; all are in the JSON."""


class Aspect(NamedTuple):
    """One kind of thing that patients are compared by.

    `step` leads from a patient to what is recorded, `broader` from there to what that is a kind of. `weight` is how
    much the likeness in it counts in the whole, `emphasis` as in `kg.similar.Facet`.
    """

    step: Step
    broader: Step | None
    weight: float
    emphasis: float = 0.0


ASPECTS: dict[str, Aspect] = {
    "phenotype": Aspect(
        Step("patient_has_phenotype", True), Step("phenotype_is_a_phenotype", True), weight=1, emphasis=10
    ),
    "condition": Aspect(Step("patient_has_condition", True), None, weight=1),
    "drug": Aspect(Step("patient_takes_drug", True), Step("class_includes_drug", False), weight=0.5),
    "variant": Aspect(Step("patient_carries_variant", True), Step("variant_in_gene", True), weight=2),
}
"""What patients are compared by. The emphasis of phenotypes and the weight of variants were chosen on half of the
diseases of published cases, that of drugs on half of the patients of a hospital (docs/validation.md)."""


@dataclass(frozen=True)
class Alike:
    """A patient who is like the one asked for: how much, by each aspect, and which terms say so.

    `shared` are the narrowest terms that are known of both, the most informative (in nats) first; `lacking` are those
    that one of the two has and of which the other's record says that it is absent.
    """

    patient: str
    likeness: float
    by: Mapping[str, float]
    shared: tuple[tuple[Node, float], ...]
    lacking: tuple[Node, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        shared = [{**asdict(node), "information": information} for node, information in self.shared]
        lacking = [asdict(node) for node in self.lacking]
        told = {"patient": self.patient, "likeness": self.likeness, "by": dict(self.by)}
        return told | {"shared": shared, "lacking": lacking}


@dataclass(frozen=True)
class Similar:
    """The patients most like one, the likest first: by which aspects, and among how many."""

    patient: str
    weights: Mapping[str, float]
    compared: int
    found: tuple[Alike, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each patient: rank, patient, likeness, that by each aspect, names of what is shared."""
        columns = ["rank", "patient", "likeness", *self.weights, "shared", "lacking"]
        rows = [
            (
                *(rank, one.patient, one.likeness, *(one.by[name] for name in self.weights)),
                *(", ".join(node.name for node, _ in one.shared[:SHARED]), ", ".join(n.name for n in one.lacking)),
            )
            for rank, one in enumerate(self.found, start=1)
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        similar = [{"rank": rank, **one.to_json()} for rank, one in enumerate(self.found, start=1)]
        return {
            "patient": self.patient,
            "weights": dict(self.weights),
            "compared": self.compared,
            "similar": similar,
        }

    def to_text(self) -> str:
        """Return who was compared with whom, by what."""
        by = ", ".join(self.weights)
        return f"{len(self.found)} most like {self.patient} by {by}, of {self.compared:,} patients compared"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class _Compared:
    """Everybody who may be compared, and what is known of them in each aspect that counts."""

    store: Store
    people: Sequence[str]
    facets: Mapping[str, Facet]


def similar(store: Store, text: str, *, by: Collection[str] = (), top: int = FIRST) -> Similar:
    """Return the patients most like one (given as for `kg.query.find_patient`) by these aspects, or by all.

    Who withdrew consent is not among them. Raises what `find_patient` raises, and `ValueError` for an unknown aspect, a
    `top` below 1, a patient who withdrew consent, and one of whom nothing is recorded to compare by.
    """
    check_count("top", top)
    if unknown := sorted(set(by) - ASPECTS.keys()):
        raise ValueError(f"by: got {', '.join(unknown)}, expected some of {', '.join(ASPECTS)}")
    node = find_patient(store, text)
    people = list(patients(store)["id"])
    if node.id not in people:
        raise ValueError("the patient withdrew consent, so nobody is compared with them")
    row = people.index(node.id)
    facets = {name: _facet(store, aspect, people) for name, aspect in ASPECTS.items() if name in (by or ASPECTS)}
    whole, each = joined(facets, {name: aspect.weight for name, aspect in ASPECTS.items()}, row)
    if not each:
        raise ValueError(f"nothing is recorded of the patient to compare by: no {', no '.join(facets)}")
    likest = [other for other in np.argsort(-whole, kind="stable").tolist() if other != row and whole[other] > 0][:top]
    compared = _Compared(store, people, {name: facets[name] for name in each})
    told = _told(compared, row, likest)
    found = tuple(
        Alike(people[other], float(whole[other]), {name: float(one[other]) for name, one in each.items()}, *told[other])
        for other in likest
    )
    return Similar(node.id, {name: ASPECTS[name].weight for name in each}, len(people) - 1, found)


def _facet(store: Store, aspect: Aspect, people: Sequence[str]) -> Facet:
    """Return what is recorded of these patients in one aspect, and what that is a kind of."""
    place = {patient: index for index, patient in enumerate(people)}
    rows = store.query(
        f"MATCH (p:{PERSON}){aspect.step.pattern('r')}(n:{aspect.step.end}) "
        f"WHERE {' AND '.join(aspect.step.holds('r', 'n'))} RETURN DISTINCT p.id AS patient, n.id AS term",
        {},
    )
    recorded = [(place[row["patient"]], row["term"]) for row in rows if row["patient"] in place]
    broader: list[dict[str, Any]] = []
    if aspect.broader and recorded:
        broader = store.query(
            f"MATCH (n:{aspect.broader.start}){aspect.broader.pattern('r')}(b:{aspect.broader.end}) "
            "RETURN DISTINCT n.id AS term, b.id AS broad",
            {},
        )
    return facet(len(people), recorded, ((row["term"], row["broad"]) for row in broader), aspect.emphasis)


def _told(
    compared: _Compared, row: int, others: Sequence[int]
) -> dict[int, tuple[tuple[tuple[Node, float], ...], tuple[Node, ...]]]:
    """Return, for each other patient, the terms shared with the one of the row, and those that one of them lacks."""
    shared: dict[int, list[tuple[str, str, float]]] = {other: [] for other in others}
    lacking: dict[int, list[tuple[str, str]]] = {other: [] for other in others}
    for name, of in compared.facets.items():
        absent = _absent(compared, ASPECTS[name], [row, *others])
        mine, away = _having(of, row), absent.get(compared.people[row], set())
        for other in others:
            shared[other] += [(name, term, information) for term, information in of.shared(row, other).items()]
            theirs, gone = _having(of, other), absent.get(compared.people[other], set())
            against = [term for term, known in mine.items() if known & gone]
            against += [term for term, known in theirs.items() if known & away]
            lacking[other] += [(name, term) for term in dict.fromkeys(against)]
    wanted = [(name, term) for found in shared.values() for name, term, _ in found]
    nodes = _nodes(compared, [*wanted, *(pair for found in lacking.values() for pair in found)])
    return {
        other: (
            tuple((nodes[name, term], told) for name, term, told in sorted(shared[other], key=lambda found: -found[2])),
            tuple(nodes[name, term] for name, term in lacking[other]),
        )
        for other in others
    }


def _having(of: Facet, patient: int) -> dict[str, set[str]]:
    """Return each term that is recorded of a patient, with all that it is a kind of."""
    return {term: broader_terms(term, of.broader) for term in of.recorded_of(patient)}


def _absent(compared: _Compared, aspect: Aspect, rows: Iterable[int]) -> dict[str, set[str]]:
    """Return what the records of some patients say that they do not have."""
    found = compared.store.query(
        f"MATCH (p:{PERSON}){aspect.step.pattern('r')}(n:{aspect.step.end}) WHERE r.negated AND p.id IN $patients "
        "RETURN DISTINCT p.id AS patient, n.id AS term",
        {"patients": [compared.people[row] for row in rows]},
    )
    absent: dict[str, set[str]] = {}
    for row in found:
        absent.setdefault(row["patient"], set()).add(row["term"])
    return absent


def _nodes(compared: _Compared, terms: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Node]:
    """Return the node of each term of an aspect."""
    wanted: dict[str, set[str]] = {}
    for name, term in terms:
        wanted.setdefault(name, set()).add(term)
    nodes: dict[tuple[str, str], Node] = {}
    for name, ids in wanted.items():
        aspect = ASPECTS[name]
        for kind in dict.fromkeys((*((aspect.broader.end,) if aspect.broader else ()), aspect.step.end)):
            rows = compared.store.query(
                f"MATCH (n:{kind}) WHERE n.id IN $ids RETURN n.id AS id, n.name AS name", {"ids": sorted(ids)}
            )
            nodes.update({(name, row["id"]): Node(row["id"], kind, row["name"]) for row in rows})
    return nodes
