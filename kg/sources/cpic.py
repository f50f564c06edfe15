"""CPIC: what to do about a drug in a person of a gene's phenotype, or of two genes' phenotypes together.

Relling & Klein, Clinical Pharmacology & Therapeutics 2011;89:464. As PharmCAT packs CPIC's guidelines, a file a drug.
Where two genes matter, each of the two phenotypes has the edge, with the other one as `other_phenotype`; `No Result` is
the phenotype of a gene that was not tested, as CPIC's own tables have it. Warfarin is not among the recommendations:
its guideline is a diagram.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch, PublicFile
from kg.files.documents import Document, read_archive
from kg.files.number import number
from kg.files.text import FileError
from kg.pharmacogenomics.alleles import CURATED, name_of, phenotype_id
from kg.pharmacogenomics.drugs import NAME_LISTS, Drugs, read_drugs
from kg.pharmacogenomics.genes import GENES, genes_by_symbol
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

GUIDELINES = PublicFile("pgx/pharmcat/guidelines_cpic.tar.gz")

SOURCE = Source(
    name="cpic",
    gives="recommendations for drugs by the phenotype of one gene or two, with strength, population and guideline",
    version="1.30.0",
    licence="CC0-1.0",
    citation="Relling MV, Klein TE. CPIC: Clinical Pharmacogenetics Implementation Consortium of the Pharmacogenomics "
    "Research Network. Clin Pharmacol Ther 2011;89:464-467. doi:10.1038/clpt.2010.279",
    url="https://cpicpgx.org",
    files=(GUIDELINES, GENES),
    extras=NAME_LISTS,
)

_NOTHING = ("n/a", "", None)

Row = dict[str, Any]


def read(fetch: Fetch) -> Rows:
    """Read CPIC's recommendations; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    drugs, curies = read_drugs(found), genes_by_symbol(found[GENES].path)
    nodes: list[pa.Table] = []
    edges: list[pa.Table] = []
    phenotypes: dict[str, Row] = {}
    for document in read_archive(found[GUIDELINES].path):
        with document.expected():
            drug = _drug(document, drugs)
            advice = []
            for recommendation, line in document.placed(document.of("recommendations") or (), "drugrecommendation"):
                keys = _keys(recommendation, {"file": document.name, "line": line})
                for key in keys:
                    phenotypes.setdefault(key["id"], key | {"gene": curies.get(key["symbol"], key["symbol"])})
                advice += [edge | {"object": drug["id"]} for edge in _edges(document, recommendation, keys)]
            nodes.append(node_rows("Drug", [drug]))
            edges.append(edge_rows("phenotype_guides_drug", advice, **CURATED))
    genes = {row["gene"]: {**row, "id": row["gene"], "name": row["symbol"]} for row in phenotypes.values()}
    ends = [row | {"subject": row["id"], "object": row["gene"]} for row in phenotypes.values()]
    return Rows(
        SOURCE.release(found),
        (
            pa.concat_tables(nodes),
            node_rows("Gene", genes.values()),
            node_rows("GenePhenotype", phenotypes.values()),
        ),
        (
            edge_rows("phenotype_of_gene", ends, references=["CPIC"], **CURATED),
            pa.concat_tables(edges),
        ),
    )


def score_range(text: str | None) -> tuple[float | None, float | None]:
    """Return the lowest and the highest total activity score that CPIC's words mean; nothing above is no high end.

    >>> score_range("1.5"), score_range("≥3.0"), score_range("No Result")
    ((1.5, 1.5), (3.0, None), (None, None))
    """
    value = number((text or "").removeprefix("≥"))
    return (value, None if text and text.startswith("≥") else value)


def _drug(document: Document, drugs: Drugs) -> Row:
    name, curie = document.of("drugname"), document.of("drugid").replace("RxNorm:", "RXNORM:")
    drug = drugs.find(name, curie)
    assert drug is not None  # it has an identifier
    ((_, line),) = document.placed([name], "drugname")
    return Drugs.row(drug, name) | {"file": document.name, "line": line}


def _keys(recommendation: Mapping[str, Any], place: Mapping[str, Any]) -> list[Row]:
    """Return the phenotype of each gene that a recommendation is for, with its activity score."""
    keys = []
    for gene, words in sorted(recommendation["lookupkey"].items()):
        # The key of some genes is the score, of HLA the allele that is there or not; then there is no phenotype.
        phenotype = (recommendation["phenotypes"].get(gene) or words).removeprefix(f"{gene} ")
        low, high = score_range(recommendation["activityscore"].get(gene))
        keys.append(
            {
                "id": phenotype_id(gene, phenotype),
                "name": name_of(gene, phenotype),
                "symbol": gene,
                "phenotype": phenotype,
                "low": low,
                "high": high,
                **place,
            }
        )
    if len(keys) not in (1, 2):
        raise FileError(f"{place['file']}, line {place['line']}: expected the phenotype of one gene or two, got {keys}")
    return keys


def _edges(document: Document, recommendation: Mapping[str, Any], keys: list[Row]) -> Iterator[Row]:
    """Yield a recommendation, from the phenotype of each gene that it is for."""
    implications = {gene: text for gene, text in recommendation["implications"].items() if text not in _NOTHING}
    told = {
        "recommendation": recommendation["drugrecommendation"],
        "classification": _told(recommendation["classification"]),
        "implications": " ".join(
            text if len(keys) == 1 else f"{gene}: {text}" for gene, text in sorted(implications.items())
        )
        or None,
        "comments": _told(recommendation["comments"]),
        "population": _told(recommendation["population"]),
        "guideline": document.of("guidelinename"),
        "guideline_url": document.of("url"),
        "references": [f"PMID:{citation['pmid']}" for citation in document.of("citations")],
    }
    for key, other in zip(keys, reversed(keys), strict=True):
        edge = {"subject": key["id"], "activity_score_low": key["low"], "activity_score_high": key["high"]}
        if other is not key:
            edge |= {"other_phenotype": other["id"], "other_activity_score_low": other["low"]}
            edge |= {"other_activity_score_high": other["high"]}
        yield told | edge | {"file": key["file"], "line": key["line"]}


def _told(text: str | None) -> str | None:
    return None if text in _NOTHING else text.strip()
