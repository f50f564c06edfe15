"""Phenopackets: the variants that published cases name as causes of their diseases, counted over patients.

Danis et al., HGG Advances 2025;6:100371: one GA4GH phenopacket a line, one packet a published patient. Of a patient
nothing is kept: no identifier, sex, age, phenotype or zygosity, only how many patients a variant caused a disease in,
and the publications. Only variants of solved cases that are called causative count, by design.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from kg.curie import OWN
from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.files.lines import read_lines
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

PACKETS = PublicFile("patients/phenopackets.jsonl.gz")
GENES = PublicFile("attributes/entrez_genes_2022.tsv.gz")

SOURCE = Source(
    name="phenopackets",
    gives="variants with HGVS expressions, their genes, and the diseases that they caused in how many published cases",
    version="2026-06-25",
    licence="BSD-3-Clause",
    citation="Danis D, Bamshad MJ, Bridges Y, et al. A corpus of GA4GH phenopackets: case-level phenotyping for "
    "genomic diagnostics and discovery. HGG Advances 2025;6:100371. doi:10.1016/j.xhgg.2024.100371",
    url="https://github.com/monarch-initiative/phenopacket-store",
    files=(PACKETS,),
    extras=(GENES,),
)

LONGEST = 100
"""The longest HGVS expression that is its variant's identifier as it is, and the longest alleles that are written out:
a deletion of 60,000 bases has a record of as many letters."""

_GENOMIC = re.compile(r"NC_\d+\.\d+:[gm]\.\S+")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_OWN_CHARACTERS = re.compile(r"[A-Za-z0-9_.*-]+")

Row = dict[str, Any]


@dataclass(frozen=True)
class Cause:
    """What one packet says: this variant, in this gene if one is named, causes this disease."""

    variant: Row
    gene: Row | None
    disease: Row
    references: tuple[str, ...]


@dataclass(frozen=True)
class _Counted:
    """What all packets say together, by identifier; a rejected line's fault is the relation of an edge.

    `left_out` counts the variants that are not called the cause of a solved case.
    """

    nodes: dict[str, Row]
    causes: dict[tuple[str, str], Row]
    genes: dict[tuple[str, str], Row]
    rejected: list[Row]
    left_out: Counter[str]


def read(fetch: Fetch) -> Rows:
    """Read the packets; genes come under their NCBI identifiers where the attribute file knows their symbols.

    Raises `kg.fetch.FetchError` if the file is nowhere or not what it should be, `kg.files.text.FileError` if one is no
    text; a line that is no phenopacket is rejected by the build, without what it says.
    """
    found = SOURCE.fetched(fetch)
    counted = _counted(found)
    shared = {"knowledge_level": "knowledge_assertion", "agent_type": "manual_agent", "file": PACKETS.name}
    edges = tuple(
        edge_rows(relation, rows, **shared)
        for relation, rows in (
            ("variant_causes_disease", counted.causes.values()),
            ("variant_in_gene", [*counted.genes.values(), *counted.rejected]),
        )
    )
    return Rows(SOURCE.release(found), tuple(_node_tables(counted)), edges, left_out=counted.left_out)


def causes(packet: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield what a phenopacket (version 2) states as a cause; raises `KeyError`, `TypeError`, `AttributeError`
    or `UnicodeEncodeError` for one of another shape."""
    references = tuple(_text(one["id"]) for one in packet["metaData"].get("externalReferences", ()))
    for interpretation in packet.get("interpretations", ()):
        if interpretation["progressStatus"] != "SOLVED":
            continue
        diagnosis = interpretation["diagnosis"]
        named = diagnosis["disease"]
        disease = {"kind": "Disease", "id": _text(named["id"]), "name": _text(named.get("label", ""))}
        for genomic in diagnosis.get("genomicInterpretations", ()):
            if genomic["interpretationStatus"] == "CAUSATIVE" and "variantInterpretation" in genomic:
                described = genomic["variantInterpretation"]["variationDescriptor"]
                yield Cause(variant(described), _gene(described), disease, references)


def variant(described: Mapping[str, Any]) -> Row:
    """Return the node of a described variant: identified by its genomic HGVS, else by its gene and its label.

    >>> expressions = [{"syntax": "hgvs.g", "value": "NC_000015.10:g.48468566C>T"}]
    >>> variant({"expressions": expressions, "geneContext": {"valueId": "HGNC:3603", "symbol": "FBN1"}})["id"]
    'PANAKEIA:NC_000015.10-g.48468566C-T'
    """
    expressions = {one["syntax"]: _text(one["value"]) for one in described.get("expressions", ())}
    symbol = _text(described.get("geneContext", {}).get("symbol", ""))
    if _GENOMIC.fullmatch(described.get("label", "")):  # of what the curators could not express otherwise
        expressions.setdefault("hgvs.g", described["label"])
    genomic, coding = expressions.get("hgvs.g"), expressions.get("hgvs.c", "")
    label = coding.partition(":")[2] or genomic or _text(described["label"])
    return {
        "kind": "Variant",
        "id": f"{OWN}:{_spelled(genomic) if genomic else _digested(symbol, label)}",
        "name": f"{symbol} {label}".strip(),
        "synonyms": [value for syntax, value in expressions.items() if syntax in ("hgvs.c", "hgvs.g")],
        "hgvs": list(expressions.values()),
        "type": _text(described.get("structuralType", {}).get("label", "")) or None,
        "grch38": _place(described.get("vcfRecord", {})),
    }


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    value.encode()  # JSON may hold half a character, which is no text
    return value


def _spelled(genomic: str) -> str:
    """Return a genomic HGVS expression in the characters of our identifiers: no two become the same."""
    spelled = genomic.replace(":", "-").replace(">", "-")
    if len(spelled) <= LONGEST and _OWN_CHARACTERS.fullmatch(spelled):
        return spelled
    return _digested(genomic.partition(":")[0], genomic)


def _digested(gene: str, label: str) -> str:
    """Return a readable name of a variant without exact place that differs wherever gene or label does."""
    digest = hashlib.sha256(f"{gene}\n{label}".encode()).hexdigest()[:10]
    return _NO_NAME.sub("-", f"{gene} {label}"[:40]).strip("-") + f"-{digest}"


def _place(record: Mapping[str, Any]) -> str | None:
    if record.get("genomeAssembly") not in ("hg38", "GRCh38"):
        return None
    alleles = (_text(record["ref"]), _text(record["alt"]))
    if max(map(len, alleles)) > LONGEST:
        return None
    return "-".join((record["chrom"].removeprefix("chr"), str(record["pos"]), *alleles))


def _gene(described: Mapping[str, Any]) -> Row | None:
    context = described.get("geneContext")
    return context and {"kind": "Gene", "id": _text(context["valueId"]), "name": _text(context["symbol"])}


def _counted(found: Mapping[PublicFile, FoundFile]) -> _Counted:
    known = _gene_ids(found)
    counted = _Counted({}, {}, {}, [], Counter())
    for line, text in read_lines(found[PACKETS].path):
        if not text.strip():
            continue
        try:
            packet = json.loads(text)
            found_causes = tuple(causes(packet))
            unsure = sum(_interpreted(packet)) - len(found_causes)
            told = {(cause.variant["id"], cause.disease["id"]): cause for cause in found_causes}
        except (json.JSONDecodeError, RecursionError):
            counted.rejected.append({"relation": f"{SOURCE.name}:no JSON", "line": line})
        except (KeyError, TypeError, AttributeError, UnicodeEncodeError):
            counted.rejected.append({"relation": f"{SOURCE.name}:no phenopacket", "line": line})
        else:
            if unsure:
                counted.left_out["variant not called the cause of a solved case"] += unsure
            for cause in told.values():  # a patient with the variant on both chromosomes is one patient
                _count(counted, cause, known, line)
    return counted


def _interpreted(packet: Mapping[str, Any]) -> Iterator[int]:
    """Yield how many variants each interpretation of a packet names."""
    for interpretation in packet.get("interpretations", ()):
        yield len(interpretation.get("diagnosis", {}).get("genomicInterpretations", ()))


def _count(counted: _Counted, cause: Cause, known: Mapping[str, str], line: int) -> None:
    for node in (cause.variant, cause.disease):
        _add(counted.nodes.setdefault(node["id"], node | {"line": line}), node)
    ends = cause.variant["id"], cause.disease["id"]
    edge = {"relation": "variant_causes_disease", "subject": ends[0], "object": ends[1], "references": [], "cases": 0}
    edge = counted.causes.setdefault(ends, edge | {"line": line})
    edge["cases"] += 1
    edge["references"] = list(dict.fromkeys([*edge["references"], *cause.references]))
    if cause.gene is None:
        return
    stated = cause.gene["id"]
    gene = cause.gene | {"id": known.get(cause.gene["name"], stated)}
    gene["xrefs"] = [stated] if gene["id"] != stated else []
    counted.nodes.setdefault(gene["id"], gene | {"line": line})
    counted.nodes[ends[0]]["gene"] = gene["id"]
    edge = {"relation": "variant_in_gene", "subject": ends[0], "object": gene["id"]}
    counted.genes.setdefault((ends[0], gene["id"]), edge | {"line": line})


def _add(node: Row, other: Mapping[str, Any]) -> None:
    """Add what another packet says of the same variant: its place on another transcript."""
    for column in ("synonyms", "hgvs"):
        if column in node:
            node[column] = list(dict.fromkeys([*node[column], *other[column]]))


def _gene_ids(found: Mapping[PublicFile, FoundFile]) -> dict[str, str]:
    """Return the identifier of each gene symbol that is one gene's only."""
    if GENES not in found:
        return {}
    rows = read_columns(found[GENES].path, ("gene_id", "symbol")).to_pylist()
    genes: dict[str, set[str]] = {}
    for row in rows:
        genes.setdefault(row["symbol"], set()).add(f"NCBIGene:{row['gene_id']}")
    return {symbol: min(ids) for symbol, ids in genes.items() if len(ids) == 1}


def _node_tables(counted: _Counted) -> Iterator[pa.Table]:
    for kind in ("Variant", "Gene", "Disease"):
        rows = [node | {"file": PACKETS.name} for node in counted.nodes.values() if node["kind"] == kind]
        yield node_rows(kind, rows)
