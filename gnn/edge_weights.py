"""Edge weights: the learned likeness, by which a node hears of its nearest others; with numpy alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gnn.likeness import FUSED, Matrix


@dataclass(frozen=True)
class EdgeWeights:
    """The small network that says how much one node hears of another, from how alike they are by each likeness.

    Shapes: spread [channel], hidden [hidden, channel], hidden_bias [hidden], head [head, hidden], head_bias [head].
    """

    spread: Matrix
    hidden: Matrix
    hidden_bias: Matrix
    head: Matrix
    head_bias: Matrix

    def __call__(self, alike: Matrix, neighbours: int) -> Matrix:
        """Return the learned likeness of each node to its nearest others, 0 to the rest.

        Shapes: alike [channel, node, other] -> [head, node, other].
        """
        near = nearest(alike[-len(FUSED)], neighbours)
        features = alike[:, near].T / self.spread
        weights = np.logaddexp(
            0, np.maximum(features @ self.hidden.T + self.hidden_bias, 0) @ self.head.T + self.head_bias - 3
        )
        found = np.zeros((len(self.head), *alike.shape[1:]), np.float32)
        found[:, near] = weights.T
        return found


def nearest(mean: Matrix, neighbours: int) -> NDArray[np.bool_]:
    """Return which others are among a node's nearest, of those that are like it at all. Shapes: [node, other]."""
    near = mean > 0
    if mean.shape[1] > neighbours:
        order = np.argsort(-mean, axis=1, kind="stable")[:, :neighbours]
        among = np.zeros_like(near)
        np.put_along_axis(among, order, True, axis=1)
        near &= among
    return near
