"""Ridge: what is known of patients' drugs by what else is known of them, each drug a regression in closed form."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.shared import ALONE, Shared

Matrix = NDArray[np.float32]
Doubles = NDArray[np.float64]


def regression(known: sp.csr_array, wanted: Matrix | Doubles, ridge: float, shared: Shared = ALONE) -> Doubles:
    """Return the weights W that minimise |wanted - known W|^2 + ridge |W|^2.

    Over sites, the sums of products are those of all.

    Shapes: known [case, thing], wanted [case, drug] -> [thing, drug].

    >>> regression(sp.csr_array(np.eye(2)), np.array([[3.0], [0.0]]), ridge=2).tolist()
    [[1.0], [0.0]]
    """
    of = known.astype(np.float64)
    gram, cross = shared.total("regression", (of.T @ of).toarray(), of.T @ wanted.astype(np.float64))
    gram[np.diag_indices_from(gram)] += ridge
    return np.asarray(np.linalg.solve(gram, cross), np.float64)


def completion(wanted: Matrix | Doubles, known: sp.csr_array, ridge: float, shared: Shared = ALONE) -> Doubles:
    """Return the weights by which each drug is told from all others and from what else is known, never from itself.

    They minimise |wanted - [wanted, known] B|^2 + ridge |B|^2 under B[drug, drug] = 0; what a drug tells of itself is
    left out in closed form, for all drugs at once (Steck 2019, doi:10.1145/3308558.3313710).

    Shapes: wanted [case, drug], known [case, thing] -> [drug + thing, drug].
    """
    drugs = wanted.shape[1]
    both = np.hstack([wanted.astype(np.float64), known.toarray()])
    (gram,) = shared.total("completion", both.T @ both)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse[:, :drugs] / np.diag(inverse)[:drugs]
    weights[np.arange(drugs), np.arange(drugs)] = 0
    return np.asarray(weights, np.float64)
