"""Carriers: which known treatments a pair's score is made of, part by part.

What reaches a pair over a kind of likeness is a sum over the known treatments: how like the treatment's drug is to the
pair's, times how like its disease is to the pair's (the fused graph's filters make such a product of both likenesses
too). The model compresses the sum by asinh before it weighs it. What the compressed sum adds to the log-odds is shared
out here in proportion to the sum's terms, so that the treatments of a part together carry exactly what it adds beyond a
graph without any known treatment. Some may carry less than nothing: their share is negative.

Degrees, genes between and learned likeness are not shared out.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gnn.checkpoint import Model
from gnn.config import FILTERS

Floats = NDArray[np.floating]

COLUMNS = ("part", "drug", "drug_name", "disease", "disease_name", "share")

DEGREES = 2
"""The first channels of the model, the two degrees: no treatment carries them by likeness."""


def carriers(model: Model, row: int, column: int, *, top: int = 5) -> pd.DataFrame:
    """Return the known treatments that carried most of a pair's score, with their shares.

    Columns: part, drug, drug_name, disease, disease_name, share (of what all known treatments add to the part; they sum
    to 1, of which the `top` largest of each part are returned). A part to which they add nothing, or less, has no rows.
    """
    drugs, diseases = np.nonzero(model.known)
    rows = []
    for part, added in carried(model, row, column).items():
        if added.sum() <= 0:
            continue
        shares = added / added.sum()
        for place in np.argsort(-shares, kind="stable")[:top]:
            drug, disease = drugs[place], diseases[place]
            if shares[place] > 0:
                named = (
                    model.drugs[drug],
                    model.drug_names[drug],
                    model.diseases[disease],
                    model.disease_names[disease],
                )
                rows.append((part, *named, float(shares[place])))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def carried(model: Model, row: int, column: int) -> dict[str, Floats]:
    """Return what each known treatment adds to a pair's log-odds, by part.

    For a known pair by the messages of the inner fold that hid it: neither it nor the others of the fold carry it.

    Shapes: [treatment], in the order of `model.known.nonzero()`.
    """
    drugs, diseases = np.nonzero(model.known)
    mine = np.flatnonzero((drugs == row) & (diseases == column))
    names, terms = [], []
    for part, kernel in _kernels(model.routes, row, column, drugs, diseases):
        names.append(part)
        terms.append(kernel)
    found = {part: np.zeros(len(drugs)) for part in dict.fromkeys(names)}
    for member, folds in enumerate(model.routes["folds"]):
        fold = folds[mine[0]] if len(mine) else -1  # the last sizes are those with nothing hidden
        sizes = model.routes["sizes"][member, fold, DEGREES:]
        weights = (model.weights[f"{member}.readout.weight"][0] / model.weights[f"{member}.spread"])[DEGREES:]
        for part, kernel, size, weight in zip(names, terms, sizes, weights, strict=False):
            heard = kernel * (folds != fold)
            found[part] += heard * weight * _slope(heard.sum() / size) / size / model.config.members
    return found


def _slope(value: float) -> float:
    """Return asinh(value) / value, 1 at 0."""
    return float(np.arcsinh(value) / value) if abs(value) > 1e-6 else 1.0


def _kernels(
    routes: Mapping[str, NDArray], row: int, column: int, drugs: NDArray[np.intp], diseases: NDArray[np.intp]
) -> Iterator[tuple[str, Floats]]:
    """Yield for each channel of `gnn.model.fixed_features`, in its order, what each treatment sends to the pair.

    Shapes: drugs, diseases [treatment] -> [treatment].
    """
    treated, source = np.unique(drugs, return_inverse=True)
    if "drugs.alike" in routes:
        from_drugs = routes["drugs.alike"][:, row, source]
        from_diseases = routes["diseases.alike"][:, diseases, column]
        yield from (("like drugs", kernel * (diseases == column)) for kernel in from_drugs)
        yield from (("like diseases", kernel * (drugs == row)) for kernel in from_diseases)
        for fused in from_diseases[-2:]:
            yield from (("like drugs of like diseases", kernel * fused) for kernel in from_drugs)
    if "drugs.values" in routes:
        for s, left, t, right in zip(
            *(routes[f"{kind}.{what}"] for kind in ("drugs", "diseases") for what in ("values", "vectors")), strict=True
        ):
            over_drugs, over_diseases = left[row] * left[treated], right[column] * right[diseases]
            power = s[:, None] * t[None, :]
            for a in FILTERS:
                yield "fused graph", ((over_drugs @ (power / (power + a)))[source] * over_diseases).sum(1)
