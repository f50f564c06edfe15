"""Gated: the network of `twin.prognosis.recurrent` in NumPy: what was learned foretells without PyTorch.

The update is PyTorch's: Cho K et al. EMNLP 2014, with the reset gate after the product.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from twin.model import Floats

_TOGETHER = 2048
"""So many patients are read at once."""


@dataclass(frozen=True)
class Gated:
    """A network's weights, by PyTorch's names."""

    weights: Mapping[str, Floats]

    def answers(self, seen: Floats, planned: Floats) -> Floats:
        """Return the answer at each visit, [patient, visit], of one whose static input is 0.

        Shapes: seen [patient, visit, k], planned [patient, visit, m]. An answer reads no later visit.
        """
        parts = range(0, len(seen), _TOGETHER)
        found = [self._answers(seen[at : at + _TOGETHER], planned[at : at + _TOGETHER]) for at in parts]
        return np.concatenate(found) if found else np.zeros(seen.shape[:2])

    def _answers(self, seen: Floats, planned: Floats) -> Floats:
        of = self.weights
        told = seen @ of["memory.weight_ih_l0"].T + of["memory.bias_ih_l0"]
        held = np.broadcast_to(np.tanh(of["first.bias"]), (len(seen), of["first.bias"].size))
        kept = []
        for visit in range(seen.shape[1]):
            reset, update, new = np.split(told[:, visit], 3, axis=1)
            was = np.split(held @ of["memory.weight_hh_l0"].T + of["memory.bias_hh_l0"], 3, axis=1)
            reset, update = expit(reset + was[0]), expit(update + was[1])
            held = (1.0 - update) * np.tanh(new + reset * was[2]) + update * held
            kept.append(held)
        inner = (
            np.concatenate([np.stack(kept, axis=1), planned], axis=2) @ of["answer.0.weight"].T + of["answer.0.bias"]
        )
        answer: Floats = (inner * expit(inner)) @ of["answer.2.weight"].T + of["answer.2.bias"]
        return answer[..., 0]
