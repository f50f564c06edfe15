"""Sampled: train an encoder on neighbourhoods of minibatches of pairs, for a graph that is larger than memory."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from gnn.adjacency import Adjacency
from gnn.encoders import EncoderConfig, LinkPredictor
from gnn.metrics import average_precision
from gnn.neighbours import hide, neighbourhood
from kg.output import whole_file
from kg.schema import RELATIONS

Pairs = NDArray[np.int64]
"""Rows of a subject and of an object. Shapes: [2, pair]."""

RIVALS = 10
"""How many pairs that are not known stand against each held-out one."""


@dataclass(frozen=True)
class SampledConfig:
    """How a relation is learned on sampled neighbourhoods.

    `batch` is the number of known pairs in a step, of all workers together; each comes with two that are not, one with
    its subject and one with its object: the other end is another pair's of the step, so that the neighbourhood of no
    more nodes is needed and a node is as often right as wrong. `held_out` pairs are not learned from, nor among the
    messages.
    """

    relation: str
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    fan_out: tuple[int | None, ...] = (5, 3)
    batch: int = 2048
    epochs: int = 1
    learning_rate: float = 0.01
    held_out: int = 5_000
    seed: int = 0


@dataclass(frozen=True)
class Lesson:
    """What is learned: a graph without the held-out pairs in any form, the pairs to learn, and the held-out ones.

    Shapes: pairs, held_out [2, pair].
    """

    graph: Adjacency
    config: SampledConfig
    pairs: Pairs
    held_out: Pairs

    @property
    def kinds(self) -> tuple[str, str]:
        """The kinds of the subject and the object."""
        ends = RELATIONS[self.config.relation]
        return ends.subject, ends.object


def lesson(graph: Adjacency, config: SampledConfig) -> Lesson:
    """Hold some pairs of the relation out, at most half of them."""
    ends = RELATIONS[config.relation]
    pairs = graph.edges(config.relation)
    order = np.random.default_rng([config.seed, 1]).permutation(pairs.shape[1])
    held_out = pairs[:, np.sort(order[: min(config.held_out, len(order) // 2)])]
    left = graph.without(ends.subject, ends.object, held_out)
    return Lesson(left, config, left.edges(config.relation), held_out)


@dataclass(frozen=True)
class Learner:
    """A model and its optimizers: sparse for the nodes' vectors, of which a step touches few, dense for the rest."""

    model: LinkPredictor
    optimizers: tuple[torch.optim.Optimizer, ...]

    def state(self) -> dict[str, Any]:
        """Return everything that a later process needs to go on."""
        return {"model": self.model.state_dict(), "optimizers": [one.state_dict() for one in self.optimizers]}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.model.load_state_dict(state["model"])
        for one, kept in zip(self.optimizers, state["optimizers"], strict=True):
            one.load_state_dict(kept)


def learner(what: Lesson, device: str = "cpu") -> Learner:
    """Return an untrained model of a lesson on a device; the same config gives the same weights."""
    model = LinkPredictor(what.graph, what.config.encoder).to(device)
    rate = what.config.learning_rate
    layers = [*model.encoder.layers.parameters(), *model.decoder.parameters()]
    sparse = torch.optim.SparseAdam(list(model.encoder.tables.parameters()), lr=rate)
    return Learner(model, (sparse, torch.optim.Adam(layers, lr=rate)))


def learn(
    what: Lesson,
    one: Learner,
    epoch: int,
    worker: tuple[int, int] = (0, 1),
    share: Callable[[LinkPredictor], None] = lambda model: None,
) -> float:
    """Learn every pair once, of several workers each its part, and return the mean loss.

    After each step's gradients, `share` makes them the mean over all workers.
    """
    one.model.train()
    losses = []
    for number, pairs in enumerate(_batches(what, epoch, worker)):
        random = np.random.default_rng([what.config.seed, 2, epoch, number, worker[0]])
        for optimizer in one.optimizers:
            optimizer.zero_grad()
        loss = _loss(what, one.model, pairs, random)
        with torch.sparse.check_sparse_tensor_invariants(enable=False):  # else it warns that it does not
            loss.backward()
            share(one.model)
            for optimizer in one.optimizers:
                optimizer.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _batches(what: Lesson, epoch: int, worker: tuple[int, int]) -> Iterator[Pairs]:
    """Yield one worker's part of each of an epoch's batches: as many for each, of as near the same size as can be."""
    rank, workers = worker
    order = np.random.default_rng([what.config.seed, 3, epoch]).permutation(what.pairs.shape[1])
    for rows in np.array_split(order, max(1, len(order) // what.config.batch)):
        yield what.pairs[:, rows[rank::workers]]


def _loss(what: Lesson, model: nn.Module, pairs: Pairs, random: np.random.Generator) -> Tensor:
    others = [random.permutation(ends) for ends in pairs]
    asked = np.concatenate([pairs, np.stack([others[0], pairs[1]]), np.stack([pairs[0], others[1]])], axis=1)
    logits = logits_of(what, model, asked, random, hidden=pairs)
    labels = torch.zeros_like(logits)
    labels[: pairs.shape[1]] = 1
    return binary_cross_entropy_with_logits(logits, labels)


def logits_of(
    what: Lesson, model: nn.Module, asked: Pairs, random: np.random.Generator, hidden: Pairs | None = None
) -> Tensor:
    """Return the logits of pairs from a sampled neighbourhood of their ends, without the hidden pairs' edges.

    Shapes: asked [2, pair], hidden [2, pair] -> [pair].
    """
    subject, target = what.kinds
    if subject == target:
        rows, places = np.unique(asked, return_inverse=True)
        seeds, places = {subject: rows}, places.reshape(asked.shape)
    else:
        found = [np.unique(ends, return_inverse=True) for ends in asked]
        seeds, places = {subject: found[0][0], target: found[1][0]}, np.stack([found[0][1], found[1][1]])
    around = neighbourhood(what.graph, seeds, what.config.fan_out, random)
    if hidden is not None:
        around = hide(around, subject, target, hidden)
    device = next(model.parameters()).device
    logits: Tensor = model(around, subject, target, torch.from_numpy(places).to(device))
    return logits


@torch.no_grad()
def held_out_precision(what: Lesson, model: nn.Module) -> float:
    """Return the average precision of the held-out pairs among `RIVALS` times as many random ones."""
    model.eval()
    random = np.random.default_rng([what.config.seed, 4])
    count = what.held_out.shape[1]
    others = np.stack([random.integers(what.graph.counts[kind], size=RIVALS * count) for kind in what.kinds])
    asked = np.concatenate([what.held_out, others], axis=1)
    parts = np.array_split(np.arange(asked.shape[1]), max(1, asked.shape[1] // what.config.batch))
    scores = torch.cat([logits_of(what, model, asked[:, rows], random) for rows in parts])
    return average_precision(scores.cpu().numpy(), np.arange(asked.shape[1]) < count)


def save(path: Path, one: Learner, epochs: list[dict[str, float]], config: SampledConfig) -> None:
    """Write a learner after its last epoch; what was there stands until the new file is whole."""
    with whole_file(path) as part:
        torch.save({"config": _told(config), "epochs": epochs, **one.state()}, part)


def resume(path: Path, one: Learner, config: SampledConfig) -> list[dict[str, float]]:
    """Go on from a file that `save` wrote, if there is one; return what its epochs came to.

    Raises `ValueError` where it was written with another config; the number of epochs may be another.
    """
    if not path.exists():
        return []
    state = torch.load(path, map_location=next(one.model.parameters()).device, weights_only=True)
    if state["config"] != _told(config):
        raise ValueError(f"{path} was trained with {state['config']}, expected {_told(config)}: choose another folder")
    one.load(state)
    epochs: list[dict[str, float]] = state["epochs"]
    return epochs


def _told(config: SampledConfig) -> dict[str, Any]:
    told = asdict(config)
    del told["epochs"]
    return told
