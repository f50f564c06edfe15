"""Variant: curators found that a variant or haplotype that the patient carries makes the drug toxic, or fail.

Neither PharmGKB nor CIViC says here how many copies it takes, and a carried variant may be a tumour's or inherited:
the statement, its level and its source are told, and whoever reads them decides.
"""

from collections.abc import Iterator

from kg.query.safety.history import HAPLOTYPE, VARIANT
from kg.query.safety.warning import EVIDENCE, RISK, WATCH, DrugWarning, Question, WarningKind, evidence_of

_TOXIC = "toLower(r.category) CONTAINS 'toxicity' AND r.level IN ['1A', '1B', '2A', '2B']"
"""PharmGKB's levels of clinical annotations from 1A (in a guideline) to 2B (moderate evidence)."""
_ASKED = {
    "variant_affects_drug": (VARIANT, "Variant", _TOXIC, "toxicity"),
    "haplotype_affects_drug": (HAPLOTYPE, "Haplotype", _TOXIC, "toxicity"),
    "variant_confers_resistance_to_drug": (VARIANT, "Variant", "", "resistance"),
}
"""Relation -> by which the patient has its subject, the kind of that, which edges count, what they state."""
_STRONG = frozenset({"1A", "1B", "A", "B"})
"""Levels of PharmGKB (1A, 1B) and of CIViC (A validated, B clinical) that studies of patients support."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield what is stated of toxicity and resistance for the variants and haplotypes that patients carry."""
    for relation, (has, kind, only, states) in _ASKED.items():
        having = question.having(has)
        if not having:
            continue
        told = "r.disease_name" if states == "resistance" else "r.condition"
        rows = question.store.query(
            f"MATCH (v:{kind})-[r:{relation}]->(d:Drug) WHERE v.id IN $carried {f'AND {only} ' if only else ''}"
            f"RETURN v.id AS variant, d.id AS drug, r.level AS level, {told} AS told, {EVIDENCE} "
            "ORDER BY level, drug, variant, source",
            {"carried": sorted(having)},
        )
        for row in rows:
            if row["drug"] not in question.drugs:
                continue
            where = f" ({row['told']})" if row["told"] else ""
            for patient, fact in having[row["variant"]]:
                yield (
                    patient,
                    DrugWarning(
                        row["drug"],
                        question.drugs[row["drug"]],
                        KIND.name,
                        RISK if row["level"] in _STRONG else WATCH,
                        (fact.node,),
                        f"{fact.node.name}: {states} is annotated at level {row['level']}{where}",
                        (evidence_of(row),),
                    ),
                )


KIND = WarningKind(
    "variant",
    "Does a variant that the patient carries make the drug toxic, or fail?",
    {relation: only for relation, (_, _, only, _) in _ASKED.items()},
    find,
)
