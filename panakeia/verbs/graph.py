"""The verbs that are asked of the graph."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from panakeia.answer import Table
from panakeia.verbs.held import Held, names, without_login

if TYPE_CHECKING:
    from kg.audit import Audit
    from kg.diff import Difference
    from kg.query import Review, Shown


class GraphVerbs(Held):
    """Build the graph and ask it."""

    def build(
        self,
        sources: str | Sequence[str] = (),
        *,
        manifest: str | Path | None = None,
        only: str | None = None,
        licence: str | None = None,
        neo4j_home: str | Path | None = None,
        max_reject_share: float = 0.01,
        discard_patients: bool = False,
        allow_empty: bool = False,
    ) -> "Audit":
        """Build the graph from public files, and put it in place of what the store holds.

        `sources` are names of data sets; a `manifest` (TOML) lists data sets and files of one's own. Without both it is
        every data set that the mirror or the cache has, Hetionet also from the network, else the starter graph. With
        `only`, this source's part is read anew and the rest stays as it is. With `licence="commercial"`, what forbids
        that use is left out. With `neo4j_home`, the folder of a stopped Neo4j server, its own import replaces its
        database, faster than through a URL. A store with imported patients, and one that would end without nodes or
        edges, stands unless that is allowed.
        """
        from kg.build import Terms, build, default_sources
        from kg.fetch import Fetch
        from kg.manifest import read_manifest, source
        from kg.stores.opening import open_store

        inputs = [*map(source, names(sources)), *(read_manifest(manifest) if manifest is not None else ())]
        if only is not None:
            source(only)
        self._begins()
        self.close()
        with open_store(self.store, create=True) if neo4j_home is None else nullcontext():
            pass  # what cannot be opened is told before anything is fetched
        with self._telling() as progress:
            fetch = Fetch(self.data)
            return build(
                inputs or ([only] if only is not None else default_sources(fetch)),
                fetch,
                self.store,
                Terms(max_reject_share, discard_patients, allow_empty, licence, only, neo4j_home),
                progress=progress,
            )

    def audit(self) -> "Review":
        """Look the whole graph over: what became of each source's rows, licences, orphans, hubs, conflicts."""
        from kg.query import review

        with self._telling() as progress:
            return review(self._graph(), progress)

    def diff(self, a: str | Path, b: str | Path) -> "Difference":
        """Compare two builds: nodes and edges that the second gained, lost and says differently, by source."""
        from kg.diff import diff
        from kg.stores.opening import open_store

        graphs = []
        with self._telling() as progress:
            for place, url in enumerate((a, b)):
                progress(f"read {without_login(str(url))}", 0.4 * place)
                with open_store(url) as store:
                    graphs.append(store.read())
            progress("compare", 0.8)
            return diff(*graphs)

    def info(self) -> Table:
        """Count the graph's nodes and edges, and name its sources."""
        import pandas as pd

        from kg.query import info

        found = info(self._graph())
        rows = [(what, name, count) for what in ("nodes", "edges") for name, count in found[what].items()]
        return Table(
            f"the graph in {without_login(self.store)}",
            pd.DataFrame(rows, columns=["what", "name", "count"]),
            tuple(f"{r['name']} {r['version']} ({r['licence']}): {r['citation']}" for r in found["sources"]),
            found,
        )

    def search(self, text: str = "", *, kind: str | None = None, top: int = 20) -> Table:
        """Search nodes by a part of their name or synonyms; with a kind and no text, list the nodes of that kind."""
        from kg.search import search

        found = search(self._graph(), text, limit=top, kind=kind)
        self._noted_if_named("search", zip(found.nodes["kind"], found.nodes["id"], strict=True))
        what = f"nodes of kind {kind}" if kind else "nodes"
        matching = f" that match {text!r}" if text.strip() else ""
        cut = f"the first {len(found.nodes)} of {found.total:,}: ask for more with a higher top (--top)"
        return Table(what + matching, found.nodes, (cut,) if found.left_out else (), found.to_json())

    def show(self, node: str, *, kind: str | None = None) -> "Shown":
        """Show a node: its attributes, its edges by relation, and its first neighbours with their evidence."""
        from kg.query import show

        shown = show(self._graph(), node, kind)
        near = zip(shown.neighbours["kind"], shown.neighbours["id"], strict=True)
        self._noted_if_named("show", [(shown.node.kind, shown.node.id), *near])
        return shown
