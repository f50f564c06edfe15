"""Baselines: the degree prior against permuted graphs, the regression against scipy."""

import numpy as np
import pytest

from gnn.baselines import degree_prior, metapath_regression, path_counts, shared_targets
from gnn.metapaths import metapaths
from gnn.view import view
from kg.graph import Graph


def swapped(known: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the graph with its ends swapped at random, every degree kept: what the prior stands for."""
    ends = np.argwhere(known)
    taken = {tuple(end) for end in ends.tolist()}
    for _ in range(10 * len(ends)):
        i, j = random.integers(len(ends), size=2)
        (a, b), (c, d) = ends[i].tolist(), ends[j].tolist()
        if (a, d) not in taken and (c, b) not in taken:
            taken -= {(a, b), (c, d)}
            taken |= {(a, d), (c, b)}
            ends[i], ends[j] = (a, d), (c, b)
    found = np.zeros_like(known)
    found[tuple(ends.T)] = True
    return found


def test_the_prior_is_near_the_share_of_permuted_graphs_with_the_edge() -> None:
    random = np.random.default_rng(5)
    known = random.random((60, 20)) < np.outer(random.beta(0.6, 3, 60), random.beta(1, 2, 20))
    share = np.mean([swapped(known, random) for _ in range(60)], axis=0)
    prior = degree_prior(known)
    assert np.corrcoef(prior.ravel(), share.ravel())[0, 1] > 0.95
    assert prior.sum() == pytest.approx(known.sum(), rel=0.6)


def test_the_prior_depends_on_degrees_alone_and_grows_with_them() -> None:
    known = np.random.default_rng(2).random((30, 10)) < 0.2
    prior, degree = degree_prior(known), known.sum(1)
    order = np.argsort(degree, kind="stable")
    assert (np.diff(prior[order], axis=0) >= 0).all()
    assert (np.diff(prior[order], axis=0)[np.diff(degree[order]) == 0] == 0).all()


def test_shared_targets_count_the_other_drugs_alone(families: Graph) -> None:
    seen = view(families)
    expected = metapaths(seen).drug_walks["binds"] @ seen.pairs("treats")
    assert shared_targets(seen) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_path_counts_hold_no_path_through_the_pair_itself(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    drug, disease = np.argwhere(known)[0]
    other = known.copy()
    other[drug, disease] = False
    degrees = 2
    ours, theirs = (path_counts(paths, labels)[:-degrees, drug, disease] == 0 for labels in (known, other))
    assert np.array_equal(ours, theirs)


def test_metapath_regression_ranks_the_families(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    scores = metapath_regression(paths, known, np.ones_like(known), 1.0, np.random.default_rng(0))
    within = np.arange(24)[:, None] // 8 == np.arange(12) // 4
    assert scores[within & ~known].mean() > scores[~within].mean() + 1
