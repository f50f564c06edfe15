"""The starter graph: a small hand-made graph of well-known drugs, which ships with the package and needs no network.

Only facts that any textbook of pharmacology or medicine states. `starter/` holds one file a node kind and one a
relation; edges name their ends by the names in the node files, so that a row reads as a sentence, and `references`
are keys into `references.tsv`: the book or guideline where a reader can look the fact up, without the page. A
variant's `allele` is the alternate of a VCF (GRCh38, plus strand). Twelve made-up patients (`starter/patients/`) come
in the way that any patient does. Identifiers are Hetionet's where Hetionet has the node.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa

from kg.fetch import Fetch
from kg.files.columns import read_columns
from kg.patients.imports import patient_rows
from kg.patients.terminology import Terminology
from kg.patients.terms.nodes import nodes as known_nodes
from kg.rows import Rows, edge_rows, node_rows
from kg.schema import RELATIONS
from kg.source import Source

SOURCE = Source(
    name="starter",
    gives="well-known drugs, their targets, diseases and effects, and twelve made-up patients; it needs no network",
    version="1",
    licence="Apache-2.0",
    citation="The starter graph of Panakeia, written by hand from textbooks; its patients are made up.",
    url="",
)

NODE_FILES = {
    "Gene": "genes.tsv",
    "Variant": "variants.tsv",
    "Drug": "drugs.tsv",
    "Disease": "diseases.tsv",
    "Anatomy": "anatomy.tsv",
    "BiologicalProcess": "processes.tsv",
    "Pathway": "pathways.tsv",
    "PharmacologicClass": "classes.tsv",
    "SideEffect": "side_effects.tsv",
    "Symptom": "symptoms.tsv",
}
"""Kind of node -> its file. The file of a relation is called after it."""

ATTRIBUTES = {"Variant": ("gene", "allele"), "binds": ("action",), "variant_affects_drug": ("effect",)}
"""Kind or relation -> the columns that its file has beside those that all have."""

PUBLIC_KEY = b"no secret: these patients are made up"
"""The key of the made-up patients' pseudonyms: nobody stands behind them, and everybody should get the same ones."""


Row = dict[str, Any]


def read(fetch: Fetch) -> Rows:
    """Read the starter graph and its patients from the package; nothing is fetched.

    >>> read(Fetch(offline=True)).release.name
    'starter'
    """
    nodes = {kind: _read_nodes(kind) for kind in NODE_FILES}
    references = {row["key"]: row["reference"] for row in _read("references.tsv", ("key", "reference"))}
    relations = [relation for relation in RELATIONS if _path(f"{relation}.tsv").is_file()]
    words = Terminology(known_nodes(row for rows in nodes.values() for row in rows))
    people, events = patient_rows(patient_bundles(), "fhir", PUBLIC_KEY, words)
    return Rows(
        replace(SOURCE.release({}), files=_checksums()),
        (*(node_rows(kind, rows) for kind, rows in nodes.items()), *people),
        (*(_edge_table(relation, nodes, references) for relation in relations), *events),
    )


def patient_bundles() -> tuple[Path, ...]:
    """Return the FHIR R4 bundles of the twelve made-up patients.

    >>> len(patient_bundles())
    12
    """
    return tuple(sorted(_path("patients").glob("*.json")))


def _read_nodes(kind: str) -> list[Row]:
    columns = ("id", "name", "synonyms", *ATTRIBUTES.get(kind, ()))
    return [row | {"kind": kind, "synonyms": _items(row["synonyms"])} for row in _read(NODE_FILES[kind], columns)]


def _edge_table(relation: str, nodes: Mapping[str, Sequence[Row]], references: Mapping[str, str]) -> pa.Table:
    """Return the edges of one relation; an end or a reference that is in no file stays as it is written."""
    ends = RELATIONS[relation]
    subjects, objects = ({row["name"]: row["id"] for row in nodes[kind]} for kind in (ends.subject, ends.object))
    rows = [
        row
        | {
            "relation": relation,
            "subject": subjects.get(row["subject"], row["subject"]),
            "object": objects.get(row["object"], row["object"]),
            "references": [references.get(key, key) for key in _items(row["references"])],
            "licence": SOURCE.licence,
            "knowledge_level": "knowledge_assertion",
            "agent_type": "manual_agent",
        }
        for row in _read(f"{relation}.tsv", ("subject", "object", *ATTRIBUTES.get(relation, ()), "references"))
    ]
    return edge_rows(relation, rows)


def _read(name: str, columns: Sequence[str]) -> list[Row]:
    return [row | {"file": f"{SOURCE.name}/{name}"} for row in read_columns(_path(name), columns).to_pylist()]


def _items(text: str) -> list[str]:
    return text.split(";") if text else []


def _checksums() -> dict[str, str]:
    found = (*sorted(_path(".").glob("*.tsv")), *patient_bundles())
    return {
        f"{SOURCE.name}/{path.relative_to(_path('.')).as_posix()}": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def _path(name: str) -> Path:
    return Path(str(files("kg.sources").joinpath(SOURCE.name))) / name
