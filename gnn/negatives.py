"""Negatives: which pairs count as "not indicated", in training and in evaluation.

A pair without a known treatment is unlabelled: no source of the graph says that a drug does not treat a disease. (The
curators of PharmacotherapyDB did judge 243 pairs to be no indications, doi:10.7554/eLife.26726; Hetionet left them
out, so those pairs are unlabelled here.) In training every unlabelled pair is a negative, with none drawn at random,
so that a score is the probability that the pair stands in the list of known treatments. A pair that is held out,
treated or not, is neither positive nor negative. In evaluation every unlabelled pair is ranked against the held-out
treatments; none is left out as too easy or too hard. A palliated pair is unlabelled too: it is known not to be a
disease-modifying treatment.
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
