"""Splits: nothing of a held-out pair is left; that no method sees one is held by `test_leaks`."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from gnn import split
from gnn.split import (
    LeakError,
    all_pairs_of,
    assert_no_leak,
    hashed_folds,
    named,
    node_folds,
    pair_folds,
    without,
)
from gnn.view import view
from kg.graph import Graph
from kg.schema import RELATIONS
from tests.gnn.conftest import edges

ANY = ("treats", "palliates", "predicted_treats", "not_indicated_for", "contraindicated_in")
"""The relations between a drug and a disease."""


@pytest.fixture
def held_out(families: Graph) -> pd.DataFrame:
    seen = view(families)
    hidden = pair_folds(seen.pairs("treats"), 5, np.random.default_rng(1)) == 0
    return named(np.stack(np.nonzero(hidden)), ("Drug", "Disease"), seen.curies)


def pairs_of(graph: Graph, relation: str) -> set[tuple[str, str]]:
    ends = graph.edges[relation]
    return set(zip(ends["subject"].to_pylist(), ends["object"].to_pylist(), strict=True))


def test_folds_are_equal_and_stratified() -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    folds = pair_folds(labels, 5, np.random.default_rng(1))
    for chosen in (labels, ~labels):
        counts = np.bincount(folds[chosen], minlength=5)
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("axis", [0, 1])
def test_folds_do_not_follow_the_order_of_drugs_or_diseases(axis: int) -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    folds = pair_folds(labels, 5, np.random.default_rng(1))
    place = np.broadcast_to(np.expand_dims(np.arange(folds.shape[axis]), 1 - axis), folds.shape)
    for chosen in (labels, ~labels):
        groups = np.minimum(place[chosen] * 3 // folds.shape[axis], 2), place[chosen] % 5
        for group in groups:
            table = np.zeros((5, 5), int)
            np.add.at(table, (folds[chosen], group), 1)
            assert chi2_contingency(table[:, table.any(0)]).pvalue > 1e-3


def test_another_seed_deals_other_folds() -> None:
    labels = np.random.default_rng(0).random((40, 30)) < 0.05
    one, other = (pair_folds(labels, 5, np.random.default_rng(seed)) for seed in (1, 2))
    assert np.mean(one == other) == pytest.approx(1 / 5, abs=0.05)
    assert np.mean((one == other)[labels]) < 0.5


def test_hashed_folds_follow_neither_end_nor_another_seed() -> None:
    """As independent draws would be: by a chi-squared test of 5 folds in each group of subjects and of objects."""
    pairs = all_pairs_of(np.arange(300), 400)
    folds = hashed_folds(pairs, 5, seed=3)
    assert np.array_equal(hashed_folds(pairs[:, ::7], 5, seed=3), folds[::7])
    others = (
        pairs[0] // 60,
        pairs[1] // 80,
        pairs[0] % 5,
        pairs[1] % 5,
        (pairs[0] + pairs[1]) % 5,
        hashed_folds(pairs, 5, 4),
    )
    for other in others:
        table = np.zeros((5, 5), int)
        np.add.at(table, (folds, other), 1)
        assert chi2_contingency(table).pvalue > 1e-3
    assert np.bincount(folds) == pytest.approx(np.full(5, 24_000), rel=0.02)


def test_whole_nodes_are_dealt_once_each_and_evenly() -> None:
    nodes = np.array([9, 3, 3, 7, 1, 5, 9])
    folds = node_folds(nodes, 2, np.random.default_rng(0))
    assert sorted(np.concatenate(folds).tolist()) == [1, 3, 5, 7, 9]
    assert [len(fold) for fold in folds] == [3, 2]
    assert any(
        node_folds(nodes, 2, np.random.default_rng(seed))[0].tolist() != folds[0].tolist() for seed in range(1, 5)
    )


BETWEEN = (
    (
        "Drug",
        "Disease",
        "treats",
        ("palliates", "predicted_treats", "drug_related_to_disease", "disease_related_to_drug"),
    ),
    (
        "Drug",
        "Gene",
        "binds",
        ("drug_upregulates_gene", "gene_affects_drug", "predicted_binds", "gene_related_to_drug"),
    ),
    ("Patient", "Drug", "patient_takes_drug", ("patient_allergic_to_drug", "predicted_benefits")),
)


@pytest.mark.parametrize(("subject", "target", "relation", "more"), BETWEEN)
def test_pairs_and_whole_nodes_of_any_two_kinds_go_in_every_form(
    subject: str, target: str, relation: str, more: tuple[str, ...]
) -> None:
    """Each relation between the two kinds, whichever way round, states every pair; what is not hidden is left."""
    names = {kind: [f"{kind}:{number}" for number in range(4)] for kind in (subject, target)}
    every = {(one, other) for one in names[subject] for other in names[target]}
    turned = {name for name in more if RELATIONS[name].subject == target}
    stated = {
        name: edges(name, {pair[::-1] for pair in every} if name in turned else every) for name in (relation, *more)
    }
    graph = Graph({}, {**stated, "gene_interacts_gene": edges("gene_interacts_gene", {("Gene:0", "Gene:1")})})
    held_out = named(np.array([[0, 0, 3], [1, 2, 3]]), (subject, target), names)
    hidden = {(f"{subject}:{one}", f"{target}:{other}") for one, other in ((0, 1), (0, 2), (3, 3))}
    kinds = subject, target
    cases = [(held_out, hidden, None), (held_out[[target.lower(), subject.lower()]], hidden, None)]
    for side, kind in enumerate(kinds):
        nodes = held_out[[kind.lower()]]
        cases.append((nodes, {pair for pair in every if pair[side] in set(nodes[kind.lower()])}, kinds))
    for frame, chosen, asked in cases:
        with pytest.raises(LeakError):
            assert_no_leak(graph, frame, asked)
        left = without(graph, frame, asked)
        assert_no_leak(left, frame, asked)
        for name in (relation, *more):
            kept = {pair[::-1] for pair in pairs_of(left, name)} if name in turned else pairs_of(left, name)
            assert kept == every - chosen
        assert left.edges["gene_interacts_gene"].num_rows == 1


def test_held_out_pairs_say_which_kinds_they_are_of(families: Graph) -> None:
    for columns, told in ((["drug", "gene", "disease"], "drug, gene, disease"), (["drug"], "drug"), ([], "none")):
        with pytest.raises(ValueError, match=f"held-out pairs have the columns {told}: expected two that name kinds"):
            without(families, pd.DataFrame(columns=columns))
    with pytest.raises(ValueError, match="held-out nodes have no column drug or gene: expected one"):
        without(families, pd.DataFrame({"disease": ["DOID:101"]}), ("Drug", "Gene"))


def test_without_takes_a_pair_out_in_every_form(families: Graph, held_out: pd.DataFrame) -> None:
    hidden = set(held_out.itertuples(index=False, name=None))
    chosen = set(sorted(hidden)[:3])
    more = {relation: edges(relation, pairs_of(families, "treats") | chosen) for relation in ANY}
    planted = Graph(families.nodes, {**families.edges, **more}, families.sources)
    left = without(planted, held_out)
    for relation in ANY:
        assert pairs_of(left, relation) == pairs_of(planted, relation) - hidden
    assert pairs_of(left, "treats")
    assert left.edges["binds"].equals(families.edges["binds"])
    assert left.nodes is families.nodes
    assert left.sources == families.sources
    assert_no_leak(left, held_out)


def test_every_relation_between_a_drug_and_a_disease_is_known_here() -> None:
    between = {name for name, one in RELATIONS.items() if {one.subject, one.object} == {"Drug", "Disease"}}
    assert {name for name in between if "related_to" not in name} == {*ANY}


def test_what_another_source_says_of_a_held_out_pair_is_hidden_too(families: Graph, held_out: pd.DataFrame) -> None:
    """PharmacotherapyDB states Hetionet's treatments once more, and judges pairs that the graph calls unlabelled."""
    hidden, treated = set(held_out.itertuples(index=False, name=None)), pairs_of(families, "treats")
    verdicts = {"treats": treated, "palliates": {*sorted(hidden)[:5]}, "not_indicated_for": hidden - treated}
    twice = {
        relation: pa.concat_tables(
            [
                *([families.edges[relation]] if relation in families.edges else []),
                edges(relation, pairs, "pharmacotherapydb"),
            ]
        )
        for relation, pairs in verdicts.items()
    }
    planted = Graph(families.nodes, {**families.edges, **twice}, families.sources)
    with pytest.raises(LeakError):
        assert_no_leak(planted, held_out)
    left = without(planted, held_out)
    assert_no_leak(left, held_out)
    for relation in verdicts:
        assert not pairs_of(left, relation) & hidden
    assert "pharmacotherapydb" in left.edges["treats"]["source"].to_pylist()


@pytest.mark.parametrize("relation", ANY)
def test_a_leak_is_named(families: Graph, held_out: pd.DataFrame, relation: str) -> None:
    first, second = list(held_out.itertuples(index=False, name=None))[:2]
    planted = {**without(families, held_out).edges, relation: edges(relation, {first, second})}
    told = f"2 held-out pairs are {relation} edges of the graph to train on, first {first[0]} {first[1]}: expected none"
    with pytest.raises(LeakError, match=told):
        assert_no_leak(Graph(families.nodes, planted, families.sources), held_out)


def test_an_edge_from_the_disease_to_the_drug_is_one_too(
    families: Graph, held_out: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = replace(RELATIONS["treats"], subject="Disease", object="Drug")
    monkeypatch.setattr(split, "RELATIONS", {**RELATIONS, "treats": turned})
    ends = families.edges["treats"]
    names = ["object" if name == "subject" else "subject" if name == "object" else name for name in ends.column_names]
    backwards = Graph(families.nodes, {"treats": ends.rename_columns(names)}, families.sources)
    with pytest.raises(LeakError):
        assert_no_leak(backwards, held_out)
    hidden = {(disease, drug) for drug, disease in held_out.itertuples(index=False, name=None)}
    left = without(backwards, held_out)
    assert pairs_of(left, "treats") == pairs_of(backwards, "treats") - hidden
    assert_no_leak(left, held_out)
