"""A desk that is warm answers as a cold one does, and says of itself when it is not warm yet."""

import gc
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access
from panakeia.api.app import make_app
from panakeia.desk import warm
from panakeia.desk.desk import ALL, Desk, DeskSettings
from twin.prognosis.risk import saved
from twin.prognosis.risk.saved import FORMAT

ASKED = (
    ("rank", {"nodes": ["type 2 diabetes mellitus"]}),
    ("rank", {"nodes": ["metformin"], "candidates": "diseases"}),
    ("search", {"text": "metf"}),
    ("search", {"text": "diab", "kind": "Disease"}),
    ("show", {"node": "metformin"}),
    ("paths", {"a": "metformin", "b": "type 2 diabetes mellitus"}),
    ("explain", {"a": "metformin", "b": "type 2 diabetes mellitus"}),
    ("neighbours", {"node": "metformin"}),
)


def joined(thread: Thread | None) -> None:
    assert thread is not None
    thread.join(180)
    assert not thread.is_alive()


@pytest.fixture
def desk(starter_store: Path, starter_model: Path, tmp_path: Path) -> Iterator[Desk]:
    store = tmp_path / "graph.lbdb"
    shutil.copyfile(starter_store, store)
    opened = Desk(DeskSettings(str(store), starter_model, home=tmp_path / "desk"))
    yield opened
    opened.close()
    gc.unfreeze()


def test_warm_answers_are_those_of_a_cold_desk(desk: Desk) -> None:
    patients = [ALL, frozenset({"graph"})]
    cold = [desk.answer(name, asked, rights).to_json() for name, asked in ASKED for rights in patients]
    told: list[str] = []
    joined(desk.warm(told.append))
    assert told[-1] == "the desk is ready" and not desk.warmth.doing
    assert any("read names" in line for line in told) and any("load model" in line for line in told)
    assert desk.shared.graph(desk.settings.store) is not None
    assert gc.get_freeze_count()
    warmed = [desk.answer(name, asked, rights).to_json() for name, asked in ASKED for rights in patients]
    assert json.dumps(warmed, default=str) == json.dumps(cold, default=str)


def test_a_model_is_loaded_once_for_all_sessions(desk: Desk) -> None:
    model = desk.shared.model(desk.settings.model)
    assert desk.shared.model(desk.settings.model) is model
    desk.answer(*ASKED[0])
    assert desk.shared.model(desk.settings.model) is model


def test_a_graph_that_changes_is_read_anew_and_not_answered_from_before(desk: Desk) -> None:
    joined(desk.warm(print))
    before = desk.shared.graph(desk.settings.store)
    Path(desk.settings.store).touch()
    assert desk.shared.graph(desk.settings.store) is None
    desk.answer(*ASKED[2])
    for _ in range(600):
        if not desk.warmth.doing:
            break
        Event().wait(0.1)
    after = desk.shared.graph(desk.settings.store)
    assert after is not None and after is not before
    assert desk.warmth.rounds == 2


def test_a_kept_risk_is_read_before_the_desk_is_ready_and_a_broken_one_is_no_matter(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, told = desk.settings.home / "jobs" / "1" / "out", list[str]()
    folder.mkdir(parents=True)
    (folder / "model.skops").write_bytes(b"none")
    (folder / "manifest.json").write_text(json.dumps({"format": FORMAT}), encoding="utf-8")

    def refused(place: Path) -> None:
        told.append(str(place))
        raise saved.OtherVersion("of another version")

    monkeypatch.setattr(saved, "load", refused)
    joined(desk.warm(told.append))
    assert told[-2:] == [str(folder), "the desk is ready"]


def test_a_desk_without_a_graph_says_so_and_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "graph.lbdb").write_text("no graph", encoding="utf-8")
    joined(Desk(DeskSettings(str(tmp_path / "graph.lbdb"), tmp_path / "model")).warm(told.append))
    assert told[-1].startswith("the desk answers, but slowly: ")


def test_it_is_ready_when_it_is_warm(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    go, app = Event(), _app(desk)
    monkeypatch.setattr(warm, "warm", lambda store, model, shared, progress: (progress("read names", 0.0), go.wait(90)))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get("/readyz").status_code == 200  # nobody asked that it be warm
        thread = desk.warm(print)
        refused = client.get("/readyz")
        assert refused.status_code == 503 and "gets ready" in refused.json()["detail"]
        assert client.get("/healthz").status_code == 200
        go.set()
        joined(thread)
        assert client.get("/readyz").json()["status"] == "ready"


def _app(desk: Desk) -> FastAPI:
    return make_app(desk, gate(Access(), Keys.of(desk.settings.home)))
