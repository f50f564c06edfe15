"""Export: the graph as files in an open format, in a folder, put in place when all of them are whole."""

import importlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.graph import Graph
from kg.notebook import notebook_html
from kg.output import whole_folder
from kg.progress import Progress, silent
from kg.schema import PERSON, RELATIONS

Writer = Callable[[Graph, Path, Progress], Mapping[str, int]]
"""Writes a graph's files into an empty folder, and returns how many records (rows, statements, ...) each file has.

A file in a folder of its own is named with it: `nodes/Gene.parquet`.
"""


class Format(NamedTuple):
    """A format: what it is, in a few words, and the module and function that write it (a `Writer`)."""

    gives: str
    module: str
    function: str = "write"


FORMATS: dict[str, Format] = {
    "graphml": Format("GraphML, as Cytoscape and Gephi open it: for a part of a graph", "kg.graphml"),
    "kgx-jsonl": Format("KGX as JSON lines, exact to the last character", "kg.kgx.write", "write_jsonl"),
    "kgx-tsv": Format("KGX as two tables, nodes and edges, in Biolink's words", "kg.kgx.write", "write_tsv"),
    "nquads": Format("RDF, a named graph for each release", "kg.rdf.write", "export_nquads"),
    "nquads-rdf12": Format("the same, edges by RDF 1.2's reification", "kg.rdf.write", "export_nquads_rdf12"),
    "parquet": Format("a typed table for each kind and each relation", "kg.parquet"),
    "turtle": Format("RDF for reading", "kg.rdf.write", "export_turtle"),
    "turtle-rdf12": Format("the same, edges by RDF 1.2's reification", "kg.rdf.write", "export_turtle_rdf12"),
}
"""Every format by its name; another one is one more line here, and its module."""


class ExportError(ValueError):
    """A format that is not known."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote: the records of each file, and how many nodes and edges of patients were left out.

    `left_out` is by kind and relation; `notes` say what else is not there.
    """

    format: str
    folder: Path
    records: Mapping[str, int]
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()
    why: str = "they are patients' (--patients writes them too)"

    def to_frame(self) -> pd.DataFrame:
        """Return the files and their records."""
        return pd.DataFrame(self.records.items(), columns=["file", "records"])

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "format": self.format,
            "folder": str(self.folder),
            "files": dict(self.records),
            "left_out": dict(self.left_out),
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return where the files are, and what is not in them."""
        lines = [f"{self.format} in {self.folder}, files: {len(self.records)}", *self.notes]
        if self.left_out:
            counts = ", ".join(f"{count:,} {name}" for name, count in self.left_out.items())
            lines.append(f"left out, because {self.why}: {counts}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def writer(name: str) -> Writer:
    """Return what writes this format; raises `ExportError` where there is none of this name."""
    if name not in FORMATS:
        raise ExportError(f"there is no format {name!r}; expected one of {', '.join(sorted(FORMATS))}")
    found: Writer = getattr(importlib.import_module(FORMATS[name].module), FORMATS[name].function)
    return found


def export(
    graph: Graph,
    format: str,
    folder: str | Path,
    *,
    patients: bool = False,
    private: Collection[str] = (),
    progress: Progress = silent,
) -> Exported:
    """Write a graph into a folder in this format (see `FORMATS`).

    Files of an earlier export stand until the new ones are whole. Patients, and what is said of them, are left out
    unless `patients`; those who withdrew consent always are. `private` releases state patients that are not in this
    part of a graph. Raises `ExportError` for a format that is not known, `kg.output.OutputError` or `OSError` for a
    folder that cannot be written.
    """
    write = writer(format)
    graph, left_out = _consenting(graph) if patients else without_patients(graph, private)
    with whole_folder(folder) as part:
        records = write(graph, part, progress)
    progress("exported", 1.0)
    done = Exported(format, Path(folder), records, left_out)
    return replace(done, why="consent was withdrawn") if patients else done


def without_patients(graph: Graph, private: Collection[str] = ()) -> tuple[Graph, dict[str, int]]:
    """Return the graph without its patients, and how many nodes by kind and edges by relation that leaves out.

    A release that states nothing but patients, here or, as a `private` one, elsewhere, goes as well, as do the nodes
    that nobody else states and no edge that is left needs: its drugs and diseases are theirs. One that states patients
    and more stays without the names of its files, which may be those of patients.
    """
    stated = graph.nodes[PERSON]["provided_by"] if PERSON in graph.nodes else pa.array([], pa.list_(pa.string()))
    theirs = {*private, *pc.list_flatten(stated).to_pylist()}
    if not theirs and PERSON not in graph.nodes:
        return graph, {}
    edges = {
        name: rows
        for name, rows in graph.edges.items()
        if PERSON not in (RELATIONS[name].subject, RELATIONS[name].object)
    }
    ends = pa.chunked_array(
        [chunk for rows in edges.values() for end in ("subject", "object") for chunk in rows[end].chunks], pa.string()
    ).unique()
    stating = {name for rows in edges.values() for name in pc.unique(rows["source"]).to_pylist()}
    nodes = {kind: _public(rows, theirs - stating, ends) for kind, rows in graph.nodes.items() if kind != PERSON}
    before, after = {**graph.nodes, **graph.edges}, {**nodes, **edges}
    left_out = {name: rows.num_rows - (after[name].num_rows if name in after else 0) for name, rows in before.items()}
    releases = tuple(
        replace(release, files={}, account="") if release.name in theirs else release
        for release in graph.sources
        if release.name not in theirs or release.name in stating
    )
    kept = Graph({kind: rows for kind, rows in nodes.items() if rows.num_rows}, edges, releases)
    return kept, {name: count for name, count in left_out.items() if count}


def _consenting(graph: Graph) -> tuple[Graph, dict[str, int]]:
    """Return the graph without patients who withdrew consent and their edges, and how many that leaves out."""
    withdrawn = graph.withdrawn()
    if not len(withdrawn):
        return graph, {}
    people = graph.nodes[PERSON]
    nodes = {**graph.nodes, PERSON: people.filter(pc.invert(pc.is_in(people["id"], withdrawn)))}
    edges = dict(graph.edges)
    for relation, rows in graph.edges.items():
        ends = RELATIONS[relation]
        for end, kind in (("subject", ends.subject), ("object", ends.object)):
            if kind == PERSON:
                edges[relation] = rows.filter(pc.invert(pc.is_in(rows[end], withdrawn)))
    before, after = {**graph.nodes, **graph.edges}, {**nodes, **edges}
    counts = {name: rows.num_rows - after[name].num_rows for name, rows in before.items()}
    return replace(graph, nodes=nodes, edges=edges), {name: count for name, count in counts.items() if count}


def _public(rows: pa.Table, private: Collection[str], ends: pa.Array) -> pa.Table:
    """Return the nodes that a public release states or an edge needs, without the private ones' names on them."""
    stated = rows["provided_by"].to_pylist()
    public = [[name for name in by or () if name not in private] for by in stated]
    kept = pc.or_(pa.array([bool(by) for by in public], pa.bool_()), pc.is_in(rows["id"].combine_chunks(), ends))
    place = rows.column_names.index("provided_by")
    return rows.set_column(place, "provided_by", pa.array(public, pa.list_(pa.string()))).filter(kept)
