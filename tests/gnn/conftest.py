"""A made-up graph that is worth learning from, its model, and a store that holds it."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import rankdata

from gnn.checkpoint import Model
from gnn.config import TrainConfig
from gnn.rank import known
from gnn.score import logits, prior
from gnn.train import train
from kg.graph import Graph, SourceRelease, table
from kg.progress import silent
from kg.schema import edge_columns, node_columns
from kg.stores.ladybug import LadybugStore
from kg.stores.opening import open_store
from kg.stores.protocol import Store

DRUGS = [f"DRUGBANK:DB{number:05}" for number in range(24)]
DISEASES = [f"DOID:{number}" for number in range(101, 113)]
GENES = [f"NCBIGene:{number}" for number in range(1, 31)]
EFFECTS = [f"UMLS:C{number:07}" for number in range(12)]

SMALL = TrainConfig(
    label_sources=("made-up", "other", "by-hand"),
    sources=("made-up", "other", "by-hand"),
    members=1,
    inner_folds=4,
    steps=8,
    neighbours=6,
    hidden=4,
    heads=2,
    rank=4,
    draws=4,
)
"""Settings that train in about a second."""

torch.set_num_threads(1)  # on graphs this small a second thread only waits


def edges(relation: str, pairs: set[tuple[str, str]], source: str = "made-up") -> object:
    evidence = {
        "source": source,
        "source_version": "1",
        "licence": "CC0-1.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
        "references": [],
    }
    rows = [{"subject": subject, "object": target} | evidence for subject, target in sorted(pairs)]
    return table(edge_columns(relation), rows)


def make_graph(treats: set[tuple[str, str]] | None = None) -> Graph:
    """Three families of eight drugs, each with its genes, side effects and four diseases; a drug treats about half."""
    random = np.random.default_rng(7)

    def linked(left: list[str], right: list[str], chance: float) -> set[tuple[str, str]]:
        share = len(left) // 3, len(right) // 3
        within = np.arange(len(left))[:, None] // share[0] == np.arange(len(right)) // share[1]
        chosen = random.random((len(left), len(right))) < np.where(within, chance, 0.02)
        return {(left[row], right[column]) for row, column in np.argwhere(chosen)}

    biology = {
        "binds": linked(DRUGS, GENES, 0.4),
        "causes_side_effect": linked(DRUGS, EFFECTS, 0.5),
        "disease_associates_gene": linked(DISEASES, GENES, 0.4),
        "gene_interacts_gene": {(GENES[i], GENES[i + 1]) for i in range(29)},
        "palliates": {(DRUGS[0], DISEASES[11]), (DRUGS[9], DISEASES[0])},
    }
    relations = biology | {"treats": treats or linked(DRUGS, DISEASES, 0.5)}
    kinds = {"Drug": DRUGS, "Disease": DISEASES, "Gene": GENES, "SideEffect": EFFECTS}
    return Graph(
        {
            kind: table(
                node_columns(kind),
                [{"id": curie, "name": f"{kind} {curie}", "provided_by": ["made-up"]} for curie in curies],
            )
            for kind, curies in kinds.items()
        },
        {relation: edges(relation, pairs) for relation, pairs in relations.items()},
        (SourceRelease("made-up", "1", "CC0-1.0", "", "", {"file.tsv": "00"}),),
    )


class Told(NamedTuple):
    """What a model of drugs and diseases says of all pairs. Shapes: arrays [drug, disease]."""

    drugs: tuple[str, ...]
    diseases: tuple[str, ...]
    scores: np.ndarray
    priors: np.ndarray
    known: np.ndarray


def told(model: Model) -> Told:
    rows, columns = (np.arange(count) for count in model.trained)
    ends = model.around.subjects.nodes, model.around.objects.nodes
    scores = expit(logits(model, rows, columns))
    return Told(*ends, scores, prior(model, rows, columns), known(model, rows, columns))


def area_under_curve(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return how often a labelled pair outscores another, by Mann and Whitney's sum of ranks."""
    ranks, hits = rankdata(scores.ravel()), labels.ravel()
    return (ranks[hits].sum() - hits.sum() * (hits.sum() + 1) / 2) / (hits.sum() * (~hits).sum())


@pytest.fixture(scope="session")
def families() -> Graph:
    return make_graph()


@pytest.fixture(scope="session")
def model(families: Graph) -> Model:
    return train(families, SMALL, silent)


@pytest.fixture(scope="session")
def store_path(families: Graph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("families") / "graph.lbdb"
    with LadybugStore(path, create=True) as store:
        store.replace(families, silent)
    return path


@pytest.fixture
def store(store_path: Path) -> Store:
    with open_store(store_path) as opened:
        yield opened
