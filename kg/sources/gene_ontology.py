"""The Gene Ontology of 2022: its terms, how they hang together, and the human genes annotated to them directly.

Through Bioconductor's GO.db and org.Hs.eg.db. Annotations are direct ones: a gene is not repeated at the broader terms.
Those that GO qualifies by NOT are not in the table.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_records
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source
from kg.sources.entrez import GENES

TERMS = PublicFile("attributes/go_terms_2022.tsv.gz")
DAG = PublicFile("attributes/go_dag_2022.tsv.gz")
ANNOTATIONS = PublicFile("attributes/go_direct_2022.tsv.gz")

SOURCE = Source(
    name="gene_ontology",
    gives="biological processes, cellular components and molecular functions, how they hang together, and the human "
    "genes annotated to each with evidence codes",
    version="2022",
    licence="CC-BY-4.0",
    citation="Gene Ontology Consortium. The Gene Ontology resource: enriching a GOld mine. Nucleic Acids Res "
    "2021;49:D325-D334. doi:10.1093/nar/gkaa1113",
    url="http://geneontology.org",
    files=(TERMS, DAG, ANNOTATIONS),
    extras=(GENES,),
)

KINDS = {"BP": "BiologicalProcess", "CC": "CellularComponent", "MF": "MolecularFunction"}

PARTICIPATES = {
    "BP": "gene_participates_in_biological_process",
    "CC": "gene_participates_in_cellular_component",
    "MF": "gene_participates_in_molecular_function",
}

_NAMES = {"BP": "biological_process", "CC": "cellular_component", "MF": "molecular_function"}

WITHIN = {
    "isa": ("is_a", None),
    "part of": ("part_of", None),
    "regulates": ("regulates", None),
    "positively regulates": ("regulates", "positive"),
    "negatively regulates": ("regulates", "negative"),
}
"""GO.db's word for an edge between terms -> the verb of our relation, and its direction."""

ROOT = "all"
"""GO.db joins the roots of the three ontologies to a term of its own, which GO does not have."""

_KNOWN = ("knowledge_assertion", "manual_agent")
_REVIEWED = ("prediction", "manual_validation_of_automated_agent")
_INFERRED = ("prediction", "automated_agent")

EVIDENCE = {
    **dict.fromkeys(("EXP", "IDA", "IPI", "IMP", "IGI", "IEP"), _KNOWN),
    **dict.fromkeys(("HTP", "HDA", "HMP", "HGI", "HEP"), _KNOWN),
    **dict.fromkeys(("TAS", "NAS", "IC"), _KNOWN),
    **dict.fromkeys(("ISS", "ISO", "ISA", "ISM", "IGC", "RCA"), _REVIEWED),
    **dict.fromkeys(("IBA", "IBD", "IKR", "IRD"), _REVIEWED),
    "IEA": _INFERRED,
}
"""An evidence code (http://geneontology.org/docs/guide-go-evidence-codes) -> how the annotation is known: from an
experiment or a curator's reading; computed and reviewed by a curator; computed alone. The strongest comes first."""

NO_DATA = "ND"
"""The code of a curator who looked and found nothing: an annotation to the root, which says nothing of the gene."""


_STRENGTH = {code: place for place, code in enumerate(EVIDENCE)}


def read(fetch: Fetch) -> Rows:
    """Read terms, graph and annotations; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    columns = ("go_id", "term", "ontology")
    terms = [row for row in read_records(found[TERMS].path, columns) if row["go_id"] != ROOT]
    left_out: dict[str, int] = {}
    ontology = {row["go_id"]: row["ontology"] for row in terms}
    nodes = (*_terms(terms), _genes(found))
    edges = chain(_dag(found, ontology), _annotations(found, left_out))
    return Rows(SOURCE.release(found), nodes, edges, left_out=left_out)


def _terms(terms: list[dict[str, Any]]) -> Iterator[pa.Table]:
    by_kind: dict[str, list[dict[str, object]]] = {}
    for row in terms:
        kind = KINDS.get(row["ontology"], f"{SOURCE.name}:{row['ontology']}")
        by_kind.setdefault(kind, []).append({"id": row["go_id"], "name": row["term"], **_place(row, TERMS)})
    for kind, rows in by_kind.items():
        yield node_rows(kind, rows)


def _genes(found: Mapping[PublicFile, FoundFile]) -> pa.Table:
    """Return the annotated genes, by their symbols where the mirror has them."""
    symbols: dict[str, str] = {}
    if GENES in found:
        rows = read_records(found[GENES].path, ("gene_id", "symbol"))
        symbols = {row["gene_id"]: row["symbol"] for row in rows}
    lines: dict[str, dict[str, Any]] = {}
    for row in read_records(found[ANNOTATIONS].path, ("gene_id", "go_id")):
        if row["go_id"]:  # else a malformed line, to be rejected once, as an edge
            lines.setdefault(row["gene_id"], row)
    return node_rows(
        "Gene",
        (
            {"id": f"NCBIGene:{gene}", "name": symbols.get(gene), **_place(row, ANNOTATIONS)}
            for gene, row in lines.items()
        ),
    )


def _dag(found: Mapping[PublicFile, FoundFile], ontology: Mapping[str, str]) -> Iterator[pa.Table]:
    """Yield the edges between terms of one ontology; one that leads to another ontology is no relation of ours."""
    edges: dict[str, list[dict[str, object]]] = {}
    for row in read_records(found[DAG].path, ("child", "parent", "relationship_type")):
        if row["parent"] == ROOT:
            continue
        verb, direction = WITHIN.get(row["relationship_type"], (row["relationship_type"], None))
        start, end = (_NAMES.get(ontology.get(row[column], ""), "term") for column in ("child", "parent"))
        edges.setdefault(f"{start}_{verb}_{end}", []).append(
            {"subject": row["child"], "object": row["parent"], "direction": direction, **_place(row, DAG)}
        )
    for relation, rows in edges.items():
        yield edge_rows(relation, rows, knowledge_level="knowledge_assertion", agent_type="manual_agent")


def _annotations(found: Mapping[PublicFile, FoundFile], left_out: dict[str, int]) -> Iterator[pa.Table]:
    """Yield one edge a gene and term, with all its evidence codes, known as the strongest of them says.

    What says that nothing is known is counted in `left_out`.
    """
    left_out["an annotation without data (ND)"] = 0
    codes: dict[tuple[str, str, str], list[str]] = {}
    lines: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in read_records(found[ANNOTATIONS].path, ("gene_id", "go_id", "evidence", "domain")):
        if row["evidence"] == NO_DATA:
            left_out["an annotation without data (ND)"] += 1
            continue
        key = row["domain"], row["gene_id"], row["go_id"]
        codes.setdefault(key, []).append(row["evidence"])
        lines.setdefault(key, row)
    edges: dict[str, list[dict[str, object]]] = {}
    for (domain, gene, term), told in codes.items():
        strongest = min(told, key=lambda code: _STRENGTH.get(code, len(_STRENGTH)))
        level, agent = EVIDENCE.get(strongest, (None, None))  # a code that GO does not have is no evidence
        edges.setdefault(PARTICIPATES.get(domain, f"{SOURCE.name}:{domain}"), []).append(
            {
                "subject": f"NCBIGene:{gene}",
                "object": term,
                "evidence_codes": sorted({*told}),
                "knowledge_level": level,
                "agent_type": agent,
                **_place(lines[domain, gene, term], ANNOTATIONS),
            }
        )
    for relation, rows in edges.items():
        yield edge_rows(relation, rows)


def _place(row: Mapping[str, Any], file: PublicFile) -> dict[str, object]:
    return {"file": file.name, "line": row["line"]}
