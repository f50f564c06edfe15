"""Metapaths: degree-weighted walks from drugs and from diseases, and how much alike two nodes' walks are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.task import TREATS
from gnn.view import View
from gnn.walks import Walk, reach
from kg.schema import RELATIONS

Matrix = NDArray[np.float32]

DRUG_WALKS = {name: walk for name, walk in TREATS.subject_walks.items() if isinstance(walk, tuple)}
DISEASE_WALKS = {name: walk for name, walk in TREATS.object_walks.items() if isinstance(walk, tuple)}
CHAINS = {
    name: (left, right)
    for name, (left, right) in TREATS.chains.items()
    if isinstance(left, tuple) and isinstance(right, tuple)
}
"""The walks that are counted: those of the model, without attributes."""


@dataclass(frozen=True)
class Metapaths:
    """What the graph says of drugs and diseases without any of its treatments.

    `drug_walks` and `disease_walks` are the degree-weighted path counts between two different nodes, `chains` those
    between a drug and a disease. Walks that no edge of the graph takes are left out.

    Shapes: [drug, drug], [disease, disease], [drug, disease].
    """

    drug_walks: Mapping[str, Matrix]
    disease_walks: Mapping[str, Matrix]
    chains: Mapping[str, Matrix]


def metapaths(view: View) -> Metapaths:
    """Walk all metapaths of `DRUG_WALKS`, `DISEASE_WALKS` and `CHAINS`; none of them takes a treatment."""
    drugs = {name: reach(view, "Drug", walk) for name, walk in DRUG_WALKS.items()}
    diseases = {name: reach(view, "Disease", walk) for name, walk in DISEASE_WALKS.items()}
    chains = {
        name: (reach(view, "Drug", left) @ reach(view, "Disease", right).T).toarray()
        for name, (left, right) in CHAINS.items()
    }
    return Metapaths(
        {name: _between(ends, DRUG_WALKS[name]) for name, ends in drugs.items() if ends.nnz},
        {name: _between(ends, DISEASE_WALKS[name]) for name, ends in diseases.items() if ends.nnz},
        {name: counts for name, counts in chains.items() if counts.any()},
    )


def _resemblance(walk: Walk) -> bool:
    """Say whether a walk is one step of likeness, so that its end is a node of the same kind and not a shared thing."""
    return len(walk) == 1 and RELATIONS[walk[0]].symmetric


def _between(ends: sp.csr_array, walk: Walk) -> Matrix:
    counts = ends.toarray() if _resemblance(walk) else (ends @ ends.T).toarray()
    np.fill_diagonal(counts, 0)
    return counts
