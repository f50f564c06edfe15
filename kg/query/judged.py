"""Judged: which drugs curators looked at for a disease and judged not indicated, and who voted what."""

from typing import NamedTuple

from kg.stores.protocol import Store


class Judgement(NamedTuple):
    """That a drug is not indicated for a disease: the source that says so, and the votes, `curator=vote` each."""

    drug: str
    source: str
    votes: tuple[str, ...]

    def __str__(self) -> str:
        """Return the judgement in a few words.

        >>> str(Judgement("DRUGBANK:DB00810", "pharmacotherapydb", ("AJG=NOT", "CSH=SYM", "PK=NOT")))
        'not indicated (AJG=NOT, CSH=SYM, PK=NOT)'
        """
        return f"not indicated ({', '.join(self.votes) or self.source})"


def judged_not_indicated(store: Store, disease: str) -> dict[str, str]:
    """Return, by drug, what curators voted of those that they judged not indicated for a disease (both as CURIEs).

    It is empty where the graph has no source of such judgements.
    """
    rows = store.query(
        "MATCH (d:Drug)-[r:not_indicated_for]->(:Disease {id: $disease}) "
        "RETURN d.id AS drug, r.source AS source, r.votes AS votes ORDER BY drug, source",
        {"disease": disease},
    )
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(row["drug"], []).append(str(Judgement(row["drug"], row["source"], tuple(row["votes"] or ()))))
    return {drug: "; ".join(judgements) for drug, judgements in told.items()}
