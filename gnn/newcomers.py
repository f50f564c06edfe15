"""Newcomers: nodes that a model has not seen, as a store describes them."""

from collections.abc import Collection, Iterable

from gnn.checkpoint import Model
from gnn.likeness import Newcomer
from gnn.task import End
from gnn.walks import first_relation
from kg.query.known import nodes_of
from kg.schema import RELATIONS, Step
from kg.stores.protocol import Store


def described(model: Model, store: Store, end: End, ids: Collection[str]) -> list[Newcomer]:
    """Return what a store says of these nodes of one end, as far as the model looks at it; those that it has."""
    kind = model.task.kind_at(end)
    steps = [*first_steps(kind, model.task.walks_from(end).values())]
    rows = {row["id"]: row for row in nodes_of(store, kind, ids).to_pylist()}
    ends: dict[str, dict[str, set[str]]] = {node: {} for node in rows}
    for step, origin, targets in store.follow({step: list(rows) for step in steps}) if rows else ():
        ends[origin].setdefault(step.relation, set()).update(targets)
    return [
        Newcomer(node, row["name"], row, {relation: sorted(targets) for relation, targets in ends[node].items()})
        for node, row in sorted(rows.items())
    ]


def first_steps(kind: str, walks: Iterable[tuple[str, ...] | str]) -> Iterable[Step]:
    """Yield the first step of each walk that leaves a kind, each once."""
    relations = dict.fromkeys(relation for walk in walks if (relation := first_relation(walk)))
    for relation in relations:
        yield Step(relation, RELATIONS[relation].symmetric or RELATIONS[relation].subject == kind)
