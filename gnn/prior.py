"""Prior: what the numbers of known answers alone say of a pair."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Rows = NDArray[np.int64]


def degree_prior(subjects: Floats, objects: Floats) -> NDArray[np.float32]:
    """Return each pair's probability of an edge, given the two degrees alone.

    The analytic approximation to degree-preserving permutations of Zietz et al. 2024 (doi:10.1093/gigascience/giae001):
    u v / sqrt((u v)^2 + (m - u - v + 1)^2) for degrees u, v and m edges. Half an edge is added to each degree, and all
    are scaled back to m edges (assumption), so that a drug without a known treatment has a small prior, not none; the
    order of the drugs for a disease stays.

    Shapes: degrees [subject], [object] -> [subject, object].
    """
    rows, columns = np.arange(len(subjects))[:, None], np.arange(len(objects))[None, :]
    return pair_prior(subjects, objects, rows, columns)


def pair_prior(subjects: Floats, objects: Floats, rows: Rows, columns: Rows) -> NDArray[np.float32]:
    """Return the same for some pairs alone. Shapes: degrees [subject], [object]; rows, columns of any, the same."""
    m = max(subjects.sum(), 1)
    u, v = ((degrees + 0.5) * m / (degrees + 0.5).sum() for degrees in (subjects, objects))
    product, others = u[rows] * v[columns], np.maximum(m - u[rows] - v[columns] + 1, 1)
    return (product / np.sqrt(product**2 + others**2)).astype(np.float32)
