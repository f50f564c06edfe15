"""Training on samples: better than chance, the same after a kill, and the same on two workers as on one."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gnn import distributed
from gnn.adjacency import Adjacency, adjacency, by_hearer
from gnn.distributed import train_sampled
from gnn.encoders import EncoderConfig, LinkPredictor
from gnn.sampled import Lesson, SampledConfig, held_out_precision, learn, learner, lesson, logits_of
from gnn.view import view
from kg.graph import Graph
from tests.forking import forking

CONFIG = SampledConfig(
    "treats", EncoderConfig(dim=8), fan_out=(8, 4), batch=32, epochs=3, learning_rate=0.02, held_out=30
)


def communities(share: float, random: np.random.Generator) -> np.ndarray:
    """Return pairs of 120 drugs and 120 genes, in twelve communities of each. Shapes: [2, pair]."""
    within = np.arange(120)[:, None] // 10 == np.arange(120) // 10
    return np.stack(np.nonzero(random.random((120, 120)) < np.where(within, share, 0.01)))


def test_held_out_pairs_are_told_from_random_ones() -> None:
    """Communities show in other relations and in the pairs left: a random order has a precision of one in eleven.

    One rival in twelve is of the drug's own community, so that no order comes to much more than a half.
    """
    random = np.random.default_rng(0)
    incoming = {}
    for name in ("binds", "drug_upregulates_gene"):
        pairs = communities(0.5, random)
        incoming |= {
            ("Drug", name, "Gene"): by_hearer(pairs, 120),
            ("Gene", f"rev_{name}", "Drug"): by_hearer(pairs[::-1], 120),
        }
    config = replace(CONFIG, relation="binds", epochs=20, batch=64, held_out=100)
    what = lesson(Adjacency({"Drug": 120, "Gene": 120}, incoming), config)
    one = learner(what)
    losses = [learn(what, one, epoch) for epoch in range(config.epochs)]
    assert losses[-1] < losses[0]
    assert held_out_precision(what, one.model) > 0.2


def test_held_out_pairs_are_in_no_message(families: Graph) -> None:
    graph = adjacency(view(families))
    what = lesson(graph, CONFIG)
    held_out = set(map(tuple, what.held_out.T.tolist()))
    assert len(held_out) == 30
    assert held_out.isdisjoint(map(tuple, what.pairs.T.tolist()))
    assert held_out | set(map(tuple, what.pairs.T.tolist())) == set(map(tuple, graph.edges("treats").T.tolist()))
    for (sender, _, hearer), edges in what.graph.incoming.items():
        if {sender, hearer} == {"Drug", "Disease"}:
            ends = edges.ends() if sender == "Drug" else edges.ends()[::-1]
            assert held_out.isdisjoint(map(tuple, ends.T.tolist()))


def test_a_killed_training_goes_on_to_the_same_bits(
    store_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_sampled(str(store_path), tmp_path / "whole", CONFIG)

    def killed(*arguments: object) -> float:
        if arguments[2] == 2:
            raise KeyboardInterrupt
        return learn(*arguments)

    monkeypatch.setattr(distributed, "learn", killed)
    with pytest.raises(KeyboardInterrupt):
        train_sampled(str(store_path), tmp_path / "killed", CONFIG)
    monkeypatch.undo()
    gone_on = train_sampled(str(store_path), tmp_path / "killed", CONFIG)
    told = [[epoch["loss"], epoch["average_precision"]] for run in (whole, gone_on) for epoch in run["epochs"]]
    assert told[:3] == told[3:]
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True)["model"] for name in ("whole", "killed")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_another_config_is_not_gone_on_with(store_path: Path, tmp_path: Path) -> None:
    train_sampled(str(store_path), tmp_path, replace(CONFIG, epochs=1))
    with pytest.raises(ValueError, match="choose another folder"):
        train_sampled(str(store_path), tmp_path, replace(CONFIG, epochs=1, batch=16))


def test_two_workers_come_to_what_one_comes_to(store_path: Path, tmp_path: Path) -> None:
    """With every neighbour and no dropout, the mean of two workers' gradients is the gradient over both their pairs.

    The random rivals are the worker's own, so the figures agree and not the bits.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    options = "--relation treats --dim 8 --fan-out 8 4 --batch 32 --epochs 3 --rate 0.02 --held-out 30"
    two = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    told = subprocess.run(
        [*two, "gnn.distributed", "--store", str(store_path), "--out", str(tmp_path / "two"), *options.split()],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)
    alone = train_sampled(str(store_path), tmp_path / "one", CONFIG)
    assert found["workers"] == 2
    assert found["pairs"] == alone["pairs"]
    for figure, near in (("average_precision", 0.1), ("loss", 0.1)):
        assert found["epochs"][-1][figure] == pytest.approx(alone["epochs"][-1][figure], abs=near)


def test_the_mean_of_two_workers_gradients_is_that_of_all_pairs(families: Graph, tmp_path: Path) -> None:
    """Two processes, each with half of the pairs, against one with all: every weight's gradient, sparse ones too."""
    processes = [forking().Process(target=half, args=(rank, families, tmp_path)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    what = lesson(adjacency(view(families)), EXACT)
    model = learner(what).model
    loss_of(what, model, what.pairs[:, :64]).backward()
    shared = torch.load(tmp_path / "gradients.pt", weights_only=True)
    assert shared.keys() == {name for name, _ in model.named_parameters()}
    for name, weight in model.named_parameters():
        expected = torch.zeros_like(weight) if weight.grad is None else weight.grad.to_dense()
        torch.testing.assert_close(shared[name], expected, rtol=1e-4, atol=1e-6)


EXACT = replace(CONFIG, fan_out=(None, None))


def loss_of(what: Lesson, model: LinkPredictor, pairs: np.ndarray) -> torch.Tensor:
    """Return the mean over pairs of their logits' squares: no rivals, hidden pairs the same for both workers."""
    return logits_of(what, model, pairs, np.random.default_rng(0), hidden=what.pairs[:, :64]).square().mean()


def half(rank: int, graph: Graph, folder: Path) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    what = lesson(adjacency(view(graph)), EXACT)
    model = learner(what).model
    loss_of(what, model, what.pairs[:, rank:64:2]).backward()
    distributed.mean_gradients(model)
    if rank == 0:
        torch.save({name: weight.grad.to_dense() for name, weight in model.named_parameters()}, folder / "gradients.pt")
    torch.distributed.destroy_process_group()
