"""Negatives: which pairs count as "not indicated", in training and in evaluation.

A pair without a known treatment is unlabelled: that no source lists it does not say that the drug does not treat the
disease. In training every unlabelled pair is a negative, with none drawn at random, so that a score is the probability
that the pair stands in the list of known treatments. A pair that is held out, treated or not, is neither positive nor
negative. In evaluation every unlabelled pair is ranked against the held-out treatments; none is left out as too easy or
too hard. A palliated pair is unlabelled too: it is known not to be a disease-modifying treatment.

Some pairs are true negatives: the curators of PharmacotherapyDB looked at 243 that a resource lists, and judged them
not indicated (`not_indicated_for`). Nothing is learned from that judgement: to the training such a pair is like any
unlabelled one, and held out like it. Held-out treatments are measured against these pairs apart, and they are hard
negatives: what made a resource list them makes a method like them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.view import View


def learnable(view: View, held_out: pd.DataFrame | None) -> NDArray[np.bool_]:
    """Return which pairs may be positives or negatives in training: all but the held-out ones.

    `held_out` has the columns `drug` and `disease` (CURIEs); pairs that the view does not hold are no matter.

    Shapes: [drug, disease].
    """
    allowed = np.ones((view.count("Drug"), view.count("Disease")), bool)
    if held_out is not None:
        drugs = pd.Index(view.curies.get("Drug", ())).get_indexer(pd.Index(held_out["drug"]))
        diseases = pd.Index(view.curies.get("Disease", ())).get_indexer(pd.Index(held_out["disease"]))
        known = (drugs >= 0) & (diseases >= 0)
        allowed[drugs[known], diseases[known]] = False
    return allowed
