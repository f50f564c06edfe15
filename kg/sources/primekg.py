"""PrimeKG: genes, drugs, diseases, phenotypes, anatomy, pathways and exposures, compiled from 20 resources.

Chandak, Huang and Zitnik, Scientific Data 2023;10:67. `kg.csv` is on the Harvard Dataverse, which asks for a click on
its terms: put it into a mirror folder as `primekg/kg.csv`. The compilation is CC0; most of the resources behind it are
not, so that each edge has the licence of its own.

The file states each pair twice, once from either end, and does not say which of a parent and a child is which: such
pairs are `related_to` without a direction. A disease that PrimeKG grouped from several of MONDO's (`MONDO_grouped`) is
none of them; it keeps PrimeKG's name for the group, as `PANAKEIA:MONDO_13924_12592`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kg.fetch import Fetch, PublicFile
from kg.files.blocks import table_blocks
from kg.rows import Rows
from kg.source import Source
from kg.vocabulary.anything import related

EDGES = PublicFile("primekg/kg.csv")

SOURCE = Source(
    name="primekg",
    gives="30 relations between genes, drugs, diseases, phenotypes, anatomy, pathways and exposures, from 20 resources",
    version="2",
    licence="CC0-1.0",
    citation="Chandak P, Huang K, Zitnik M. Building a knowledge graph to enable precision medicine. "
    "Sci Data 2023;10:67. doi:10.1038/s41597-023-01960-3",
    url="https://doi.org/10.7910/DVN/IXA7BM",
    files=(EDGES,),
)

COLUMNS = (
    "relation",
    "display_relation",
    *(f"{end}_{column}" for end in "xy" for column in ("index", "id", "type", "name", "source")),
)

TYPES = {
    "anatomy": "Anatomy",
    "biological_process": "BiologicalProcess",
    "cellular_component": "CellularComponent",
    "disease": "Disease",
    "drug": "Drug",
    "effect/phenotype": "Phenotype",
    "exposure": "Entity",
    "gene/protein": "Gene",
    "molecular_function": "MolecularFunction",
    "pathway": "Pathway",
}
"""PrimeKG's type of a node -> our kind."""

EXPOSURE = "biolink:ExposureEvent"
"""The category of what is none of our kinds."""

_PREFIXES = {
    "CTD": "MESH:",
    "DrugBank": "DRUGBANK:",
    "GO": "GO:",
    "HPO": "HP:",
    "MONDO": "MONDO:",
    "MONDO_grouped": "PANAKEIA:MONDO_",
    "NCBI": "NCBIGene:",
    "REACTOME": "REACT:",
    "UBERON": "UBERON:",
}
"""The source of an identifier -> how its CURIE begins."""

_PADDED = frozenset({"GO", "HPO", "MONDO", "UBERON"})
"""Sources whose seven digits have lost their leading zeros."""


@dataclass(frozen=True)
class Told:
    """What a kind of edge says: our relation, or the predicate of another; from which type to which; its evidence.

    `original` is what PrimeKG calls it, where our relation does not say as much.
    """

    relation: str
    subject: str
    object: str
    resources: tuple[str, ...]
    licence: str
    knowledge_level: str
    agent_type: str
    predicate: str | None = None
    original: str | None = None


_CURATED = ("knowledge_assertion", "manual_agent")
_MIXED = ("knowledge_assertion", "not_provided")
_COMPUTED = ("statistical_association", "data_analysis_pipeline")
_MINED = ("knowledge_assertion", "text_mining_agent")
_GENE, _PHENOTYPE, _FUNCTION = "gene/protein", "effect/phenotype", "molecular_function"
_PROCESS, _COMPONENT = "biological_process", "cellular_component"
_GO = (("Gene Ontology",), "CC-BY-4.0")
_CTD = (("CTD",), "NOASSERTION", *_CURATED)
_DRUGCENTRAL = (("DrugCentral",), "CC-BY-SA-4.0", *_CURATED)
_BGEE = (("Bgee",), "CC0-1.0", *_COMPUTED)
_HPO = (("Human Phenotype Ontology",), "LicenseRef-HPO", *_CURATED)

_OURS = {
    ("protein_protein", "ppi"): Told("gene_interacts_gene", _GENE, _GENE, ("PPI",), "NOASSERTION", *_MIXED),
    ("indication", "indication"): Told("treats", "drug", "disease", *_DRUGCENTRAL),
    ("contraindication", "contraindication"): Told("contraindicated_in", "drug", "disease", *_DRUGCENTRAL),
    ("disease_protein", "associated with"): Told(
        "disease_associates_gene", "disease", _GENE, ("DisGeNET",), "CC-BY-NC-SA-4.0", *_MIXED
    ),
    ("disease_phenotype_positive", "phenotype present"): Told("disease_has_phenotype", "disease", _PHENOTYPE, *_HPO),
    ("disease_phenotype_negative", "phenotype absent"): Told("disease_lacks_phenotype", "disease", _PHENOTYPE, *_HPO),
    ("bioprocess_protein", "interacts with"): Told(
        "gene_participates_in_biological_process", _GENE, _PROCESS, *_GO, *_MIXED
    ),
    ("cellcomp_protein", "interacts with"): Told(
        "gene_participates_in_cellular_component", _GENE, _COMPONENT, *_GO, *_MIXED
    ),
    ("molfunc_protein", "interacts with"): Told(
        "gene_participates_in_molecular_function", _GENE, _FUNCTION, *_GO, *_MIXED
    ),
    ("pathway_protein", "interacts with"): Told(
        "gene_participates_in_pathway", _GENE, "pathway", ("Reactome",), "CC-BY-4.0", *_CURATED
    ),
    ("anatomy_protein_present", "expression present"): Told("anatomy_expresses_gene", "anatomy", _GENE, *_BGEE),
    ("anatomy_protein_absent", "expression absent"): Told("anatomy_does_not_express_gene", "anatomy", _GENE, *_BGEE),
}
"""PrimeKG's relations that are ours."""


def _other(
    predicate: str, subject: str, target: str, resources: tuple[str, ...], licence: str, level: str, agent: str
) -> Told:
    relation = related(TYPES[subject], TYPES[target])
    return Told(relation, subject, target, resources, licence, level, agent, predicate=f"biolink:{predicate}")


_THEIRS = {
    ("off-label use", "off-label use"): _other("applied_to_treat", "drug", "disease", *_DRUGCENTRAL),
    ("drug_drug", "synergistic interaction"): _other(
        "pharmacologically_interacts_with", "drug", "drug", ("DrugBank",), "CC-BY-NC-4.0", *_CURATED
    ),
    ("drug_effect", "side effect"): _other(
        "has_side_effect", "drug", _PHENOTYPE, ("SIDER",), "CC-BY-NC-SA-4.0", *_MINED
    ),
    ("phenotype_protein", "associated with"): _other(
        "associated_with", _PHENOTYPE, _GENE, ("DisGeNET",), "CC-BY-NC-SA-4.0", *_MIXED
    ),
    ("exposure_protein", "interacts with"): _other("interacts_with", "exposure", _GENE, *_CTD),
    ("exposure_disease", "linked to"): _other("associated_with", "exposure", "disease", *_CTD),
    ("exposure_bioprocess", "interacts with"): _other("affects", "exposure", _PROCESS, *_CTD),
    ("exposure_molfunc", "interacts with"): _other("affects", "exposure", _FUNCTION, *_CTD),
    ("exposure_cellcomp", "interacts with"): _other("affects", "exposure", _COMPONENT, *_CTD),
}
"""PrimeKG's relations that are none of ours, between two types."""

_HIERARCHIES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "phenotype_phenotype": (_PHENOTYPE, ("Human Phenotype Ontology",), "LicenseRef-HPO"),
    "disease_disease": ("disease", ("MONDO",), "CC-BY-4.0"),
    "bioprocess_bioprocess": (_PROCESS, *_GO),
    "molfunc_molfunc": (_FUNCTION, *_GO),
    "cellcomp_cellcomp": (_COMPONENT, *_GO),
    "exposure_exposure": ("exposure", ("CTD",), "NOASSERTION"),
    "anatomy_anatomy": ("anatomy", ("Uberon",), "CC-BY-3.0"),
    "pathway_pathway": ("pathway", ("Reactome",), "CC-BY-4.0"),
}
"""PrimeKG's hierarchies: of which type, from where."""

TOLD: dict[tuple[str, str], Told] = (
    _OURS
    | {
        ("drug_protein", role): Told("binds", "drug", _GENE, (f"DrugBank ({role})",), "CC-BY-NC-4.0", *_CURATED)
        for role in ("carrier", "enzyme", "target", "transporter")
    }
    | {key: replace(told, original=key[1]) for key, told in _THEIRS.items()}
    | {
        (name, "parent-child"): replace(
            _other("related_to", kind, kind, resources, licence, *_CURATED), original="parent-child"
        )
        for name, (kind, resources, licence) in _HIERARCHIES.items()
    }
)
"""PrimeKG's relation and how it displays it -> what that says."""

_CODES = {key: code for code, key in enumerate(TOLD)}
_UNKNOWN = len(_CODES)


def read(fetch: Fetch) -> Rows:
    """Read PrimeKG's one file twice, block by block: first its nodes, then its edges.

    Raises `kg.fetch.FetchError` if the file is nowhere, `kg.files.text.FileError` if it cannot be read.
    """
    found = SOURCE.fetched(fetch)
    reader = _Reader(found[EDGES].path)
    return Rows(
        SOURCE.release(found), reader.nodes(), reader.edges(), left_out=reader.left_out, share=lambda: reader.share
    )


def to_curie(source: str, identifier: str) -> str:
    """Return the CURIE of an identifier of one of PrimeKG's sources; of another source, one that nobody has.

    >>> to_curie("MONDO", "5148"), to_curie("NCBI", "1559")
    ('MONDO:0005148', 'NCBIGene:1559')
    """
    if source not in _PREFIXES:
        return f"{source}:{identifier}"
    return _PREFIXES[source] + (identifier.zfill(7) if source in _PADDED else identifier)


class _Reader:
    """Reads the nodes and notes which pairs are stated; then reads the edges, each pair once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.share = 0.0
        self._pairs: list[npt.NDArray[np.int64]] = []
        self.left_out: Counter[str] = Counter()

    def nodes(self) -> Iterator[pa.Table]:
        """Yield the nodes that are met, each once."""
        seen: set[str] = set()
        for rows, share in table_blocks(self._path, COLUMNS, lambda name: False, ","):
            self.share = share
            for end in "xy":
                yield _nodes(rows, end, seen)
            _, forward, keys = _oriented(rows)
            self._pairs.append(np.unique(keys[forward & (keys >= 0)]))

    def edges(self) -> Iterator[pa.Table]:
        """Yield the edges; of a pair that is stated from both ends, the one from our relation's subject."""
        stated = np.unique(np.concatenate([np.zeros(0, np.int64), *self._pairs]))
        self._pairs.clear()
        for rows, share in table_blocks(self._path, COLUMNS, lambda name: False, ","):
            self.share = share
            codes, forward, keys = _oriented(rows)
            again = ~forward & np.isin(keys, stated)
            self.left_out["the same pair, stated from its other end"] += int(again.sum())
            yield _edges(rows, codes, forward).filter(pa.array(~again))


def _nodes(rows: pa.Table, end: str, seen: set[str]) -> pa.Table:
    """Return the nodes at one end of these edges that have not been seen."""
    parts = [rows[f"{end}_{column}"].cast(pa.string()) for column in ("type", "source", "id")]
    keys = pc.binary_join_element_wise(*parts, "\x1f").combine_chunks().dictionary_encode()
    names = keys.dictionary.to_pylist()
    _, first = np.unique(keys.indices.to_numpy(), return_index=True)
    new = [int(row) for name, row in zip(names, first, strict=True) if name not in seen and not name.startswith("\x1f")]
    seen.update(names)
    met = rows.take(pa.array(new, pa.int64()))
    types = met[f"{end}_type"].cast(pa.string()).to_pylist()
    return pa.table(
        {
            "kind": pa.array([TYPES.get(told, f"{SOURCE.name}:{told}") for told in types], pa.string()),
            "id": _curies(met, end),
            "name": met[f"{end}_name"].cast(pa.string()),
            "category": pa.array([EXPOSURE if told == "exposure" else None for told in types], pa.string()),
            "file": pa.repeat(EDGES.name, met.num_rows),
            "line": met["line"],
        }
    )


def _oriented(rows: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return which of `TOLD` each row is, whether it begins at that relation's subject, and a key of its pair.

    The key is the same whichever end the pair is stated from, and -1 where an index is none.
    """
    words = [_by_value(rows[column]) for column in ("relation", "display_relation", "x_type")]
    shape = tuple(len(names) for _, names in words)
    combined = np.ravel_multi_index(tuple(codes for codes, _ in words), shape)
    distinct, inverse = np.unique(combined, return_inverse=True)
    found = []
    for places in zip(*np.unravel_index(distinct, shape), strict=True):
        relation, display, start = (names[place] for (_, names), place in zip(words, places, strict=True))
        told = TOLD.get((relation, display))
        same = told is not None and told.subject == told.object
        found.append((_CODES.get((relation, display), _UNKNOWN), told is None or start == told.subject, same))
    codes, forward, same_type = (np.array(column)[inverse] for column in zip(*found, strict=True))
    x, y = (_numbers(rows[f"{end}_index"]) for end in "xy")
    forward = np.where(same_type, x <= y, forward).astype(bool)
    first, last = np.where(forward, x, y), np.where(forward, y, x)
    keys = np.where((x < 0) | (y < 0), -1, (codes << 56) | (first << 28) | last)
    return codes.astype(np.int64), forward, keys


def _edges(rows: pa.Table, codes: npt.NDArray[np.int64], forward: npt.NDArray[np.bool_]) -> pa.Table:
    """Return edges in our words, from subject to object."""
    told = [*TOLD.values(), Told("", "", "", (), "", "", "")]
    place = pa.array(codes, pa.int32())

    def say(value: Callable[[Told], str | None]) -> pa.DictionaryArray:
        return pa.array([value(one) or None for one in told], pa.string()).take(place).dictionary_encode()

    strange = pc.binary_join_element_wise(
        *(rows[column].cast(pa.string()) for column in ("relation", "display_relation")), ": "
    ).combine_chunks()
    x, y = _curies(rows, "x"), _curies(rows, "y")
    along = pa.array(forward)
    qualifiers = say(lambda one: one.original and f"original_predicate={one.original}")
    return pa.table(
        {
            "relation": pc.coalesce(say(lambda one: one.relation).cast(pa.string()), strange),
            "subject": pc.if_else(along, x, y),
            "object": pc.if_else(along, y, x),
            "knowledge_level": say(lambda one: one.knowledge_level),
            "agent_type": say(lambda one: one.agent_type),
            "licence": say(lambda one: one.licence),
            "references": pa.array([list(one.resources) for one in told], pa.list_(pa.string())).take(place),
            "predicate": say(lambda one: one.predicate),
            "qualifiers": qualifiers,
            "file": pa.repeat(EDGES.name, rows.num_rows),
            "line": rows["line"],
        }
    )


def _curies(rows: pa.Table, end: str) -> pa.Array:
    """Return the CURIEs at one end of these edges; nothing where a line is malformed."""
    sources, source_names = _by_value(rows[f"{end}_source"])
    ids, id_names = _by_value(rows[f"{end}_id"])
    distinct, inverse = np.unique(sources * len(id_names) + ids, return_inverse=True)
    curies = [to_curie(source_names[key // len(id_names)], id_names[key % len(id_names)]) for key in distinct.tolist()]
    return pa.array([curie if curie != ":" else None for curie in curies], pa.string()).take(pa.array(inverse))


def _by_value(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return a dictionary-encoded column as codes and what each stands for."""
    encoded = column.combine_chunks()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Return indices of nodes as numbers, -1 where there is none."""
    codes, names = _by_value(column)
    numbers = [int(name) if name.isascii() and name.isdigit() and len(name) < 9 else -1 for name in names]
    found: npt.NDArray[np.int64] = np.array(numbers, np.int64)[codes]
    return found
