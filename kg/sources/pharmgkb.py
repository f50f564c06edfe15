"""PharmGKB: clinical annotations of variants and haplotypes with drugs, by level of evidence from 1A to 4.

Whirl-Carrillo et al., Clinical Pharmacology & Therapeutics 2021;110:563. An annotation of several alleles or drugs is
an edge for each pair of one of them and one of these. Of the drugs the file gives names alone, some of them classes
(antipsychotics), mixtures or metabolites: a drug that no list has an identifier for is left out and counted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.number import number
from kg.files.table import read_csv
from kg.pharmacogenomics.alleles import CURATED, haplotype_id, name_of
from kg.pharmacogenomics.drugs import NAME_LISTS, Drugs, read_drugs
from kg.pharmacogenomics.genes import GENES, genes_by_symbol
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

ANNOTATIONS = PublicFile("pgx/clinical_annotations.tsv")

SOURCE = Source(
    name="pharmgkb",
    gives="clinical annotations of variants and haplotypes with drugs: level of evidence, score, what changes, in whom",
    version="undated",  # the file names no release
    licence="CC-BY-SA-4.0",
    citation="Whirl-Carrillo M, Huddart R, Gong L, et al. An evidence-based framework for evaluating pharmacogenomics "
    "knowledge for personalized medicine. Clin Pharmacol Ther 2021;110:563-572. doi:10.1002/cpt.2350",
    url="https://www.pharmgkb.org",
    files=(ANNOTATIONS, GENES),
    extras=NAME_LISTS,
)

COLUMNS = (
    "Variant/Haplotypes",
    "Gene",
    "Level of Evidence",
    "Score",
    "Phenotype Category",
    "Drug(s)",
    "Clinical Annotation",
)
UNIDENTIFIED = "annotation of a drug class, or of a drug that no list has an identifier for"

_RS = re.compile(r"rs\d+")

Row = dict[str, Any]


def read(fetch: Fetch) -> Rows:
    """Read the clinical annotations; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    genes, drugs = genes_by_symbol(found[GENES].path), read_drugs(found)
    left_out = 0
    nodes: dict[str, dict[str, Row]] = {"Gene": {}, "Variant": {}, "Haplotype": {}, "Drug": {}}
    members: dict[str, dict[tuple[str, str], Row]] = {"variant_in_gene": {}, "haplotype_of_gene": {}}
    edges: dict[str, list[Row]] = {"variant_affects_drug": [], "haplotype_affects_drug": []}
    for row in _annotations(found):
        kind, subjects = _subjects(row, genes)
        for symbol in row["genes"]:
            gene = genes.get(symbol, symbol)
            nodes["Gene"].setdefault(gene, {**row["place"], "id": gene, "name": symbol})
            for subject in subjects:
                part = {**row["place"], "subject": subject["id"], "object": gene}
                members[_MEMBER[kind]].setdefault((subject["id"], gene), part)
        for subject in subjects:
            nodes[kind].setdefault(subject["id"], subject)
        for called in row["drugs"]:
            drug = drugs.find(called)
            if drug is None:
                left_out += len(subjects)
                continue
            nodes["Drug"].setdefault(called, row["place"] | Drugs.row(drug, called))
            edges[f"{kind.lower()}_affects_drug"] += (
                row["told"] | {"subject": subject["id"], "object": drug.id} for subject in subjects
            )
    shared: dict[str, Any] = {**CURATED, "references": ["PharmGKB"]}
    return Rows(
        SOURCE.release(found),
        tuple(node_rows(kind, rows.values()) for kind, rows in nodes.items()),
        (
            *(edge_rows(relation, rows.values(), **shared) for relation, rows in members.items()),
            *(edge_rows(relation, rows, **shared) for relation, rows in edges.items()),
        ),
        left_out={UNIDENTIFIED: left_out} if left_out else {},
    )


_MEMBER = {"Variant": "variant_in_gene", "Haplotype": "haplotype_of_gene"}


def alleles(text: str, genes: list[str]) -> list[tuple[str, str]]:
    """Return the gene and the name of each allele of a list; a name may have commas in it.

    >>> alleles("CYP2C9*1, CYP2C9*2", ["CYP2C9"])
    [('CYP2C9', '*1'), ('CYP2C9', '*2')]
    >>> alleles("G6PD B (reference), G6PD Mediterranean, Dallas", ["G6PD"])
    [('G6PD', 'B (reference)'), ('G6PD', 'Mediterranean, Dallas')]
    """
    starts = "|".join(map(re.escape, sorted(genes, key=len, reverse=True)))
    begin = re.compile(rf"({starts})(?=[*\s])\s*(.+)")
    named: list[tuple[str, str]] = []
    for part in text.split(", "):
        if found := begin.fullmatch(part):
            named.append((found[1], found[2]))
        elif named:
            named[-1] = (named[-1][0], f"{named[-1][1]}, {part}")
        else:
            named.append(("", part))
    return named


def _annotations(found: Mapping[PublicFile, FoundFile]) -> Iterator[Row]:
    for line, row in read_csv(found[ANNOTATIONS].path, COLUMNS, separator="\t").by_line().items():
        place = {"file": ANNOTATIONS.name, "line": line}
        yield {
            "of": row["Variant/Haplotypes"],
            "genes": [symbol for symbol in row["Gene"].split(";") if symbol],
            "drugs": [called for part in row["Drug(s)"].split(";") if (called := part.strip())],
            "place": place,
            "told": {
                "level": row["Level of Evidence"] or None,
                "category": row["Phenotype Category"] or None,
                "score": number(row["Score"]),
                "condition": row["Clinical Annotation"] or None,
                **place,
            },
        }


def _subjects(row: Row, genes: Mapping[str, str]) -> tuple[str, list[Row]]:
    """Return what an annotation is of: one variant, or haplotypes."""
    if _RS.fullmatch(row["of"]):
        gene = genes.get(row["genes"][0]) if len(row["genes"]) == 1 else None
        return "Variant", [{**row["place"], "id": f"DBSNP:{row['of']}", "name": row["of"], "gene": gene}]
    return "Haplotype", [
        {
            **row["place"],
            "id": haplotype_id(symbol, allele),
            "name": name_of(symbol, allele),
            "gene": genes.get(symbol),
            "allele_name": allele,
        }
        for symbol, allele in alleles(row["of"], row["genes"])
    ]
