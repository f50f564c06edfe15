"""Added: what a graph becomes when another is added to it, and some of it is taken away before."""

import pyarrow as pa
import pyarrow.compute as pc

from kg.graph import Graph, SourceRelease, edge_keys


def added(stored: Graph, graph: Graph, gone: Graph) -> Graph:
    """Return what a store holds after `kg.stores.protocol.Store.add`; nodes that are gone take no edge along.

    >>> added(Graph({}, {}), Graph({}, {}), Graph({}, {})).node_counts()
    {}
    """
    nodes = dict(stored.nodes)
    for rows, kept in ((gone.nodes, False), (graph.nodes, True)):
        for kind, more in rows.items():
            before = nodes.get(kind, more.slice(0, 0))
            left = before.filter(pc.invert(pc.is_in(before["id"], more["id"].combine_chunks())))
            nodes[kind] = pa.concat_tables([left, more.select(left.column_names)]) if kept else left
    edges = dict(stored.edges)
    for rows, kept in ((gone.edges, False), (graph.edges, True)):
        for relation, more in rows.items():
            before = edges.get(relation, more.slice(0, 0))
            left = before.filter(pc.invert(pc.is_in(edge_keys(relation, before), edge_keys(relation, more))))
            edges[relation] = pa.concat_tables([left, more.select(left.column_names)]) if kept else left
    releases: dict[tuple[str, str], SourceRelease] = {
        (release.name, release.version): release for release in (*stored.sources, *graph.sources)
    }
    return Graph(
        {kind: rows for kind, rows in nodes.items() if rows.num_rows},
        {relation: rows for relation, rows in edges.items() if rows.num_rows},
        tuple(releases.values()),
    )
