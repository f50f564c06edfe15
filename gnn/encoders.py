"""Encoders: R-GCN and HGT of PyTorch Geometric over sampled neighbourhoods, and a decoder of links."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, relu

from gnn.adjacency import Adjacency, EdgeType
from gnn.neighbours import Neighbourhood
from gnn.pyg import HGTConv, RGCNConv


@dataclass(frozen=True)
class EncoderConfig:
    """The shape of an encoder: `layers` hops of `layer`, each node a learned vector of `dim` first."""

    layer: Literal["rgcn", "hgt"] = "rgcn"
    dim: int = 32
    layers: int = 2
    heads: int = 2
    dropout: float = 0.0
    seed: int = 0


class RelationalLayer(nn.Module):
    """One layer of R-GCN: a node hears the mean over its neighbours by each relation (arXiv:1703.06103).

    A kind of node has a convolution of its own, over the relations that lead to it: the same sum as one over all kinds,
    without the zeros, and with each kind's own root weight.
    """

    def __init__(self, types: list[EdgeType], dim: int) -> None:
        super().__init__()
        self.numbers: dict[str, dict[EdgeType, int]] = {}
        for ends in types:
            numbers = self.numbers.setdefault(ends[2], {})
            numbers[ends] = len(numbers)
        self.convolutions = nn.ModuleDict(
            {kind: RGCNConv(dim, dim, len(numbers)) for kind, numbers in self.numbers.items()}
        )

    def forward(
        self, senders: Mapping[str, Tensor], hearers: Mapping[str, Tensor], edges: Mapping[EdgeType, Tensor]
    ) -> dict[str, Tensor]:
        """Shapes: senders, hearers [node, dim]; edges [2, edge], a sender and a hearer."""
        everyone = torch.cat(list(senders.values()))
        firsts = dict(zip(senders, np.cumsum([0, *map(len, senders.values())]).tolist(), strict=False))
        found = {}
        for kind, rows in hearers.items():
            if not len(rows) or kind not in self.numbers:
                found[kind] = rows
                continue
            heard = [(number, ends) for ends, number in self.numbers[kind].items() if ends in edges]
            index = [edges[ends] + torch.tensor([[firsts[ends[0]]], [0]], device=rows.device) for _, ends in heard]
            numbers = [
                torch.full((part.shape[1],), number, device=rows.device)
                for (number, _), part in zip(heard, index, strict=True)
            ]
            empty = torch.empty((2, 0), dtype=torch.long, device=rows.device)
            found[kind] = self.convolutions[kind](
                (everyone, rows), torch.cat([empty, *index], 1), torch.cat([empty[0], *numbers])
            )
        return found


class LinearByType(nn.Module):
    """A linear map for each type of row, of the weights of PyG's `HeteroLinear`.

    PyG writes type after type into one tensor, all of which is copied for each type on the way back: most of the time
    that HGT takes on a processor.
    """

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, rows: Tensor, types: Tensor) -> Tensor:
        """Shapes: rows [row, in], types [row] -> [row, out]."""
        order = types.argsort(stable=True)
        parts = rows[order].split(torch.bincount(types, minlength=len(self.weight)).tolist())
        mapped = torch.cat([part @ weight for part, weight in zip(parts, self.weight, strict=True)])
        return torch.empty_like(mapped).index_copy(0, order, mapped)


class AttentionLayer(nn.Module):
    """One layer of the heterogeneous graph transformer (arXiv:2003.01332)."""

    def __init__(self, kinds: list[str], types: list[EdgeType], dim: int, heads: int) -> None:
        super().__init__()
        self.types = types
        self.convolution = HGTConv(dim, dim, (kinds, types), heads)
        for name in ("k_rel", "v_rel"):
            setattr(self.convolution, name, LinearByType(getattr(self.convolution, name).weight))

    def forward(
        self, senders: Mapping[str, Tensor], hearers: Mapping[str, Tensor], edges: Mapping[EdgeType, Tensor]
    ) -> dict[str, Tensor]:
        """Shapes: senders, hearers [node, dim]; edges [2, edge], a sender and a hearer.

        The hearers of a kind are its first senders.
        """
        there = {kind: rows for kind, rows in senders.items() if len(rows)}
        ordered = {ends: edges[ends] for ends in self.types if ends in edges}  # HGTConv takes them as sorted
        found = self.convolution(there, ordered) if ordered else there
        return {kind: found[kind][: len(rows)] if kind in found else rows for kind, rows in hearers.items()}


class Encoder(nn.Module):
    """Vectors of the seeds of a neighbourhood, from the learned vectors of all nodes around them."""

    def __init__(self, graph: Adjacency, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        kinds, types = list(graph.counts), list(graph.incoming)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)  # the layers draw their first weights from the global stream
            self.tables = nn.ModuleDict(
                {kind: nn.Embedding(count, config.dim, sparse=True) for kind, count in graph.counts.items()}
            )
            for table in self.tables.values():
                nn.init.normal_(table.weight, std=config.dim**-0.5)
            self.layers = nn.ModuleList(
                RelationalLayer(types, config.dim)
                if config.layer == "rgcn"
                else AttentionLayer(kinds, types, config.dim, config.heads)
                for _ in range(config.layers)
            )

    def forward(self, around: Neighbourhood) -> dict[str, Tensor]:
        """Return the seeds' vectors, by kind. Shapes: [seed, dim]."""
        device = next(self.parameters()).device
        vectors = {kind: self.tables[kind](torch.from_numpy(rows).to(device)) for kind, rows in around.nodes.items()}
        for number, layer in enumerate(self.layers):
            left = len(self.layers) - number - 1
            hearers = {kind: rows[: around.reached[left][kind]] for kind, rows in vectors.items()}
            edges = {ends: torch.from_numpy(rows).to(device) for ends, rows in around.edges(left + 1).items()}
            vectors = layer(vectors, hearers, edges)
            if left:
                vectors = {
                    kind: dropout(relu(rows), self.config.dropout, self.training) for kind, rows in vectors.items()
                }
        return vectors


class Decoder(nn.Module):
    """Logits of links: a weighted product of two vectors, as in DistMult, and what each end says alone."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.subject, self.object = nn.Parameter(torch.zeros(dim)), nn.Parameter(torch.zeros(dim))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, subjects: Tensor, objects: Tensor) -> Tensor:
        """Shapes: subjects, objects [pair, dim] -> [pair]."""
        alone = subjects @ self.subject + objects @ self.object + self.bias
        return (subjects * self.weight * objects).sum(-1) + alone

    def all(self, subjects: Tensor, objects: Tensor) -> Tensor:
        """Shapes: subjects [subject, dim], objects [object, dim] -> [subject, object]."""
        alone = (subjects @ self.subject)[:, None] + objects @ self.object + self.bias
        return (subjects * self.weight) @ objects.T + alone


class LinkPredictor(nn.Module):
    """An encoder and a decoder: logits of pairs of a neighbourhood's seeds."""

    def __init__(self, graph: Adjacency, config: EncoderConfig) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(graph, config), Decoder(config.dim)

    def forward(self, around: Neighbourhood, subject: str, target: str, places: Tensor) -> Tensor:
        """Return the logits of pairs, given as places among the seeds. Shapes: places [2, pair] -> [pair]."""
        vectors = self.encoder(around)
        return self.decoder(vectors[subject][places[0]], vectors[target][places[1]])
