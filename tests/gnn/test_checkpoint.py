"""Checkpoints: what was saved comes back, and a damaged or alien folder says what to do."""

import dataclasses
import json
import random
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_file_of
from scipy.sparse import csr_array

from gnn.checkpoint import FILE, STATED, CheckpointError, Model, load, save
from kg.graph import SourceRelease
from tests.forking import forking
from tests.gnn.conftest import told
from tests.starved import starved


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def plain(value: Any) -> Any:
    """Return dataclasses, mappings and arrays as lists that can be compared."""
    if dataclasses.is_dataclass(value):
        return [(field.name, plain(getattr(value, field.name))) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        return sorted((str(key), plain(one)) for key, one in value.items())
    if isinstance(value, csr_array):
        return (value.shape, value.toarray().tolist())
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [plain(one) for one in value] if isinstance(value, tuple | list) else value


def test_round_trip(model: Model, folder: Path) -> None:
    found = load(folder)
    assert plain(found) == plain(model)
    assert found.summary() == model.summary()
    assert np.array_equal(told(found).scores, told(model).scores)


def test_a_save_replaces_the_model_and_leaves_nothing_beside(model: Model, folder: Path) -> None:
    (folder / "model.json").write_text("what an older version left", encoding="utf-8")
    (folder / f".{FILE}.0123abcd.part").write_text("what a killed writer left", encoding="utf-8")
    save(dataclasses.replace(model, sizes=model.sizes / 2), str(folder))
    assert np.array_equal(load(str(folder)).sizes, model.sizes / 2)
    assert [path.name for path in folder.iterdir()] == [FILE]


def _save_on(model: Model, folder: Path, told: Connection) -> None:
    """Save the model over and over, with all sizes 1, 2, 3 and so on."""
    for number in range(1, 1_000_000):
        save(dataclasses.replace(model, sizes=np.full_like(model.sizes, number)), folder)
        told.send(number)


def test_killed_at_random_points_a_save_leaves_a_whole_model(model: Model, tmp_path: Path) -> None:
    context = forking()
    luck, in_the_midst = random.Random(3), 0
    for _ in range(8):
        heard, told = context.Pipe(duplex=False)
        writer = context.Process(target=_save_on, args=(model, tmp_path, told))
        writer.start()
        assert heard.recv() == 1
        time.sleep(luck.uniform(0, 0.02))
        writer.kill()
        writer.join()
        told.close()
        last = 1
        with suppress(EOFError):
            while True:
                last = heard.recv()
        in_the_midst += len(list(tmp_path.iterdir())) > 1
        assert set(load(tmp_path).sizes.tolist()) in ({last}, {last + 1})
    assert in_the_midst
    save(model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_starved_save_leaves_the_old_model_and_names_the_file(model: Model, folder: Path) -> None:
    code = """
from gnn.checkpoint import load, save
model = load(sys.argv[1])
starve()
try:
    save(model, sys.argv[1])
except OSError as failure:
    print(failure.filename, failure.strerror)
"""
    assert starved(code, 5_000, folder).stdout == f"{folder / FILE} File too large\n"
    assert np.array_equal(load(folder).sizes, model.sizes)
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_a_missing_file(folder: Path) -> None:
    (folder / FILE).unlink()
    with pytest.raises(CheckpointError, match=r"there is no model in .*: train one with `panakeia train --out DIR`"):
        load(folder)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "graph.lbdb"
    path.write_bytes(b"graph")
    with pytest.raises(CheckpointError, match="there is no model in"):
        load(path)


@pytest.mark.parametrize("kept", [0, 4, 8, 500, -10])
def test_a_torn_file(folder: Path, kept: int) -> None:
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:kept])
    with pytest.raises(CheckpointError, match=r"half of one|half written"):
        load(folder)


def test_a_changed_file(folder: Path) -> None:
    content = bytearray((folder / FILE).read_bytes())
    content[-1] ^= 1
    (folder / FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="was changed"):
        load(folder)


def test_a_model_of_the_older_version_in_two_files(folder: Path) -> None:
    (folder / FILE).write_bytes(save_file_of({"scores": np.zeros(3)}))
    (folder / "model.json").write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"of an older version, in two files: train one with .* anew"):
        load(folder)


@pytest.mark.parametrize("stated", ["{", "[]", '{"format": 99}', None])
def test_an_alien_file(folder: Path, stated: str | None) -> None:
    metadata = None if stated is None else {STATED: stated}
    (folder / FILE).write_bytes(save_file_of({"scores": np.zeros(3)}, metadata))
    with pytest.raises(CheckpointError, match="train one with"):
        load(folder)


@pytest.mark.parametrize("key", ["nodes", "config", "sources", "listed_by", "told"])
def test_an_incomplete_file(folder: Path, key: str) -> None:
    content = (folder / FILE).read_bytes()
    with safe_open(folder / FILE, "numpy") as opened:
        stated = json.loads(opened.metadata()[STATED])
    del stated[key]
    (folder / FILE).write_bytes(save_file_of(load_arrays(content), {STATED: json.dumps(stated)}))
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
