"""Train: the visible loop from a graph and a TrainConfig to a Model."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from gnn.baselines.counts import degree_prior
from gnn.checkpoint import Model
from gnn.config import ConfigError, TrainConfig, load_config
from gnn.metapaths import metapaths
from gnn.model import RepurposingNet, Surroundings, fixed_features, input_names, surroundings
from gnn.negatives import learnable
from gnn.split import assert_no_leak, pair_folds, without
from gnn.view import learned_from, view
from kg.graph import Graph
from kg.progress import Progress, silent

__all__ = ["Model", "TrainConfig", "load_config", "train"]


def train(
    graph: Graph, config: TrainConfig, progress: Progress = silent, held_out: pd.DataFrame | None = None
) -> Model:
    """Train on a graph.

    `held_out` pairs (columns `drug`, `disease`) are taken out of the graph in every form and are no negatives either.
    The same config, graph and number of threads give the same model, bit by bit. Raises `ConfigError` for a graph with
    fewer than two known pairs of the task.
    """
    graph = graph.stated_by(config.sources)
    if held_out is not None:
        graph = without(graph, held_out)
        assert_no_leak(graph, held_out)
    seen = view(graph)
    known, allowed = seen.pairs(config.task), learnable(seen, held_out)
    if known.sum() < 2:
        raise ConfigError(
            f"the graph has {known.sum()} {config.task} edges between drugs and diseases; expected at least 2 to learn "
            "from: build it from a source that has them"
        )
    progress("walk metapaths", 0.0)
    around = surroundings(metapaths(seen), known.shape, config.neighbours)
    labels, added, weights, dealt = torch.from_numpy(known).float(), {}, {}, []
    fixed, sizes = fixed_features(around, labels, config.parts)
    for member in range(config.members):
        start, share = 0.1 + 0.9 * member / config.members, 0.9 / config.members
        random = np.random.default_rng([config.seed, member])
        folds = _deal(around, labels, torch.from_numpy(allowed), config, random)
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        heads = config.heads if "attention" in config.parts else 0
        net = RepurposingNet(around, folds[0].fixed.shape[1], heads, config.hidden, generator)
        _fit(net, around, folds, config, lambda step, done, a=start, b=share: progress(step, a + b * done))
        for part, values in _predict(net, around, labels, fixed, folds, config.parts).items():
            added[part] = added.get(part, 0) + values / config.members
        weights |= {f"{member}.{name}": value.numpy() for name, value in net.state_dict().items()}
        dealt.append(folds)
    progress("trained", 1.0)
    return Model(
        config=config,
        sources=learned_from(graph),
        listed_by=tuple(release.name for release in learned_from(graph, (config.task,))),
        drugs=seen.curies["Drug"],
        drug_names=seen.names["Drug"],
        diseases=seen.curies["Disease"],
        disease_names=seen.names["Disease"],
        scores=torch.sigmoid(sum(added.values())).numpy(),
        priors=degree_prior(known),
        known=known,
        contributions={part: values.numpy() for part, values in added.items() if part != "average pair"},
        weights=weights,
        routes=_routes(around, labels, config.parts, sizes, dealt),
    )


@dataclass(frozen=True)
class Fold:
    """One inner fold: the messages without its pairs, and its pairs to learn from.

    Shapes: labels, pairs [drug, disease]; fixed [pair, channel]; targets [pair]; sizes [channel of treatments].
    """

    labels: Tensor
    pairs: Tensor
    fixed: Tensor
    targets: Tensor
    sizes: Tensor


def _deal(
    around: Surroundings, labels: Tensor, allowed: Tensor, config: TrainConfig, random: np.random.Generator
) -> list[Fold]:
    """Deal the pairs into inner folds, so that no pair's own label is among the messages that it learns from."""
    dealt = torch.from_numpy(pair_folds(labels.numpy() > 0, config.inner_folds, random))
    folds = []
    for fold in range(config.inner_folds):
        pairs = (dealt == fold) & allowed
        messages = labels.masked_fill(pairs, 0)
        fixed, sizes = fixed_features(around, messages, config.parts)
        folds.append(Fold(messages, pairs, fixed[:, pairs].T.contiguous(), labels[pairs], sizes))
    return folds


def _fit(net: RepurposingNet, around: Surroundings, folds: list[Fold], config: TrainConfig, progress: Progress) -> None:
    """Fit the learned messages by gradient steps, one inner fold a step, then the readout to its optimum."""
    _standardise(net, around, folds)
    positives = sum(float(fold.targets.sum()) for fold in folds)
    pairs = sum(len(fold.targets) for fold in folds)
    with torch.no_grad():
        net.readout.bias.fill_(float(np.log(positives / pairs)))
    steps = config.steps if net.heads else 0
    optimizer = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=0.01)
    for step in range(steps):
        progress("train", step / (steps + 1))
        fold = folds[step % len(folds)]
        logits = net(around, fold.labels, fold.fixed, fold.pairs)
        loss = binary_cross_entropy_with_logits(logits, fold.targets, reduction="sum") / (positives / len(folds))
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * pace(step, steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    progress("fit the readout", steps / (steps + 1))
    _standardise(net, around, folds)
    _fit_readout(net, around, folds, config.ridge)


def pace(step: int, steps: int) -> float:
    """Return the share of the learning rate for a step, in one cycle: up for a third of the steps, then down.

    >>> [pace(step, 6) for step in range(6)]
    [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    return min(3 * (step + 1) / steps, 1.5 * (steps - step) / steps, 1.0)


@torch.no_grad()
def _standardise(net: RepurposingNet, around: Surroundings, folds: list[Fold]) -> None:
    """Set the net's `mean` and `spread` to those of the readout's inputs."""
    net.mean.zero_()
    net.spread.fill_(1)
    inputs = torch.cat([net.inputs(around, fold.labels, fold.fixed, fold.pairs) for fold in folds])
    net.mean.copy_(inputs.mean(0))
    net.spread.copy_(inputs.std(0).clamp(min=1e-6))


def _fit_readout(net: RepurposingNet, around: Surroundings, folds: list[Fold], ridge: float) -> None:
    """Fit the readout by penalised maximum likelihood over all inner folds."""
    with torch.no_grad():
        inputs = torch.cat([net.inputs(around, fold.labels, fold.fixed, fold.pairs) for fold in folds])
    targets = torch.cat([fold.targets for fold in folds])
    optimizer = torch.optim.LBFGS(net.readout.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        misfit = binary_cross_entropy_with_logits(net.readout(inputs)[:, 0], targets, reduction="sum")
        total = misfit + ridge * net.readout.weight.square().sum()
        total.backward()
        return total

    optimizer.step(loss)


@torch.no_grad()
def _predict(
    net: RepurposingNet,
    around: Surroundings,
    labels: Tensor,
    fixed: Tensor,
    folds: list[Fold],
    parts: tuple[str, ...],
) -> dict[str, Tensor]:
    """Return what each part adds to every pair's logit; for a known pair, by the messages of the fold that hid it.

    Shapes: labels [drug, disease], fixed [channel, drug, disease] -> [drug, disease].
    """
    names = input_names(around, parts, net.heads)
    everything = torch.ones_like(labels, dtype=torch.bool)
    added = net.contributions(net.inputs(around, labels, fixed.flatten(1).T, everything), names)
    found = {name: values.reshape(labels.shape) for name, values in added.items()}
    for fold in folds:
        known = fold.targets > 0
        hidden = net.contributions(net.inputs(around, fold.labels, fold.fixed, fold.pairs), names)
        for name, values in hidden.items():
            found[name][fold.pairs & (labels > 0)] = values[known]
    return found | {"average pair": net.readout.bias.detach().expand(labels.shape)}


def _routes(
    around: Surroundings, labels: Tensor, parts: tuple[str, ...], sizes: Tensor, dealt: list[list[Fold]]
) -> dict[str, NDArray[Any]]:
    """Return what `gnn.carriers` needs to follow a score back to the treatments: see `Model.routes`."""
    known, kinds = labels > 0, {"drugs": around.drugs, "diseases": around.diseases}
    found = {
        "folds": torch.stack([torch.stack([fold.pairs[known] for fold in folds]).int().argmax(0) for folds in dealt]),
        "sizes": torch.stack([torch.stack([*(fold.sizes for fold in folds), sizes]) for folds in dealt]),
    }
    if "messages" in parts:
        found |= {"drugs.alike": around.drugs.alike[:, :, known.any(1)], "diseases.alike": around.diseases.alike}
    if "spectral" in parts:
        for kind, like in kinds.items():
            values, vectors = zip(*like.spectra, strict=True)
            found |= {f"{kind}.values": torch.stack(values), f"{kind}.vectors": torch.stack(vectors)}
    return {name: values.numpy() for name, values in found.items()}
