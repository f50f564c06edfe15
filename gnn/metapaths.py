"""Metapaths: degree-weighted walks from drugs and from diseases, and how much alike two nodes' walks are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.view import View
from kg.schema import RELATIONS

Matrix = NDArray[np.float32]
Walk = tuple[str, ...]

DAMPING = 0.4
"""Exponent of a node's degree in the weight of a step; Himmelstein et al. 2017, doi:10.7554/eLife.26726."""

DRUG_WALKS: Mapping[str, Walk] = {
    "resembles": ("drug_resembles_drug",),
    "binds": ("binds",),
    "upregulates": ("drug_upregulates_gene",),
    "downregulates": ("drug_downregulates_gene",),
    "side effect": ("causes_side_effect",),
    "class": ("class_includes_drug",),
    "binds, pathway": ("binds", "gene_participates_in_pathway"),
    "binds, process": ("binds", "gene_participates_in_biological_process"),
}
"""Name -> steps from a drug to what it shares with other drugs."""

DISEASE_WALKS: Mapping[str, Walk] = {
    "resembles": ("disease_resembles_disease",),
    "associates": ("disease_associates_gene",),
    "upregulates": ("disease_upregulates_gene",),
    "downregulates": ("disease_downregulates_gene",),
    "anatomy": ("disease_localizes_to_anatomy",),
    "symptom": ("disease_presents_symptom",),
}
"""Name -> steps from a disease to what it shares with other diseases."""

CHAINS: Mapping[str, tuple[Walk, Walk]] = {
    "binds > associates": (("binds",), ("disease_associates_gene",)),
    "binds > upregulates": (("binds",), ("disease_upregulates_gene",)),
    "binds > downregulates": (("binds",), ("disease_downregulates_gene",)),
    "upregulates > upregulates": (("drug_upregulates_gene",), ("disease_upregulates_gene",)),
    "upregulates > downregulates": (("drug_upregulates_gene",), ("disease_downregulates_gene",)),
    "downregulates > upregulates": (("drug_downregulates_gene",), ("disease_upregulates_gene",)),
    "downregulates > downregulates": (("drug_downregulates_gene",), ("disease_downregulates_gene",)),
    "binds > interacts > associates": (("binds", "gene_interacts_gene"), ("disease_associates_gene",)),
    "binds > regulates > associates": (("binds", "gene_regulates_gene"), ("disease_associates_gene",)),
    "binds > covaries > associates": (("binds", "gene_covaries_gene"), ("disease_associates_gene",)),
    "binds > pathway > associates": (
        ("binds", "gene_participates_in_pathway"),
        ("disease_associates_gene", "gene_participates_in_pathway"),
    ),
    "binds > process > associates": (
        ("binds", "gene_participates_in_biological_process"),
        ("disease_associates_gene", "gene_participates_in_biological_process"),
    ),
    "binds > anatomy > localizes": (("binds", "anatomy_expresses_gene"), ("disease_localizes_to_anatomy",)),
}
"""Name -> a walk from a drug and one from a disease that meet: metapaths that pass no other drug or disease."""


@dataclass(frozen=True)
class Metapaths:
    """What the graph says of drugs and diseases without any of its treatments.

    `drug_alike[walk]` and `disease_alike[walk]` are the cosine of two nodes' degree-weighted walks, with ones on the
    diagonal; `drug_walks` and `disease_walks` the degree-weighted path counts between two different nodes; `chains`
    those between a drug and a disease. Walks that no edge of the graph takes are left out.

    Shapes: [drug, drug], [disease, disease], [drug, disease].
    """

    drug_alike: Mapping[str, Matrix]
    disease_alike: Mapping[str, Matrix]
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
        {name: _cosine(ends) for name, ends in drugs.items() if ends.nnz},
        {name: _cosine(ends) for name, ends in diseases.items() if ends.nnz},
        {name: _between(ends, DRUG_WALKS[name]) for name, ends in drugs.items() if ends.nnz},
        {name: _between(ends, DISEASE_WALKS[name]) for name, ends in diseases.items() if ends.nnz},
        {name: counts for name, counts in chains.items() if counts.any()},
    )


def reach(view: View, kind: str, walk: Walk) -> sp.csr_array:
    """Return the degree-weighted number of walks from each node of a kind to where the walk ends.

    Every step from u to v weighs (degree of u x degree of v) ** -DAMPING, degrees within the step's relation. Paths
    through the same gene twice are counted: at these lengths they are few and their weight is small.

    Shapes: [node, end].
    """
    reached = sp.csr_array(sp.eye_array(view.count(kind), dtype=np.float32))
    for name in walk:
        relation = RELATIONS[name]
        rows, columns = view.edges(name)
        step = sp.csr_array(
            (np.ones(len(rows), np.float32), (rows, columns)),
            shape=(view.count(relation.subject), view.count(relation.object)),
        )
        if relation.symmetric:
            step, kind = (step + step.T).astype(bool).astype(np.float32), relation.object
        elif kind == relation.subject:
            kind = relation.object
        else:
            step, kind = step.T, relation.subject
        reached = reached @ _damped(step.tocsr())
    return reached.tocsr()


def _damped(step: sp.csr_array) -> sp.csr_array:
    weights = []
    for axis in (1, 0):
        degree = np.asarray(step.sum(axis=axis)).astype(np.float32)
        weights.append(np.where(degree > 0, np.maximum(degree, 1) ** -DAMPING, 0).astype(np.float32))
    return sp.diags_array(weights[0]) @ step @ sp.diags_array(weights[1])


def _resemblance(walk: Walk) -> bool:
    """Say whether a walk is one step of likeness, so that its end is a node of the same kind and not a shared thing."""
    return len(walk) == 1 and RELATIONS[walk[0]].symmetric


def _between(ends: sp.csr_array, walk: Walk) -> Matrix:
    counts = ends.toarray() if _resemblance(walk) else (ends @ ends.T).toarray()
    np.fill_diagonal(counts, 0)
    return counts


def _cosine(ends: sp.csr_array) -> Matrix:
    if ends.shape[0] == ends.shape[1]:  # a likeness: the node itself is among the things it shares
        ends = (ends + sp.eye_array(ends.shape[0], dtype=np.float32) / 2).tocsr()
    product = (ends @ ends.T).toarray()
    length = np.sqrt(np.maximum(np.diag(product), 1e-12))
    cosine = product / length[:, None] / length[None, :]
    np.fill_diagonal(cosine, 1)
    return cosine.astype(np.float32)
