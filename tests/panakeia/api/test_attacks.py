"""What somebody would try who may less than they want: each of these was tried against a desk that runs."""

import json
import logging
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from kg.patients.journal import read_journal
from panakeia.api.access.audit import AuditLog
from panakeia.api.access.home import audit_folder
from panakeia.api.access.roles import RIGHTS, Role
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.desk.problems import problem_of
from tests.panakeia.api.conftest import Asking
from tests.panakeia.desk.test_desk import PATIENT


@pytest.fixture
def key(app: FastAPI, served: TestClient) -> Any:
    """Return what asks with a new key of a name and a role, and afterwards revokes all of them."""
    made = []

    def asks(name: str, role: str) -> dict[str, str]:
        one = app.state.gate.keys.add(name, role)
        made.append(one.key.id)
        return {"X-API-Key": one.text}

    yield asks
    for number in made:
        try:
            app.state.gate.keys.revoke(number)
        except ValueError:
            continue  # the test did


@pytest.mark.parametrize("role", RIGHTS)
def test_each_verb_is_refused_to_each_role_without_its_right(asking: Asking, role: Role) -> None:
    client = asking(role)
    for one in client.get("/api/v1").json()["verbs"]:
        expected = 422 if one["right"] in RIGHTS[role] else 403
        told = {"POST": client.post(one["path"], json={"no such": 1})}
        if "GET" in one["methods"]:
            told["GET"] = client.get(one["path"], params={"no such": 1})
        alone = client.post("/api/v1/batch", json={"requests": [{"verb": one["name"], "request": {"no such": 1}}]})
        if alone.status_code == 200:
            assert alone.json()["answers"][0]["status"] == expected, one["name"]
        assert {method: answer.status_code for method, answer in told.items()} == dict.fromkeys(told, expected), one


def queued(served: TestClient, key: dict[str, str]) -> str:
    told = served.post("/api/v1/search", json={"text": "war"}, headers={**key, "Prefer": "respond-async"})
    assert told.status_code == 202, told.text
    return str(told.headers["location"])


def test_a_later_key_of_the_same_name_has_none_of_the_jobs(app: FastAPI, served: TestClient, key: Any) -> None:
    place = queued(served, first := key("ward 3", "researcher"))
    assert served.get(place, headers=first).status_code == 200
    app.state.gate.keys.revoke("ward 3")
    second = key("ward 3", "researcher")
    assert served.get(place, headers=first).status_code == 401
    assert served.get(place, headers=second).status_code == 404
    assert served.get("/api/v1/jobs", headers=second).json() == {"jobs": []}


def test_whoever_lost_a_role_lost_what_they_found_with_it(app: FastAPI, served: TestClient, key: Any) -> None:
    """A token's name stays where its role changes: so the job's rights are held against today's."""
    place = queued(served, asker := key("ada", "researcher"))
    database = app.state.gate.keys._database
    database.execute("UPDATE keys SET role = 'reader' WHERE name = 'ada'")
    for path in ("", "/events", "/answer", "/files/a"):
        told = served.get(place + path, headers=asker)
        assert (told.status_code, told.json()["type"]) == (403, "urn:panakeia:forbidden"), path
    number = place.rpartition("/")[2]
    taken = served.post("/api/v1/models/list", json={"folder": f"{number}/out"}, headers=asker)
    assert taken.status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/show", "/api/v1/export"])
def test_a_strangers_body_is_not_taken(app: FastAPI, served: TestClient, path: str) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("the body was taken before it was known who asks")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"x-api-key", b"pnk_no")]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    anyio.run(app, {**scope, "scheme": "http", "server": ("127.0.0.1", 80), "http_version": "1.1"}, receive, send)
    assert sent[0]["status"] == 401


def test_a_strangers_form_is_short(served: TestClient, asking: Asking, keys: dict[str, str]) -> None:
    served.headers.pop("X-API-Key", None)
    page = {"Origin": "http://127.0.0.1"}
    assert served.post("/sign-in", data={"key": "x" * 70_000}, headers=page).status_code == 413
    told = served.post("/sign-in", data={"key": keys["reader"], "next": "/"}, headers=page, follow_redirects=False)
    assert told.status_code == 303 and told.headers["set-cookie"].startswith("panakeia=1.")
    served.cookies.clear()


def test_what_names_a_patient_is_kept_by_nobody_on_the_way(asking: Asking) -> None:
    told = asking("researcher").get("/api/v1/show", params={"node": PATIENT})
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    assert asking("researcher").get("/api/v1/show", params={"node": "MONDO:0005301"}).headers["cache-control"] != ""


def test_the_logs_say_who_asked_of_which_patients(app: FastAPI, asking: Asking, home: Path) -> None:
    assert asking("clinician").get("/api/v1/patient/show", params={"patient": PATIENT}).status_code == 200
    log = AuditLog(audit_folder(home)).file().read_text(encoding="utf-8")
    line = json.loads(log.splitlines()[-1])
    assert (line["who"], line["verb"], line["size"]) == ("the clinician", "patient_show", 1)
    assert line["cohort"].startswith("cohort:") and len(line["id"]) == 8
    assert PATIENT not in log
    told = read_journal(app.state.desk.settings.store).frame
    assert told.iloc[-1]["who"] == "the clinician"


def test_a_job_is_in_the_journal_under_the_name_of_who_asked(app: FastAPI, asking: Asking) -> None:
    client = asking("researcher")
    headers = {"Prefer": "respond-async"}
    place = client.post("/api/v1/patient/list", json={}, headers=headers).headers["location"]
    assert client.get(f"{place}/events").status_code == 200
    assert client.get(place).json()["state"] == "done"
    told = read_journal(app.state.desk.settings.store).frame
    assert told.iloc[-1]["who"] == "the researcher"


def test_the_desks_own_folder_is_nothing_that_it_keeps(tmp_path: Path) -> None:
    models = tmp_path / "out"
    for folder in ("model", "desk/jobs/0/out", "desk/audit", "risk"):
        (models / folder).mkdir(parents=True)
    (models / "model" / "model.safetensors").touch()
    desk = Desk(DeskSettings(str(tmp_path / "graph.lbdb"), models / "model", home=models / "desk"))
    assert desk.kept("risk") == models / "risk"
    for name in ("desk", "desk/jobs/0/out", "desk/audit"):
        with pytest.raises(ValueError, match="expected the name of a model"):
            desk.kept(name)


@pytest.mark.parametrize("there", ["kg/../../../../../../../../etc/passwd", "kg/../../../../../../../../etc/no"])
def test_no_answer_says_which_files_a_machine_has(asking: Asking, there: str) -> None:
    told = asking("designer").get("/api/v1/twin/models", params={"name": there})
    assert (told.status_code, told.json()["type"]) == (422, "urn:panakeia:request")


def test_a_log_has_no_word_of_what_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    try:
        try:
            raise KeyError("Jane Doe")
        except KeyError as failure:
            raise TypeError("of Jane Doe") from failure
    except TypeError as failure:
        with caplog.at_level(logging.ERROR):
            told = problem_of(failure)
    assert told.status == 500
    assert "KeyError" in caplog.text and "TypeError" in caplog.text and __file__ in caplog.text
    assert "Doe" not in caplog.text.replace('raise KeyError("Jane Doe")', "").replace('TypeError("of Jane Doe")', "")


def test_a_query_of_a_stranger_asks_no_other_server_and_ends(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from kg import sparql_apart

    client = asking("reader")
    query = "SELECT * { ?s ?p ?o .SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
    told = client.post("/api/v1/sparql", json={"query": query})
    assert (told.status_code, "another server" in told.json()["detail"]) == (422, True)
    assert client.post("/api/v1/sparql", json={"query": "a.rq"}).status_code == 422
    with sparql_apart._ONE:
        assert client.post("/api/v1/sparql", json={"query": "ASK {}"}).status_code == 503


def test_the_page_tells_no_folder_and_writes_down_whom_it_shows(
    app: FastAPI, asking: Asking, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = asking("clinician")
    assert client.get("/patient", params={"patient": PATIENT}).status_code == 200
    line = json.loads(AuditLog(audit_folder(home)).file().read_text(encoding="utf-8").splitlines()[-1])
    assert (line["who"], line["size"], line["cohort"][:7]) == ("the clinician", 1, "cohort:")

    def fails(*_: object, **__: object) -> None:
        raise ValueError(f"/srv/desk/secret/graph.lbdb has no {PATIENT}")

    monkeypatch.setattr(Desk, "answer", fails)
    told = client.get("/patient")
    assert "/srv/desk" not in told.text and PATIENT not in told.text
