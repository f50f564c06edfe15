"""Training: reproducible, better than the degree prior where there is something to learn, tolerant of small graphs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from gnn.checkpoint import Model
from gnn.config import PARTS, ConfigError, TrainConfig, load_config
from gnn.evaluate import Protocol, evaluate
from gnn.known import answers, surroundings, walked
from gnn.methods import baselines, candidates_of
from gnn.methods import model as as_method
from gnn.score import calibrated, input_names, logits, regime_of
from gnn.split import named, without
from gnn.task import BINDS, COLD_SUBJECT, REGIMES, TASKS, TREATS, WARM, Task
from gnn.train import candidates, deal, pace, train
from gnn.view import View, view
from kg.graph import Graph
from kg.progress import silent
from tests.gnn.conftest import SMALL, area_under_curve, make_graph, told

INPUTS = {"messages": {"subjects", "objects", "both"}}
WITHIN = np.arange(24)[:, None] // 8 == np.arange(12) // 4
"""The pairs of a drug and a disease of one family of the made-up graph."""


def test_the_same_run_gives_the_same_bits(families: Graph, model: Model) -> None:
    torch.rand(3)  # the global stream is nobody's business
    again = train(families, SMALL, silent)
    for which, readout in model.members[0].readouts.items():
        assert np.array_equal(readout.weight, again.members[0].readouts[which].weight)
    assert np.array_equal(told(model).scores, told(again).scores)


def test_what_no_walk_of_the_task_passes_is_not_held(families: Graph, model: Model) -> None:
    seen = walked(families, SMALL)
    assert set(seen.edges) <= TREATS.relations
    assert all(rows.column_names == ["subject", "object", "source"] for rows in seen.edges.values())
    assert np.array_equal(told(train(seen, SMALL, silent)).scores, told(model).scores)


@pytest.mark.parametrize("task", [TREATS, BINDS], ids=lambda task: task.name)
def test_the_relations_of_a_task_are_those_of_its_walks_and_labels(task: Task) -> None:
    """Whatever a walk asks a view for is among them: what no training reads is never asked for."""
    asked = set(task.labels)

    class Asking(View):
        def edges(self, relation: str) -> np.ndarray:
            asked.add(relation)
            return super().edges(relation)

    empty = view(make_graph())
    surroundings(Asking(empty.data, empty.curies, empty.names, empty.tables), task)
    assert asked == task.relations


def test_another_seed_gives_another_model(families: Graph, model: Model) -> None:
    other = train(families, replace(SMALL, seed=1), silent)
    assert not np.array_equal(told(other).scores, told(model).scores)


def test_pairs_never_seen_are_told_apart_by_their_families_and_no_better(families: Graph) -> None:
    """Within a family treatments are drawn at random: who tells them apart better than the family does has peeked."""
    rivals = {"model": as_method(SMALL), "degree_prior": baselines(SMALL)["degree_prior"]}
    seen, protocol = candidates_of(families, SMALL), Protocol(folds=3, seed=2)
    figures = evaluate(families, seen, SMALL.about, rivals, protocol).figures.set_index(["method", "metric"])["mean"]
    found = {name: figures[name, "auroc"] for name in rivals}
    best = area_under_curve(WITHIN.astype(float), view(families).pairs("treats"))
    assert found["degree_prior"] < 0.6
    assert best - 0.15 < found["model"] < best + 0.03


def test_scores_and_priors_are_probabilities(model: Model) -> None:
    said = told(model)
    for values in (said.scores, said.priors):
        assert values.min() > 0
        assert values.max() < 1
    assert said.scores.sum() == pytest.approx(said.known.sum(), rel=0.2)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_works_alone(families: Graph, part: str) -> None:
    model = train(families, replace(SMALL, parts=(part,)), silent)
    said = told(model)
    assert said.scores[WITHIN & ~said.known].mean() > 1.3 * said.scores[~WITHIN].mean()
    assert {one.part for one in input_names(model)} == {"degrees", *INPUTS.get(part, {part})}


@pytest.mark.parametrize("relation", ["binds", "causes_side_effect", "disease_associates_gene", "gene_interacts_gene"])
def test_a_missing_relation_is_no_matter(families: Graph, relation: str) -> None:
    less = {name: rows for name, rows in families.edges.items() if name != relation}
    said = told(train(Graph(families.nodes, less, families.sources), SMALL, silent))
    assert said.scores[WITHIN & ~said.known].mean() > 1.5 * said.scores[~WITHIN].mean()


def test_without_likeness_only_degrees_are_left_to_learn_from(families: Graph) -> None:
    nodes = {kind: rows.set_column(1, "name", pa.array(["x"] * rows.num_rows)) for kind, rows in families.nodes.items()}
    bare = Graph(nodes, {"treats": families.edges["treats"]}, families.sources)
    model = train(bare, replace(SMALL, parts=("messages", "chains", "attention")), silent)
    said = told(model)
    drugs, diseases = said.known.sum(1), said.known.sum(0)
    scores: dict[tuple[int, int], list[float]] = {}
    for drug, disease in np.argwhere(~said.known):
        scores.setdefault((drugs[drug], diseases[disease]), []).append(float(said.scores[drug, disease]))
    assert max(map(len, scores.values())) > 5
    for alike in scores.values():
        assert alike == pytest.approx([alike[0]] * len(alike), rel=1e-4)
    assert len({round(alike[0], 6) for alike in scores.values()}) > 5


def test_a_graph_with_every_relation_trains_on_two_edges(graph: Graph) -> None:
    assert told(train(graph, SMALL, silent)).known.sum() == 2


def test_nothing_to_learn_from_is_said(families: Graph) -> None:
    alone = make_graph({("DRUGBANK:DB00000", "DOID:101")})
    with pytest.raises(ConfigError, match=r"has 1 treats edges between Drugs and Diseases that made-up, .* state"):
        train(alone, SMALL, silent)


def test_progress_goes_from_nothing_to_everything(families: Graph) -> None:
    said: list[float] = []
    train(families, replace(SMALL, members=2, steps=2), lambda step, done: said.append(done))
    assert said == sorted(said)
    assert (said[0], said[-1]) == (0.0, 1.0)


def test_the_learning_rate_goes_up_for_a_third_of_the_steps_then_down() -> None:
    assert [pace(step, 12) for step in range(12)] == pytest.approx(
        [0.25, 0.5, 0.75, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    )
    for steps in range(1, 30):
        assert min(pace(step, steps) for step in range(steps)) > 0
        assert max(pace(step, steps) for step in range(steps)) <= 1


def test_learned_likeness_is_learned(families: Graph, model: Model) -> None:
    once = train(families, replace(SMALL, steps=1), silent)
    for ours, theirs in zip(model.members[0].learned, once.members[0].learned, strict=True):
        assert not np.array_equal(ours.head, theirs.head)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_fold_hides_what_its_regime_says(families: Graph, regime: str) -> None:
    """Every candidate is in one fold; the folds of a cold regime hold whole objects, or whole subjects."""
    seen = view(families)
    chosen = candidates(surroundings(seen, SMALL.about), answers(seen, SMALL.about), np.empty((2, 0), np.int64), SMALL)
    folds = deal(chosen, regime, 4, np.random.default_rng(0))
    assert len(folds) == 24 * 12
    answered = chosen.target["treats"] > 0
    shares = [answered[folds == fold].mean() for fold in range(4)]
    assert max(shares) - min(shares) < (0.05 if regime == WARM else 0.4)
    if regime != WARM:
        end = chosen.pairs[0 if regime == COLD_SUBJECT else 1]
        assert all(len(set(folds[end == node])) == 1 for node in set(end))


def test_of_too_many_pairs_every_answer_is_kept_and_the_others_stand_for_all(families: Graph) -> None:
    seen, few = view(families), replace(SMALL, most_pairs=150)
    known = answers(seen, SMALL.about)
    chosen = candidates(surroundings(seen, SMALL.about), known, np.array([[0], [0]]), few)
    assert len(chosen.weight) == 150
    assert chosen.target["treats"].sum() == known["treats"].nnz
    assert chosen.weight.sum() == pytest.approx(24 * 12 - 1, rel=0.01)
    assert (chosen.weight[chosen.target["treats"] > 0] == 1).all()


def test_config_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text('seed = 3\nridge = 2\nparts = ["chains"]\n', encoding="utf-8")
    assert load_config(path, task=None, seed=5) == TrainConfig(seed=5, ridge=2.0, parts=("chains",))
    path.write_text("seed = 3\n", encoding="utf-8-sig")
    assert load_config(str(path)) == TrainConfig(seed=3)


def test_a_task_s_own_settings_are_its_defaults(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text('task = "binds"\nmembers = 3\n', encoding="utf-8")
    own = TASKS["binds"].settings
    assert load_config(None, task="binds") == TrainConfig(task="binds", **own)
    assert load_config(path) == TrainConfig(task="binds", **{**own, "members": 3})
    assert load_config(path, members=4).members == 4
    assert load_config(path, task="treats") == TrainConfig(members=3)


def test_a_wrong_change_is_not_the_file_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "train.toml"
    path.write_text("seed = 3\n", encoding="utf-8")
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
        ('task = "cures"', "task: got 'cures', expected one of treats, binds"),
        ('parts = ["magic"]', "parts: got 'magic'"),
        ("seed = ", "train.toml: not valid TOML"),
        ("ridge = " + "1" * 310, "train.toml, ridge: expected a whole number that 64 bits can hold"),
        ("ridge = inf", "train.toml, ridge: expected a finite number"),
        ("parts = " + "[" * 500, "train.toml: more than 32 tables and lists inside each other"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "train.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as failure:
        load_config(path)
    assert str(failure.value).startswith(str(path)) and told in str(failure.value)


def test_new_drugs_are_calibrated_apart(families: Graph) -> None:
    """All pairs of three drugs are hidden, two of a fourth: the three are new; their scores stay as they are."""
    seen = candidates_of(families, SMALL)
    hidden = [(drug, disease) for drug in (2, 9, 20) for disease in range(12)] + [(5, 0), (5, 1)]
    held_out = named(np.array(hidden).T, TREATS.kinds, seen.curies)
    found = train(without(families, held_out), SMALL, silent, held_out)
    assert found.new.tolist() == [2, 9, 20]
    rows, columns = np.arange(24), np.arange(12)
    scores, warm = logits(found, rows, columns), regime_of(found, rows, columns) == WARM
    foretold = calibrated(found, rows[:, None], columns[None, :], scores)
    others = replace(found, new=np.empty(0, np.int64))
    usual = calibrated(others, rows[:, None], columns[None, :], scores)
    changed = (foretold != usual).any(1)
    assert np.flatnonzero(changed).tolist() == [2, 9, 20]
    assert np.array_equal(foretold[~warm], usual[~warm])
    assert np.array_equal(np.argsort(foretold[2][warm[2]]), np.argsort(scores[2][warm[2]]))
    one = calibrated(found, np.full(12, 9), columns, scores[9])
    assert np.array_equal(one, foretold[9])
