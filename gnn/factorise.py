"""Factorise: known answers as the product of a vector for each subject and one for each object.

Implicit-feedback matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008,
doi:10.1109/ICDM.2008.22): a known answer counts `1 + confidence` times, every other pair once, as a zero.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class FactorSettings:
    """How answers are factorised: the rank, how much more a known answer counts, the ridge, and how often to solve."""

    rank: int = 64
    confidence: float = 20.0
    ridge: float = 1.0
    rounds: int = 12


def factorise(answers: sp.csr_array, settings: FactorSettings, seed: int) -> tuple[Matrix, Matrix]:
    """Return the vectors of subjects and of objects; a row without an answer gets zeros.

    Shapes: answers [subject, object] -> [subject, rank], [object, rank].
    """
    random = np.random.default_rng([seed, 0])
    left = np.zeros((answers.shape[0], settings.rank))
    right = random.normal(0, 0.1, (answers.shape[1], settings.rank))
    across = answers.T.tocsr()
    for _ in range(settings.rounds):
        left = _solve(answers, right, settings)
        right = _solve(across, left, settings)
    return left.astype(np.float32), right.astype(np.float32)


def _solve(answers: sp.csr_array, others: NDArray[np.float64], settings: FactorSettings) -> NDArray[np.float64]:
    """Return the vectors that fit best, the others being given."""
    found = np.zeros((answers.shape[0], settings.rank))
    whole = others.T @ others + settings.ridge * np.eye(settings.rank)
    for row in np.flatnonzero(np.diff(answers.indptr)):
        mine = others[answers.indices[answers.indptr[row] : answers.indptr[row + 1]]]
        found[row] = np.linalg.solve(
            whole + settings.confidence * mine.T @ mine, (1 + settings.confidence) * mine.sum(0)
        )
    return found
