"""Train: the visible loop from a graph and a TrainConfig to a Model."""

import dataclasses
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from gnn.baselines import degree_prior
from gnn.metapaths import metapaths
from gnn.model import PARTS, RepurposingNet, Surroundings, fixed_features, surroundings
from gnn.negatives import learnable
from gnn.split import assert_no_leak, pair_folds, without
from gnn.view import view
from kg.graph import Graph, SourceRelease, data_version

Progress = Callable[[str, float], None]
"""Called with the name of a step and the fraction of the whole that is done, from 0 to 1."""

TASKS = ("treats", "palliates")


class ConfigError(ValueError):
    """Training settings, or a graph, that nothing can be trained with."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run beside the graph.

    `members` networks are trained, each on its own deal of the pairs into `inner_folds`, and their logits averaged.
    `parts` are the parts of the model that are used, `neighbours`, `heads` and `hidden` the size of its learned
    convolutions, `steps` and `learning_rate` their training, `ridge` the L2 penalty of the readout.
    """

    task: str = "treats"
    seed: int = 0
    members: int = 2
    inner_folds: int = 8
    steps: int = 96
    learning_rate: float = 0.01
    ridge: float = 10.0
    neighbours: int = 40
    heads: int = 4
    hidden: int = 16
    parts: tuple[str, ...] = PARTS

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ConfigError(f"task: got {self.task!r}, expected one of {', '.join(TASKS)}")
        for key, least in _LEAST.items():
            if getattr(self, key) < least:
                raise ConfigError(f"{key}: got {getattr(self, key)}, expected at least {least}")
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise ConfigError(f"parts: got {', '.join(map(repr, unknown))}, expected some of {', '.join(PARTS)}")


_LEAST = {
    "seed": 0,
    "members": 1,
    "inner_folds": 2,
    "steps": 1,
    "learning_rate": 1e-6,
    "ridge": 1e-6,
    "neighbours": 1,
    "heads": 1,
    "hidden": 1,
}


def load_config(path: Path | None, **changes: Any) -> TrainConfig:
    """Read a TrainConfig from a TOML file (the defaults where `path` is None); `changes` that are not None win.

    Raises `ConfigError` naming the key that is unknown or has a wrong type or value.

    >>> load_config(None, seed=7).seed
    7
    """
    stated: dict[str, Any] = {}
    if path is not None:
        try:
            stated = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
            raise ConfigError(f"{path} is not TOML: {failure}") from failure
    stated |= {key: value for key, value in changes.items() if value is not None}
    defaults = {field.name: field.default for field in dataclasses.fields(TrainConfig)}
    for key, value in stated.items():
        if key not in defaults:
            raise ConfigError(f"{key}: unknown setting; expected one of {', '.join(defaults)}")
        stated[key] = _typed(key, value, defaults[key])
    return TrainConfig(**stated)


def _typed(key: str, value: Any, default: Any) -> Any:
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if type(value) is not type(default):
        raise ConfigError(f"{key}: got {value!r}, expected a value like {default!r}")
    return value


@dataclass(frozen=True)
class Model:
    """A trained model, with what it says of every pair.

    `scores` is a probability that the pair stands in the list of known treatments, `priors` the same from the two
    degrees alone, `known` the edges it learned from. The score of a known pair comes from messages that its own edge
    was hidden from. `weights` are the networks' parameters.

    Shapes: scores, priors, known [drug, disease].
    """

    config: TrainConfig
    sources: tuple[SourceRelease, ...]
    drugs: tuple[str, ...]
    drug_names: tuple[str, ...]
    diseases: tuple[str, ...]
    disease_names: tuple[str, ...]
    scores: NDArray[np.float32]
    priors: NDArray[np.float32]
    known: NDArray[np.bool_]
    weights: dict[str, Tensor]

    def summary(self) -> dict[str, Any]:
        """Return what was trained, on what, in a few words."""
        return {
            "task": self.config.task,
            "seed": self.config.seed,
            "data_version": data_version(self.sources),
            "drugs": len(self.drugs),
            "diseases": len(self.diseases),
            "known_pairs": int(self.known.sum()),
            "parameters": sum(weight.numel() for weight in self.weights.values()),
        }


def train(graph: Graph, config: TrainConfig, progress: Progress, held_out: pd.DataFrame | None = None) -> Model:
    """Train on a graph.

    `held_out` pairs (columns `drug`, `disease`) are taken out of the graph in every form and are no negatives either.
    The same config, graph and number of threads give the same model, bit by bit. Raises `ConfigError` for a graph with
    fewer than two known pairs of the task.
    """
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
    labels, logits, weights = torch.from_numpy(known).float(), torch.zeros(known.shape), {}
    for member in range(config.members):
        start, share = 0.1 + 0.9 * member / config.members, 0.9 / config.members
        random = np.random.default_rng([config.seed, member])
        folds = _deal(around, labels, torch.from_numpy(allowed), config, random)
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        heads = config.heads if "attention" in config.parts else 0
        net = RepurposingNet(around, folds[0].fixed.shape[1], heads, config.hidden, generator)
        _fit(net, around, folds, config, lambda step, done, a=start, b=share: progress(step, a + b * done))
        logits += _predict(net, around, labels, folds, config.parts) / config.members
        weights |= {f"{member}.{name}": value for name, value in net.state_dict().items()}
    progress("trained", 1.0)
    return Model(
        config=config,
        sources=graph.sources,
        drugs=seen.curies["Drug"],
        drug_names=seen.names["Drug"],
        diseases=seen.curies["Disease"],
        disease_names=seen.names["Disease"],
        scores=torch.sigmoid(logits).numpy(),
        priors=degree_prior(known),
        known=known,
        weights=weights,
    )


@dataclass(frozen=True)
class Fold:
    """One inner fold: the messages without its pairs, and its pairs to learn from.

    Shapes: labels, pairs [drug, disease]; fixed [pair, channel]; targets [pair].
    """

    labels: Tensor
    pairs: Tensor
    fixed: Tensor
    targets: Tensor


def _deal(
    around: Surroundings, labels: Tensor, allowed: Tensor, config: TrainConfig, random: np.random.Generator
) -> list[Fold]:
    """Deal the pairs into inner folds, so that no pair's own label is among the messages that it learns from."""
    dealt = torch.from_numpy(pair_folds(labels.numpy() > 0, config.inner_folds, random))
    folds = []
    for fold in range(config.inner_folds):
        pairs = (dealt == fold) & allowed
        messages = labels.masked_fill(pairs, 0)
        fixed = fixed_features(around, messages, config.parts)[:, pairs].T.contiguous()
        folds.append(Fold(messages, pairs, fixed, labels[pairs]))
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
        for group in optimizer.param_groups:  # one cycle: up for a third of the steps, then down
            group["lr"] = config.learning_rate * min(3 * (step + 1) / steps, 1.5 * (1 - step / steps), 1.0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    progress("fit the readout", steps / (steps + 1))
    _standardise(net, around, folds)
    _fit_readout(net, around, folds, config.ridge)


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
    net: RepurposingNet, around: Surroundings, labels: Tensor, folds: list[Fold], parts: tuple[str, ...]
) -> Tensor:
    """Return every pair's logit; a known pair's comes from the messages of the fold that hid it.

    Shapes: [drug, disease].
    """
    everything = torch.ones_like(labels, dtype=torch.bool)
    fixed = fixed_features(around, labels, parts).flatten(1).T
    logits = net(around, labels, fixed, everything).reshape(labels.shape)
    for fold in folds:
        hidden = torch.zeros_like(labels)
        hidden[fold.pairs] = net(around, fold.labels, fold.fixed, fold.pairs)
        logits = torch.where(fold.pairs & (labels > 0), hidden, logits)
    return logits
