"""CIViC: what a tumour's variants say of drugs and of the disease, item by item, curated with level and references.

Griffith et al., Nature Genetics 2017;49:170: the nightly file of clinical evidence of February 2021. Every variant is
a node under its CIViC number, with what CIViC calls it within its gene, the span in GRCh37 that it stands in, and its
place there where that is exact: one change of given bases. Evidence that
does not support a statement is an edge of a negated relation (`kg.vocabulary.oncology`), never of the statement's.

Left out by design: what an item says of a variant's function, as it says nothing of a disease or a drug, and items
whose significance is N/A, as they say nothing (RULES is the list).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from kg.curie import OWN
from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

EVIDENCE = PublicFile("oncology/civic-2021-02.tsv.gz")
DRUGBANK = PublicFile("attributes/drugbank.tsv.gz")

SOURCE = Source(
    name="civic",
    gives="which variants of tumours make which drugs work or fail, and what they mean for diagnosis and outcome",
    version="2021-02",
    licence="CC0-1.0",
    citation="Griffith M, Spies NC, Krysiak K, et al. CIViC is a community knowledgebase for expert crowdsourcing the "
    "clinical interpretation of variants in cancer. Nature Genetics 2017;49:170-174. doi:10.1038/ng.3774",
    url="https://civicdb.org",
    files=(EVIDENCE,),
    extras=(DRUGBANK,),
)

COLUMNS = (
    "evidence_id",
    "gene",
    "entrez_id",
    "variant",
    "variant_id",
    "disease",
    "doid",
    "drugs",
    "drug_interaction_type",
    "evidence_type",
    "evidence_direction",
    "evidence_level",
    "clinical_significance",
    "citation_id",
    "source_type",
    "asco_abstract_id",
    "nct_ids",
    "rating",
    "evidence_status",
    "chromosome",
    "start",
    "stop",
    "reference_bases",
    "variant_bases",
    "chromosome2",
    "reference_build",
    "variant_origin",
)

RULES: dict[tuple[str, str], str] = {
    ("Predictive", "Sensitivity/Response"): "variant_sensitizes_to_drug",
    ("Predictive", "Resistance"): "variant_confers_resistance_to_drug",
    ("Predictive", "Reduced Sensitivity"): "variant_alters_response_to_drug",
    ("Predictive", "Adverse Response"): "variant_alters_response_to_drug",
    ("Predictive", "N/A"): "",
    ("Diagnostic", "Positive"): "variant_indicates_disease",
    ("Diagnostic", "Negative"): "variant_not_shown_to_affect_disease",  # it speaks against the disease
    ("Prognostic", "Poor Outcome"): "variant_worsens_outcome_of_disease",
    ("Prognostic", "Better Outcome"): "variant_improves_outcome_of_disease",
    ("Prognostic", "Positive"): "",
    ("Prognostic", "N/A"): "",
    ("Predisposing", "Positive"): "variant_predisposes_to_disease",
    ("Predisposing", "Pathogenic"): "variant_predisposes_to_disease",
    ("Predisposing", "Likely Pathogenic"): "variant_predisposes_to_disease",
    ("Predisposing", "Uncertain Significance"): "variant_uncertain_for_disease",
    ("Predisposing", "N/A"): "",
}
"""What supported evidence of a type with a significance is an edge of; nothing where it says too little for one."""

NOT_SUPPORTED = {
    "Predictive": "variant_not_shown_to_affect_drug",
    "Diagnostic": "variant_not_shown_to_affect_disease",
    "Prognostic": "variant_not_shown_to_affect_disease",
    "Predisposing": "variant_not_shown_to_affect_disease",
}

STARS = ("1", "2", "3", "4", "5")

_BETWEEN_DRUGS = re.compile(r"(?<!\d),|,(?!\d)")  # not the comma of "HER2 Inhibitor CP-724,714"
_POSITION = re.compile(r"[0-9]{1,9}")
_BASES = re.compile(r"[ACGT]+")
_NO_NAME = re.compile(r"[^a-z0-9]+")

Row = dict[str, Any]


def read(fetch: Fetch) -> Rows:
    """Read the evidence; a drug is DrugBank's where DrugBank has exactly its name, else one of its name only.

    Raises `kg.fetch.FetchError` if the file is nowhere or not what it should be, `kg.files.text.FileError` if one
    cannot be read.
    """
    found = SOURCE.fetched(fetch)
    items = read_columns(found[EVIDENCE].path, COLUMNS).to_pylist()
    drugs = _drug_ids(found)
    nodes: dict[str, list[Row]] = {}
    edges: dict[str, list[Row]] = {}
    left_out = Counter[str]()
    for item in items:
        for node in _nodes(item, drugs):
            nodes.setdefault(node["kind"], []).append(node | _at(item))
        told = tuple(_statements(item, drugs))
        if not told:
            left_out[f"{item['evidence_type']} evidence: {item['clinical_significance']}"] += 1
        for edge in (*told, _in_gene(item)):
            edges.setdefault(edge["relation"], []).append(edge | _at(item))
    return Rows(
        SOURCE.release(found),
        tuple(node_rows(kind, rows) for kind, rows in nodes.items()),
        tuple(edge_rows(relation, rows) for relation, rows in edges.items()),
        left_out=left_out,
    )


def relation(evidence_type: str, direction: str, significance: str) -> str | None:
    """Return the relation that evidence of this kind is an edge of, nothing where it is left out by design.

    What the rules do not know is a relation that no graph has, so that the build rejects it.

    >>> relation("Predictive", "Supports", "Resistance"), relation("Predictive", "Does Not Support", "Resistance")
    ('variant_confers_resistance_to_drug', 'variant_not_shown_to_affect_drug')
    """
    if evidence_type == "Functional" or (evidence_type, direction) == ("Predisposing", "N/A"):
        return None
    if direction == "Does Not Support" and evidence_type in NOT_SUPPORTED:
        return NOT_SUPPORTED[evidence_type]
    if direction == "Supports" and (evidence_type, significance) in RULES:
        return RULES[evidence_type, significance] or None
    return f"{SOURCE.name}:{evidence_type}, {direction}, {significance}"


def drug_names(text: str) -> list[str]:
    """Return the names in a list of drugs.

    >>> drug_names("Gefitinib,HER2 Inhibitor CP-724,714,Selumetinib")
    ['Gefitinib', 'HER2 Inhibitor CP-724,714', 'Selumetinib']
    """
    return [name.strip() for name in _BETWEEN_DRUGS.split(text) if name.strip()]


def place(item: Mapping[str, str]) -> str | None:
    """Return where an item's variant is in GRCh37, if it is one change of given bases; a fusion or a class is not."""
    bases = (item["reference_bases"], item["variant_bases"])
    ends = (item["start"], item["stop"])
    exact = item["reference_build"] == "GRCh37" and all(map(_POSITION.fullmatch, ends)) and not item["chromosome2"]
    if not exact or not all(map(_BASES.fullmatch, bases)):
        return None
    if int(item["stop"]) - int(item["start"]) + 1 != len(bases[0]):  # the bases are not those of the place
        return None
    return "-".join((item["chromosome"], item["start"], *bases))


def span(item: Mapping[str, str]) -> str | None:
    """Return from where to where an item's variant, or the class of variants that it is, stands in GRCh37.

    >>> span({"chromosome": "7", "start": "5", "stop": "9", "chromosome2": "", "reference_build": "GRCh37"})
    '7:5-9'
    """
    ends = (item["start"], item["stop"])
    known = item["reference_build"] == "GRCh37" and item["chromosome"] and not item["chromosome2"]
    if not known or not all(map(_POSITION.fullmatch, ends)) or int(ends[0]) > int(ends[1]):
        return None
    return f"{item['chromosome']}:{ends[0]}-{ends[1]}"


def profile(item: Mapping[str, str]) -> str:
    """Return the molecular profile in words; CIViC's names of fusions have the gene in them already."""
    gene, variant = item["gene"], item["variant"]
    return variant if gene in re.split(r"[-\s]+", variant) else f"{gene} {variant}"


def _nodes(item: Row, drugs: Mapping[str, str]) -> Iterator[Row]:
    yield {
        "kind": "Variant",
        "id": _variant_id(item),
        "name": profile(item),
        "gene": f"NCBIGene:{item['entrez_id']}",
        "grch37": place(item),
        "alteration": item["variant"].strip() or None,
        "span_grch37": span(item),
    }
    yield {"kind": "Gene", "id": f"NCBIGene:{item['entrez_id']}", "name": item["gene"]}
    yield {"kind": "Disease", "id": _disease_id(item), "name": item["disease"]}
    for name in drug_names(item["drugs"]):
        yield {"kind": "Drug", "id": _drug_id(name, drugs), "name": name}


def _statements(item: Row, drugs: Mapping[str, str]) -> Iterator[Row]:
    """Yield what an item says: of a disease one edge, of drugs one for each."""
    named = relation(item["evidence_type"], item["evidence_direction"], item["clinical_significance"])
    if named is None:
        return
    edge = {
        "relation": named,
        "subject": _variant_id(item),
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": [_reference(item)],
        "evidence_id": f"CIVIC.EID:{item['evidence_id']}",
        "molecular_profile": profile(item),
        "evidence_type": item["evidence_type"],
        "direction": item["evidence_direction"],
        "clinical_significance": item["clinical_significance"] or None,
        "level": item["evidence_level"],
        "rating": int(item["rating"]) if item["rating"] in STARS else None,
        "evidence_status": item["evidence_status"],
        "variant_origin": item["variant_origin"],
        "trials": [f"CLINICALTRIALS:{trial.strip()}" for trial in item["nct_ids"].split(",") if trial.strip()],
    }
    if item["evidence_type"] != "Predictive":
        yield edge | {"object": _disease_id(item)}
        return
    given = drug_names(item["drugs"])
    for drug in given or [""]:  # without a drug the end is missing, and the build says so
        yield edge | {
            "object": drug and _drug_id(drug, drugs),
            "disease": _disease_id(item),
            "disease_name": item["disease"],
            "combination": item["drug_interaction_type"] or None,
            "with_drugs": [other for other in given if other != drug],
        }


def _in_gene(item: Row) -> Row:
    return {
        "relation": "variant_in_gene",
        "subject": _variant_id(item),
        "object": f"NCBIGene:{item['entrez_id']}",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
    }


def _variant_id(item: Row) -> str:
    return f"CIVIC.VID:{item['variant_id']}"


def _disease_id(item: Row) -> str:
    return f"DOID:{item['doid']}" if item["doid"] else f"{OWN}:civic-disease-{_slug(item['disease'])}"


def _drug_id(name: str, drugs: Mapping[str, str]) -> str:
    return drugs.get(name.lower()) or f"{OWN}:civic-drug-{_slug(name)}"


def _drug_ids(found: Mapping[PublicFile, FoundFile]) -> dict[str, str]:
    """Return the DrugBank identifier of each name, in lower case, that is one drug's only.

    Beside the source of DrugBank, `kg.identify` would join the same drugs by their names (all 4,346 edges end alike);
    this keeps DrugBank's identifiers in a graph that is built without it.
    """
    if DRUGBANK not in found:
        return {}
    ids: dict[str, set[str]] = {}
    for row in read_columns(found[DRUGBANK].path, ("drugbank_id", "name")).to_pylist():
        ids.setdefault(row["name"].lower(), set()).add(f"DRUGBANK:{row['drugbank_id']}")
    return {name: min(of) for name, of in ids.items() if len(of) == 1}


def _reference(item: Row) -> str:
    if item["source_type"] == "PubMed":
        return f"PMID:{item['citation_id']}"
    return f"{item['source_type']} abstract {item['asco_abstract_id'] or item['citation_id']}"


def _slug(name: str) -> str:
    return _NO_NAME.sub("-", name.lower()).strip("-")


def _at(item: Row) -> Row:
    return {"file": EVIDENCE.name, "line": item["line"]}
