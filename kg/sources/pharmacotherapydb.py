"""PharmacotherapyDB 1.0: three curators on the 1,388 pairs of a drug and a disease that four resources list.

Each voted disease-modifying (DM), symptomatic (SYM) or no indication (NOT). The third curator (PK) saw the votes of the
first two and gave the catalogue its category, so every pair has one: in 34 pairs all three differ, and in 124 PK says
other than the two who agree. Hetionet took the first two categories and left the third out.
"""

from kg.fetch import Fetch, PublicFile
from kg.files.columns import read_records
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

VOTES = PublicFile("attributes/pharmacotherapydb_three_curators.tsv.gz")

SOURCE = Source(
    name="pharmacotherapydb",
    gives="drugs that curators judged disease-modifying, symptomatic, or not indicated for a disease, with each vote",
    version="1.0",
    licence="CC0-1.0",
    citation="Himmelstein DS, Khankhanian P, Hessler CS, Green AJ, Baranzini SE. PharmacotherapyDB 1.0: the open "
    "catalog of drug therapies for disease. figshare 2016. doi:10.6084/m9.figshare.3103054",
    url="https://figshare.com/articles/PharmacotherapyDB_1_0_the_open_catalog_of_drug_therapies_for_disease/3103054",
    files=(VOTES,),
)

CURATORS = ("AJG", "CSH", "PK")
DECIDES = "PK"

RELATIONS = {"DM": "treats", "SYM": "palliates", "NOT": "not_indicated_for"}
"""A vote -> the relation it speaks for."""


def read(fetch: Fetch) -> Rows:
    """Read the verdicts; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    rows = read_records(found[VOTES].path, ("doid_id", "drugbank_id", "disease", "drug", *CURATORS))
    edges: dict[str, list[dict[str, object]]] = {}
    nodes: dict[str, dict[str, dict[str, object]]] = {"Drug": {}, "Disease": {}}
    for row in rows:
        place = {"file": VOTES.name, "line": row["line"]}
        drug, disease = f"DRUGBANK:{row['drugbank_id']}", row["doid_id"]
        if row["drugbank_id"]:  # else a malformed line, to be rejected once, as an edge
            nodes["Drug"].setdefault(drug, {"id": drug, "name": row["drug"], **place})
            nodes["Disease"].setdefault(disease, {"id": disease, "name": row["disease"], **place})
        verdict = row[DECIDES]
        edges.setdefault(RELATIONS.get(verdict, f"{SOURCE.name}:{verdict}"), []).append(
            {
                "subject": drug,
                "object": disease,
                "votes": [f"{curator}={row[curator]}" for curator in CURATORS if row[curator]],
                "references": ["DOI:10.6084/m9.figshare.3103054"],
                **place,
            }
        )
    shared = {"knowledge_level": "knowledge_assertion", "agent_type": "manual_agent"}
    tables = tuple(edge_rows(relation, told, **shared) for relation, told in edges.items())
    return Rows(SOURCE.release(found), tuple(node_rows(kind, told.values()) for kind, told in nodes.items()), tables)
