"""Carriers: shares against the dense formulas that the parts of the model stand for."""

from dataclasses import replace

import numpy as np
import pytest

from gnn.carriers import carried, carriers
from gnn.checkpoint import Model
from gnn.config import FILTERS
from gnn.metapaths import Metapaths, metapaths
from gnn.view import view
from kg.graph import Graph

PARTS = ("like drugs", "like diseases", "like drugs of like diseases", "fused graph")


@pytest.fixture(scope="module")
def paths(families: Graph) -> Metapaths:
    return metapaths(view(families))


def fused(alike: dict[str, np.ndarray]) -> np.ndarray:
    return np.mean(list(alike.values()), axis=0).astype(float)


def dense(part: str, paths: Metapaths) -> np.ndarray:
    """Return what each treatment sends to each pair over one kind of likeness. Shapes: [pair, pair]."""
    drugs, diseases = next(iter(paths.drug_alike.values())).astype(float), fused(paths.disease_alike)
    apart, alone = 1 - np.eye(len(drugs)), 1 - np.eye(len(diseases))
    if part == "like drugs":
        return np.kron(drugs * apart, np.eye(len(diseases)))
    if part == "like diseases":
        return np.kron(np.eye(len(drugs)), next(iter(paths.disease_alike.values())) * alone)
    if part == "like drugs of like diseases":
        return np.kron(drugs * apart, diseases * alone)
    kernel = np.kron(fused(paths.drug_alike), diseases)
    return kernel @ np.linalg.inv(kernel + FILTERS[0] * np.eye(len(kernel)))


def only(model: Model, part: str, paths: Metapaths) -> Model:
    """Return the model whose readout weighs one channel alone: the first of a part."""
    over_drugs, over_diseases = len(paths.drug_alike) + 2, len(paths.disease_alike) + 2
    starts = np.cumsum([2, over_drugs, over_diseases, 2 * over_drugs])
    weight = np.zeros_like(model.weights["0.readout.weight"])
    weight[0, starts[PARTS.index(part)]] = 1
    return replace(model, weights={**model.weights, "0.readout.weight": weight})


@pytest.mark.parametrize("part", PARTS)
def test_shares_are_the_terms_of_the_dense_sum(model: Model, paths: Metapaths, part: str) -> None:
    kernel, one = dense(part, paths), only(model, part, paths)
    treatments = np.flatnonzero(model.known.ravel())
    carrying = 0
    for row, column in np.argwhere(~model.known)[::20]:
        terms = kernel[row * len(model.diseases) + column, treatments]
        found = carried(one, row, column)
        assert not any(values.any() for other, values in found.items() if other != part)
        assert found[part] * np.abs(terms).sum() == pytest.approx(terms * np.abs(found[part]).sum(), abs=1e-4)
        if terms.sum() <= 0:
            assert carriers(one, row, column).empty
            continue
        carrying += 1
        table = carriers(one, row, column, top=3).drop(columns="part")
        best = np.argsort(-terms, kind="stable")[:3]
        best = best[terms[best] > 0]
        assert table["share"].tolist() == pytest.approx((terms[best] / terms.sum()).tolist(), rel=1e-3)
        for named, place in zip(table.itertuples(index=False), best, strict=True):
            drug, disease = divmod(treatments[place], len(model.diseases))
            assert named[:4] == (
                *(model.drugs[drug], model.drug_names[drug]),
                *(model.diseases[disease], model.disease_names[disease]),
            )
    assert carrying > 2


@pytest.mark.parametrize("part", PARTS)
def test_treatments_carry_what_a_part_adds_beyond_none(model: Model, part: str) -> None:
    """The score's part, computed for all pairs at once, is the sum of what is carried, but for one constant."""
    pairs = [(row, column) for row, column in np.ndindex(*model.known.shape)][::7]
    assert {bool(model.known[pair]) for pair in pairs} == {True, False}
    rest = [float(model.contributions[part][pair]) - carried(model, *pair)[part].sum() for pair in pairs]
    assert rest == pytest.approx([np.mean(rest)] * len(rest), abs=2e-3)


def test_a_known_pair_does_not_carry_itself(model: Model) -> None:
    drugs, diseases = model.known.nonzero()
    folds = model.routes["folds"][0]
    for place in range(0, len(drugs), 9):
        found = carried(model, drugs[place], diseases[place])
        assert found["fused graph"][folds != folds[place]].all()
        for values in found.values():
            assert not values[folds == folds[place]].any()


def test_parts_that_add_nothing_or_were_left_out_have_no_carriers(model: Model, paths: Metapaths) -> None:
    one = only(model, "like drugs", paths)
    turned = {**one.weights, "0.readout.weight": -one.weights["0.readout.weight"]}
    row, column = np.argwhere(~model.known)[0]
    assert set(carriers(one, row, column)["part"]) == {"like drugs"}
    assert carriers(replace(one, weights=turned), row, column).empty
    assert carriers(replace(one, routes={name: one.routes[name] for name in ("folds", "sizes")}), row, column).empty
