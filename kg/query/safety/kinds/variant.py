"""Variant: curators found that a variant or haplotype that the patient carries makes the drug toxic, or fail.

Neither PharmGKB nor CIViC says here how many copies it takes, and a carried variant may be a tumour's or inherited:
the statement, its level and its source are told, and whoever reads them decides.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kg.query.safety.history import HAPLOTYPE, VARIANT, Fact
from kg.query.safety.warning import (
    AGAINST,
    CHANGE,
    EVIDENCE,
    RISK,
    WATCH,
    DrugWarning,
    Question,
    WarningKind,
    evidence_of,
)

_TOXIC = "toLower(r.category) CONTAINS 'toxicity' AND r.level IN ['1A', '1B', '2A', '2B']"
"""PharmGKB's levels of clinical annotations from 1A (in a guideline) to 2B (moderate evidence)."""
_STRONG = frozenset({"1A", "1B", "A", "B"})
"""Levels of PharmGKB (1A, 1B) and of CIViC (A validated, B clinical) that studies of patients support."""


class _Statement(NamedTuple):
    """What edges of a relation state of a variant and a drug: by which relation a patient has it, which edges count.

    `told` is the column that says more; `states` is what it is more of, nothing where the column says it all.
    """

    has: str
    kind: str
    relation: str
    only: str
    told: str
    states: str = ""


_STATEMENTS = (
    _Statement(VARIANT, "Variant", "variant_affects_drug", "r.effect IS NOT NULL", "effect"),
    _Statement(VARIANT, "Variant", "variant_affects_drug", _TOXIC, "condition", "toxicity"),
    _Statement(HAPLOTYPE, "Haplotype", "haplotype_affects_drug", _TOXIC, "condition", "toxicity"),
    _Statement(
        VARIANT, "Variant", "variant_confers_resistance_to_drug", "r.level IS NOT NULL", "disease_name", "resistance"
    ),
)


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield what is stated of the variants and haplotypes that patients carry: an effect, toxicity, resistance."""
    for statement in _STATEMENTS:
        having = question.having(statement.has)
        if not having:
            continue
        rows = question.store.query(
            f"MATCH (v:{statement.kind})-[r:{statement.relation}]->(d:Drug) WHERE v.id IN $carried "
            f"AND {statement.only} "
            f"RETURN v.id AS variant, d.id AS drug, r.level AS level, r.{statement.told} AS told, {EVIDENCE} "
            "ORDER BY level, drug, variant, source",
            {"carried": sorted(having)},
        )
        for row in rows:
            if row["drug"] in question.drugs:
                for patient, fact in having[row["variant"]]:
                    yield patient, _warning(question, statement, row, fact)


def _warning(question: Question, statement: _Statement, row: Mapping[str, Any], fact: Fact) -> DrugWarning:
    if statement.states:
        where = f" ({row['told']})" if row["told"] else ""
        said = f"{fact.node.name}: {statement.states} is annotated at level {row['level']}{where}"
        severity = RISK if row["level"] in _STRONG else WATCH
    else:
        said = f"{fact.node.name}: {row['told']}"
        severity = AGAINST if "do not give" in row["told"].casefold() else CHANGE
    name = question.drugs[row["drug"]]
    return DrugWarning(row["drug"], name, KIND.name, severity, (fact.node,), said, (evidence_of(row),))


KIND = WarningKind(
    "variant",
    "Does a variant that the patient carries make the drug toxic, or fail?",
    {
        relation: " OR ".join(f"({one.only})" for one in _STATEMENTS if one.relation == relation)
        for relation in dict.fromkeys(one.relation for one in _STATEMENTS)
    },
    find,
)
