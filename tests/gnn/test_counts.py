"""Baselines: the degree prior against permuted graphs, the regression against scipy."""

from collections import Counter

import numpy as np
import pytest
from scipy.optimize import minimize

from gnn.baselines.counts import metapath_regression, path_counts, shared_targets
from gnn.metapaths import metapaths
from gnn.prior import degree_prior
from gnn.split import pair_folds
from gnn.view import view
from gnn.walks import DAMPING
from kg.graph import Graph
from tests.gnn.conftest import DISEASES, DRUGS


def prior_of(known: np.ndarray) -> np.ndarray:
    return degree_prior(known.sum(1), known.sum(0))


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
    prior = prior_of(known)
    assert np.corrcoef(prior.ravel(), share.ravel())[0, 1] > 0.95
    assert prior.sum() == pytest.approx(known.sum(), rel=0.6)


def test_the_prior_worked_by_hand() -> None:
    """Degrees 2, 1, 0 and 2, 1 with half an edge more, scaled to 3 edges: rows 5/3, 1, 1/3 and columns 15/8, 9/8."""
    prior = prior_of(np.array([[True, True], [True, False], [False, False]]))
    for row, u in enumerate((5 / 3, 1, 1 / 3)):
        for column, v in enumerate((15 / 8, 9 / 8)):
            assert prior[row, column] == pytest.approx(u * v / np.hypot(u * v, max(3 - u - v + 1, 1)), rel=1e-5)
    assert prior_of(np.zeros((2, 2), bool)) == pytest.approx(0.25 / np.hypot(0.25, 1))


def test_the_prior_depends_on_degrees_alone_and_grows_with_them() -> None:
    known = np.random.default_rng(2).random((30, 10)) < 0.2
    prior, degree = prior_of(known), known.sum(1)
    order = np.argsort(degree, kind="stable")
    assert (np.diff(prior[order], axis=0) >= 0).all()
    assert (np.diff(prior[order], axis=0)[np.diff(degree[order]) == 0] == 0).all()


def stated(graph: Graph, relation: str) -> list[tuple[str, str]]:
    rows = graph.edges[relation]
    return list(zip(rows["subject"].to_pylist(), rows["object"].to_pylist(), strict=True))


def walked(pairs: list[tuple[str, str]], nodes: list[str], damping: float) -> np.ndarray:
    """Count the paths from node to shared thing to other node one by one, each step by its degrees."""
    degree = Counter(end for pair in pairs for end in pair)
    found = np.zeros((len(nodes), len(nodes)))
    for one, thing in pairs:
        for other, same in pairs:
            if thing == same and one != other:
                weight = (degree[one] * degree[thing] * degree[thing] * degree[other]) ** -damping
                found[nodes.index(one), nodes.index(other)] += weight
    return found


def test_shared_targets_count_the_other_drugs_alone(families: Graph) -> None:
    seen = view(families)
    expected = walked(stated(families, "binds"), DRUGS, DAMPING) @ seen.pairs("treats")
    assert shared_targets(seen) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_path_counts_are_paths_counted_one_by_one(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    over_drugs = walked(stated(families, "binds"), DRUGS, DAMPING)
    over_diseases = walked(stated(families, "disease_associates_gene"), DISEASES, DAMPING)
    assert (list(paths.drug_walks), list(paths.disease_walks)) == (["binds", "side effect"], ["associates"])
    found = path_counts(paths, known)
    chains = len(paths.chains)
    assert len(found) == 2 + 1 + 2 + chains + 2
    degrees = np.broadcast_to(known.sum(1)[:, None], known.shape), np.broadcast_to(known.sum(0), known.shape)
    for place, expected in (
        (0, over_drugs @ known),
        (2, known @ over_diseases),
        (3, over_drugs @ known @ over_diseases),
        (-2, degrees[0]),
        (-1, degrees[1]),
    ):
        assert found[place] == pytest.approx(np.arcsinh(expected / expected.mean()), rel=1e-4, abs=1e-5)


def test_no_path_leads_from_a_treatment_to_itself(families: Graph) -> None:
    """Where one treatment is all that is known, every pair but its own may hear of it; its own only by its degrees."""
    seen = view(families)
    paths, alone = metapaths(seen), np.zeros((len(DRUGS), len(DISEASES)), bool)
    drug, disease = np.argwhere(seen.pairs("treats"))[0]
    alone[drug, disease] = True
    found = path_counts(paths, alone)[: -2 - len(paths.chains)]
    assert not found[:, drug, disease].any()
    assert found.any((1, 2)).all()


def test_metapath_regression_is_the_penalised_maximum_of_likelihood(families: Graph) -> None:
    """Against scipy's optimum over the same counts, in the units of the standardised ones."""
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    allowed = np.random.default_rng(1).random(known.shape) < 0.8
    dealt = pair_folds(known, 8, np.random.default_rng(0))
    chosen = [(dealt == fold) & allowed for fold in range(8)]
    x = np.concatenate([path_counts(paths, known & ~pairs)[:, pairs].T for pairs in chosen]).astype(float)
    y = np.concatenate([known[pairs] for pairs in chosen])
    centre, spread = x.mean(0), x.std(0) + 1e-6
    x = (x - centre) / spread

    def loss(weight: np.ndarray) -> float:
        logit = x @ weight[1:] + weight[0]
        return float(np.logaddexp(0, np.where(y, -logit, logit)).sum() + 2.0 * (weight[1:] ** 2).sum())

    best = minimize(loss, np.zeros(x.shape[1] + 1), method="BFGS").x
    found = (path_counts(paths, known).transpose(1, 2, 0) - centre) / spread
    ours = metapath_regression(paths, known, allowed, 2.0, np.random.default_rng(0))
    assert ours == pytest.approx(found @ best[1:] + best[0], abs=0.02)


def test_metapath_regression_ranks_the_families(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    scores = metapath_regression(paths, known, np.ones_like(known), 1.0, np.random.default_rng(0))
    within = np.arange(24)[:, None] // 8 == np.arange(12) // 4
    assert scores[within & ~known].mean() > scores[~within].mean() + 1
