"""Training: reproducible, better than the degree prior where there is something to learn, tolerant of small graphs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import logit

from gnn.checkpoint import Model
from gnn.config import PARTS, ConfigError, TrainConfig, load_config
from gnn.evaluate import methods, pooled
from gnn.train import pace, train
from gnn.view import view
from kg.graph import Graph
from kg.progress import silent
from tests.gnn.conftest import SMALL, area_under_curve, make_graph

WITHIN = np.arange(24)[:, None] // 8 == np.arange(12) // 4
"""The pairs of a drug and a disease of one family of the made-up graph."""

NAMES = {
    "messages": {"like drugs", "like diseases", "like drugs of like diseases"},
    "spectral": {"fused graph"},
    "chains": {"genes between"},
    "attention": {"learned likeness"},
}


def test_the_same_run_gives_the_same_bits(families: Graph, model: Model) -> None:
    torch.rand(3)  # the global stream is nobody's business
    again = train(families, SMALL, silent)
    assert all(np.array_equal(values, again.weights[name]) for name, values in model.weights.items())
    assert np.array_equal(model.scores, again.scores)


def test_another_seed_gives_another_model(families: Graph, model: Model) -> None:
    assert not np.array_equal(train(families, replace(SMALL, seed=1), silent).scores, model.scores)


def test_pairs_never_seen_are_told_apart_by_their_families_and_no_better(families: Graph) -> None:
    """Within a family treatments are drawn at random: who tells them apart better than the family does has peeked."""
    known = view(families).pairs("treats")
    folds = np.random.default_rng(2).integers(3, size=known.shape).astype(np.int8)
    rivals = {name: methods(SMALL)[name] for name in ("model", "degree_prior")}
    found = {name: area_under_curve(scores, known) for name, scores in pooled(families, folds, rivals).items()}
    best = area_under_curve(WITHIN.astype(float), known)
    assert found["degree_prior"] < 0.6
    assert best - 0.15 < found["model"] < best + 0.03


def test_contributions_add_up_to_the_score(model: Model) -> None:
    rest = logit(model.scores.astype(float)) - sum(values.astype(float) for values in model.contributions.values())
    assert rest == pytest.approx(np.full_like(rest, np.median(rest)), abs=1e-2)


def test_scores_and_priors_are_probabilities(model: Model) -> None:
    for values in (model.scores, model.priors):
        assert values.min() > 0
        assert values.max() < 1
    assert model.scores.sum() == pytest.approx(model.known.sum(), rel=0.2)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_works_alone(families: Graph, part: str) -> None:
    model = train(families, replace(SMALL, parts=(part,)), silent)
    assert model.scores[WITHIN & ~model.known].mean() > 1.5 * model.scores[~WITHIN].mean()
    assert set(model.contributions) == {"degrees", *NAMES[part]}


@pytest.mark.parametrize("relation", ["binds", "causes_side_effect", "disease_associates_gene", "gene_interacts_gene"])
def test_a_missing_relation_is_no_matter(families: Graph, relation: str) -> None:
    less = {name: rows for name, rows in families.edges.items() if name != relation}
    model = train(Graph(families.nodes, less, families.sources), SMALL, silent)
    assert model.scores[WITHIN & ~model.known].mean() > 1.5 * model.scores[~WITHIN].mean()


def test_without_likeness_only_degrees_are_left_to_learn_from(families: Graph) -> None:
    bare = Graph(families.nodes, {"treats": families.edges["treats"]}, families.sources)
    model = train(bare, replace(SMALL, parts=("messages", "chains", "attention")), silent)
    drugs, diseases = model.known.sum(1), model.known.sum(0)
    scores: dict[tuple[int, int], list[float]] = {}
    for drug, disease in np.argwhere(~model.known):
        scores.setdefault((drugs[drug], diseases[disease]), []).append(float(model.scores[drug, disease]))
    assert max(map(len, scores.values())) > 5
    for alike in scores.values():
        assert alike == pytest.approx([alike[0]] * len(alike), rel=1e-5)
    assert len({round(alike[0], 6) for alike in scores.values()}) > 5


def test_a_graph_with_every_relation_trains_on_two_edges(graph: Graph) -> None:
    assert train(graph, SMALL, silent).known.sum() == 2


def test_nothing_to_learn_from_is_said(families: Graph) -> None:
    alone = make_graph({("DRUGBANK:DB00000", "DOID:101")})
    with pytest.raises(ConfigError, match="has 1 treats edges between drugs and diseases; expected at least 2"):
        train(alone, SMALL, silent)


def test_progress_goes_from_nothing_to_everything(families: Graph) -> None:
    told: list[float] = []
    train(families, replace(SMALL, members=2, steps=2), lambda step, done: told.append(done))
    assert told == pytest.approx([0.0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0])


def test_the_learning_rate_goes_up_for_a_third_of_the_steps_then_down() -> None:
    assert [pace(step, 12) for step in range(12)] == pytest.approx(
        [0.25, 0.5, 0.75, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    )
    for steps in range(1, 30):
        assert min(pace(step, steps) for step in range(steps)) > 0
        assert max(pace(step, steps) for step in range(steps)) <= 1


def test_a_step_follows_its_own_fold_alone(families: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a learning rate of nearly nothing, a fold has the same gradient each time its turn comes."""
    seen: list[torch.Tensor] = []

    class Watched(torch.optim.AdamW):
        def step(self, closure: None = None) -> None:
            gradients = [parameter.grad for group in self.param_groups for parameter in group["params"]]
            seen.append(torch.cat([gradient.flatten() for gradient in gradients if gradient is not None]).clone())
            super().step(closure)

    monkeypatch.setattr(torch.optim, "AdamW", Watched)
    train(families, replace(SMALL, learning_rate=1e-6), silent)
    turns = SMALL.inner_folds
    assert len(seen) == SMALL.steps == 2 * turns
    for first, second in zip(seen[:turns], seen[turns:], strict=True):
        torch.testing.assert_close(first, second, rtol=1e-2, atol=1e-3 * float(first.abs().max()))
    assert not torch.allclose(seen[0], seen[1], rtol=1e-2)


def test_learned_messages_are_learned(families: Graph, model: Model) -> None:
    once = train(families, replace(SMALL, steps=1), silent)
    for layer in ("over_drugs", "over_diseases"):
        assert not np.array_equal(model.weights[f"0.{layer}.head.weight"], once.weights[f"0.{layer}.head.weight"])


def test_the_readout_measures_from_the_average_pair(model: Model) -> None:
    """Its first inputs are the degrees, over their mean and compressed; the folds hide a fourth of each."""
    for place, degrees in enumerate((model.known.sum(1, keepdims=True), model.known.sum(0, keepdims=True))):
        compressed = np.arcsinh(degrees / degrees.mean())
        assert model.weights["0.mean"][place] == pytest.approx(compressed.mean(), rel=0.15)
        assert model.weights["0.spread"][place] == pytest.approx(compressed.std(), rel=0.5)


def test_config_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text('seed = 3\nridge = 2\nparts = ["chains"]\n')
    assert load_config(path, task=None, seed=5) == TrainConfig(seed=5, ridge=2.0, parts=("chains",))
    path.write_text("seed = 3\n", encoding="utf-8-sig")
    assert load_config(str(path)) == TrainConfig(seed=3)


def test_a_wrong_change_is_not_the_file_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text("seed = 3\n")
    with pytest.raises(ConfigError, match=r"^task: got 'cures', expected one of"):
        load_config(path, task="cures")
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ConfigError, match=rf"^ridge: got {wrong}, expected at least 1e-06, and finite"):
            load_config(None, ridge=wrong)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sed = 1", "sed: unknown setting"),
        ('seed = "one"', "seed: got 'one', expected a value like 0"),
        ("seed = true", "seed: got True"),
        ("members = 0", "members: got 0, expected at least 1"),
        ('task = "cures"', "task: got 'cures', expected one of treats, palliates"),
        ('parts = ["magic"]', "parts: got 'magic'"),
        ("seed = ", "train.toml: not valid TOML"),
        ("ridge = " + "1" * 310, "train.toml, ridge: expected a whole number that 64 bits can hold"),
        ("ridge = inf", "train.toml, ridge: expected a finite number"),
        ("parts = " + "[" * 500, "train.toml: more than 32 tables and lists inside each other"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "train.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as failure:
        load_config(path)
    assert str(failure.value).startswith(str(path)) and told in str(failure.value)
