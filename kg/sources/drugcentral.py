"""DrugCentral 2016: what drugs do to their targets, and the pharmacologic classes they belong to.

Ursu et al., Nucleic Acids Res 2017;45:D932-D939, as prepared for Hetionet (https://github.com/dhimmel/drugcentral).
"""

import pyarrow as pa

from kg.fetch import Fetch, PublicFile
from kg.files.columns import read_records
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source
from kg.sources.entrez import GENES

TARGETS = PublicFile("attributes/drugcentral_targets.tsv.gz")
CLASSES = PublicFile("attributes/drugcentral_drug_class.tsv.gz")

SOURCE = Source(
    name="drugcentral",
    gives="the human targets of drugs with their mode of action, and the pharmacologic classes of drugs",
    version="2016",
    licence="CC-BY-4.0",
    citation="Ursu O, Holmes J, Knockel J, et al. DrugCentral: online drug compendium. Nucleic Acids Res "
    "2017;45:D932-D939. doi:10.1093/nar/gkw993",
    url="https://github.com/dhimmel/drugcentral",
    files=(TARGETS, CLASSES, GENES),
)

_CURATED = {"knowledge_level": "knowledge_assertion", "agent_type": "manual_agent"}


def read(fetch: Fetch) -> Rows:
    """Read DrugCentral; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    columns = ("drugbank_id", "GeneID", "drugbank_name", "pubmed_ids", "sources", "actions")
    symbols = {row["gene_id"]: row["symbol"] for row in read_records(found[GENES].path, ("gene_id", "symbol"))}
    # The table does not say whose gene a target is. What is none of NCBI's human genes is a bacterium's or a virus's
    # (ribosomal proteins under antibiotics, most often) and left out: the graph's genes are human. A malformed line
    # has no gene, and is to be rejected.
    stated = list(read_records(found[TARGETS].path, columns))
    targets = [row for row in stated if row["GeneID"] in symbols or not row["GeneID"]]
    classes = list(read_records(found[CLASSES].path, ("drugbank_id", "drugbank_name", "class_id", "class_name")))
    # A malformed line is rejected once, as an edge.
    whole, classified = [row for row in targets if row["GeneID"]], [row for row in classes if row["class_id"]]
    nodes = (
        _nodes("Drug", {f"DRUGBANK:{row['drugbank_id']}": _named(row, "drugbank_name", CLASSES) for row in classified}),
        _nodes("Drug", {f"DRUGBANK:{row['drugbank_id']}": _named(row, "drugbank_name", TARGETS) for row in whole}),
        _nodes(
            "Gene",
            {f"NCBIGene:{row['GeneID']}": {"name": symbols[row["GeneID"]], **_place(row, TARGETS)} for row in whole},
        ),
        _nodes(
            "PharmacologicClass", {_class(row["class_id"]): _named(row, "class_name", CLASSES) for row in classified}
        ),
    )
    left_out = {"a target that is no human gene's": len(stated) - len(targets)}
    return Rows(SOURCE.release(found), nodes, (_binds(targets), _classified(classes)), left_out=left_out)


def _binds(targets: list[dict[str, str]]) -> pa.Table:
    return edge_rows(
        "binds",
        (
            {
                "subject": f"DRUGBANK:{row['drugbank_id']}",
                "object": f"NCBIGene:{row['GeneID']}" if row["GeneID"] else None,
                "category": "target",
                "action": row["actions"] or None,
                "references": [part for part in row["sources"].split("|") if part]
                + [f"PMID:{paper}" for paper in row["pubmed_ids"].split("|") if paper],
                **_place(row, TARGETS),
            }
            for row in targets
        ),
        **_CURATED,
    )


def _classified(classes: list[dict[str, str]]) -> pa.Table:
    return edge_rows(
        "class_includes_drug",
        (
            {
                "subject": _class(row["class_id"]),
                "object": f"DRUGBANK:{row['drugbank_id']}",
                **_place(row, CLASSES),
            }
            for row in classes
        ),
        **_CURATED,
    )


def _class(identifier: str) -> str:
    """Return the CURIE of a class: the FDA's are NDF-RT's, others MeSH's pharmacological actions and ChEBI's roles.

    >>> _class("N0000175655"), _class("D018931"), _class("CHEBI:35846")
    ('NDFRT:N0000175655', 'MESH:D018931', 'CHEBI:35846')
    """
    prefix = {"N": "NDFRT:", "D": "MESH:"}.get(identifier[:1], "")
    return prefix + identifier


def _nodes(kind: str, rows: dict[str, dict[str, object]]) -> pa.Table:
    return node_rows(kind, ({"id": curie, **row} for curie, row in rows.items()))


def _named(row: dict[str, str], column: str, file: PublicFile) -> dict[str, object]:
    return {"name": row[column], **_place(row, file)}


def _place(row: dict[str, str], file: PublicFile) -> dict[str, object]:
    return {"file": file.name, "line": row["line"]}
