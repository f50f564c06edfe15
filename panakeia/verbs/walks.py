"""The verbs that go along the graph's edges: to neighbours, along paths, and how many paths there are of a kind."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panakeia.answer import Paths, Table
from panakeia.verbs.held import Held, names

if TYPE_CHECKING:
    from kg.filter import Filter
    from kg.metapaths import PathCounts
    from kg.paths import Route
    from kg.query import Neighbours


class WalkVerbs(Held):
    """Walk the graph."""

    def neighbours(
        self,
        node: str,
        *,
        kind: str | None = None,
        relations: str | Sequence[str] = (),
        kinds: str | Sequence[str] = (),
        where: "Filter | None" = None,
        top: int = 100,
    ) -> "Neighbours":
        """List the neighbours of a node, relation by relation, each with the evidence of its edge.

        `kind` says which node is meant where several have the name; `relations` and `kinds` which neighbours are; with
        `where` (`kg.filter.Filter`), only statements of some sources, licences or knowledge levels count.
        """
        from kg.filter import EVERYTHING
        from kg.query import neighbours

        found = neighbours(
            self._graph(),
            node,
            kind=kind,
            relations=names(relations),
            kinds=names(kinds),
            where=where or EVERYTHING,
            limit=top,
        )
        frame = found.to_frame()
        self._noted_if_named(
            "neighbours", [(found.node.kind, found.node.id), *zip(frame["kind"], frame["id"], strict=True)]
        )
        return found

    def paths(
        self,
        a: str,
        b: str,
        *,
        kinds: str | Sequence[str] = (),
        max_length: int = 4,
        top: int = 10,
        route: "Route | None" = None,
    ) -> Paths:
        """Rank the paths between two nodes; paths through generic hubs come last.

        `kinds` tell which nodes are meant where a name or an identifier is that of several. A `route`
        (`kg.paths.Route`) says what the paths lead through, what they leave out, and whose statements count.
        """
        from kg.paths import ANY_ROUTE, paths

        wanted = route or ANY_ROUTE
        found = paths(self._graph(), a, b, kinds=names(kinds), max_length=max_length, top=top, route=wanted)
        self._noted_if_named("paths", ((node.kind, node.id) for path in found for node in path.nodes))
        return Paths(f"paths from {a} to {b}", tuple(found))

    def metapath(
        self,
        node: str,
        relations: str | Sequence[str],
        *,
        to: str | None = None,
        where: "Filter | None" = None,
        top: int = 20,
    ) -> "PathCounts":
        """Count the paths along some relations, in this order, from a node to each other one, the heaviest first.

        The weight (`dwpc`) counts a path less the more its nodes are connected. With `to`, only that end is counted.
        """
        from kg.filter import EVERYTHING
        from kg.metapaths import count_paths

        return count_paths(self._graph(), node, names(relations), to, where=where or EVERYTHING, top=top)

    def mechanisms(self, drug: str, disease: str) -> Table:
        """Show how a drug acts on a disease in the words of DrugMechDB's curators, to hold an explanation against.

        Their file is one of the mirror's or the cache's; it is no part of the graph, and nothing is learned from it.
        """
        import pandas as pd

        from kg.fetch import Fetch
        from kg.mechanisms import SOURCE, curated, diseases, read

        fetch = Fetch(self.data)
        found = curated(self._graph(), read(fetch), drug, disease, diseases(fetch))
        rows = [(one.id, line, ", ".join(one.references)) for one in found for line in one.lines()]
        return Table(
            f"curated mechanisms of {drug} for {disease}: {len(found) or 'none'}",
            pd.DataFrame(rows, columns=["mechanism", "path", "references"]),
            (f"{SOURCE.name} {SOURCE.version}, {SOURCE.licence}: no part of the graph, and nothing learned from it",),
            [one.to_json() for one in found],
        )
