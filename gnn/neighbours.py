"""Neighbours: the nodes around some seeds, hop by hop, at most so many by each relation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.adjacency import Adjacency, EdgeType, Incoming

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Neighbourhood:
    """A part of a graph that is enough to compute messages to its seeds.

    `nodes[kind]` are rows of the whole graph, seeds first, then as they were reached: `reached[h][kind]` of them within
    h hops. `hops[h][edge type]` are edges from nodes within h + 1 hops to those that were first reached with h, as
    places in `nodes`.

    Shapes: nodes [node]; hops [2, edge], sender and hearer.
    """

    nodes: Mapping[str, Rows]
    reached: tuple[Mapping[str, int], ...]
    hops: tuple[Mapping[EdgeType, Rows], ...]

    def edges(self, within: int) -> dict[EdgeType, Rows]:
        """Return the edges of the first hops. Shapes: [2, edge]."""
        types = {ends for hop in self.hops[:within] for ends in hop}
        return {
            ends: np.concatenate([hop[ends] for hop in self.hops[:within] if ends in hop], axis=1)
            for ends in sorted(types)
        }


def neighbourhood(
    graph: Adjacency, seeds: Mapping[str, Rows], fan_out: Sequence[int | None], random: np.random.Generator
) -> Neighbourhood:
    """Walk from seeds against the edges, a hop for each number of the fan-out.

    A node hears at most so many others by each edge type, drawn without replacement; with None, all.

    Shapes: seeds [node], each row once.
    """
    place = {kind: np.full(count, -1, np.int64) for kind, count in graph.counts.items()}
    nodes = {kind: [np.asarray(seeds.get(kind, ()), np.int64)] for kind in graph.counts}
    for kind, (rows,) in nodes.items():
        place[kind][rows] = np.arange(len(rows))
    reached = [{kind: len(rows) for kind, (rows,) in nodes.items()}]
    before, hops = dict.fromkeys(graph.counts, 0), []
    for most in fan_out:
        hop, total = {}, dict(reached[-1])
        for (sender, relation, hearer), edges in graph.incoming.items():
            first, last = before[hearer], reached[-1][hearer]
            if first == last:
                continue
            hearers, senders = _heard(edges, np.concatenate(nodes[hearer])[first:last], most, random)
            if not len(senders):
                continue
            fresh = np.unique(senders[place[sender][senders] < 0])
            place[sender][fresh] = np.arange(len(fresh)) + total[sender]
            total[sender] += len(fresh)
            nodes[sender].append(fresh)
            hop[sender, relation, hearer] = np.stack([place[sender][senders], hearers + first])
        hops.append(hop)
        before = reached[-1]
        reached.append(total)
    return Neighbourhood({kind: np.concatenate(rows) for kind, rows in nodes.items()}, tuple(reached), tuple(hops))


def hide(around: Neighbourhood, subject: str, target: str, pairs: Rows) -> Neighbourhood:
    """Take every edge between these pairs out, so that none is among the messages that its own score hears.

    Shapes: pairs [2, pair], rows of the whole graph.
    """
    hops = []
    for hop in around.hops:
        left = dict(hop)
        for (sender, relation, hearer), ends in hop.items():
            if {sender, hearer} != {subject, target}:
                continue
            rows = around.nodes[sender][ends[0]], around.nodes[hearer][ends[1]]
            kept = np.ones(ends.shape[1], bool)
            for kinds, (near, far) in (((subject, target), rows), ((target, subject), rows[::-1])):
                if kinds == (sender, hearer):
                    size = int(max(far.max(initial=0), pairs[1].max(initial=0))) + 1
                    kept &= ~np.isin(near * size + far, pairs[0] * size + pairs[1])
            left[sender, relation, hearer] = ends[:, kept]
        hops.append(left)
    return Neighbourhood(around.nodes, around.reached, tuple(hops))


def _heard(edges: Incoming, nodes: Rows, most: int | None, random: np.random.Generator) -> tuple[Rows, Rows]:
    """Return who hears whom, as places in `nodes` and as rows. Shapes: nodes [node] -> [edge], [edge]."""
    first = np.asarray(edges.starts[nodes])
    degrees = np.asarray(edges.starts[nodes + 1]) - first
    taken = degrees if most is None else np.minimum(degrees, most)
    hearers = np.repeat(np.arange(len(nodes)), taken)
    within = np.arange(len(hearers)) - np.repeat(np.cumsum(taken) - taken, taken)
    if most is not None and len(crowded := np.flatnonzero(degrees > most)):
        within[np.repeat(degrees > most, taken)] = _drawn(degrees[crowded], most, random).ravel()
    return hearers, np.asarray(edges.senders[np.repeat(first, taken) + within], np.int64)


def _drawn(degrees: Rows, most: int, random: np.random.Generator) -> Rows:
    """Draw numbers below each degree without replacement, by Floyd's algorithm for all at once.

    Bentley and Floyd 1987, doi:10.1145/30401.315746.

    Shapes: degrees [node], each above `most` -> [node, most].
    """
    drawn = np.full((len(degrees), most), -1, np.int64)
    for place in range(most):
        top = degrees - most + place
        number = random.integers(top + 1)
        taken = (drawn[:, :place] == number[:, None]).any(1)
        drawn[:, place] = np.where(taken, top, number)
    return drawn
