"""Learned: the part of the model that gradient steps fit, as PyTorch Geometric's message passing on a graph of pairs.

A candidate pair (s, o) hears the known answers (s', o), (s, o') and (s', o'), where s' is near s and o' near o. How
loud is the product of one weight for each likeness that is gone along; a small network computes it from how alike the
two nodes are by each walk. `gnn.model.EdgeWeights` is the same network without torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gnn.candidates import Candidates
from gnn.edge_weights import EdgeWeights, nearest
from gnn.likeness import FUSED, Matrix, Rows
from gnn.model import FLOOR, Answers
from gnn.outlook import Rectangle, Senders
from gnn.pyg import MessagePassing
from gnn.task import REGIMES


@dataclass(frozen=True)
class Edges:
    """Who hears whom at one end. Shapes: nodes, senders [edge]; features [edge, channel]."""

    nodes: Rows
    senders: Rows
    features: Matrix


def edges_of(rectangles: Sequence[Rectangle], neighbours: int) -> tuple[Edges, Edges]:
    """Join each node of a rectangle, given block by block, to the senders nearest to it, at both ends."""
    subjects = _nearest(rectangles[0].from_subjects, neighbours)
    found = [_nearest(block.from_objects.transpose(0, 2, 1), neighbours) for block in rectangles]
    starts = np.cumsum([0, *(len(block.columns) for block in rectangles)])
    objects = Edges(
        np.concatenate([one.nodes + start for one, start in zip(found, starts, strict=False)]),
        np.concatenate([one.senders for one in found]),
        np.concatenate([one.features for one in found]),
    )
    return subjects, objects


def _nearest(alike: Matrix, neighbours: int) -> Edges:
    nodes, senders = np.nonzero(nearest(alike[-len(FUSED)], neighbours))
    return Edges(nodes, senders, np.ascontiguousarray(alike[:, nodes, senders].T))


@dataclass(frozen=True)
class Hits:
    """The messages that reach candidate pairs: over which edges, of which part (0 subjects, 1 objects, 2 both).

    Shapes: subject_edge, object_edge, pair [hit]; an edge of -1 is none.
    """

    subject_edge: Tensor
    object_edge: Tensor
    pair: Tensor
    part: Tensor


def hits(known: tuple[Rows, Rows], ends: tuple[Edges, Edges], places: NDArray[np.int32], at: tuple[Rows, Rows]) -> Hits:
    """Find the messages of known answers (places of their sending subjects and objects) to candidate pairs.

    `places` has each pair's place among the candidates, -1 where it is none; `at` says which row and column of it each
    sender has, -1 where it has none.

    Shapes: known [answer] twice, places [row, column], at [sending subject], [sending object].
    """
    subjects, objects = known
    over, across = (_Heard(edges) for edges in ends)
    none = None
    found = []
    answer, edge = over.by(subjects)
    found.append((edge, none, over.edges.nodes[edge], at[1][objects[answer]], 0))
    answer, edge = across.by(objects)
    found.append((none, edge, at[0][subjects[answer]], across.edges.nodes[edge], 1))
    answer, first = over.by(subjects)
    again, second = across.by(objects[answer])
    found.append((first[again], second, over.edges.nodes[first[again]], across.edges.nodes[second], 2))
    columns: list[list[NDArray]] = [[], [], [], []]
    for first_edge, second_edge, rows, cells, part in found:
        inside = (rows >= 0) & (cells >= 0)
        place = np.where(inside, places[rows, cells], -1)
        kept = place >= 0
        for column, values in zip(columns, (first_edge, second_edge, place, np.full(len(place), part)), strict=True):
            column.append(np.full(kept.sum(), -1) if values is None else values[kept])
    return Hits(*(torch.from_numpy(np.concatenate(column).astype(np.int64)) for column in columns))


class _Heard:
    """For each sender, the edges over which it is heard."""

    def __init__(self, edges: Edges) -> None:
        self.edges = edges
        self.order = np.argsort(edges.senders, kind="stable")
        counts = np.bincount(edges.senders, minlength=int(edges.senders.max(initial=-1)) + 1)
        self.starts = np.concatenate([[0], np.cumsum(counts)])

    def by(self, senders: Rows) -> tuple[Rows, Rows]:
        """Return, for every edge over which one of these senders is heard, the sender's place here and the edge."""
        within = senders < len(self.starts) - 1
        begin = np.where(within, self.starts[np.minimum(senders, len(self.starts) - 2)], 0)
        end = np.where(within, self.starts[np.minimum(senders + 1, len(self.starts) - 1)], 0)
        counts = end - begin
        answer = np.repeat(np.arange(len(senders)), counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return answer, self.order[np.repeat(begin, counts) + offset]


def hits_of(
    chosen: Candidates, senders: Senders, seen: Answers, wanted: Rows, edges: tuple[Edges, Edges]
) -> dict[str, Hits]:
    """Find what these candidates hear, of each relation. Shapes: wanted [pair]."""
    places = np.full((len(chosen.rows), len(chosen.columns)), -1, np.int32)
    places[tuple(chosen.pairs[:, wanted])] = np.arange(len(wanted))
    at = senders.subjects, np.searchsorted(chosen.columns, senders.objects)
    found = {}
    for relation, known in seen.known.items():
        every = known.tocoo()
        found[relation] = hits((every.row.astype(np.int64), every.col.astype(np.int64)), edges, places, at)
    return found


class PairMessages(MessagePassing):
    """Adds up, for each candidate pair, what it hears; a message is the weight of the edges that it came over.

    Shapes: weight [hit, head], pair [hit] -> [pair, head].
    """

    def __init__(self) -> None:
        super().__init__(aggr="add")

    def forward(self, weight: Tensor, pair: Tensor, count: int) -> Tensor:
        ends = torch.stack([torch.arange(len(pair)), pair])
        return self.propagate(ends, size=(len(pair), count), weight=weight)

    def message(self, weight: Tensor) -> Tensor:
        return weight

    def aggregate(self, inputs: Tensor, index: Tensor, dim_size: int) -> Tensor:
        """Add the messages up in their order: the same each time, and faster than PyG's scatter on a CPU."""
        return inputs.new_zeros(dim_size, inputs.shape[1]).index_add(0, index, inputs)


class LikenessNet(nn.Module):
    """Learned edge weights at both ends, and the readouts that they are learned through.

    All parameters are drawn from `generator`.
    """

    def __init__(
        self,
        ends: tuple[Edges, Edges],
        hidden: int,
        heads: int,
        fixed: int,
        relations: Sequence[str],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.heads, self.relations, self.messages = heads, tuple(relations), PairMessages()
        self.layers = nn.ModuleList(
            nn.ModuleList([nn.Linear(edges.features.shape[1], hidden), nn.Linear(hidden, heads)]) for edges in ends
        )
        for name, edges in zip(("subjects", "objects"), ends, strict=True):
            features = torch.from_numpy(edges.features)
            spread = features.std(0).clamp(min=1e-3) if len(features) > 1 else torch.ones(features.shape[1])
            self.register_buffer(f"{name}_spread", spread)
            self.register_buffer(f"{name}_features", features / spread, persistent=False)
        inputs = fixed + 3 * heads * len(self.relations)
        self.readouts = nn.ModuleDict(
            {f"{regime}/{relation}": nn.Linear(inputs, 1) for regime in REGIMES for relation in relations}
        )
        with torch.no_grad():
            for pair in self.layers:
                for layer in pair:
                    layer.weight.normal_(0, layer.in_features**-0.5, generator=generator)
                    layer.bias.zero_()
            for readout in self.readouts.values():
                readout.weight.zero_()

    def edge_weights(self) -> list[Tensor]:
        """Return how loud each edge is, at both ends; the last of each is 1, for where none is gone along.

        Shapes: [edge + 1, head] twice.
        """
        found = []
        for (hidden, head), features in zip(self.layers, (self.subjects_features, self.objects_features), strict=True):
            weight = nn.functional.softplus(head(torch.relu(hidden(features))) - 3)
            found.append(torch.cat([weight, torch.ones(1, self.heads)]))
        return found

    def heard(self, told: Mapping[str, Hits], count: int) -> Tensor:
        """Return what candidate pairs hear, as `gnn.model.heard`. Shapes: [pair, input]."""
        over, across = self.edge_weights()
        found = []
        for relation in self.relations:
            hit = told[relation]
            weight = over[hit.subject_edge] * across[hit.object_edge]
            summed = self.messages(weight, hit.part * count + hit.pair, 3 * count)
            found += [*summed.reshape(3, count, self.heads)]
        return torch.log(torch.cat(found, dim=1) + FLOOR) - float(np.log(FLOOR))

    def forward(self, regime: str, fixed: Tensor, told: Mapping[str, Hits]) -> Tensor:
        """Return the log-odds of each candidate pair. Shapes: fixed [pair, input] -> [pair, relation]."""
        inputs = torch.cat([fixed, self.heard(told, len(fixed))], dim=1)
        return torch.cat([self.readouts[f"{regime}/{relation}"](inputs) for relation in self.relations], dim=1)

    def learned(self) -> tuple[EdgeWeights, EdgeWeights]:
        """Return the networks of both ends, as the model keeps them."""
        found = []
        for (hidden, head), spread in zip(self.layers, (self.subjects_spread, self.objects_spread), strict=True):
            arrays = (spread, hidden.weight, hidden.bias, head.weight, head.bias)
            found.append(EdgeWeights(*(array.detach().numpy().copy() for array in arrays)))
        return found[0], found[1]


def pace(step: int, steps: int) -> float:
    """Return the share of the learning rate for a step, in one cycle: up for a third of the steps, then down.

    >>> [pace(step, 6) for step in range(6)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    return min(3 * (step + 1) / steps, 1.5 * (steps - step) / steps, 1.0)


def moments(parts: Sequence[Matrix]) -> tuple[Matrix, Matrix]:
    """Return mean and spread of inputs that come in parts. Shapes: [pair, input] each -> [input] twice."""
    count = sum(len(inputs) for inputs in parts)
    mean = sum(inputs.sum(0, dtype=np.float64) for inputs in parts) / count
    square = sum(np.square(inputs - mean).sum(0, dtype=np.float64) for inputs in parts) / count
    return mean.astype(np.float32), np.maximum(np.sqrt(square), 1e-3).astype(np.float32)
