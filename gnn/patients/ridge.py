"""Ridge: what is known of patients' drugs by what else is known of them, each drug a regression in closed form."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def regression(known: sp.csr_array, wanted: Matrix, ridge: float) -> Matrix:
    """Return the weights W that minimise |wanted - known W|^2 + ridge |W|^2.

    Shapes: known [case, thing], wanted [case, drug] -> [thing, drug].

    >>> regression(sp.csr_array(np.eye(2)), np.array([[3.0], [0.0]]), ridge=2).tolist()
    [[1.0], [0.0]]
    """
    gram = (known.T @ known).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    return np.linalg.solve(gram, known.T @ wanted.astype(np.float64)).astype(np.float32)


def completion(wanted: Matrix, known: sp.csr_array, ridge: float) -> Matrix:
    """Return the weights by which each drug is told from all others and from what else is known, never from itself.

    They minimise |wanted - [wanted, known] B|^2 + ridge |B|^2 under B[drug, drug] = 0; what a drug tells of itself is
    left out in closed form, for all drugs at once (Steck 2019, doi:10.1145/3308558.3313710).

    Shapes: wanted [case, drug], known [case, thing] -> [drug + thing, drug].
    """
    drugs = wanted.shape[1]
    both = np.hstack([wanted.astype(np.float64), known.toarray()])
    gram = both.T @ both
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse[:, :drugs] / np.diag(inverse)[:drugs]
    weights[np.arange(drugs), np.arange(drugs)] = 0
    return np.asarray(weights, np.float32)
