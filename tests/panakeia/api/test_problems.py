"""Every mistake is a problem with the cure, and none tells a path, a patient or where in the program it was."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.desk.problems import problem_of, told_to_others
from tests.panakeia.api.conftest import Asking

JSON = {"Content-Type": "application/json"}
SOMEBODY = "PANAKEIA:P-0123456789abcdef0123"


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "said"),
    [
        ("GET", "/api/v1/search?text=a&format=xml", {}, 400, "format"),
        ("GET", "/api/v1/search?text=a&limit=0", {}, 400, "limit"),
        ("GET", "/api/v1/search?text=a&limit=１", {}, 400, "limit"),
        ("GET", "/api/v1/search?text=a&cursor=zzz", {}, 400, "cursor"),
        ("GET", "/api/v1/search?text=a&text=b", {}, 400, "once"),
        ("GET", "/api/v1/search?text=a&top=x", {}, 422, "top"),
        ("GET", "/api/v1/search?text=a&top=-1", {}, 422, "top"),
        ("GET", "/api/v1/search?text=a&other=1", {}, 422, "other"),
        ("GET", "/api/v1/search?text=", {}, 422, "empty"),
        ("GET", "/api/v1/search?text=a", {"headers": {"Accept": "image/png"}}, 406, "Accept"),
        ("GET", "/api/v1/rank?nodes=a&file=x", {}, 400, "POST"),
        ("GET", "/api/v1/show?node=nothing-of-this-name", {}, 404, "with `/api/v1/search`"),
        ("GET", "/api/v1/nothing", {}, 404, "/api/v1"),
        ("GET", "/api/v1/models/compare?one=../../etc&other=/etc", {}, 422, "one"),
        ("DELETE", "/api/v1/search", {}, 405, "Allow"),
        ("POST", "/api/v1/search", {"content": b"{}"}, 415, "application/json"),
        ("POST", "/api/v1/search", {"json": []}, 400, "object"),
        ("POST", "/api/v1/search", {"json": {"text": 1}}, 422, "text"),
        ("POST", "/api/v1/search", {"json": {"text": "a", "top": False}}, 422, "top"),
        ("POST", "/api/v1/search", {"json": {"text": "a", "top": "3"}}, 422, "top"),
        ("POST", "/api/v1/search", {"content": b'{"text": "a", "top": 1e400}', "headers": JSON}, 422, "top"),
        ("POST", "/api/v1/search?text=a", {"json": {}}, 400, "body"),
    ],
)
def test_a_mistake_is_told_with_its_cure(
    asking: Asking, method: str, path: str, sent: dict[str, Any], status: int, said: str
) -> None:
    told = asking("researcher").request(method, path, **sent)
    assert told.status_code == status, told.text
    assert told.headers["content-type"] == "application/problem+json"
    problem = told.json()
    assert problem["status"] == status
    assert said in problem["detail"]
    assert "/tmp" not in told.text
    assert "Traceback" not in told.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"text": NaN}',
        b'"text"',
        b"[" * 100_000,
        b'{"text": ' + b'{"a":' * 5000,
        b'{"text": "\\ud800"}',
        b'{"text": "a\\u0000b"}',
        b'{"text": "a", "top": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_hostile_body_is_a_problem(asking: Asking, body: bytes) -> None:
    told = asking("reader").post("/api/v1/search", content=body, headers={"Content-Type": "application/json"})
    assert told.status_code in (200, 400, 422), told.text
    if told.status_code != 200:
        assert told.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_long_is_not_read(asking: Asking) -> None:
    told = asking("reader").post("/api/v1/search", content=b" " * (17 << 20))
    assert (told.status_code, told.json()["type"]) == (413, "urn:panakeia:too-large")


def test_a_choice_is_offered_for_a_name_of_several(asking: Asking) -> None:
    told = asking("reader").get("/api/v1/paths", params={"a": "warfarin", "b": "haemorrhage"})
    assert told.status_code in (200, 404, 422)


def test_a_patient_is_not_asked_for_by_those_who_may_not(asking: Asking) -> None:
    told = asking("reader").get("/api/v1/show", params={"node": SOMEBODY})
    assert told.status_code == 403
    assert SOMEBODY not in told.text


def test_what_nobody_foresaw_is_told_by_a_number_alone(
    app: FastAPI, asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(f"{SOMEBODY} in /srv/secret/place")

    monkeypatch.setattr(type(app.state.desk), "ask", fails)
    with caplog.at_level(logging.ERROR):
        told = asking("reader").get("/api/v1/search", params={"text": "a"})
    assert told.status_code == 500
    number = told.json()["number"]
    assert number in told.json()["detail"]
    assert "secret" not in told.text
    assert number in caplog.text
    assert SOMEBODY not in caplog.text


def test_folders_and_patients_are_left_out_of_messages() -> None:
    assert told_to_others("/srv/a b/c.csv: not found") != ""
    assert told_to_others("got 5 mg/L/h of /home/me/x/table.csv, see https://example.org/a/b") == (
        "got 5 mg/L/h of table.csv, see https://example.org/a/b"
    )
    assert "0123456789" not in told_to_others(f"patient {SOMEBODY}: no such patient")


def test_the_systems_own_errors_are_not_quoted() -> None:
    problem = problem_of(FileNotFoundError(2, "No such file or directory", "/srv/desk/secret"))
    assert problem.status == 500
    assert "secret" not in problem.detail


def test_a_stranger_is_slowed_down(served: TestClient) -> None:
    told = served.get("/api/v1/info", headers={"X-API-Key": "pnk_no"})
    assert told.status_code == 401
