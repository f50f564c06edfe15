"""Hetionet v1.0: 24 relations between genes, drugs, diseases, anatomy, pathways and effects, compiled from 29 sources.

Himmelstein et al., eLife 2017;6:e26726. The two published TSV files say which edges there are; the attribute files,
where a mirror has them, add synonyms, InChI, affinities, actions, references and licences. The compilation is CC0;
some of the sources behind it are not, so that each edge has the licence of its own source.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from kg.fetch import Fetch, FoundFile, PublicFile
from kg.files.columns import read_columns
from kg.files.number import number
from kg.files.text import FileError
from kg.rows import Rows
from kg.source import Source

NODES = PublicFile(
    "hetionet/hetionet-v1.0-nodes.tsv",
    "https://github.com/hetio/hetionet/raw/main/hetnet/tsv/hetionet-v1.0-nodes.tsv",
    "3ad9eb86c031df8bc7d5efefa6edc93562182eb9a6a71e5129d3f18b9d42c50e",
)
EDGES = PublicFile(
    "hetionet/hetionet-v1.0-edges.sif.gz",
    "https://github.com/hetio/hetionet/raw/main/hetnet/tsv/hetionet-v1.0-edges.sif.gz",
    "611f0411ac666be4e0270e54bbca67407e14720bfc3099311f0f5eec25c5a947",
)
BINDING = PublicFile("attributes/CbG-binding_with_affinity.tsv.gz")
ASSOCIATION = PublicFile("attributes/DaG-association_with_sources.tsv.gz")
INCHI = PublicFile("attributes/drugbank-slim_inchi.tsv.gz")
GENES = PublicFile("attributes/entrez_genes_2022.tsv.gz")
GO_TERMS = PublicFile("attributes/go_terms_2022.tsv.gz")

CC0 = "CC0-1.0"

SOURCE = Source(
    name="hetionet",
    gives="24 relations between genes, drugs, diseases, anatomy, pathways and effects, compiled from 29 resources",
    version="1.0",
    licence=CC0,
    citation="Himmelstein DS, Lizee A, Hessler C, et al. Systematic integration of biomedical knowledge prioritizes "
    "drugs for repurposing. eLife 2017;6:e26726. doi:10.7554/eLife.26726",
    url="https://github.com/hetio/hetionet",
    files=(NODES, EDGES),
    extras=(BINDING, ASSOCIATION, INCHI, GENES, GO_TERMS),
)

KINDS = {
    "Anatomy": "Anatomy",
    "Biological Process": "BiologicalProcess",
    "Cellular Component": "CellularComponent",
    "Compound": "Drug",
    "Disease": "Disease",
    "Gene": "Gene",
    "Molecular Function": "MolecularFunction",
    "Pathway": "Pathway",
    "Pharmacologic Class": "PharmacologicClass",
    "Side Effect": "SideEffect",
    "Symptom": "Symptom",
}
"""Hetionet's word for a node kind -> ours."""

_PREFIXES = {
    "Compound::": "DRUGBANK:",
    "Gene::": "NCBIGene:",
    "Pathway::PC7": "PANAKEIA:PC7",  # the row of a Pathway Commons 7 download, no public identifier
    "Pathway::WP": "WIKIPATHWAYS:WP",
    "Pharmacologic Class::": "NDFRT:",
    "Side Effect::": "UMLS:",
    "Symptom::": "MESH:",
}
"""How an identifier begins in Hetionet -> how the CURIE begins; elsewhere what follows `::` is the CURIE."""


@dataclass(frozen=True)
class Metaedge:
    """One of Hetionet's 24 kinds of edge: our relation, and the evidence that all its edges share.

    `resources` are the databases behind it and `licence` is theirs: the compilation's own (CC0-1.0) where several
    contributed, NOASSERTION where none is stated (https://github.com/dhimmel/integrate/tree/master/licenses).
    """

    relation: str
    resources: tuple[str, ...]
    licence: str
    knowledge_level: str
    agent_type: str


_CURATED = ("knowledge_assertion", "manual_agent")
_COMPUTED = ("statistical_association", "data_analysis_pipeline")
_MINED = ("knowledge_assertion", "text_mining_agent")
_MIXED = ("knowledge_assertion", "not_provided")  # curated and electronically inferred together
_OBSERVED = ("observation", "not_provided")  # screens and single experiments together
_INTERACTOMES = ("Human Interactome Database", "Incomplete Interactome")
_PATHWAYS = ("WikiPathways", "Reactome", "Pathway Interaction Database")

METAEDGES = {
    "AdG": Metaedge("anatomy_downregulates_gene", ("Bgee",), "NOASSERTION", *_COMPUTED),
    "AeG": Metaedge("anatomy_expresses_gene", ("Bgee", "TISSUES"), CC0, *_COMPUTED),
    "AuG": Metaedge("anatomy_upregulates_gene", ("Bgee",), "NOASSERTION", *_COMPUTED),
    "CbG": Metaedge("binds", ("BindingDB", "DrugBank", "DrugCentral"), CC0, *_CURATED),
    "CcSE": Metaedge("causes_side_effect", ("SIDER 4.1",), "CC-BY-NC-SA-4.0", *_MINED),
    "CdG": Metaedge("drug_downregulates_gene", ("LINCS L1000",), "LicenseRef-LINCS-L1000", *_COMPUTED),
    "CpD": Metaedge("palliates", ("PharmacotherapyDB",), CC0, *_CURATED),
    "CrC": Metaedge("drug_resembles_drug", ("DrugBank",), CC0, *_COMPUTED),
    "CtD": Metaedge("treats", ("PharmacotherapyDB",), CC0, *_CURATED),
    "CuG": Metaedge("drug_upregulates_gene", ("LINCS L1000",), "LicenseRef-LINCS-L1000", *_COMPUTED),
    "DaG": Metaedge("disease_associates_gene", ("DISEASES", "DisGeNET", "DOAF", "GWAS Catalog"), CC0, *_MIXED),
    "DdG": Metaedge("disease_downregulates_gene", ("STARGEO",), "NOASSERTION", *_COMPUTED),
    "DlA": Metaedge("disease_localizes_to_anatomy", ("MEDLINE",), CC0, *_COMPUTED),
    "DpS": Metaedge("disease_presents_symptom", ("MEDLINE",), CC0, *_COMPUTED),
    "DrD": Metaedge("disease_resembles_disease", ("MEDLINE",), CC0, *_COMPUTED),
    "DuG": Metaedge("disease_upregulates_gene", ("STARGEO",), "NOASSERTION", *_COMPUTED),
    "GcG": Metaedge("gene_covaries_gene", ("Evolutionary Rate Covariation",), "NOASSERTION", *_COMPUTED),
    "GiG": Metaedge("gene_interacts_gene", _INTERACTOMES, "NOASSERTION", *_OBSERVED),
    "GpBP": Metaedge("gene_participates_in_biological_process", ("Gene Ontology",), "CC-BY-4.0", *_MIXED),
    "GpCC": Metaedge("gene_participates_in_cellular_component", ("Gene Ontology",), "CC-BY-4.0", *_MIXED),
    "GpMF": Metaedge("gene_participates_in_molecular_function", ("Gene Ontology",), "CC-BY-4.0", *_MIXED),
    "GpPW": Metaedge("gene_participates_in_pathway", _PATHWAYS, CC0, *_CURATED),
    "Gr>G": Metaedge("gene_regulates_gene", ("LINCS L1000",), "LicenseRef-LINCS-L1000", *_COMPUTED),
    "PCiC": Metaedge("class_includes_drug", ("DrugCentral",), "CC-BY-4.0", *_CURATED),
}
"""Hetionet's abbreviation of a kind of edge -> our relation and its evidence."""


def read(fetch: Fetch) -> Rows:
    """Read Hetionet: the two published files, and what the attribute files add where the mirror has them.

    Raises `kg.fetch.FetchError` if a published file is nowhere or not what it should be, `kg.files.text.FileError`
    if one cannot be read.
    """
    found = SOURCE.fetched(fetch)
    return Rows(SOURCE.release(found), (_read_nodes(found),), tuple(_read_edges(found)))


def to_curie(identifier: str) -> str:
    """Return the CURIE of a Hetionet identifier; one that is none of Hetionet's comes back as it is.

    >>> to_curie("Gene::9021"), to_curie("Disease::DOID:1234")
    ('NCBIGene:9021', 'DOID:1234')
    """
    for begin, prefix in _PREFIXES.items():
        if identifier.startswith(begin):
            return prefix + identifier.removeprefix(begin)
    kind, _, curie = identifier.partition("::")
    return curie if kind in KINDS else identifier


def _read_nodes(found: Mapping[PublicFile, FoundFile]) -> pa.Table:
    rows = read_columns(found[NODES].path, ("id", "name", "kind"))
    ids = [to_curie(identifier) for identifier in rows["id"].cast(pa.string()).to_pylist()]
    names = rows["name"].cast(pa.string()).to_pylist()
    synonyms = _synonyms(found)
    others = [[o for o in synonyms.get(curie, ()) if o != name] for curie, name in zip(ids, names, strict=True)]
    inchi = {
        f"DRUGBANK:{row['drugbank_id']}": row["inchi"] for row in _attributes(found, INCHI, "drugbank_id", "inchi")
    }
    return pa.table(
        {
            "kind": [KINDS.get(kind, f"{SOURCE.name}:{kind}") for kind in rows["kind"].cast(pa.string()).to_pylist()],
            "id": pa.array(ids, pa.string()),
            "name": pa.array(names, pa.string()),
            "synonyms": pa.array(others, pa.list_(pa.string())),
            "inchi": pa.array([inchi.get(curie) or None for curie in ids], pa.string()),
            "file": _constant(NODES.name, rows.num_rows),
            "line": rows["line"],
        }
    )


def _synonyms(found: Mapping[PublicFile, FoundFile]) -> dict[str, list[str]]:
    """Return the other names that the attribute files know, by CURIE; a gene's long name and newer symbol are such."""
    named = [
        (f"NCBIGene:{row['gene_id']}", name)
        for row in _attributes(found, GENES, "gene_id", "gene_name", "symbol")
        for name in (row["gene_name"], row["symbol"])
    ]
    named += [(row["go_id"], row["term"]) for row in _attributes(found, GO_TERMS, "go_id", "term")]
    named += [(row["doid_id"], row["doid_name"]) for row in _attributes(found, ASSOCIATION, "doid_id", "doid_name")]
    synonyms: dict[str, list[str]] = {}
    for curie, name in dict.fromkeys(named):
        synonyms.setdefault(curie, []).append(name)
    return synonyms


def _read_edges(found: Mapping[PublicFile, FoundFile]) -> Iterator[pa.Table]:
    """Yield one table a metaedge, then one of the edges whose metaedge is not Hetionet's."""
    rows = read_columns(found[EDGES].path, ("source", "metaedge", "target"))
    rows = pa.table(
        {
            "subject": _translated(rows["source"], to_curie),
            "metaedge": rows["metaedge"],
            "object": _translated(rows["target"], to_curie),
            "file": _constant(EDGES.name, rows.num_rows),
            "line": rows["line"],
        }
    )
    for abbreviation, metaedge in METAEDGES.items():
        edges = rows.filter(pc.equal(rows["metaedge"], abbreviation)).drop_columns("metaedge")
        if not edges.num_rows:
            continue
        shared = {
            "relation": metaedge.relation,
            "knowledge_level": metaedge.knowledge_level,
            "agent_type": metaedge.agent_type,
        }
        for column, value in shared.items():
            edges = edges.append_column(column, _constant(value, edges.num_rows))
        yield _with_details(edges, metaedge, _details(found, abbreviation))
    strange = rows.filter(pc.invert(pc.is_in(rows["metaedge"], pa.array(METAEDGES))))
    named = _translated(strange["metaedge"], lambda word: f"{SOURCE.name}:{word}")  # never one of ours
    untold = pa.nulls(strange.num_rows, pa.string())
    yield (
        strange.append_column("relation", named)
        .append_column("knowledge_level", untold)
        .append_column("agent_type", untold)
    )


def _details(found: Mapping[PublicFile, FoundFile], abbreviation: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what the attribute files know of single edges, by the CURIEs of their ends."""
    if abbreviation == "CbG":
        columns = ("drugbank_id", "entrez_gene_id", "sources", "pubmed_ids", "actions", "affinity_nM", "license")
        rows = _attributes(found, BINDING, *columns)
        return {(f"DRUGBANK:{row['drugbank_id']}", f"NCBIGene:{row['entrez_gene_id']}"): row for row in rows}
    if abbreviation == "DaG":
        rows = _attributes(found, ASSOCIATION, "doid_id", "entrez_gene_id", "sources", "license")
        return {(row["doid_id"], f"NCBIGene:{row['entrez_gene_id']}"): row for row in rows}
    return {}


def _with_details(
    edges: pa.Table, metaedge: Metaedge, details: Mapping[tuple[str, str], Mapping[str, Any]]
) -> pa.Table:
    """Add licence and references: those of the single edge where known, else those that all edges of its kind share."""
    if not details:
        shared = pa.scalar(list(metaedge.resources), pa.list_(pa.string()))
        edges = edges.append_column("licence", _constant(metaedge.licence, edges.num_rows))
        return edges.append_column("references", pa.repeat(shared, edges.num_rows))
    ends = zip(edges["subject"].to_pylist(), edges["object"].to_pylist(), strict=True)
    rows = [details.get(pair, {}) for pair in ends]
    licences = [row.get("license", "").replace(" ", "-") or metaedge.licence for row in rows]
    references = [_references(row) or list(metaedge.resources) for row in rows]
    actions = [row.get("actions") or None for row in rows]
    affinities = [_number(row, "affinity_nM") for row in rows]
    return (
        edges.append_column("licence", pa.array(licences, pa.string()))
        .append_column("references", pa.array(references, pa.list_(pa.string())))
        .append_column("action", pa.array(actions, pa.string()))
        .append_column("affinity_nM", pa.array(affinities, pa.float64()))
    )


def _references(row: Mapping[str, Any]) -> list[str]:
    resources = [resource for resource in row.get("sources", "").split("|") if resource]
    return resources + [f"PMID:{number}" for number in row.get("pubmed_ids", "").split("|") if number]


def _number(row: Mapping[str, Any], column: str) -> float | None:
    text = row.get(column)
    if not text:
        return None
    value = number(text)
    if value is None:
        raise FileError(f"{BINDING.name}, line {row['line']}: expected a number as {column}, got {text!r}")
    return value


def _attributes(found: Mapping[PublicFile, FoundFile], file: PublicFile, *columns: str) -> list[dict[str, Any]]:
    return read_columns(found[file].path, columns).to_pylist() if file in found else []


def _translated(column: pa.ChunkedArray, translate: Callable[[str], str]) -> pa.DictionaryArray:
    """Return a dictionary-encoded column with each of its distinct values translated."""
    encoded = column.combine_chunks()
    return pa.DictionaryArray.from_arrays(
        encoded.indices, pa.array(map(translate, encoded.dictionary.to_pylist()), pa.string())
    )


def _constant(value: str, length: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), length), [value])
