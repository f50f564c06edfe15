"""Graph: immutable columnar tables of nodes and edges, every edge with its evidence."""

import functools
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from kg.schema import NODE_KINDS, PERSON, RELATIONS, WITHDRAWN, AttributeType, edge_identity, negatable

NAMED_RELEASES = 3
"""How many releases the version of data names."""

BETWEEN, NOTHING = "\x1f", "\x1d"
"""What stands between the values of a key, and for one that is missing."""

_ARROW: dict[AttributeType, pa.DataType] = {
    "string": pa.string(),
    "double": pa.float64(),
    "int64": pa.int64(),
    "string[]": pa.list_(pa.string()),
    "int64[]": pa.list_(pa.int64()),
    "boolean": pa.bool_(),
}


def arrow_schema(columns: Mapping[str, AttributeType]) -> pa.Schema:
    """Return the Arrow schema of a table with these columns (see `kg.schema.node_columns`, `edge_columns`)."""
    return pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])


class Evidence(NamedTuple):
    """What an edge says of itself, in the order of `kg.schema.EVIDENCE_COLUMNS`; what it does not say is empty."""

    source: str
    source_version: str
    licence: str
    knowledge_level: str
    agent_type: str
    references: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[Any]) -> "Evidence":
        """Return the evidence in these columns of an edge's row.

        >>> Evidence.of(["hetionet", "1.0", "CC0-1.0", "observation", None, None])[3:]
        ('observation', '', ())
        """
        source, version, licence, level, agent, references = values
        return cls(source or "", version or "", licence or "", level or "", agent or "", tuple(references or ()))

    def to_json(self) -> dict[str, Any]:
        """Return the evidence as JSON values.

        >>> Evidence("hetionet", "1.0", "CC0-1.0", "observation", "", ()).to_json()["version"]
        '1.0'
        """
        told = self._asdict() | {"references": list(self.references)}
        return {"source": told.pop("source"), "version": told.pop("source_version"), **told}


@dataclass(frozen=True)
class SourceRelease:
    """One release of one data set that went into a graph; `files` maps a file's name to its SHA-256.

    `account` tells as JSON what became of its rows (`kg.audit.accounts`); it is no part of what makes two releases one.
    """

    name: str
    version: str
    licence: str
    citation: str
    url: str
    files: Mapping[str, str] = field(default_factory=dict)
    account: str = field(default="", compare=False)


@dataclass(frozen=True)
class Graph:
    """The graph in memory.

    `nodes[kind]` has the columns of `kg.schema.node_columns(kind)`, `edges[relation]` those of
    `kg.schema.edge_columns(relation)`; kinds and relations without rows are left out. Build one with
    `kg.build.build_graph`, which checks it, or read one from a `kg.stores.protocol.Store`.
    """

    nodes: Mapping[str, pa.Table]
    edges: Mapping[str, pa.Table]
    sources: tuple[SourceRelease, ...] = ()

    def node_counts(self) -> dict[str, int]:
        """Return the number of nodes of each kind, in the schema's order, kinds without nodes left out."""
        return {kind: self.nodes[kind].num_rows for kind in NODE_KINDS if kind in self.nodes}

    def edge_counts(self) -> dict[str, int]:
        """Return the number of edges of each relation, in the schema's order, empty relations left out."""
        return {relation: self.edges[relation].num_rows for relation in RELATIONS if relation in self.edges}

    def without(self, source: str) -> "Graph":
        """Return the graph without the edges of this source, its release, and the nodes that nothing else needs."""
        edges = {name: rows.filter(pc.not_equal(rows["source"], source)) for name, rows in self.edges.items()}
        nodes = {}
        for kind, rows in self.nodes.items():
            by = [[name for name in names or () if name != source] for names in rows["provided_by"].to_pylist()]
            ends = [
                pc.is_in(rows["id"], pc.unique(edges[relation.name][end]))
                for relation in RELATIONS.values()
                for end, ended in (("subject", relation.subject), ("object", relation.object))
                if ended == kind and relation.name in edges
            ]
            needed = functools.reduce(pc.or_, ends, pa.chunked_array([pa.array([bool(names) for names in by])]))
            column = rows.schema.get_field_index("provided_by")
            rows = rows.set_column(column, "provided_by", pa.array(by, pa.list_(pa.string())))
            nodes[kind] = rows.filter(needed)
        return Graph(
            {kind: rows for kind, rows in nodes.items() if rows.num_rows},
            {name: rows for name, rows in edges.items() if rows.num_rows},
            tuple(release for release in self.sources if release.name != source),
        )

    def withdrawn(self) -> pa.Array:
        """Return the identifiers of the patients who withdrew consent."""
        people = self.nodes.get(PERSON)
        if people is None:
            return pa.array([], pa.string())
        return people.filter(pc.equal(people["consent"], WITHDRAWN))["id"].combine_chunks()

    def stated_by(self, sources: Collection[str]) -> "Graph":
        """Return the part of the graph that these sources state: their nodes, as they are, and their edges."""
        wanted = pa.array(sorted(sources), pa.string())
        nodes = {}
        for kind, rows in self.nodes.items():
            by = rows["provided_by"].combine_chunks()
            stated = pc.list_parent_indices(by).filter(pc.is_in(pc.list_flatten(by), wanted))
            nodes[kind] = rows.take(pc.unique(stated))
        edges = {name: rows.filter(pc.is_in(rows["source"], wanted)) for name, rows in self.edges.items()}
        return Graph(
            {kind: rows for kind, rows in nodes.items() if rows.num_rows},
            {name: rows for name, rows in edges.items() if rows.num_rows},
            tuple(release for release in self.sources if release.name in sources),
        )


def holding(relation: str, rows: pa.Table) -> pa.Table:
    """Return the edges of a relation that do not say themselves that what they lead to is absent."""
    return rows.filter(pc.invert(pc.fill_null(rows["negated"], False))) if negatable(relation) else rows


def table(columns: Mapping[str, AttributeType], rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Return a table of these columns from rows given as mappings; a missing attribute is null.

    >>> from kg.schema import node_columns
    >>> table(node_columns("Gene"), [{"id": "NCBIGene:1559", "name": "CYP2C9"}]).num_rows
    1
    """
    return pa.Table.from_pylist(list(rows), schema=arrow_schema(columns))


def edge_keys(relation: str, rows: pa.Table) -> pa.Array:
    """Return what makes each edge of a relation the one it is (`kg.schema.edge_identity`), as one text."""
    subjects, objects = rows["subject"], rows["object"]
    if RELATIONS[relation].symmetric:
        subjects, objects = pc.min_element_wise(subjects, objects), pc.max_element_wise(subjects, objects)
    others = [rows[column].cast(pa.string()) for column in edge_identity(relation)[2:]]
    return pc.binary_join_element_wise(
        subjects, objects, *others, BETWEEN, null_handling="replace", null_replacement=NOTHING
    ).combine_chunks()


def data_version(releases: Iterable[SourceRelease]) -> str:
    """Return a short name of exactly these releases: it changes when a file of one of them does.

    Of more than three, the first is named.

    >>> data_version([SourceRelease("a", "1", "CC0-1.0", "", "", {"f": "00"})])
    'a-1+a0e0d6aa'
    """
    ordered = sorted(releases, key=lambda release: release.name)
    digest = hashlib.sha256()
    for release in ordered:
        digest.update(repr((release.name, release.version, sorted(release.files.items()))).encode())
    names = [f"{release.name}-{release.version}" for release in ordered]
    if len(names) > NAMED_RELEASES:
        names = [names[0], f"and-{len(names) - 1}-more"]
    return "_".join(names) + f"+{digest.hexdigest()[:8]}"
