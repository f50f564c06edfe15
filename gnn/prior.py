"""Prior: what the numbers of known answers alone say of a pair."""

import numpy as np
from numpy.typing import NDArray


def degree_prior(subjects: NDArray[np.floating], objects: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return each pair's probability of an edge, given the two degrees alone.

    The analytic approximation to degree-preserving permutations of Zietz et al. 2024 (doi:10.1093/gigascience/giae001):
    u v / sqrt((u v)^2 + (m - u - v + 1)^2) for degrees u, v and m edges. Half an edge is added to each degree, and all
    are scaled back to m edges (assumption), so that a drug without a known treatment has a small prior, not none; the
    order of the drugs for a disease stays.

    Shapes: degrees [subject], [object] -> [subject, object].
    """
    m = max(subjects.sum(), 1)
    u, v = (degrees * m / degrees.sum() for degrees in (subjects[:, None] + 0.5, objects[None, :] + 0.5))
    return (u * v / np.sqrt((u * v) ** 2 + np.maximum(m - u - v + 1, 1) ** 2)).astype(np.float32)
