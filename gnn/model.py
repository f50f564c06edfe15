"""The whole model in one file: known treatments travel as messages over the likeness of drugs and of diseases.

A pair (drug, disease) is judged by the treatments known of like drugs and like diseases, and by the chains of genes
between the two. Messages never carry a pair's own label: in training they come from pairs outside its inner fold.

- Fixed messages, as in SGC and SIGN (Wu et al. 2019, arXiv:1902.07153; Frasca et al. 2020, arXiv:2004.11198): over
  each kind of likeness of the drugs, of the diseases, and over both in turn.
- A spectral convolution on the product of the fused drug graph and the fused disease graph, whose filters
  s t / (s t + a) are those of Kronecker ridge regression (van Laarhoven 2011, doi:10.1093/bioinformatics/btr500).
- Learned messages: a graph convolution whose edge weights a small network computes from all likenesses of the two
  neighbours at once (as edge-conditioned convolutions do; Gilmer et al. 2017, arXiv:1704.01212).
- A linear readout of all of them. With some hundred known treatments a deeper one ranks worse.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gnn.config import FILTERS, PARTS
from gnn.metapaths import Metapaths
from gnn.pyg import MessagePassing

_FLOOR = 0.01


@dataclass(frozen=True)
class Likeness:
    """How much alike the nodes of one kind are.

    `alike` holds each walk's cosine, their mean, and the mean's cube, with zeros on the diagonal; `spectra` the
    eigenvalues and vectors of the mean and of its square; `edges` joins each node to its nearest others, source
    first, and `features` says how near by each walk.

    Shapes: alike [channel, node, node]; spectra [node], [node, node]; edges [2, edge]; features [edge, channel].
    """

    alike: Tensor
    spectra: tuple[tuple[Tensor, Tensor], ...]
    edges: Tensor
    features: Tensor

    def nearest_of(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """Return the edges, with their features, whose source is among these nodes. Shapes: sources [node] bool."""
        keep = sources[self.edges[0]]
        return self.edges[:, keep], self.features[keep]


def likeness(cosines: Mapping[str, NDArray[np.float32]], count: int, neighbours: int) -> Likeness:
    """Fuse the likenesses of `count` nodes and join each to its nearest `neighbours`."""
    channels = [torch.from_numpy(cosine) for cosine in cosines.values()]
    mean = torch.stack(channels).mean(0) if channels else torch.eye(count)
    apart = 1 - torch.eye(count)
    alike = torch.stack([*channels, mean, mean**3]) * apart
    order = (mean * apart).sort(dim=1, descending=True, stable=True).indices[:, :neighbours]  # [node, neighbour]
    targets = torch.arange(count).repeat_interleave(order.shape[1])
    edges = torch.stack([order.reshape(-1), targets])
    edges = edges[:, (mean[edges[0], edges[1]] > 0) & (edges[0] != edges[1])]
    features = alike[:, edges[0], edges[1]].T
    spread = features.std(0).clamp(min=1e-3) if len(features) > 1 else torch.ones(())
    return Likeness(alike, (_spectrum(mean), _spectrum(mean**2)), edges, features / spread)


def _spectrum(kernel: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(kernel)
    return values.clamp(min=0), vectors


@dataclass(frozen=True)
class Surroundings:
    """All that the model knows of the graph beside the treatments. Shapes: chains [chain, drug, disease]."""

    drugs: Likeness
    diseases: Likeness
    chains: Tensor


def surroundings(paths: Metapaths, shape: tuple[int, int], neighbours: int) -> Surroundings:
    """Prepare what messages travel on, for this many drugs and diseases."""
    chains = [_scaled(torch.from_numpy(counts)[None]) for counts in paths.chains.values()]
    return Surroundings(
        likeness(paths.drug_alike, shape[0], neighbours),
        likeness(paths.disease_alike, shape[1], neighbours),
        torch.cat([torch.zeros(0, *shape), *chains]),
    )


def fixed_features(around: Surroundings, labels: Tensor, parts: tuple[str, ...] = PARTS) -> tuple[Tensor, Tensor]:
    """Return what reaches each pair without any learned weight, and the mean size of what is summed over treatments.

    Shapes: labels [drug, disease] -> [channel, drug, disease], [channel of treatments].
    """
    shape = labels.shape
    found = [labels.sum(1, keepdim=True).expand(shape)[None], labels.sum(0, keepdim=True).expand(shape)[None]]
    if "messages" in parts:
        treated = labels.any(1)
        from_drugs = around.drugs.alike[:, :, treated] @ labels[treated]
        found += [from_drugs, labels @ around.diseases.alike]
        found += [from_drugs @ fused for fused in around.diseases.alike[-2:]]
    if "spectral" in parts:
        for (s, left), (t, right) in zip(around.drugs.spectra, around.diseases.spectra, strict=True):
            waves, power = left.T @ labels @ right, s[:, None] * t[None, :]  # [drug, disease], both
            found += [(left @ (waves * power / (power + a)) @ right.T)[None] for a in FILTERS]
    reached = torch.cat(found)
    scaled = _scaled(reached)
    return torch.cat([scaled, around.chains]) if "chains" in parts else scaled, _sizes(reached)[:, 0, 0]


def input_names(around: Surroundings, parts: tuple[str, ...], heads: int) -> list[str]:
    """Return, for each input of the readout, in words what it carries."""
    drugs, diseases = len(around.drugs.alike), len(around.diseases.alike)
    names = ["degrees"] * 2
    if "messages" in parts:
        names += ["like drugs"] * drugs + ["like diseases"] * diseases + ["like drugs of like diseases"] * 2 * drugs
    if "spectral" in parts:
        names += ["fused graph"] * len(around.drugs.spectra) * len(FILTERS)
    if "chains" in parts:
        names += ["genes between"] * len(around.chains)
    return names + ["learned likeness"] * 3 * heads


def _scaled(channels: Tensor) -> Tensor:
    """Compress each channel: asinh of it over its mean size, as counts of paths are (eLife.26726)."""
    return torch.asinh(channels / _sizes(channels))


def _sizes(channels: Tensor) -> Tensor:
    """Return each channel's mean size. Shapes: [channel, drug, disease] -> [channel, 1, 1]."""
    return channels.abs().mean((1, 2), keepdim=True).clamp(min=1e-9)


class Neighbourhood(MessagePassing):
    """A graph convolution whose edge weights are learned from the edges' features, one weight a head.

    Shapes: x [node, other, head or 1], edges [2, edge], features [edge, channel] -> [node, other, head].
    """

    def __init__(self, channels: int, hidden: int, heads: int) -> None:
        super().__init__(aggr="add", node_dim=0)
        self.hidden, self.head = nn.Linear(channels, hidden), nn.Linear(hidden, heads)

    def forward(self, x: Tensor, edges: Tensor, features: Tensor) -> Tensor:
        weight = nn.functional.softplus(self.head(torch.relu(self.hidden(features))) - 3)
        return self.propagate(edges, x=x, weight=weight)

    def message(self, x_j: Tensor, weight: Tensor) -> Tensor:
        return x_j * weight[:, None, :]

    def aggregate(self, inputs: Tensor, index: Tensor, dim_size: int) -> Tensor:
        """Add the messages up row by row: in the same order each time, and faster than PyG's scatter on a CPU."""
        return inputs.new_zeros(dim_size, *inputs.shape[1:]).index_add(0, index, inputs)


class RepurposingNet(nn.Module):
    """Messages, fixed and learned, and a linear readout of them.

    All parameters are drawn from `generator`. `mean` and `spread` standardise the readout's inputs.
    """

    def __init__(self, around: Surroundings, fixed: int, heads: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = heads
        if heads:
            self.over_drugs = Neighbourhood(around.drugs.features.shape[1], hidden, heads)
            self.over_diseases = Neighbourhood(around.diseases.features.shape[1], hidden, heads)
        self.readout = nn.Linear(fixed + 3 * heads, 1)
        self.register_buffer("mean", torch.zeros(fixed + 3 * heads))
        self.register_buffer("spread", torch.ones(fixed + 3 * heads))
        with torch.no_grad():
            for layer in self.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight.normal_(0, layer.in_features**-0.5, generator=generator)
                    layer.bias.zero_()
            self.readout.weight.zero_()

    def learned_features(self, around: Surroundings, labels: Tensor) -> Tensor:
        """Return what reaches each pair by learned weights. Shapes: labels [drug, disease] -> [3 head, drug, disease].

        From like drugs, from like diseases, and from like drugs of like diseases.
        """
        treated = labels.any(1)
        x = labels[:, :, None]
        edges, features = around.drugs.nearest_of(treated)
        from_drugs = self.over_drugs(x, edges, features)  # [drug, disease, head]
        spread = self.over_diseases(x[treated].transpose(0, 1), around.diseases.edges, around.diseases.features)
        from_diseases = torch.zeros_like(from_drugs)
        from_diseases[treated] = spread.transpose(0, 1)
        from_both = self.over_drugs(from_diseases, edges, features)
        found = torch.cat([from_drugs, from_diseases, from_both], dim=2).permute(2, 0, 1)
        return torch.log(found + _FLOOR) - np.log(_FLOOR)

    def inputs(self, around: Surroundings, labels: Tensor, fixed: Tensor, pairs: Tensor) -> Tensor:
        """Return the readout's inputs for the chosen pairs.

        Shapes: labels [drug, disease], fixed [pair, channel], pairs [drug, disease] bool -> [pair, input].
        """
        found = [fixed, self.learned_features(around, labels)[:, pairs].T] if self.heads else [fixed]
        return (torch.cat(found, dim=1) - self.mean) / self.spread

    def contributions(self, inputs: Tensor, names: list[str]) -> dict[str, Tensor]:
        """Return what the inputs of each name add to the logit. Shapes: inputs [pair, input] -> [pair]."""
        added = inputs * self.readout.weight[0]
        return {
            name: added[:, [place for place, other in enumerate(names) if other == name]].sum(1)
            for name in dict.fromkeys(names)
        }

    def forward(self, around: Surroundings, labels: Tensor, fixed: Tensor, pairs: Tensor) -> Tensor:
        """Return the logit of each chosen pair. Shapes: as `inputs` -> [pair]."""
        return self.readout(self.inputs(around, labels, fixed, pairs))[:, 0]
