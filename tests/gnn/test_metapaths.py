"""Metapaths against paths counted one by one."""

from collections import Counter

import numpy as np
import pytest

from gnn.likeness import side
from gnn.metapaths import DISEASE_WALKS, DRUG_WALKS, metapaths
from gnn.view import view
from gnn.walks import DAMPING, reach
from kg.graph import Graph


def test_degree_weighted_counts_are_sums_over_paths(families: Graph) -> None:
    stated = families.edges
    binds = list(zip(stated["binds"]["subject"].to_pylist(), stated["binds"]["object"].to_pylist(), strict=True))
    links = stated["disease_associates_gene"]
    associates = list(zip(links["subject"].to_pylist(), links["object"].to_pylist(), strict=True))
    degree = [Counter(end for pair in pairs for end in pair) for pairs in (binds, associates)]
    seen = view(families)
    expected = np.zeros((len(seen.curies["Drug"]), len(seen.curies["Disease"])))
    for drug, gene in binds:
        for disease, other in associates:
            if gene == other:
                product = degree[0][drug] * degree[0][gene] * degree[1][gene] * degree[1][disease]
                expected[seen.curies["Drug"].index(drug), seen.curies["Disease"].index(disease)] += product**-DAMPING
    assert metapaths(seen).chains["binds > associates"] == pytest.approx(expected, rel=1e-5)


def test_a_symmetric_step_goes_both_ways(families: Graph) -> None:
    seen = view(families)
    step = reach(seen, "Gene", ("gene_interacts_gene",)).toarray()
    assert np.array_equal(step > 0, (step > 0).T)
    assert (step > 0).sum() == 2 * 29


def test_likeness_is_a_cosine(families: Graph) -> None:
    seen = view(families)
    drugs = side(seen, "Drug", DRUG_WALKS, {}).shared
    diseases = side(seen, "Disease", DISEASE_WALKS, {}).shared
    assert set(drugs) == {"binds", "side effect"}
    for shared in (*drugs.values(), *diseases.values()):
        reaching = np.diff(shared.indptr) > 0
        everyone = (shared @ shared.T).toarray()
        assert not everyone[~reaching].any(), "who reaches nothing is like nobody"
        alike = everyone[np.ix_(reaching, reaching)]
        assert np.diag(alike) == pytest.approx(1)
        assert alike.min() >= 0
        assert alike.max() <= 1 + 1e-5
        assert np.linalg.eigvalsh(alike.astype(float)).min() > -1e-4
