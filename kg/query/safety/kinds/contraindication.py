"""Contraindication: a source says that who has a condition or a sign must not be given the drug."""

from collections.abc import Iterator, Mapping
from typing import Any

from kg.query.safety.history import CONDITION, PHENOTYPE, Fact, above
from kg.query.safety.warning import AGAINST, EVIDENCE, RISK, DrugWarning, Question, WarningKind, evidence_of
from kg.schema import RELATIONS

_STATED = {"contraindicated_in": "true", "drug_related_to_phenotype": "r.predicate = 'biolink:contraindicated_in'"}
"""The relations that may say it of a condition or a sign, and which of their edges do."""
_HAS = {"Disease": CONDITION, "Phenotype": PHENOTYPE}
"""What it is said of -> by which relation a patient has it."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield what is contraindicated for what a patient has, or for what that is a kind of."""
    for relation, only in _STATED.items():
        kind = RELATIONS[relation].object
        having = question.having(_HAS[kind])
        narrower: dict[str, list[str]] = {}
        for node, wider in above(question.store, kind, having).items():
            for broad in wider:
                narrower.setdefault(broad, []).append(node)
        rows = question.store.query(
            f"MATCH (d:Drug)-[r:{relation}]->(n:{kind}) WHERE {only} AND n.id IN $nodes "
            f"RETURN d.id AS drug, n.id AS node, n.name AS name, {EVIDENCE} ORDER BY drug, node, source",
            {"nodes": sorted(narrower)},
        )
        for row in rows:
            if row["drug"] in question.drugs:
                for patient, fact in (known for node in narrower[row["node"]] for known in having[node]):
                    yield patient, _warning(question, row, fact)


def _warning(question: Question, row: Mapping[str, Any], fact: Fact) -> DrugWarning:
    named = fact.node.name if fact.node.id == row["node"] else f"{fact.node.name}, a kind of {row['name']}"
    said = f"contraindicated in {named}" + ("" if fact.current else " (recorded as over)")
    severity = AGAINST if fact.current else RISK
    name = question.drugs[row["drug"]]
    return DrugWarning(row["drug"], name, KIND.name, severity, (fact.node,), said, (evidence_of(row),))


KIND = WarningKind("contraindication", "Is the drug contraindicated in what the patient has?", _STATED, find)
