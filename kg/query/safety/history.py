"""History: what a record says of a patient that bears on drugs: conditions, drugs, allergies, variants, to a day."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from kg.query.cohort import parents
from kg.query.people import days_of
from kg.query.traits import NARROW
from kg.schema import PERSON, RELATIONS, Step, consenting
from kg.search import Node
from kg.similar import broader_terms
from kg.stores.protocol import Store

CONDITION, PHENOTYPE, TAKES = "patient_has_condition", "patient_has_phenotype", "patient_takes_drug"
ALLERGIC, ALLERGIC_TO_ENTITY = "patient_allergic_to_drug", "patient_allergic_to_entity"
VARIANT, HAPLOTYPE = "patient_carries_variant", "patient_carries_haplotype"
ASKED = (CONDITION, PHENOTYPE, TAKES, ALLERGIC, ALLERGIC_TO_ENTITY, VARIANT, HAPLOTYPE)

STILL_DAYS = 7
"""Assumed: a drug that was stopped no longer ago than this still acts on others. Five half-lives, after which 3 % of a
dose is left, are less than a week for most drugs; enzymes that were induced or inactivated recover in about one."""
SUPPLY_DAYS = 365
"""Assumed: how long a drug is taken of which the record tells no end: where it goes on, it is prescribed anew within a
year, after which prescriptions lapse in most places. A shorter time would miss what is taken for life."""


class Fact(NamedTuple):
    """Something that a record states of a patient; `current` where it is not told to be over."""

    node: Node
    current: bool


@dataclass(frozen=True)
class History:
    """What is known of one patient, by relation."""

    facts: Mapping[str, tuple[Fact, ...]]

    def of(self, relation: str) -> tuple[Fact, ...]:
        """Return what the patient has by a relation, each node once."""
        return self.facts.get(relation, ())

    def now(self, relation: str) -> tuple[Node, ...]:
        """Return the nodes that the patient has by a relation and that are not told to be over."""
        return tuple(fact.node for fact in self.of(relation) if fact.current)


def histories(store: Store, patients: Collection[str], at: int | None = None) -> dict[str, History]:
    """Return what is known of those of these patients (by identifier) who did not withdraw consent.

    Only what was by the day `at` (on each one's shifted calendar) counts, and what has no day; without it, the whole
    record, as of its last day. What is negated does not count, nor a node that says more than the code recorded.
    """
    wanted = sorted(set(patients))
    known = store.query(
        f"MATCH (p:{PERSON}) WHERE p.id IN $ids AND {consenting('p')} RETURN p.id AS id ORDER BY id", {"ids": wanted}
    )
    ids = [row["id"] for row in known]
    until = {who: last for who, (_, last) in days_of(store, ids).items()} if at is None else dict.fromkeys(ids, at)
    found: dict[str, dict[str, tuple[Fact, ...]]] = {who: {} for who in ids}
    for relation in ASKED:
        stated: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for row in _rows(store, relation, ids):
            if row["day"] is None or row["day"] <= until[row["patient"]]:
                stated.setdefault((row["patient"], row["id"]), []).append(row)
        for (who, node), rows in stated.items():
            current = any(_lasts(relation, row, until.get(who)) for row in rows)
            fact = Fact(Node(node, RELATIONS[relation].object, rows[0]["name"] or node), current)
            found[who][relation] = (*found[who].get(relation, ()), fact)
    return {who: History(facts) for who, facts in found.items()}


def above(store: Store, kind: str, nodes: Collection[str]) -> dict[str, set[str]]:
    """Return each of these nodes of a kind with itself and all that it is a kind of, in the graph's ontologies."""
    broader = parents(store, kind, nodes)
    return {node: broader_terms(node, broader) for node in nodes}


def _rows(store: Store, relation: str, patients: list[str]) -> Iterator[Mapping[str, Any]]:
    step = Step(relation, True)
    held = ("p.id IN $ids", *step.holds("r", "n"), f"(r.mapping IS NULL OR r.mapping <> {NARROW})")
    yield from store.query(
        f"MATCH (p:{PERSON}){step.pattern('r')}(n:{step.end}) WHERE {' AND '.join(held)} "
        "RETURN DISTINCT p.id AS patient, n.id AS id, n.name AS name, r.day AS day, r.end_day AS end_day "
        "ORDER BY patient, id",
        {"ids": patients},
    )


def _lasts(relation: str, row: Mapping[str, Any], day: int | None) -> bool:
    """Say whether what an event states is not told to be over by a day."""
    if day is None:
        return True
    if relation != TAKES:
        return row["end_day"] is None or bool(row["end_day"] >= day)
    if row["end_day"] is not None:
        return bool(row["end_day"] >= day - STILL_DAYS)
    return row["day"] is None or bool(row["day"] >= day - SUPPLY_DAYS)
