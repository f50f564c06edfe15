"""Every code block of the README runs, in order, in a fresh folder, as a new user would run it."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SERVER = "server"
SHIMS = {
    "panakeia": f"""exec '{sys.executable}' -IS '{ROOT}/tests/forked.py' run "${{0%/*}}/../{SERVER}" panakeia "$@" """,
    "python": f"exec '{sys.executable}' \"$@\"",
    "make": 'exec "$MAKE" --dry-run "$@"',  # the targets are there; what they do is what the tests and CI run
}
"""Command -> what stands for it: the package under test, without an installation.

A hundred commands are forks of one process that has imported the package: to import it takes longer than most of
them. JAX is among what is imported: it has no threads before it computes, and that it does in the commands alone.
"""
IMPORTED = (
    "panakeia.cli",
    *("gnn.train", "kg.build", "kg.patients.formats", "kg.stores.ladybug"),
    *("panakeia.desk.desk", "twin.prognosis.risk.train", "twin.trials.run"),
    *("SimpleITK", "matplotlib.pyplot", "numpyro", "opendp.prelude", "pandas", "scipy.stats", "shap", "skops.io"),
    *("sklearn.ensemble", "spacy", "torch_geometric"),
)


class Block(NamedTuple):
    """A code block: its language, the name of the file that it shows (if it does), its text."""

    language: str
    file: str
    text: str


BLOCKS = [
    Block(*found)
    for found in re.findall(
        r"^```(\w*) ?(\S*)\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S
    )
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A fresh checkout, as far as the README uses it, and a `bin` with the commands, which are served meanwhile."""
    fresh = tmp_path_factory.mktemp("readme")
    for name in ("kg", "gnn", "twin", "panakeia"):
        shutil.copytree(ROOT / name, fresh / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, fresh / name)
    (fresh / "bin").mkdir()
    for name, script in SHIMS.items():
        path = fresh / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
    serving = [sys.executable, "-P", ROOT / "tests" / "forked.py", "serve", fresh / SERVER, *IMPORTED]
    with subprocess.Popen(serving, cwd=fresh, env=environment(fresh)) as server:
        while not (fresh / SERVER).exists():
            assert server.poll() is None
            time.sleep(0.02)
        yield fresh
        server.terminate()


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of whoever has just come to this folder: nothing set, no network."""
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANAKEIA")} | offline
    return kept | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "MAKE": shutil.which("make") or "make",
    }


def run(block: Block, folder: Path) -> None:
    if block.file:
        (folder / block.file).write_text(block.text, encoding="utf-8")
        return
    command = {"sh": ["bash", "-eu", "-c"], "python": [sys.executable, "-c"]}[block.language]
    ran = subprocess.run([*command, block.text], cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert not ran.returncode, f"{block.text}\n{ran.stdout}\n{ran.stderr}"
    assert "Traceback" not in ran.stderr and "Warning" not in ran.stderr


def test_every_block_runs_in_order(folder: Path) -> None:
    assert len(BLOCKS) >= 8
    for block in BLOCKS:
        run(block, folder)
    made = ("out/model", "scores.tsv", "trajectories.csv", "out/trial/result.json", "out/demo/report.html")
    assert all((folder / name).exists() for name in made)
