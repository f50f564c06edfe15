"""Occasion: how a patient's body differs from one part of a trial to the next."""

from collections.abc import Sequence

import jax
import numpy as np

from twin.engine import float64_on_cpu
from twin.model import Individual, Model
from twin.streams import normals
from twin.variability import eta_sd


def draw_occasion(model: Model, ids: Sequence[str], individuals: Individual, seed: int, occasion: int) -> Individual:
    """Return individual parameters as they are on an occasion, from 0: what varies between occasions is drawn anew.

    Who varies both between patients and occasions varies by the sum of both etas. Shapes: [patient] each.
    """
    between = model.variability.occasions
    if not between:
        return individuals
    luck = normals(seed, "occasion", ids, np.array([occasion]), len(between))[:, 0]
    etas = {name: luck[:, place] * eta_sd(one) for place, (name, one) in enumerate(between.items())}
    with float64_on_cpu():
        return jax.tree.map(np.asarray, model.variability.applied(individuals, etas))
