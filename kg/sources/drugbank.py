"""DrugBank 4.2: drugs with their structure, half-life and identifiers elsewhere, and the human proteins they bind.

As parsed by Himmelstein (https://github.com/dhimmel/drugbank, DrugBank's open release of 2015). The identifiers of
PubChem, ChEMBL and PharmGKB come from UniChem's connectivity search, which overlooks salt, charge, isotope and
stereochemistry: PubChem's are compound identifiers (CIDs), and one may be listed for several drugs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_records
from kg.files.number import number
from kg.files.table import read_csv
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

DRUGS = PublicFile("attributes/drugbank.tsv.gz")
PROTEINS = PublicFile("attributes/drugbank_proteins.tsv.gz")
HALF_LIFE = PublicFile("attributes/drugbank_halflife.tsv.gz")
HALF_LIFE_H = PublicFile("attributes/drugbank_subset_halflife_curated.tsv.gz")
CHEMBL = PublicFile("attributes/drugbank_chembl.tsv.gz")
PHARMGKB = PublicFile("attributes/drugbank_pharmgkb.tsv.gz")
PUBCHEM = PublicFile("attributes/drugbank_pubchem.tsv.gz")

SOURCE = Source(
    name="drugbank",
    gives="drugs with type, groups, ATC codes, half-life, molecular weight, logP and identifiers elsewhere, and the "
    "human targets, enzymes, carriers and transporters they bind",
    version="4.2",
    licence="CC-BY-NC-4.0",
    citation="Law V, Knox C, Djoumbou Y, et al. DrugBank 4.0: shedding new light on drug metabolism. Nucleic Acids Res "
    "2014;42:D1091-D1097. doi:10.1093/nar/gkt1068",
    url="https://github.com/dhimmel/drugbank",
    files=(DRUGS, PROTEINS),
    extras=(HALF_LIFE, HALF_LIFE_H, CHEMBL, PHARMGKB, PUBCHEM),
)

XREFS = {
    CHEMBL: ("chembl_id", "CHEMBL.COMPOUND"),
    PUBCHEM: ("pubchem_id", "PUBCHEM.COMPOUND"),
    PHARMGKB: ("pharmgkb_id", "PHARMGKB.DRUG"),
}
"""A file of identifiers elsewhere -> the column they stand in, and their prefix."""

_DRUG_COLUMNS = ("drugbank_id", "name", "type", "groups", "atc_codes", "categories", "inchikey", "inchi")
_PROTEIN_COLUMNS = ("drugbank_id", "entrez_gene_id", "uniprot_id", "category", "organism", "actions", "pubmed_ids")
_MARKUP = re.compile(r"</?[a-z]+>")
"""What DrugBank formats its texts by."""
_MEASURE_COLUMNS = (
    "drugbank_id",
    "cal_logp",
    "cal_molecular_weight",
    "exp_molecular_weight",
    "exp_logp",
    "half_life",
)


def read(fetch: Fetch) -> Rows:
    """Read DrugBank; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    stated = list(read_records(found[PROTEINS].path, _PROTEIN_COLUMNS))
    # The graph's genes are human. A malformed line has no organism, and is to be rejected.
    proteins = [row for row in stated if row["organism"] in ("Human", "")]
    return Rows(
        SOURCE.release(found),
        (_drugs(found), _genes(proteins)),
        (_bindings(proteins),),
        left_out={"a protein that is not human": len(stated) - len(proteins)},
    )


def _drugs(found: Mapping[PublicFile, FoundFile]) -> pa.Table:
    measured, curated, xrefs = _measured(found), _curated(found), _xrefs(found)
    return node_rows(
        "Drug",
        (
            {
                "id": f"DRUGBANK:{row['drugbank_id']}",
                "name": row["name"],
                "xrefs": xrefs.get(row["drugbank_id"], []),
                "inchi": row["inchi"] or None,
                "inchikey": row["inchikey"].removeprefix("InChIKey=") or None,
                "type": row["type"] or None,
                "groups": _listed(row["groups"]),
                "atc_codes": _listed(row["atc_codes"]),
                "categories": _listed(row["categories"]),
                "half_life_h": curated.get(row["drugbank_id"]),
                **measured.get(row["drugbank_id"], {}),
                "file": DRUGS.name,
                "line": row["line"],
            }
            for row in read_records(found[DRUGS].path, _DRUG_COLUMNS)
        ),
    )


def _measured(found: Mapping[PublicFile, FoundFile]) -> dict[str, dict[str, object]]:
    """Return half-life as DrugBank words it, molecular weight and logP, by drug.

    A weight is that of the structure where there is one, else the one given, if it is a number of g/mol alone; logP is
    measured rather than calculated.
    """
    if HALF_LIFE not in found:
        return {}
    rows = read_csv(found[HALF_LIFE].path, _MEASURE_COLUMNS, separator="\t").by_line().values()
    return {
        row["drugbank_id"]: {
            "half_life_text": " ".join(_MARKUP.sub("", row["half_life"]).split()) or None,
            "molecular_weight_g_per_mol": _first_number(row["cal_molecular_weight"], row["exp_molecular_weight"]),
            "logp": _first_number(row["exp_logp"], row["cal_logp"]),
        }
        for row in rows
    }


def _curated(found: Mapping[PublicFile, FoundFile]) -> dict[str, float | None]:
    """Return the half-lives that a curator read from the text, in hours, by drug."""
    if HALF_LIFE_H not in found:
        return {}
    rows = read_records(found[HALF_LIFE_H].path, ("drugbank_id", "half_life_hours_curated"))
    return {row["drugbank_id"]: number(row["half_life_hours_curated"]) for row in rows}


def _xrefs(found: Mapping[PublicFile, FoundFile]) -> dict[str, list[str]]:
    xrefs: dict[str, list[str]] = {}
    for file, (column, prefix) in XREFS.items():
        if file in found:
            for row in read_records(found[file].path, ("drugbank_id", column)):
                xrefs.setdefault(row["drugbank_id"], []).append(f"{prefix}:{row[column]}")
    return xrefs


def _genes(proteins: list[dict[str, Any]]) -> pa.Table:
    """Return the genes of the proteins; DrugBank's table has no names of them."""
    uniprot: dict[str, dict[str, int]] = {}
    for row in proteins:
        uniprot.setdefault(row["entrez_gene_id"], {}).setdefault(row["uniprot_id"], row["line"])
    return node_rows(
        "Gene",
        (
            {
                "id": f"NCBIGene:{gene}",
                "xrefs": [f"UniProtKB:{accession}" for accession in accessions if accession],
                "file": PROTEINS.name,
                "line": min(accessions.values()),
            }
            for gene, accessions in uniprot.items()
            if gene  # a malformed line is rejected once, as an edge
        ),
    )


def _bindings(proteins: list[dict[str, Any]]) -> pa.Table:
    """Return one edge a drug, gene and category: a gene whose two proteins are listed has the actions of both."""
    edges: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in proteins:
        edges.setdefault((row["drugbank_id"], row["entrez_gene_id"], row["category"]), []).append(row)
    return edge_rows("binds", _united(edges), knowledge_level="knowledge_assertion", agent_type="manual_agent")


def _united(edges: Mapping[tuple[str, str, str], list[dict[str, Any]]]) -> Iterator[dict[str, object]]:
    for (drug, gene, category), rows in edges.items():
        actions = sorted({action for row in rows for action in _listed(row["actions"])})
        papers = dict.fromkeys(paper for row in rows for paper in _listed(row["pubmed_ids"]))
        yield {
            "subject": f"DRUGBANK:{drug}",
            "object": f"NCBIGene:{gene}" if gene else None,
            "category": category or None,
            "action": "|".join(actions) or None,
            "references": [f"PMID:{paper}" for paper in papers],
            "file": PROTEINS.name,
            "line": rows[0]["line"],
        }


def _listed(text: str) -> list[str]:
    return [part for part in text.split("|") if part]


def _first_number(*texts: str) -> float | None:
    return next((value for value in map(number, texts) if value is not None), None)
