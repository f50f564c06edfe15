"""A training that is killed goes on from its whole members to the same model, bit by bit; and ranks without torch."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from gnn import checkpoint, resume
from gnn.checkpoint import Model
from gnn.train import train
from kg.graph import Graph
from kg.progress import silent
from tests.gnn.conftest import SMALL

ROOT = Path(__file__).parents[2]
SEVERAL = dataclasses.replace(SMALL, members=3)
CODE = """
import dataclasses, sys
from gnn.train import train
from tests.gnn.conftest import SMALL, make_graph
train(make_graph(), dataclasses.replace(SMALL, members=3), work=sys.argv[1])
"""


def sum_of(model: Model, folder: Path) -> str:
    checkpoint.save(model, folder)
    return str(checkpoint.about(folder)["arrays_sha256"])


def test_a_killed_training_goes_on_to_the_same_bits(families: Graph, tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", CODE, tmp_path / "work"], cwd=ROOT, env={**os.environ})
    while not (tmp_path / "work/training-0.safetensors").exists():
        assert killed.poll() is None, "it ended before a member was whole"
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    trained: list[str] = []
    again = train(families, SEVERAL, lambda step, share: trained.append(step), work=tmp_path / "work")
    whole = train(families, SEVERAL, silent)
    assert trained.count("fit the readouts") < 3 * SEVERAL.members, "a whole member was trained anew"
    assert sum_of(again, tmp_path / "again") == sum_of(whole, tmp_path / "whole")


def test_members_of_another_run_are_not_taken(families: Graph, model: Model, tmp_path: Path) -> None:
    finished = model.members[0], {("warm", "treats"): np.zeros(3, np.float32)}
    run = resume.key(SMALL, [np.zeros(2)])
    resume.keep(tmp_path, run, 0, finished)
    taken = resume.kept(tmp_path, run, 0, model.task)
    assert taken is not None
    np.testing.assert_array_equal(taken[0].heard, model.members[0].heard)
    others = [resume.key(dataclasses.replace(SMALL, seed=1), [np.zeros(2)]), resume.key(SMALL, [np.ones(2)])]
    assert [resume.kept(tmp_path, other, 0, model.task) for other in others] == [None, None]
    whole = (tmp_path / "training-0.safetensors").read_bytes()
    (tmp_path / "training-0.safetensors").write_bytes(whole[: len(whole) // 2])
    assert resume.kept(tmp_path, run, 0, model.task) is None
    resume.clear(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_ranking_does_not_wait_for_torch(model: Model, store_path: Path, tmp_path: Path) -> None:
    checkpoint.save(model, tmp_path)
    code = (
        "import sys; from gnn import checkpoint, predict; from gnn.rank import rank, score; import pandas as pd\n"
        "from kg.stores.opening import open_store\n"
        "model = checkpoint.load(sys.argv[1])\n"
        "with open_store(sys.argv[2]) as store: rank(model, store, 'DOID:101', top=3)\n"
        "print([name for name in ('torch', 'torch_geometric') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path, store_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"
