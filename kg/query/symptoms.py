"""Symptoms: which symptom a phenotype is, by name; in the Cypher both stores speak."""

from collections.abc import Collection

from kg.names import END
from kg.stores.protocol import Store


def symptoms_called_like(store: Store, phenotypes: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the name of each of these phenotypes, and the symptom of this name or of a synonym, nothing if none is."""
    named = store.query(
        "UNWIND $ids AS wanted MATCH (p:Phenotype) WHERE p.id = wanted "
        "RETURN p.id AS id, p.name AS name, p.folded_name AS folded, p.folded_synonyms AS synonyms",
        {"ids": list(phenotypes)},
    )
    rows = store.query("MATCH (s:Symptom) RETURN s.folded_name AS name, s.id AS id", {})
    symptoms = {row["name"]: row["id"] for row in rows}
    found = {}
    for row in named:
        names = [row["folded"], *row["synonyms"].strip(END).split(END)]
        found[row["id"]] = row["name"], next((symptoms[name] for name in names if name in symptoms), "")
    return found
