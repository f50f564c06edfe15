"""PyPGx: alleles of the genes that PharmCAT lacks, CYP2D6's scores, and CPIC's list of genes and drugs.

Lee et al., PLoS One 2022;17:e0272129. PyPGx's own work are the tables of alleles and variants (MIT), compiled from
PharmVar, CPIC and publications; CPIC's (CC0) are the gene-drug pairs, the phenotypes and the recommendations, of
which only those are read that `kg.sources.cpic` and `kg.sources.pharmcat` do not have from CPIC itself.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.number import number
from kg.files.table import read_csv
from kg.files.text import FileError
from kg.pharmacogenomics.alleles import (
    CURATED,
    function_pair,
    function_words,
    haplotype_id,
    name_of,
    phenotype_id,
    variant_id,
)
from kg.pharmacogenomics.drugs import CPIC_PAIRS as PAIRS
from kg.pharmacogenomics.drugs import NAME_LISTS, Drugs, read_drugs
from kg.pharmacogenomics.genes import GENES, genes_by_symbol
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source
from kg.sources.pharmcat import DEFINED, JUDGED


def _table(name: str, sha256: str) -> PublicFile:
    return PublicFile(f"pgx/pypgx/{name}-table.csv", sha256=sha256)


ALLELES = _table("allele", "140193fd106f0cd9826435702e5aadf7347de8e064c3bbc9444d0f56ede012d0")
VARIANTS = _table("variant", "266ed3425bfa7b8d83ff81c419924a190067986f31e8c8ee80d9f23cf4b91685")
DEFAULTS = _table("gene", "320e1f2d54238e2b6aa449a1e93716507f1485b0c8f8eb617db8f9a76ff3e249")
DIPLOTYPES = _table("diplotype", "51c922c8ebc0dd8f71d73c01e4ba6cca326b2b35546324022b63fd22a062000d")
EQUATIONS = _table("equation", "4642d606a85d3c140dca45b4934d7d92ea01d8c64b4313f0844eb6d02d1c0195")
RECOMMENDATIONS = _table("recommendation", "18138a6937f68ae16b5c4010b18687744a016e34d3de81dbe738791b9549fe17")
# The published tables have these sums, in the wheel of the release; no file of a table alone is published.

SOURCE = Source(
    name="pypgx",
    gives="alleles of 69 genes that PharmCAT does not define, CYP2D6's activity scores, the phenotypes of "
    "CYP2D6, G6PD, IFNL3 and RYR1, and CPIC's gene-drug pairs with the levels of CPIC, PharmGKB and the FDA label",
    version="0.27.0",
    licence="MIT",
    citation="Lee SB, Shin JY, Kwon NJ, Kim C, Seo JS. ClinPharmSeq: A targeted sequencing panel for clinical "
    "pharmacogenetics implementation. PLoS One 2022;17:e0272129. doi:10.1371/journal.pone.0272129",
    url="https://github.com/sbslee/pypgx",
    files=(ALLELES, VARIANTS, DEFAULTS, DIPLOTYPES, EQUATIONS, RECOMMENDATIONS, PAIRS, GENES),
    extras=tuple(file for file in NAME_LISTS if file != PAIRS),
)

# PharmCAT names IFNL3's alleles, and says nothing of what two of them make; so that gene is PyPGx's whole.
WHOLE = "IFNL3"
FUNCTIONS_ELSEWHERE = frozenset(JUDGED) - {WHOLE}
DEFINITIONS_ELSEWHERE = frozenset(DEFINED) - {WHOLE}
TABULATED = ("G6PD", WHOLE, "RYR1")
"""Genes whose phenotypes are read from the table of diplotypes."""

CONTRADICTED = frozenset({("G6PD", "Cairo"), ("G6PD", "No name")})
"""Alleles of unknown function in one table and of a known one in the diplotypes: the first stands."""

RENAMED = {("RYR1", "c.7039_7041delGAG"): "c.7042_7044delGAG"}
"""Alleles that PharmCAT defines by another name: of rs121918596, chr19:38499644 TGGA>T, on a repeat of GAG."""

ONE_COPY = "Sex Chromosome"
"""The function of the other allele of a gene that a person has one copy of."""

_NOTHING = ("N/A", "None", "")
_EQUATION = re.compile(r"(?P<low>[\d.]+) (?P<relation><=|==) score(?: < (?P<below>[\d.]+))?")
_STEP = 0.25
"""CPIC's activity values are multiples of it: the highest total below 1.25 is 1."""

Row = dict[str, Any]


def read(fetch: Fetch) -> Rows:
    """Read PyPGx's tables; raises `kg.fetch.FetchError` or `kg.files.text.FileError`."""
    found = SOURCE.fetched(fetch)
    genes, drugs = genes_by_symbol(found[GENES].path), read_drugs(found)
    left_out: Counter[str] = Counter()
    listed = [*_alleles(found, genes, left_out)]
    rules = [*_tabulated(found, listed, left_out), *_computed(found, genes)]
    alleles = [row for row in listed if row["function"] != ONE_COPY]  # that a second one is missing is no allele
    sites = [*_sites(found, alleles)]
    pairs = [*_pairs(found, drugs, genes)]
    advice = [*_advice(found, drugs, pairs, left_out)]
    named = {row["gene"]: {**row, "id": row["gene"], "name": row["symbol"]} for row in (*alleles, *rules, *pairs)}
    members = [row for row in alleles if row["symbol"] not in FUNCTIONS_ELSEWHERE]
    cpic = {"licence": "CC0-1.0", **CURATED}
    return Rows(
        SOURCE.release(found),
        (
            node_rows("Gene", named.values()),
            node_rows("Haplotype", alleles),
            node_rows("Variant", (row | {"id": row["object"], "name": row["rs"] or row["site"]} for row in sites)),
            node_rows("GenePhenotype", rules),
            node_rows("Drug", (row | row["drug"] for row in (*pairs, *advice))),
        ),
        (
            edge_rows("haplotype_of_gene", _joined(members, "id"), **CURATED),
            edge_rows("haplotype_has_variant", sites, **CURATED),
            edge_rows("variant_in_gene", _joined(sites, "object"), **CURATED),
            edge_rows("phenotype_of_gene", _joined(rules, "id"), **cpic),
            edge_rows("gene_affects_drug", pairs, **cpic),
            edge_rows("phenotype_guides_drug", advice, **cpic),
        ),
        left_out=left_out,
    )


def score_range(equation: str) -> tuple[float | None, float | None] | None:
    """Return the lowest and the highest total score that an equation of PyPGx means, or None where it means none.

    >>> score_range("0.25 <= score < 1.25"), score_range("2 == score"), score_range("2.5 <= score")
    ((0.25, 1.0), (2.0, 2.0), (2.5, None))
    """
    found = _EQUATION.fullmatch(equation)
    if found is None:
        return None
    low = number(found["low"])
    if found["relation"] == "==":
        return low, low
    return low, None if found["below"] is None else float(found["below"]) - _STEP


def _rows(found: Mapping[PublicFile, FoundFile], file: PublicFile, *columns: str) -> Iterator[Row]:
    """Yield the rows of a table, with their place; what the table says nothing in is None."""
    for line, row in read_csv(found[file].path, columns).by_line().items():
        told = {column: None if row[column] in _NOTHING else row[column] for column in columns}
        yield told | {"file": file.name, "line": line}


def _joined(rows: Iterable[Row], subject: str) -> list[Row]:
    """Return the edges from each row to its gene."""
    return [row | {"subject": row[subject], "object": row["gene"]} for row in rows]


def _alleles(found: Mapping[PublicFile, FoundFile], genes: Mapping[str, str], left_out: Counter[str]) -> Iterator[Row]:
    """Yield the alleles that are nowhere else, or without a function or a definition there."""
    defaults = {row["Gene"]: row["GRCh38Default"] for row in _rows(found, DEFAULTS, "Gene", "GRCh38Default")}
    for row in _rows(found, ALLELES, "Gene", "StarAllele", "ActivityScore", "Function", "GRCh38Core", "SV"):
        symbol, allele = row["Gene"] or "", row["StarAllele"] or ""
        if symbol in FUNCTIONS_ELSEWHERE & DEFINITIONS_ELSEWHERE:
            left_out["allele of a gene that PharmCAT has whole"] += 1
            continue
        defined = "variants" if row["GRCh38Core"] else "reference" if defaults.get(symbol) == allele else None
        named = RENAMED.get((symbol, allele), allele)
        yield {
            "id": haplotype_id(symbol, named),
            "name": name_of(symbol, named),
            "symbol": symbol,
            "gene": genes.get(symbol, symbol),
            "allele_name": allele,
            "function": function_words(row["Function"] or "Unknown function"),
            "activity_score": number(row["ActivityScore"] or ""),
            "defined_by": "structural" if row["SV"] == "TRUE" else defined,
            "core": (row["GRCh38Core"] or "").split(",") if row["GRCh38Core"] else [],
            "references": ["PyPGx"],
            "file": row["file"],
            "line": row["line"],
        }


def _sites(found: Mapping[PublicFile, FoundFile], alleles: Iterable[Row]) -> Iterator[Row]:
    """Yield the edge from each allele to each variant that defines it; variants that only often go along are none."""
    columns = ("Gene", "GRCh38Name", "rsID")
    numbers = {(row["Gene"], row["GRCh38Name"]): row["rsID"] for row in _rows(found, VARIANTS, *columns)}
    for allele in alleles:
        for core in allele["core"] if allele["symbol"] not in DEFINITIONS_ELSEWHERE else ():
            chromosome, position, reference, alternate = core.split("-")
            place = (f"chr{chromosome}", int(position), reference, alternate)
            rs = numbers.get((allele["symbol"], core))
            yield {
                **allele,
                "subject": allele["id"],
                "object": variant_id(rs, place),
                "rs": rs,
                "site": f"{place[0]}:{position} {reference}>{alternate}",
                "chromosome": place[0],
                "position": place[1],
                "reference": reference,
                "allele": alternate,
                "grch38": core,
            }


def _tabulated(found: Mapping[PublicFile, FoundFile], alleles: Iterable[Row], left_out: Counter[str]) -> list[Row]:
    """Return the phenotypes of the tabulated genes, each with the pairs of functions that make it."""
    known = {(row["symbol"], row["allele_name"]): row for row in alleles}
    rules: dict[str, Row] = {}
    made: dict[tuple[str, str], str] = {}
    for row in _rows(found, DIPLOTYPES, "Gene", "Diplotype", "Phenotype"):
        symbol = row["Gene"]
        both = [(symbol, allele) for allele in (row["Diplotype"] or "").split("/")]
        if symbol not in TABULATED:
            left_out["diplotype of a gene that PharmCAT or DPWG has"] += 1
            continue
        if CONTRADICTED & {*both}:
            left_out["diplotype of an allele whose function the tables do not agree on"] += 1
            continue
        where = f"{row['file']}, line {row['line']}"
        if missing := [allele for allele in both if allele not in known]:
            raise FileError(f"{where}: expected alleles that {ALLELES.name} lists, got {missing[0]}")
        pair = function_pair([known[one]["function"] for one in both if known[one]["function"] != ONE_COPY])
        phenotype = row["Phenotype"].removeprefix(f"{symbol} ")
        if made.setdefault((symbol, pair), phenotype) != phenotype:
            raise FileError(
                f"{where}: {pair} makes {phenotype} here and {made[symbol, pair]} above; expected one phenotype for "
                "two functions, which the graph keeps in place of the diplotypes"
            )
        rule = rules.setdefault(
            phenotype_id(symbol, phenotype), _rule(symbol, known[both[0]]["gene"], phenotype, row) | {"pairs": set()}
        )
        rule["pairs"].add(pair)
    return [rule | {"function_pairs": sorted(rule["pairs"])} for rule in rules.values()]


def _computed(found: Mapping[PublicFile, FoundFile], genes: Mapping[str, str]) -> Iterator[Row]:
    """Yield the phenotypes that a total activity score makes."""
    for row in _rows(found, EQUATIONS, "Gene", "Phenotype", "Equation"):
        if row["Gene"] in FUNCTIONS_ELSEWHERE:
            continue
        scores = score_range(row["Equation"] or "")
        if scores is None:
            raise FileError(
                f"{row['file']}, line {row['line']}: expected an equation such as '1 <= score < 2', "
                f"got {row['Equation']!r}"
            )
        rule = _rule(row["Gene"], genes.get(row["Gene"], row["Gene"]), row["Phenotype"], row)
        yield rule | {"activity_score_low": scores[0], "activity_score_high": scores[1]}


def _rule(symbol: str, gene: str, phenotype: str, row: Row) -> Row:
    return {
        "id": phenotype_id(symbol, phenotype),
        "name": name_of(symbol, phenotype),
        "symbol": symbol,
        "gene": gene,
        "phenotype": phenotype,
        "references": ["CPIC"],
        "file": row["file"],
        "line": row["line"],
    }


def _pairs(found: Mapping[PublicFile, FoundFile], drugs: Drugs, genes: Mapping[str, str]) -> Iterator[Row]:
    """Yield CPIC's gene-drug pairs; the drugs without any identifier are the build's to reject."""
    columns = ("Gene", "Drug", "RxNorm", "Guideline", "CPICLevel", "CPICLevelStatus", "PharmGKBLevel", "FDALabel")
    for row in _rows(found, PAIRS, *columns, "PMID"):
        called, symbol = row["Drug"] or "", row["Gene"] or ""
        node = _drug(drugs, called, f"RXNORM:{row['RxNorm']}" if row["RxNorm"] else None)
        yield {
            "symbol": symbol,
            "gene": genes.get(symbol, symbol),
            "drug": node,
            "subject": genes.get(symbol, symbol),
            "object": node["id"],
            "cpic_level": row["CPICLevel"],
            "cpic_status": row["CPICLevelStatus"],
            "pharmgkb_level": row["PharmGKBLevel"],
            "fda_label": row["FDALabel"],
            "guideline_url": row["Guideline"],
            "references": [f"PMID:{number_}" for number_ in (row["PMID"] or "").split(";") if number_] or ["CPIC"],
            "file": row["file"],
            "line": row["line"],
        }


def _advice(
    found: Mapping[PublicFile, FoundFile], drugs: Drugs, pairs: Iterable[Row], left_out: Counter[str]
) -> Iterator[Row]:
    """Yield the recommendations that CPIC's own files lack: those by IFNL3, where there is one."""
    guideline = next((row for row in pairs if row["symbol"] == WHOLE and row["guideline_url"]), {})
    for row in _rows(found, RECOMMENDATIONS, "Drug", "Gene1", "Phenotype1", "Recommendation"):
        if row["Gene1"] != WHOLE:
            left_out["recommendation that CPIC's or DPWG's own files have"] += 1
            continue
        if row["Recommendation"] is None:
            left_out["phenotype without a recommendation"] += 1
            continue
        node = _drug(drugs, row["Drug"] or "", None)
        yield {
            "drug": node,
            "subject": phenotype_id(WHOLE, row["Phenotype1"]),
            "object": node["id"],
            "recommendation": row["Recommendation"],
            "guideline_url": guideline.get("guideline_url"),
            "references": guideline.get("references", []),
            "file": row["file"],
            "line": row["line"],
        }


def _drug(drugs: Drugs, called: str, curie: str | None) -> Row:
    """Return the columns of a drug's node; without any identifier its name stands there, for the build to reject."""
    drug = drugs.find(called, curie)
    return Drugs.row(drug, called) if drug else {"id": called, "name": called}
