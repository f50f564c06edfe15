"""Known: what a training reads of a graph: the relations that its task walks, and the answers that it is to learn."""

from collections.abc import Mapping

import numpy as np
import scipy.sparse as sp

from gnn.config import ConfigError, TrainConfig
from gnn.likeness import met, side
from gnn.outlook import Senders, Surroundings
from gnn.task import Task
from gnn.view import View, learned_from, view
from kg.graph import Graph

STATED = ("subject", "object", "source")
"""The columns of an edge that a training reads: its ends, and who states it."""


def walked(graph: Graph, config: TrainConfig) -> Graph:
    """Return the part of a graph that a training reads: what its sources state of the relations that its task walks.

    Of an edge only the columns `STATED` are there: all of them would be most of the memory that a training takes.
    """
    relations = config.about.relations
    edges = {name: rows.select(STATED) for name, rows in graph.edges.items() if name in relations}
    return Graph(graph.nodes, edges, graph.sources).stated_by({*config.label_sources, *config.sources})


def surroundings(seen: View, task: Task) -> Surroundings:
    """Look at both ends of a task."""
    subjects = side(seen, task.subject, task.subject_walks, {name: ends[0] for name, ends in task.chains.items()})
    objects = side(seen, task.object, task.object_walks, {name: ends[1] for name, ends in task.chains.items()})
    return Surroundings(task, *met(subjects, objects))


def answers(seen: View, task: Task) -> dict[str, sp.csr_array]:
    """Return the known answers of each relation. Shapes: [subject, object]."""
    shape = seen.count(task.subject), seen.count(task.object)
    found = {}
    for relation in task.labels:
        rows, columns = seen.edges(relation)
        found[relation] = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
    return found


def listed(graph: Graph, config: TrainConfig) -> tuple[dict[str, sp.csr_array], tuple[str, ...]]:
    """Return the answers that the label sources state, and the names of those that state what is to be predicted.

    Raises `ConfigError` where there are fewer than two answers.
    """
    task = config.about
    labels = {name: graph.edges[name] for name in task.labels if name in graph.edges}
    stated = Graph(graph.nodes, labels, graph.sources).stated_by(config.label_sources)
    known = answers(view(stated, config.label_sources), task)
    if (count := known[task.relation].nnz) < 2:
        raise ConfigError(
            f"the graph has {count} {task.relation} edges between {task.subject}s and {task.object}s that "
            f"{', '.join(config.label_sources)} state; expected at least 2 to learn from: build it from a source that "
            "has them, or name their source in label_sources"
        )
    return known, tuple(release.name for release in learned_from(stated, task.labels[:1]))


def sending(known: Mapping[str, sp.csr_array]) -> Senders:
    """Return who has an answer of any relation."""
    total = sum(known.values())
    return Senders(np.flatnonzero(np.diff(total.tocsr().indptr)), np.flatnonzero(np.diff(total.tocsc().indptr)))
