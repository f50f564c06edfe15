"""What curators judged not indicated: their votes by drug, on both stores; nothing where nobody judged."""

from collections.abc import Callable

from kg.graph import Graph, table
from kg.query import judged_not_indicated
from kg.schema import edge_columns
from kg.stores.protocol import Store


def test_judgements_come_by_drug_with_their_votes(store_of: Callable[[Graph], Store], graph: Graph) -> None:
    store = store_of(graph)
    assert judged_not_indicated(store, "DOID:9743") == {"DRUGBANK:DB01050": "not indicated (AJG=NOT, CSH=SYM, PK=NOT)"}
    assert judged_not_indicated(store, "DOID:7148") == {}


def test_the_judgements_of_two_sources_stand_side_by_side(store_of: Callable[[Graph], Store], graph: Graph) -> None:
    first = graph.edges["not_indicated_for"].to_pylist()
    both = table(edge_columns("not_indicated_for"), [*first, first[0] | {"source": "other", "votes": None}])
    store = store_of(Graph(graph.nodes, {**graph.edges, "not_indicated_for": both}, graph.sources))
    told = judged_not_indicated(store, "DOID:9743")["DRUGBANK:DB01050"]
    assert told == "not indicated (AJG=NOT, CSH=SYM, PK=NOT); not indicated (other)"


def test_a_graph_without_judgements_has_none(store_of: Callable[[Graph], Store], graph: Graph) -> None:
    left = {name: rows for name, rows in graph.edges.items() if name != "not_indicated_for"}
    assert judged_not_indicated(store_of(Graph(graph.nodes, left, graph.sources)), "DOID:9743") == {}
