"""The verbs that give the graph to others: queries in SPARQL, and files in open formats."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kg.output import refuse_inputs, require_folder
from panakeia.answer import Table
from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    from kg.export import Exported

AROUND = 500
"""How many nodes a part of the graph has at most, unless more are asked for."""


class FormatVerbs(Held):
    """Ask the graph in SPARQL, and export it."""

    def sparql(self, query: str | Path, *, evidence: bool | None = None) -> Table:
        """Ask the graph in SPARQL: a query, or a file of one; the prefixes of Biolink and of the CURIEs are known.

        Its triples are indexed beside the store when it is first asked, anew when the graph has changed. With
        `evidence`, or where the query names what only an edge's own node has, these nodes are among them, and that
        takes minutes the first time. Patients never are.
        """
        from kg.rdf.index import open_index
        from kg.sparql import ask, asks_for_evidence, check_query, read_query
        from kg.sparql_apart import ask_apart

        text = read_query(query)
        if self._limits is not None:
            found = ask_apart(self.store, text, evidence, self._limits)
            return Table(f"answers: {len(found):,}", found)
        check_query(text)  # its faults are told before anything is indexed
        with self._telling() as progress:
            wanted = asks_for_evidence(text) if evidence is None else evidence
            index = open_index(self.store, evidence=wanted, progress=progress)
        found = ask(index, text)
        return Table(f"answers: {len(found):,}", found)

    def export(
        self,
        format: str,
        out: str | Path,
        *,
        around: str | Sequence[str] = (),
        radius: int = 2,
        most: int = AROUND,
        patients: bool = False,
    ) -> "Exported":
        """Write the graph into a folder, in one of the formats of `kg.export.FORMATS`: KGX, RDF, Parquet, GraphML.

        With `around`, only the nodes at most `radius` edges from these nodes, at `most` so many, and the edges between
        them. Patients are left out unless asked for.
        """
        from kg.export import export, writer
        from kg.query import rows_of, subgraph
        from kg.schema import PERSON
        from kg.search import check_count, find

        writer(format)  # an unknown format is told before anything is read
        require_folder(out)
        refuse_inputs(out, [self.store])
        check_count("radius", radius)
        middle = [find(self._graph(), one) for one in names(around)]
        left: list[str] = []
        with self._telling() as progress:
            progress("read the graph", 0.0)
            store = self._graph()
            private = () if patients else {name for row in rows_of(store, PERSON) for name in row["provided_by"] or ()}
            graph = subgraph(store, middle, radius, limit=most, told=left.append) if middle else store.read()
            if patients and PERSON in graph.nodes:
                self._noted("export", graph.nodes[PERSON]["id"].to_pylist())
            done = export(
                graph,
                format,
                out,
                patients=patients,
                private=private,
                progress=lambda step, share: progress(step, 0.2 + 0.8 * share),
            )
        return replace(done, notes=tuple(left))
