"""Not indicated: curators looked at the drug for a condition that the patient has, and did not call it a treatment."""

from collections.abc import Iterator

from kg.query.judged import Judgement
from kg.query.safety.history import CONDITION
from kg.query.safety.warning import EVIDENCE, WATCH, DrugWarning, Question, WarningKind, evidence_of


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield the judgements on drugs for the very conditions that patients have: a broader one has other treatments."""
    having = question.having(CONDITION)
    rows = question.store.query(
        "MATCH (d:Drug)-[r:not_indicated_for]->(n:Disease) WHERE n.id IN $nodes "
        f"RETURN d.id AS drug, n.id AS node, r.votes AS votes, {EVIDENCE} ORDER BY drug, node, source",
        {"nodes": sorted(having)},
    )
    for row in rows:
        if row["drug"] not in question.drugs:
            continue
        judgement = Judgement(row["drug"], row["source"], tuple(row["votes"] or ()))
        for patient, fact in having[row["node"]]:
            if fact.current:
                yield (
                    patient,
                    DrugWarning(
                        row["drug"],
                        question.drugs[row["drug"]],
                        KIND.name,
                        WATCH,
                        (fact.node,),
                        f"{judgement} for {fact.node.name}",
                        (evidence_of(row),),
                    ),
                )


KIND = WarningKind(
    "not_indicated",
    "Did curators judge the drug not indicated for what the patient has?",
    {"not_indicated_for": ""},
    find,
)
