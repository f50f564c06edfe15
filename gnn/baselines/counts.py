"""Counts: degrees, shared targets and metapath counts as baselines, trained on the same pairs."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from gnn.metapaths import Metapaths, reach
from gnn.split import pair_folds
from gnn.view import View


def shared_targets(view: View) -> NDArray[np.float32]:
    """Return how many of a disease's known drugs' targets each drug binds, each drug counted, degrees damped.

    Shapes: [drug, disease].
    """
    targets = reach(view, "Drug", ("binds",))
    treats = view.pairs("treats").astype(np.float32)
    among = (targets @ (targets.T @ treats)) - targets.multiply(targets).sum(axis=1)[:, None] * treats
    return np.asarray(among, np.float32)


def path_counts(paths: Metapaths, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the degree-weighted count of each metapath between each drug and disease, and both degrees.

    Metapaths: each walk of `gnn.metapaths.DRUG_WALKS` to another drug, then treats; treats, then each walk of
    `DISEASE_WALKS` from another disease; `CHAINS`; and from a drug like another, which treats a disease like this one
    (each of the first four drug walks before treats before each disease walk). Compressed as in Rephetio: asinh of
    the count over its mean (doi:10.7554/eLife.26726).

    Shapes: [drug, disease] -> [metapath, drug, disease].
    """
    treats = known.astype(np.float32)
    to_drugs = {name: walk @ treats for name, walk in paths.drug_walks.items()}
    found = [
        *to_drugs.values(),
        *(treats @ walk for walk in paths.disease_walks.values()),
        *(to_drugs[name] @ walk for name in _TWO_SIDED for walk in paths.disease_walks.values() if name in to_drugs),
        *paths.chains.values(),
        np.broadcast_to(treats.sum(1, keepdims=True), treats.shape),
        np.broadcast_to(treats.sum(0, keepdims=True), treats.shape),
    ]
    counts = np.stack(found)
    return np.arcsinh(counts / np.maximum(counts.mean((1, 2), keepdims=True), 1e-9)).astype(np.float32)


_TWO_SIDED = ("resembles", "binds", "side effect", "class")


def metapath_regression(
    paths: Metapaths, known: NDArray[np.bool_], allowed: NDArray[np.bool_], ridge: float, random: np.random.Generator
) -> NDArray[np.float32]:
    """Score every pair by ridge logistic regression on `path_counts`, as Rephetio does.

    Trained on the allowed pairs, each with the counts of a graph from which its own inner fold (one of eight) is
    hidden, as the model is: counts that contain a pair's own edge would not carry over to unseen pairs.

    Shapes: known, allowed [drug, disease] -> logit [drug, disease].
    """
    dealt = pair_folds(known, 8, random)
    rows, targets = [], []
    for fold in range(8):
        pairs = (dealt == fold) & allowed
        rows.append(path_counts(paths, known & ~pairs)[:, pairs].T)
        targets.append(known[pairs])
    inputs, labels = np.concatenate(rows), np.concatenate(targets).astype(np.float32)
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-6
    weight, bias = _logistic((inputs - mean) / spread, labels, ridge)
    found = path_counts(paths, known)
    return np.tensordot(weight / spread, found, axes=1) + (bias - float(mean / spread @ weight))


def _logistic(inputs: NDArray[np.float32], labels: NDArray[np.float32], ridge: float) -> tuple[NDArray, float]:
    x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
    weight = torch.zeros(x.shape[1], requires_grad=True)
    bias = torch.full((1,), float(torch.logit(y.mean(), eps=1e-6)), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        total = binary_cross_entropy_with_logits(x @ weight + bias, y, reduction="sum") + ridge * weight.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return weight.detach().numpy(), float(bias.detach())
