"""Recurrent: a gated recurrent network over visits, and its loop. The only file of this room that needs PyTorch.

At a visit it reads what has been seen so far, and answers what is next under what is planned:

    memory = GRU(seen, memory before),  memory at first = linear(static)
    answer = perceptron(memory, planned)

What is planned is given to the answer alone, so that one history is asked about several plans. Cho K et al. EMNLP 2014.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from kg.progress import Progress, silent
from twin.model import Floats

_STOP_BY = 5
"""One patient in so many is not learned from, and tells when to stop."""


@dataclass(frozen=True)
class Sequences:
    """Patients' visits: static [patient, s], seen [patient, visit, k], planned [patient, visit, m], target and weight.

    `target` and `weight` are [patient, visit]; a visit with weight 0 is not learned from, whatever its numbers. All
    numbers are of the size of 1: whoever makes them scales them.
    """

    static: Floats
    seen: Floats
    planned: Floats
    target: Floats
    weight: Floats

    def __len__(self) -> int:
        return int(self.seen.shape[0])

    def of(self, chosen: np.ndarray) -> "Sequences":
        """Return some patients, by number or by truth value."""
        parts = (self.static, self.seen, self.planned, self.target, self.weight)
        return Sequences(*(part[chosen] for part in parts))


@dataclass(frozen=True)
class RecurrentConfig:
    """How a network is made and trained; `patience` epochs without a better validation end it.

    By the loss "squared" an answer is a number; by "log" it is the log odds of a target that is 0 or 1.
    """

    hidden: int = 32
    epochs: int = 60
    patience: int = 15
    batch: int = 256
    learning_rate: float = 5e-3
    weight_decay: float = 1e-4
    largest_gradient: float = 1.0
    seed: int = 0
    loss: Literal["squared", "log"] = "squared"


class RecurrentNet(nn.Module):
    """The network; see the file's first lines."""

    def __init__(self, static: int, seen: int, planned: int, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(static, hidden)
        self.memory = nn.GRU(seen, hidden, batch_first=True)
        self.answer = nn.Sequential(nn.Linear(hidden + planned, hidden), nn.SiLU(), nn.Linear(hidden, 1))

    def forward(self, static: Tensor, seen: Tensor, planned: Tensor) -> Tensor:
        """Return the answer at each visit, [patient, visit]."""
        held, _ = self.memory(seen, torch.tanh(self.first(static))[None])
        answer: Tensor = self.answer(torch.cat([held, planned], dim=-1))
        return answer[..., 0]


@dataclass(frozen=True)
class Recurrent:
    """A trained network, and its weighted mean losses on the validation patients, epoch by epoch."""

    net: RecurrentNet
    validation: tuple[float, ...]

    def predict(self, patients: Sequences) -> Floats:
        """Return the answers, [patient, visit]."""
        with torch.no_grad():
            parts = [self.net(*_tensors(some)[0]) for some in _parts(patients, 4096)]
        return torch.cat(parts).numpy().astype(np.float64)

    def arrays(self) -> dict[str, Floats]:
        """Return the weights by name, as `twin.prognosis.gated` reads them without PyTorch."""
        return {name: value.numpy().astype(np.float64) for name, value in self.net.state_dict().items()}

    def options(self, patients: Sequences, plans: Floats) -> Floats:
        """Return the answers under each of the plans [plan, m] of every visit: [patient, visit, plan]."""
        visits = patients.seen.shape[:2]
        asked = [replace(patients, planned=np.broadcast_to(plan, (*visits, plan.size))) for plan in plans]
        return np.stack([self.predict(one) for one in asked], axis=-1)


def train(
    learn: Sequences, validate: Sequences, config: RecurrentConfig | None = None, progress: Progress = silent
) -> Recurrent:
    """Return the network that did best on the validation patients, whom it did not learn from.

    The same seed and data give the same network on the same machine; nothing outside is seeded.
    """
    config = config or RecurrentConfig()
    random = np.random.default_rng(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        static, seen, planned = (int(part.shape[-1]) for part in (learn.static, learn.seen, learn.planned))
        net = RecurrentNet(static, seen, planned, config.hidden)
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.epochs)
    told, best, kept = [_loss(net, validate, config)], np.inf, _state(net)
    for epoch in range(config.epochs):
        for some in _parts(learn.of(random.permutation(len(learn))), config.batch):
            told_of, target, weight = _tensors(some)
            optimiser.zero_grad()
            loss = (weight * _losses(net(*told_of), target, config)).mean()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(net.parameters(), config.largest_gradient)
            optimiser.step()
        schedule.step()
        told.append(_loss(net, validate, config))
        progress("train", (epoch + 1) / config.epochs)
        if told[-1] < best:
            best, kept = told[-1], _state(net)
        elif epoch - int(np.argmin(told[1:])) >= config.patience:
            break
    net.load_state_dict(kept)
    return Recurrent(net.eval(), tuple(told))


def ensemble(patients: Sequences, config: RecurrentConfig, networks: int) -> tuple[Recurrent, ...]:
    """Return networks that begin from other numbers, each of which another fifth of the patients tells when to stop."""
    found = []
    for seed in range(config.seed, config.seed + networks):
        held = np.random.default_rng(seed).permutation(len(patients)) % _STOP_BY == 0
        found.append(train(patients.of(~held), patients.of(held), replace(config, seed=seed)))
    return tuple(found)


def _state(net: RecurrentNet) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _losses(answer: Tensor, target: Tensor, config: RecurrentConfig) -> Tensor:
    """Return the loss of each visit, [patient, visit]."""
    if config.loss == "log":
        return nn.functional.binary_cross_entropy_with_logits(answer, target, reduction="none")
    return (answer - target) ** 2


def _loss(net: RecurrentNet, patients: Sequences, config: RecurrentConfig) -> float:
    with torch.no_grad():
        told_of, target, weight = _tensors(patients)
        return float((weight * _losses(net(*told_of), target, config)).sum() / weight.sum())


def _parts(patients: Sequences, size: int) -> Iterator[Sequences]:
    for first in range(0, len(patients), size):
        yield patients.of(np.arange(first, min(first + size, len(patients))))


def _tensors(patients: Sequences) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor, Tensor]:
    """Return what the network is told, the target and the weight."""
    parts = (patients.static, patients.seen, patients.planned, patients.target, patients.weight)
    static, seen, planned, target, weight = (torch.from_numpy(np.ascontiguousarray(part, np.float32)) for part in parts)
    return (static, seen, planned), target, weight
