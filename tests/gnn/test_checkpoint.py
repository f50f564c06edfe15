"""Checkpoints: what was saved comes back, and a damaged or alien folder says what to do."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gnn.checkpoint import ARRAYS, CONFIG, CheckpointError, Model, load, save
from kg.graph import SourceRelease


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def test_round_trip(model: Model, folder: Path) -> None:
    found = load(folder)
    for field in dataclasses.fields(Model):
        ours, theirs = getattr(model, field.name), getattr(found, field.name)
        if isinstance(ours, np.ndarray):
            assert np.array_equal(ours, theirs)
        elif isinstance(ours, dict):
            assert set(ours) == set(theirs)
            assert all(np.array_equal(values, theirs[name]) for name, values in ours.items())
        else:
            assert ours == theirs
    assert found.summary() == model.summary()


def test_a_save_replaces_the_model_and_leaves_nothing_beside(model: Model, folder: Path) -> None:
    save(dataclasses.replace(model, scores=model.scores / 2), folder)
    assert np.array_equal(load(folder).scores, model.scores / 2)
    assert sorted(path.name for path in folder.iterdir()) == sorted([ARRAYS, CONFIG])


@pytest.mark.parametrize("name", [ARRAYS, CONFIG])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=r"there is no model in .*: train one with `panakeia train --out DIR`"):
        load(folder)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "graph.lbdb"
    path.write_bytes(b"graph")
    with pytest.raises(CheckpointError, match="there is no model in"):
        load(path)


def test_a_torn_file(folder: Path) -> None:
    (folder / ARRAYS).write_bytes((folder / ARRAYS).read_bytes()[:-10])
    with pytest.raises(CheckpointError, match="does not belong to"):
        load(folder)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}'])
def test_an_alien_config(folder: Path, content: str) -> None:
    (folder / CONFIG).write_text(content)
    with pytest.raises(CheckpointError, match="train one with"):
        load(folder)


@pytest.mark.parametrize("key", ["drugs", "config", "sources"])
def test_an_incomplete_config(folder: Path, key: str) -> None:
    stated = json.loads((folder / CONFIG).read_text())
    del stated[key]
    (folder / CONFIG).write_text(json.dumps(stated))
    with pytest.raises(CheckpointError, match="is incomplete"):
        load(folder)


def test_loading_and_ranking_need_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, gnn.checkpoint, gnn.rank, gnn.explain; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_pair_is_in_a_source_s_list_or_not_and_never_called_new(model: Model) -> None:
    assert model.listed(True) == "in made-up 1's list"
    assert model.listed(False) == "not in made-up 1's list"
    other = SourceRelease("other", "2", "CC0-1.0", "", "")
    beside = dataclasses.replace(model, sources=(*model.sources, other))
    assert beside.listed(True) == "in made-up 1's list"
    both = dataclasses.replace(beside, listed_by=("made-up", "other"))
    assert both.listed(False) == "not in the lists of made-up 1 and other 2"
