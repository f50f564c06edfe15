"""Relational: R-GCN and HGT of PyTorch Geometric on sampled neighbourhoods, trained until they stop improving."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gnn.adjacency import Adjacency, adjacency
from gnn.baselines.stopping import (
    Budget,
    By,
    Limits,
    Link,
    Pairs,
    Rows,
    filtered_mrr,
    log_joint,
    one_against_others,
    until_best,
    until_it_stops,
)
from gnn.encoders import EncoderConfig, LinkPredictor
from gnn.neighbours import hide, neighbourhood
from gnn.view import View


@dataclass(frozen=True)
class RelationalConfig:
    """How an encoder is trained.

    A step takes `batch` pairs, whose edges are hidden from the messages, and tells each end of a pair by a softmax from
    the other nodes of its kind: from all where there are no more than `rivals`, else from so many random ones. Nodes
    hear `fan_out` others by each relation at each hop, and `scored_fan_out` when pairs are scored. `device` is where it
    is learned; neighbours are drawn on the processor.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    batch: int = 128
    rivals: int = 2_000
    fan_out: tuple[int | None, ...] = (10, 5)
    scored_fan_out: tuple[int | None, ...] = (40, 20)
    learning_rate: float = 0.003
    all_relations: bool = True
    share: float = 0.2
    by: By = "pair"
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    device: str = "cpu"


CONFIGS: Mapping[str, RelationalConfig] = {
    "rgcn": RelationalConfig(EncoderConfig("rgcn", dropout=0.3)),
    "hgt": RelationalConfig(EncoderConfig("hgt")),
}
"""Chosen on inner folds of training pairs."""


@dataclass(frozen=True)
class Relational:
    """A trained encoder's vectors and decoder: scores every object for some subjects.

    `budget` is what the training took. Shapes: logits [subject, object], known [subject, object].
    """

    subjects: Tensor
    objects: Tensor
    model: LinkPredictor
    known: Tensor
    budget: Budget

    @torch.no_grad()
    def __call__(self, subjects: Rows) -> NDArray[np.float32]:
        """Return the logarithm of a pair's estimated share of all pairs. Shapes: [subject] -> [subject, object]."""
        rows = torch.from_numpy(subjects).to(self.known.device)
        there = self.model.decoder.all(self.subjects[rows], self.objects)
        size = torch.cat(
            [self.model.decoder.all(self.subjects, part).logsumexp(0) for part in self.objects.split(1024)]
        )
        return log_joint(there, there, size, rows, self.known)


def encode(view: View, link: Link, config: RelationalConfig) -> Relational:
    """Train an encoder on a view from which the held-out pairs are gone already.

    The number of epochs is found on an inner fold of the training pairs, by their filtered MRR; then all training pairs
    are learned for as many.
    """
    return until_best(view, link, config, lambda seen, config, hidden: _fit(seen, link, config, hidden))


def _fit(view: View, link: Link, config: RelationalConfig, hidden: Pairs | None) -> Relational:
    graph = adjacency(view)
    graph = graph if config.all_relations else graph.touching({link.subject, link.object})
    model = LinkPredictor(graph, config.encoder).to(config.device)
    tables = list(model.encoder.tables.parameters())
    layers = [*model.encoder.layers.parameters(), *model.decoder.parameters()]
    optimizers = (
        torch.optim.SparseAdam(tables, lr=config.learning_rate),
        torch.optim.Adam(layers, lr=config.learning_rate),
    )
    pairs, random = view.edges(link.relation), np.random.default_rng(config.seed)
    known = torch.from_numpy(view.pairs(link.relation)).to(config.device)

    def epoch() -> None:
        model.train()
        order = random.permutation(pairs.shape[1])
        for rows in np.array_split(order, max(1, round(len(order) / config.batch))):
            for optimizer in optimizers:
                optimizer.zero_grad()
            _loss(model, graph, link, pairs[:, rows], known, config, random).backward()
            for optimizer in optimizers:
                optimizer.step()

    def now() -> Relational:
        return _scorer(model, graph, link, known, config)

    def figure() -> float:
        return 0.0 if hidden is None else filtered_mrr(now(), pairs, hidden)

    limits = config.limits if hidden is not None else replace(config.limits, every=config.limits.epochs)
    budget = until_it_stops(model, epoch, figure, limits)
    return replace(now(), budget=budget)


def _loss(
    model: LinkPredictor,
    graph: Adjacency,
    link: Link,
    pairs: Pairs,
    known: Tensor,
    config: RelationalConfig,
    random: np.random.Generator,
) -> Tensor:
    """Return the mean cross entropy of each end of the pairs, given the other, among its rivals."""
    seeds = [_rivals(rows, size, config.rivals, random) for rows, size in zip(pairs, known.shape, strict=True)]
    around = neighbourhood(graph, dict(zip((link.subject, link.object), seeds, strict=True)), config.fan_out, random)
    vectors = model.encoder(hide(around, link.subject, link.object, pairs))
    logits = model.decoder.all(vectors[link.subject], vectors[link.object])
    chosen = [torch.from_numpy(seed).to(known.device) for seed in seeds]
    true = known[chosen[0]][:, chosen[1]]
    places = [
        torch.from_numpy(np.searchsorted(seed, rows)).to(known.device) for seed, rows in zip(seeds, pairs, strict=True)
    ]
    there = one_against_others(logits, true, places[0], places[1])
    return there + one_against_others(logits.T, true.T, places[1], places[0])


def _rivals(rows: Rows, size: int, most: int, random: np.random.Generator) -> Rows:
    if size <= most:
        return np.arange(size)
    return np.union1d(rows, random.integers(size, size=most))


@torch.no_grad()
def _scorer(model: LinkPredictor, graph: Adjacency, link: Link, known: Tensor, config: RelationalConfig) -> Relational:
    model.eval()
    seeds = {link.subject: np.arange(known.shape[0]), link.object: np.arange(known.shape[1])}
    vectors = model.encoder(neighbourhood(graph, seeds, config.scored_fan_out, np.random.default_rng(config.seed)))
    return Relational(vectors[link.subject], vectors[link.object], model, known, Budget(0, 0, 0.0, 0.0, "", 0))
