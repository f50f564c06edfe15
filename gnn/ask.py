"""Ask: train, keep, load and score, whatever the task: diseases and genes are nodes, a patient is a record in time."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from gnn import card, checkpoint, resume
from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.pairs import Rejected
from gnn.patients import checkpoint as patients_checkpoint
from gnn.patients.card import write_card as card_of_patients
from gnn.patients.model import REGIMES, PatientModel
from gnn.patients.rank import rank as rank_patients
from gnn.patients.rank import score as score_patients
from gnn.rank import rank as rank_nodes
from gnn.rank import score as score_nodes
from gnn.task import BENEFITS, End
from kg.graph import Graph
from kg.progress import Progress, silent
from kg.search import Node
from kg.stores.protocol import Store

AnyModel = Model | PatientModel


def train(
    graph: Graph,
    config: TrainConfig,
    progress: Progress = silent,
    held_out: pd.DataFrame | None = None,
    work: str | Path | None = None,
) -> AnyModel:
    """Train for the task of the config; raises what `gnn.train.train` and `gnn.patients.train.train` raise.

    In the folder `work`, what is whole of a training is kept, should it be stopped (`gnn.resume`).
    """
    if config.task == BENEFITS.name:
        from gnn.patients.train import train as train_patients

        return train_patients(graph, config, progress, held_out, work)
    from gnn.train import train as train_nodes

    return train_nodes(graph, config, progress, held_out, work)


def left_over(config: TrainConfig, folder: str | Path) -> str:
    """Say what is left of a training that was stopped, and kept in its folder."""
    if config.task == BENEFITS.name:
        return resume.left_over(folder, len(REGIMES), "regimes")
    return resume.left_over(folder, config.members)


def save(model: AnyModel, folder: str | Path) -> None:
    """Write a model into a folder; raises what `gnn.checkpoint.save` raises."""
    if isinstance(model, PatientModel):
        patients_checkpoint.save(model, folder)
    else:
        checkpoint.save(model, folder)


def write_card(model: AnyModel, folder: str | Path) -> Path:
    """Write the card of the model that lies in a folder; see `gnn.card.write_card`, `gnn.patients.card.write_card`."""
    return card_of_patients(model, folder) if isinstance(model, PatientModel) else card.write_card(model, folder)


def load(folder: str | Path) -> AnyModel:
    """Read the model in a folder, of whatever task; raises `CheckpointError`."""
    return patients_checkpoint.load(folder) if patients_checkpoint.about_patients(folder) else checkpoint.load(folder)


def score(
    model: AnyModel,
    store: Store,
    pairs: pd.DataFrame,
    origin: object = "the pairs",
    rejected: list[Rejected] | None = None,
) -> pd.DataFrame:
    """Score pairs; see `gnn.rank.score` and `gnn.patients.rank.score`, which leaves out nobody."""
    if isinstance(model, PatientModel):
        return score_patients(model, store, pairs, origin)
    return score_nodes(model, store, pairs, origin, rejected)


def rank(
    model: AnyModel, store: Store, node: str, *, end: End | None = None, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank the candidates for a node of either end; see `gnn.rank.rank`, `gnn.patients.rank.rank`."""
    if isinstance(model, PatientModel):
        return rank_patients(model, store, node, end=end, top=top, new_only=new_only)
    return rank_nodes(model, store, node, end=end, top=top, new_only=new_only)


def rank_many(
    model: PatientModel, store: Store, nodes: Sequence[Node], end: End, *, top: int = 20, new_only: bool = False
) -> pd.DataFrame:
    """Rank for several patients, or drugs, one after the other: the asked node and its name stand before the rest."""
    column = model.task.columns[0 if end == "subject" else 1]
    tables = []
    for node in nodes:
        table = rank_patients(model, store, node.id, end=end, top=top, new_only=new_only)
        table.insert(0, column if column not in table else f"asked_{column}", node.id)
        table.insert(1, f"{column}_name", node.name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
