"""Likes: which drugs the graph says are like those that patients take, and which it says treat what they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from gnn.likeness import shared_by
from gnn.patients.received import Matrix
from gnn.task import DRUG_WALKS
from gnn.walks import way

if TYPE_CHECKING:
    from gnn.view import View

NEAREST = 15
"""How many of the likest drugs speak for a drug."""
UNLIKE = 0.02
"""So little likeness in all says little, however it is shared out."""
TREATED_BY = ("treats", "palliates")
_BLOCK = 512


@dataclass(frozen=True)
class Likes:
    """What the graph says of candidate drugs, without any patient's record.

    `near` is how much each drug that patients take speaks for a candidate like it, at most 1 in all; `treats` which
    recorded conditions, by CURIE, a candidate treats or palliates.

    Shapes: near [candidate, taken]; treats [condition, candidate].
    """

    near: sp.csr_array
    conditions: tuple[str, ...]
    treats: sp.csr_array


def likes(seen: "View", candidates: Sequence[str], taken: Sequence[str]) -> Likes:
    """Look at the candidates in a view: alike are two drugs by the mean of all walks and attributes of a drug."""
    drugs = {drug: row for row, drug in enumerate(seen.curies.get("Drug", ()))}
    ways = {name: one for name, walk in DRUG_WALKS.items() if (one := way(seen, "Drug", walk)).reached.nnz}
    shared = [*shared_by(ways, DRUG_WALKS).values()]
    here = [place for place, drug in enumerate(candidates) if drug in drugs]
    there = [place for place, drug in enumerate(taken) if drug in drugs]
    rows, columns = (
        [drugs[names[place]] for place in places] for names, places in ((candidates, here), (taken, there))
    )
    near: Any = sp.csr_array((len(candidates), len(taken)), dtype=np.float32)
    for start in range(0, len(here) if shared and there else 0, _BLOCK):
        block, of = np.array(rows[start : start + _BLOCK]), here[start : start + _BLOCK]
        alike = sum((vectors[block] @ vectors[columns].T).toarray() for vectors in shared) / len(shared)
        alike[block[:, None] == np.array(columns)[None, :]] = 0
        near = near + _nearest(alike**2, np.array(of), np.array(there), (len(candidates), len(taken)))
    return Likes(sp.csr_array(near).astype(np.float32), *_treats(seen, candidates))


def speaks(of: Likes, lifts: Matrix) -> Matrix:
    """Return what is said of candidates by the drugs like them. Shapes: [case, taken] -> [case, candidate]."""
    return np.asarray((of.near @ lifts.T).T, np.float32)


def treated(of: Likes, has: sp.csr_array) -> Matrix:
    """Return how many of its conditions a candidate treats, as log(1 + count). Shapes: has [case, condition]."""
    return np.asarray(np.log1p((has @ of.treats).toarray()), np.float32)


def _nearest(alike: Matrix, rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_array:
    order = np.argsort(-alike, axis=1, kind="stable")[:, :NEAREST]
    weight = np.take_along_axis(alike, order, axis=1)
    weight = weight / (weight.sum(axis=1, keepdims=True) + UNLIKE)
    place = np.repeat(rows, order.shape[1]), columns[order].ravel()
    found = sp.csr_array((weight.ravel(), place), shape=shape)
    found.eliminate_zeros()
    return found


def _treats(seen: "View", candidates: Sequence[str]) -> tuple[tuple[str, ...], sp.csr_array]:
    place = {drug: number for number, drug in enumerate(candidates)}
    drugs, diseases = seen.curies.get("Drug", ()), seen.curies.get("Disease", ())
    edges = np.concatenate([seen.edges(relation) for relation in TREATED_BY], axis=1)
    pairs = np.array([(end, place[drugs[drug]]) for drug, end in edges.T if drugs[drug] in place], np.int64)
    pairs = np.unique(pairs.reshape(-1, 2), axis=0)
    ones = np.ones(len(pairs), np.float32)
    return diseases, sp.csr_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(diseases), len(candidates)))
