"""Traits: what may tell patients apart, or must not be told of them: age, sex, and what their records state."""

from collections.abc import Collection, Sequence

import pandas as pd

from kg.query.cohort import narrower
from kg.schema import PERSON, RELATIONS, WITHDRAWN, Step
from kg.search import Node
from kg.stores.protocol import Store

STATES: dict[str, str] = {
    relation.object: name
    for name, relation in reversed(RELATIONS.items())
    if relation.subject == PERSON and "code" in relation.attributes
}
"""Kind of node -> the relation by which a record states one of a patient: a drug is taken, not one of an allergy."""

NARROW = "'skos:narrowMatch'"
"""How a code came to mean a node that says more than was recorded: who has the broader need not have it."""


def traits(store: Store, patients: Collection[str], stated: Sequence[Node] = ()) -> pd.DataFrame:
    """Return a row for each of these patients (by identifier) that the store has and who did not withdraw consent.

    The columns are id, sex, age (in years, 90 for more, NaN where it is not known), and for each of the nodes, under
    its CURIE, whether a record states it of the patient. Raises `ValueError` for a node that none can state.
    """
    rows = store.query(
        f"MATCH (p:{PERSON}) WHERE p.id IN $patients RETURN p.id AS id, p.sex AS sex, p.age_years AS age, "
        "p.consent AS consent ORDER BY id",
        {"patients": sorted(set(patients))},
    )
    kept = [(row["id"], row["sex"], row["age"]) for row in rows if row["consent"] != WITHDRAWN]
    people = pd.DataFrame(kept, columns=["id", "sex", "age"])
    people["age"] = people["age"].astype(float)
    for node in stated:
        people[node.id] = people["id"].isin(_having(store, patients, node))
    return people


def _having(store: Store, patients: Collection[str], node: Node) -> set[str]:
    """Return those of these patients of whom some record states a node, or one below it in the graph's ontologies.

    It does not where it says that the node is absent, or where the node says more than the code that was recorded.
    """
    if node.kind not in STATES:
        raise ValueError(f"{node.name} is a {node.kind} ({node.id}): no record states one of a patient")
    step = Step(STATES[node.kind], True)
    held = (
        "p.id IN $patients",
        "n.id IN $nodes",
        *step.holds("r", "n"),
        f"(r.mapping IS NULL OR r.mapping <> {NARROW})",
    )
    rows = store.query(
        f"MATCH (p:{PERSON}){step.pattern('r')}(n:{node.kind}) WHERE {' AND '.join(held)} RETURN DISTINCT p.id AS id",
        {"nodes": sorted(narrower(store, node.kind, [node.id])), "patients": sorted(set(patients))},
    )
    return {row["id"] for row in rows}
