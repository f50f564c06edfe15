"""DPWG: what the Dutch Pharmacogenetics Working Group advises about a drug, by the functions of two alleles.

Swen et al., Clinical Pharmacology & Therapeutics 2011;89:662; annotated by PharmGKB. DPWG's functions are its own:
CYP2C9*2 and *3 are each a function of their own, and advice is for pairs of functions (`function_pairs`). A group that
is a part of a phenotype (`*1/*3` of the intermediate metabolizers) is an edge of that phenotype with `genotype_group`.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch
from kg.files.documents import Document, read_archive
from kg.files.number import number
from kg.pharmacogenomics.alleles import CURATED, function_pair, haplotype_id, name_of, phenotype_id, variant_id
from kg.pharmacogenomics.drugs import DPWG as GUIDELINES
from kg.pharmacogenomics.drugs import NAME_LISTS, Drugs, read_drugs
from kg.pharmacogenomics.genes import GENES, genes_by_symbol
from kg.rows import Rows, edge_rows, node_rows
from kg.schema import NODE_KINDS, RELATIONS
from kg.source import Source

SOURCE = Source(
    name="dpwg",
    gives="recommendations for drugs by the functions of two alleles of one gene, as PharmGKB annotates them, and the "
    "functions that DPWG gives to alleles",
    version="2023-06-05",
    licence="CC-BY-SA-4.0",
    citation="Swen JJ, Nijenhuis M, de Boer A, et al. Pharmacogenetics: from bench to byte - an update of guidelines. "
    "Clin Pharmacol Ther 2011;89:662-673. doi:10.1038/clpt.2011.34",
    url="https://www.pharmgkb.org/page/dpwg",
    files=(GUIDELINES, GENES),
    extras=tuple(file for file in NAME_LISTS if file != GUIDELINES),
)

SITES = {
    ("F5", "rs6025 T (Factor V Leiden)"): ("rs6025", ("chr1", 169549811, "C", "T")),
    ("SLCO1B1", "c.521 C"): ("rs4149056", ("chr12", 21178615, "T", "C")),
}
"""Alleles that only DPWG names so, by the one variant in their name: its place in GRCh38, reference and alternate."""

REFERENCES = frozenset({("F5", "rs6025 C"), ("SLCO1B1", "c.521 T")})
"""Alleles that only DPWG names so, of those without the variant."""

ABBREVIATED = {
    "NM": "Normal Metabolizer",
    "IM": "Intermediate Metabolizer",
    "PM": "Poor Metabolizer",
    "UM": "Ultrarapid Metabolizer",
}

Row = dict[str, Any]

_SAME = ("id", "subject", "object", "guideline", "genotype_group")
_TAG = re.compile(r"<[^>]+>")
_SCORES = re.compile(r"(?:Total gene activity score )?(?P<open>≥)?(?P<low>\d[\d.]*)(?:-(?P<high>\d[\d.]*))?")


def read(fetch: Fetch) -> Rows:
    """Read DPWG's recommendations; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    drugs, curies = read_drugs(found), genes_by_symbol(found[GENES].path)
    nodes: list[pa.Table] = []
    edges: list[pa.Table] = []
    # Every guideline lists the same alleles and phenotypes of its gene again: the first one's rows stand for all.
    seen: set[tuple[str | None, ...]] = set()
    for document in read_archive(found[GUIDELINES].path):
        with document.expected():
            told: dict[str, list[Row]] = {}
            for table, row in _statements(document, drugs, curies):
                same = (table, *map(row.get, _SAME))
                if same not in seen:
                    seen.add(same)
                    told.setdefault(table, []).append(row)
            nodes += [node_rows(kind, rows) for kind, rows in told.items() if kind in NODE_KINDS]
            edges += [edge_rows(name, rows, **CURATED) for name, rows in told.items() if name in RELATIONS]
    return Rows(SOURCE.release(found), nodes, edges)


def score_range(text: str) -> tuple[float | None, float | None]:
    """Return the lowest and the highest total activity score that DPWG's words mean.

    >>> score_range("0.25-1"), score_range("2"), score_range("Total gene activity score ≥3"), score_range("unknown")
    ((0.25, 1.0), (2.0, 2.0), (3.0, None), (None, None))
    """
    found = _SCORES.fullmatch(text)
    if found is None:
        return None, None
    low = number(found["low"])
    return (low, None) if found["open"] else (low, number(found["high"]) if found["high"] else low)


def plain(html: str) -> str:
    r"""Return the text of a piece of HTML, a paragraph or an item of a list a line.

    >>> plain("<p>Reduce the <em>dose</em>.</p>\n<ul>\n<li>INR &gt; 4: stop</li>\n</ul>\n")
    'Reduce the dose.\n- INR > 4: stop'
    """
    lines = unescape(_TAG.sub("", html.replace("<li>", "- "))).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def _statements(document: Document, drugs: Drugs, curies: Mapping[str, str]) -> Iterator[tuple[str, Row]]:
    """Yield the nodes (with their kind) and the edges (with their relation) of a guideline."""
    guideline = document.of("guideline")
    place = {"file": document.name, "line": document.placed([guideline], "guideline")[0][1]}
    (chemical,), (gene,) = guideline["relatedChemicals"], guideline["relatedGenes"]
    drug = drugs.find(chemical["name"], f"PHARMGKB.DRUG:{chemical['id']}")
    assert drug is not None  # it has an identifier
    symbol, curie = gene["symbol"], curies.get(gene["symbol"], gene["symbol"])
    yield "Drug", Drugs.row(drug, chemical["name"]) | place
    yield "Gene", {"id": curie, "name": symbol, "xrefs": [f"PHARMGKB.GENE:{gene['id']}"], **place}
    alleles = [allele for part in guideline["guidelineGenes"] for allele in part["alleles"]]
    for allele, line in document.placed(alleles, "_label"):
        yield from _allele(symbol, curie, allele, {"file": document.name, "line": line})
    for group, line in document.placed(document.of("annotationGroups"), "genePhenotypes"):
        phenotype = _phenotype(group)
        node = {"id": phenotype_id(symbol, phenotype), "name": name_of(symbol, phenotype), "gene": curie}
        node |= {"phenotype": phenotype, "file": document.name, "line": line}
        yield "GenePhenotype", node
        yield "phenotype_of_gene", node | {"subject": node["id"], "object": curie, "references": ["DPWG"]}
        yield (
            "phenotype_guides_drug",
            _advice(document, group)
            | {
                "subject": node["id"],
                "object": drug.id,
                "genotype_group": group["name"] if ABBREVIATED.get(group["name"], group["name"]) != phenotype else None,
                "file": document.name,
                "line": line,
            },
        )


def _allele(symbol: str, gene: str, allele: Mapping[str, Any], place: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """Yield an allele with DPWG's function of it, and the variant in its name."""
    label, id_ = allele["_label"], haplotype_id(symbol, allele["_label"])
    yield "Haplotype", {"id": id_, "name": name_of(symbol, label), "gene": gene, "allele_name": label, **place}
    defined = "variants" if (symbol, label) in SITES else "reference" if (symbol, label) in REFERENCES else None
    edge = {"subject": id_, "object": gene, "function": allele["function"]["term"], "defined_by": defined}
    edge |= {"references": ["DPWG"], **place}
    yield "haplotype_of_gene", edge
    if (symbol, label) in SITES:
        rs, (chromosome, position, reference, alternate) = SITES[symbol, label]
        variant = variant_id(rs, SITES[symbol, label][1])
        yield "Variant", {"id": variant, "name": rs, "gene": gene, "allele": alternate, **place}
        site = {"chromosome": chromosome, "position": position, "reference": reference, "allele": alternate}
        yield "haplotype_has_variant", {"subject": id_, "object": variant, "references": ["DPWG"], **site, **place}


def _phenotype(group: Mapping[str, Any]) -> str:
    """Return the phenotype that a group of genotypes is or is a part of; without one it is its own."""
    status = group["metabolizerStatus"]
    return plain(status["html"]) if status else group["name"]


def _advice(document: Document, group: Mapping[str, Any]) -> Row:
    low, high = score_range(plain(group["activityScore"]["html"])) if group["activityScore"] else (None, None)
    strength = (group["strength"] or {}).get("term")
    change = group["rxChangeStatus"]
    return {
        "recommendation": plain(group["recommendation"]["html"]),
        "classification": None if strength == "N/A" else strength,
        "therapy_changes": change["term"] if change else None,
        "implications": plain(group["implications"]["html"]) if group["implications"] else None,
        "guideline": document.of("guideline", "name"),
        "guideline_url": document.of("guideline", "url"),
        "function_pairs": [function_pair(pair.partition(":")[2].split("/")) for pair in group["genePhenotypes"]],
        "activity_score_low": low,
        "activity_score_high": high,
        "references": [f"PMID:{citation['pmid']}" for citation in document.of("citations") if citation.get("pmid")],
    }
