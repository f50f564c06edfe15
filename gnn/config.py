"""TrainConfig: everything that decides a training run beside the graph, and how it is read from a file."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnn.factorise import FactorSettings
from gnn.model import PARTS, USUAL_PARTS
from gnn.task import TASKS, Task
from kg.files.text import FileError
from kg.files.toml import read_toml


class ConfigError(ValueError):
    """Training settings, or a graph, that nothing can be trained with."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run beside the graph.

    `label_sources` state the answers and the nodes that are candidates; `sources` what else is learned from, whatever
    else the graph holds. `members` models are trained, each on its own deal of the pairs into `inner_folds`, and their
    log-odds averaged. `parts` are the parts of the model that are used; `neighbours`, `heads` and `hidden` the size of
    its learned likeness, `steps` and `learning_rate` their training; `ridge` the L2 penalty of the readout for warm
    pairs, `cold_ridge` of those for cold ones, `draws` how many more of them an interval is made of. Of more than
    `most_pairs` pairs, every answer is learned from, and as many others as make that number. `rank`, `confidence`,
    `factor_ridge`, `rounds`: see `gnn.factorise`.
    """

    task: str = "treats"
    seed: int = 0
    label_sources: tuple[str, ...] = ("hetionet", "starter")
    sources: tuple[str, ...] = (
        "hetionet",
        "starter",
        "drugbank",
        "drugcentral",
        "entrez",
        "gene_ontology",
        "medline",
        "sider",
    )
    members: int = 2
    inner_folds: int = 8
    steps: int = 96
    learning_rate: float = 0.01
    ridge: float = 10.0
    cold_ridge: float = 30.0
    neighbours: int = 40
    heads: int = 4
    hidden: int = 16
    draws: int = 20
    most_pairs: int = 300_000
    rank: int = 64
    confidence: float = 20.0
    factor_ridge: float = 1.0
    rounds: int = 12
    parts: tuple[str, ...] = USUAL_PARTS

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ConfigError(f"task: got {self.task!r}, expected one of {', '.join(TASKS)}")
        for key, least in _LEAST.items():
            if not least <= getattr(self, key) < math.inf:
                raise ConfigError(f"{key}: got {getattr(self, key)}, expected at least {least}, and finite")
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise ConfigError(f"parts: got {', '.join(map(repr, unknown))}, expected some of {', '.join(PARTS)}")

    @property
    def about(self) -> Task:
        """The task itself."""
        return TASKS[self.task]

    @property
    def factors(self) -> FactorSettings:
        """How the answers are factorised."""
        return FactorSettings(self.rank, self.confidence, self.factor_ridge, self.rounds)


_LEAST = {
    "seed": 0,
    "members": 1,
    "inner_folds": 2,
    "steps": 1,
    "learning_rate": 1e-6,
    "ridge": 1e-6,
    "cold_ridge": 1e-6,
    "neighbours": 1,
    "heads": 1,
    "hidden": 1,
    "draws": 0,
    "most_pairs": 100,
    "rank": 1,
    "confidence": 1e-6,
    "factor_ridge": 1e-6,
    "rounds": 1,
}


def load_config(path: str | Path | None, **changes: Any) -> TrainConfig:
    """Read a TrainConfig from a TOML file (the defaults where `path` is None); `changes` that are not None win.

    A default is the task's own (`Task.settings`) where it has one.

    Raises `ConfigError` naming the file, where it is the file's fault, and the key that is unknown or has a wrong type
    or value.

    >>> load_config(None, seed=7).seed
    7
    """
    changes = {key: value for key, value in changes.items() if value is not None}
    stated: Mapping[str, Any] = {}
    if path is not None:
        try:
            stated = read_toml(path)
        except FileError as failure:
            raise ConfigError(str(failure)) from None
    task = TASKS.get(str(changes.get("task", stated.get("task", TrainConfig.task))))
    config = _changed(TrainConfig(), task.settings if task else {})
    try:
        config = _changed(config, stated)
    except ConfigError as failure:
        raise ConfigError(f"{path}, {failure}") from None
    return _changed(config, changes)


def _changed(config: TrainConfig, changes: Mapping[str, Any]) -> TrainConfig:
    defaults = {field.name: field.default for field in dataclasses.fields(TrainConfig)}
    for key in changes:
        if key not in defaults:
            raise ConfigError(f"{key}: unknown setting; expected one of {', '.join(defaults)}")
    return dataclasses.replace(config, **{key: _typed(key, value, defaults[key]) for key, value in changes.items()})


def _typed(key: str, value: Any, default: Any) -> Any:
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if type(value) is not type(default):
        raise ConfigError(f"{key}: got {value!r}, expected a value like {default!r}")
    return value
