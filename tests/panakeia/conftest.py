"""A starter graph, a model trained on it, and a way to run a command as a user does, made once for all tests here."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from panakeia.cli import main
from panakeia.desk.turns import Turns


class Run(NamedTuple):
    """What a command printed and how it ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Panakeia = Callable[..., Run]


@pytest.fixture
def panakeia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Panakeia:
    def run(*arguments: object) -> Run:
        monkeypatch.setattr("sys.argv", ["panakeia", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
            raise SystemExit(0)
        out, err = capsys.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def turns_taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whose turns are taken at a desk while a test runs."""
    taken: list[str] = []
    turn = Turns.turn

    def noted(self: Turns, who: str) -> AbstractContextManager[None]:
        taken.append(who)
        return turn(self, who)

    monkeypatch.setattr(Turns, "turn", noted)
    return taken


@pytest.fixture(scope="session")
def starter_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from kg.build import build
    from kg.fetch import Fetch

    path = tmp_path_factory.mktemp("starter") / "graph.lbdb"
    build(["starter"], Fetch(offline=True), path)
    return path


@pytest.fixture(scope="session")
def starter_model(starter_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gnn import checkpoint
    from gnn.train import load_config, train
    from kg.stores.opening import open_store

    folder = tmp_path_factory.mktemp("model") / "model"
    with open_store(starter_store) as store:
        checkpoint.save(train(store.read(), load_config(None, seed=0)), folder)
    return folder
