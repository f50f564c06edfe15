"""PharmCAT: star alleles with the variants that define them, their functions, and the phenotypes that pairs make.

Sangkuhl et al., Clinical Pharmacology & Therapeutics 2020;107:203. The definitions are PharmVar's or CPIC's, functions
and phenotypes CPIC's, as ClinPGx distributes them for PharmCAT. Of the table of all diplotypes the graph keeps the
rule behind it: which two functions, and which activity scores, make a phenotype; the table follows from it without
exception, or the file is refused. CYP2D6, CYP4F2, G6PD and RYR1 come without functions here (see `kg.sources.pypgx`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.documents import Document, read_document
from kg.files.text import FileError
from kg.pharmacogenomics.alleles import (
    CURATED,
    Place,
    function_pair,
    function_words,
    haplotype_id,
    name_of,
    phenotype_id,
    variant_id,
)
from kg.pharmacogenomics.genes import GENES, genes_by_symbol
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

PHARMVAR = frozenset(
    ("CYP2B6", "CYP2C9", "CYP2C19", "CYP2D6", "CYP3A4", "CYP3A5", "CYP4F2", "DPYD", "NAT2", "NUDT15", "SLCO1B1")
)
"""Genes whose alleles PharmVar defines; of the others CPIC collected the definitions."""

DEFINED = (*sorted(PHARMVAR), "ABCG2", "CACNA1S", "CFTR", "G6PD", "IFNL3", "RYR1", "TPMT", "UGT1A1", "VKORC1")
"""Genes with definitions here."""

JUDGED = tuple(sorted({*DEFINED, "MT-RNR1"} - {"CYP2D6", "CYP4F2", "G6PD", "RYR1"}))
"""Genes with functions and phenotypes here."""

DEFINITIONS = {gene: PublicFile(f"pgx/pharmcat/alleles/{gene}_translation.json.gz") for gene in DEFINED}
PHENOTYPES = {gene: PublicFile(f"pgx/pharmcat/phenotype/{gene.replace('-', '_')}.json.gz") for gene in JUDGED}

SOURCE = Source(
    name="pharmcat",
    gives="star alleles of 21 genes with the variants that define them, their function and activity score, and which "
    "functions and scores make which phenotype",
    version="2025-11-05",
    licence="MPL-2.0",
    citation="Sangkuhl K, Whirl-Carrillo M, Whaley RM, et al. Pharmacogenomics Clinical Annotation Tool (PharmCAT). "
    "Clin Pharmacol Ther 2020;107:203-210. doi:10.1002/cpt.1568",
    url="https://github.com/PharmGKB/PharmCAT",
    files=(*DEFINITIONS.values(), *PHENOTYPES.values(), GENES),
)


EITHER = frozenset("RYSWKMBDHVN")
"""IUPAC's codes of two bases or more."""

SUBALLELE = "suballele: it is its core allele, which leaves open what the suballele adds"

Row = dict[str, Any]


@dataclass(frozen=True)
class _Gene:
    """A gene, and what its two files say."""

    symbol: str
    curie: str
    definition: Document | None
    phenotype: Document | None


def read(fetch: Fetch) -> Rows:
    """Read PharmCAT's definitions and phenotypes; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    curies = genes_by_symbol(found[GENES].path)
    genes = [
        _Gene(
            symbol,
            curies.get(symbol, symbol),
            _document(found, DEFINITIONS.get(symbol)),
            _document(found, PHENOTYPES.get(symbol)),
        )
        for symbol in sorted({*DEFINED, *JUDGED})
    ]
    tables = [table for gene in genes for table in _tables(gene)]
    nodes = tuple(table for table in tables if "kind" in table.column_names)
    edges = tuple(table for table in tables if "relation" in table.column_names)
    cores = [len(gene.definition.of("suballelesMap")) for gene in genes if gene.definition]
    return Rows(SOURCE.release(found), nodes, edges, left_out={SUBALLELE: sum(cores)})


def _document(found: Mapping[PublicFile, FoundFile], file: PublicFile | None) -> Document | None:
    return read_document(found[file].path) if file else None


def _tables(gene: _Gene) -> Iterator[pa.Table]:
    """Yield the nodes and edges of a gene."""
    document = gene.definition or gene.phenotype
    assert document is not None
    yield node_rows("Gene", [{"id": gene.curie, "name": gene.symbol, "file": document.name, "line": 1}])
    alleles: dict[str, Row] = {}
    if gene.definition is not None:
        with gene.definition.expected():
            yield from _variants(gene, gene.definition)
            defining = [edge for edges in _defining(gene, gene.definition, alleles) for edge in edges]
            yield edge_rows("haplotype_has_variant", defining, references=[_definer(gene.symbol)], **CURATED)
    if gene.phenotype is not None:
        with gene.phenotype.expected():
            _add_functions(gene, gene.phenotype, alleles)
            rules = list(_rules(gene, gene.phenotype))
            yield node_rows("GenePhenotype", rules)
            edges = [row | {"subject": row["id"], "object": gene.curie} for row in rules]
            yield edge_rows("phenotype_of_gene", edges, references=["CPIC"], **CURATED)
    yield node_rows("Haplotype", alleles.values())
    yield edge_rows("haplotype_of_gene", _memberships(gene, alleles.values()), **CURATED)


def _definer(gene: str) -> str:
    return "PharmVar" if gene in PHARMVAR else "CPIC"


def _allele(gene: _Gene, name: str, document: Document, line: int) -> Row:
    """Return the columns of an allele's node."""
    named = {"id": haplotype_id(gene.symbol, name), "name": name_of(gene.symbol, name), "allele_name": name}
    return {**named, "gene": gene.curie, "file": document.name, "line": line}


def _memberships(gene: _Gene, alleles: Iterable[Row]) -> Iterator[Row]:
    """Yield what each allele is in its gene: function, activity score, and what makes it."""
    for row in alleles:
        by = [_definer(gene.symbol)] if row.get("defined_by") else []
        by += ["CPIC"] if row.get("function") else []
        yield {**row, "subject": row["id"], "object": gene.curie, "references": list(dict.fromkeys(by))}


def _variants(gene: _Gene, document: Document) -> Iterator[pa.Table]:
    """Yield a node for each site (for each alternate of a site without an rs number), and what gene it lies in."""
    rows = []
    for site, line in document.placed(document.of("variants"), "cpicPosition"):
        written = _hgvs(document, site)
        alone = len(site["alts"]) == 1
        for alternate in site["alts"][:1] if site["rsid"] else site["alts"]:
            place = _place(site, alternate)
            exact = _exact(site, written, alternate)
            rows.append(
                {
                    "id": variant_id(site["rsid"], place, exact),
                    "name": site["rsid"] or exact,
                    "gene": gene.curie,
                    # of several alternates each haplotype names its own, on its edge
                    "allele": alternate if alone or not site["rsid"] else None,
                    "grch38": "-".join(map(str, place)).removeprefix("chr") if alone or not site["rsid"] else None,
                    "hgvs": written,
                    "file": document.name,
                    "line": line,
                }
            )
    yield node_rows("Variant", rows)
    edges = [row | {"subject": row["id"], "object": gene.curie} for row in rows]
    yield edge_rows("variant_in_gene", edges, references=[_definer(gene.symbol)], **CURATED)


def _place(site: Mapping[str, Any], alternate: str) -> Place:
    return site["chromosome"], site["position"], site["ref"], alternate


def _hgvs(document: Document, site: Mapping[str, Any]) -> list[str]:
    reference = document.of("refSeqChromosomeId")
    return [f"{reference}:{change.strip()}" for change in site["chromosomeHgvsName"].split(";") if change.strip()]


def _defining(gene: _Gene, document: Document, alleles: dict[str, Row]) -> Iterator[list[Row]]:
    """Add a gene's alleles to `alleles`; yield the edges from each to the variants that define it."""
    sites, cores = document.of("variants"), document.of("suballelesMap")
    for allele, line in document.placed(
        [*document.of("namedAlleles"), *document.of("hiddenCoreAlleles")], "structuralVariant"
    ):
        if allele["name"] in cores:
            continue
        row = _allele(gene, allele["name"], document, line)
        changes = [
            {**row, **_change(document, site, base), "subject": row["id"]}
            for site, base in zip(sites, allele["alleles"], strict=True)
            if _defines(document, site, base, line)
        ]
        row["defined_by"] = "structural" if allele["structuralVariant"] else "variants" if changes else "reference"
        alleles[allele["name"]] = row
        yield changes


def _defines(document: Document, site: Mapping[str, Any], base: str | None, line: int) -> bool:
    """Return whether a base of an allele sets it apart from the reference sequence.

    Where an allele may have either of two bases (Y, R, ...) both are it, which defines nothing.
    """
    if base is None or base == site["ref"] or base in EITHER:
        return False
    if base not in site["alts"]:
        raise FileError(
            f"{document.name}, line {line}: expected {site['ref']} or one of {', '.join(site['alts'])} at "
            f"{site['chromosomeHgvsName']}, got {base!r}"
        )
    return True


def _exact(site: Mapping[str, Any], written: list[str], alternate: str) -> str | None:
    """Return that one of a site's HGVS names which means an alternate; there may be none."""
    called = {base: word for word, base in site["cpicToVcfAlleleMap"].items()}.get(alternate, alternate)
    ends = (f">{alternate}", called.replace("(", "[").replace(")", "]"))  # CPIC's TA(8) is TA[8] in HGVS
    exact = written if len(written) == 1 else [change for change in written if change.endswith(ends)]
    return exact[0] if exact else None


def _change(document: Document, site: Mapping[str, Any], alternate: str) -> Row:
    """Return the columns of the edge to one alternate of a site."""
    exact, place = _exact(site, _hgvs(document, site), alternate), _place(site, alternate)
    columns = dict(zip(("chromosome", "position", "reference", "allele"), place, strict=True))
    return columns | {"object": variant_id(site["rsid"], place, exact), "hgvs": exact}


def _add_functions(gene: _Gene, document: Document, alleles: dict[str, Row]) -> None:
    for allele, line in document.placed(document.of("namedAlleles"), "functionValue"):
        row = alleles.setdefault(allele["name"], _allele(gene, allele["name"], document, line))
        row |= {"function": function_words(allele["functionValue"]), "activity_score": score(allele["activityValue"])}


def score(text: str | None) -> float | None:
    """Return an activity score; `n/a` (of a function that nobody knows) is none.

    >>> score("0.25"), score("n/a")
    (0.25, None)
    """
    return None if text in (None, "n/a") else float(text)


def _rules(gene: _Gene, document: Document) -> Iterator[Row]:
    """Yield each phenotype with the pairs of functions that make it, and the scores between which they add up."""
    functions = {allele["name"]: function_words(allele["functionValue"]) for allele in document.of("namedAlleles")}
    made: dict[str, str] = {}
    scores: dict[str, set[float]] = {}
    first: dict[str, int] = {}
    for diplotype, line in document.placed(document.of("diplotypes"), "diplotypekey"):
        alleles = [allele for allele, copies in diplotype["diplotypekey"].items() for _ in range(copies)]
        pair, phenotype = function_pair([functions[allele] for allele in alleles]), diplotype["phenotype"]
        if made.setdefault(pair, phenotype) != phenotype:
            raise FileError(
                f"{document.name}, line {line}: {pair} makes {phenotype} here and {made[pair]} above; expected one "
                "phenotype for two functions, which the graph keeps in place of the diplotypes"
            )
        first.setdefault(phenotype, line)
        total = score(diplotype["activityScore"])
        scores.setdefault(phenotype, set()).update([] if total is None else [total])
    for phenotype, line in first.items():
        yield {
            "id": phenotype_id(gene.symbol, phenotype),
            "name": name_of(gene.symbol, phenotype),
            "gene": gene.curie,
            "phenotype": phenotype,
            "function_pairs": sorted(pair for pair, one in made.items() if one == phenotype),
            "activity_score_low": min(scores[phenotype], default=None),
            "activity_score_high": max(scores[phenotype], default=None),
            "file": document.name,
            "line": line,
        }
