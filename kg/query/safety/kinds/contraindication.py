"""Contraindication: a source says that who has a condition or a sign must not be given the drug."""

from collections.abc import Iterator, Mapping
from typing import Any

from kg.query.safety.history import CONDITION, PHENOTYPE, Fact, above
from kg.query.safety.warning import AGAINST, EVIDENCE, RISK, DrugWarning, Question, WarningKind, evidence_of
from kg.schema import RELATIONS

_STATED = {"contraindicated_in": CONDITION, "contraindicated_in_phenotype": PHENOTYPE}
"""The relation that says it of a condition or a sign -> that by which a patient has one."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield what is contraindicated for what a patient has, or for what that is a kind of."""
    for relation, has in _STATED.items():
        kind, having = RELATIONS[relation].object, question.having(has)
        narrower: dict[str, list[str]] = {}
        for node, wider in above(question.store, kind, having).items():
            for broad in wider:
                narrower.setdefault(broad, []).append(node)
        rows = question.store.query(
            f"MATCH (d:Drug)-[r:{relation}]->(n:{kind}) WHERE n.id IN $nodes RETURN d.id AS drug, n.id AS node, "
            f"n.name AS name, r.qualifiers AS qualifiers, {EVIDENCE} ORDER BY drug, node, source",
            {"nodes": sorted(narrower)},
        )
        for row in rows:
            if row["drug"] in question.drugs:
                for patient, fact in (known for node in narrower[row["node"]] for known in having[node]):
                    yield patient, _warning(question, row, fact)


def _warning(question: Question, row: Mapping[str, Any], fact: Fact) -> DrugWarning:
    named = fact.node.name if fact.node.id == row["node"] else f"{fact.node.name}, a kind of {row['name']}"
    only = f" ({row['qualifiers']})" if row["qualifiers"] else ""
    said = f"contraindicated in {named}{only}" + ("" if fact.current else " (recorded as over)")
    severity = AGAINST if fact.current else RISK
    name = question.drugs[row["drug"]]
    return DrugWarning(row["drug"], name, KIND.name, severity, (fact.node,), said, (evidence_of(row),))


KIND = WarningKind(
    "contraindication", "Is the drug contraindicated in what the patient has?", dict.fromkeys(_STATED, ""), find
)
