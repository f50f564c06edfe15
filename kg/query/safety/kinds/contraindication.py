"""Contraindication: a source says that who has a condition or a sign must not be given the drug."""

from collections.abc import Iterator

from kg.query.safety.history import CONDITION, PHENOTYPE, above
from kg.query.safety.warning import AGAINST, EVIDENCE, RISK, DrugWarning, Question, WarningKind, evidence_of
from kg.schema import RELATIONS

_SAYS_IT = "r.predicate = 'biolink:contraindicated_in'"
_RELATIONS = {"drug_related_to_disease": CONDITION, "drug_related_to_phenotype": PHENOTYPE}
"""The relation that may say it of a condition or a sign -> that by which a patient has one."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield what is contraindicated for what a patient has, or for what that is a kind of."""
    for relation, has in _RELATIONS.items():
        kind, having = RELATIONS[relation].object, question.having(has)
        wider = above(question.store, kind, having)
        narrower: dict[str, list[str]] = {}
        for node, broad in wider.items():
            for one in broad:
                narrower.setdefault(one, []).append(node)
        rows = question.store.query(
            f"MATCH (d:Drug)-[r:{relation}]->(n:{kind}) WHERE {_SAYS_IT} AND n.id IN $nodes "
            f"RETURN d.id AS drug, n.id AS node, n.name AS name, {EVIDENCE} ORDER BY drug, node, source",
            {"nodes": sorted(narrower)},
        )
        for row in rows:
            if row["drug"] not in question.drugs:
                continue
            for node in narrower[row["node"]]:
                for patient, fact in having[node]:
                    named = fact.node.name if node == row["node"] else f"{fact.node.name}, a kind of {row['name']}"
                    yield (
                        patient,
                        DrugWarning(
                            row["drug"],
                            question.drugs[row["drug"]],
                            KIND.name,
                            AGAINST if fact.current else RISK,
                            (fact.node,),
                            f"contraindicated in {named}" + ("" if fact.current else " (recorded as over)"),
                            (evidence_of(row),),
                        ),
                    )


KIND = WarningKind(
    "contraindication",
    "Is the drug contraindicated in what the patient has?",
    dict.fromkeys(_RELATIONS, _SAYS_IT),
    find,
)
