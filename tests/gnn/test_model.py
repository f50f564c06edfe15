"""The model's parts against the formulas that they stand for."""

import numpy as np
import pytest
import torch

from gnn.config import FILTERS
from gnn.metapaths import metapaths
from gnn.model import Neighbourhood, fixed_features, input_names, surroundings
from gnn.view import view
from kg.graph import Graph


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_spectral_messages_are_kronecker_ridge_regression(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    around = surroundings(paths, known.shape, 6)
    found = fixed_features(around, torch.from_numpy(known).float(), ("spectral",))[0][2:].numpy()
    drugs = np.mean(list(paths.drug_alike.values()), axis=0).astype(float)
    diseases = np.mean(list(paths.disease_alike.values()), axis=0).astype(float)
    kernel = np.kron(drugs, diseases)
    for place, a in enumerate(FILTERS):
        weights = np.linalg.solve(kernel + a * np.eye(len(kernel)), known.ravel().astype(float))
        expected = (kernel @ weights).reshape(known.shape)
        assert found[place] == pytest.approx(np.arcsinh(expected / np.abs(expected).mean()), abs=2e-3)


def test_one_message_is_the_sum_over_like_drugs(families: Graph) -> None:
    seen = view(families)
    paths, known = metapaths(seen), seen.pairs("treats")
    around = surroundings(paths, known.shape, 6)
    found = fixed_features(around, torch.from_numpy(known).float(), ("messages",))[0][2].numpy()
    alike = next(iter(paths.drug_alike.values())).copy()
    np.fill_diagonal(alike, 0)
    expected = alike @ known
    assert found == pytest.approx(np.arcsinh(expected / expected.mean()), rel=1e-4, abs=1e-5)


def test_a_pair_never_hears_its_own_label_from_its_neighbours(families: Graph) -> None:
    seen = view(families)
    known = torch.from_numpy(seen.pairs("treats")).float()
    around = surroundings(metapaths(seen), known.shape, 6)
    for drug, disease in known.nonzero()[:5].tolist():
        other = known.clone()
        other[drug, disease] = 0
        for alike in (around.drugs.alike, around.diseases.alike):
            assert not alike.diagonal(dim1=1, dim2=2).any()
        heard = [(around.drugs.alike @ labels)[:, drug, disease] for labels in (known, other)]
        assert torch.equal(*heard)


def test_learned_messages_are_weighted_sums_over_edges(generator: torch.Generator) -> None:
    layer = Neighbourhood(channels=3, hidden=5, heads=2)
    x = torch.rand(4, 6, 1, generator=generator)
    edges, features = torch.tensor([[0, 1, 3, 3], [2, 2, 0, 1]]), torch.rand(4, 3, generator=generator)
    found = layer(x, edges, features)
    weight = torch.nn.functional.softplus(layer.head(torch.relu(layer.hidden(features))) - 3)
    expected = torch.zeros(4, 6, 2)
    for edge, (source, target) in enumerate(edges.T.tolist()):
        expected[target] += x[source] * weight[edge]
    assert torch.allclose(found, expected)


def test_every_input_has_a_name(families: Graph) -> None:
    seen = view(families)
    known = torch.from_numpy(seen.pairs("treats")).float()
    around = surroundings(metapaths(seen), known.shape, 6)
    for parts in (("messages", "spectral", "chains"), ("chains",), ("spectral",), ()):
        assert len(fixed_features(around, known, parts)[0]) == len(input_names(around, parts, 0))
