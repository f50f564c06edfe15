"""Audit: a line of the page says who asked which verb, shown on the page or not, begun as a job or looked at."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.audit import AuditLog
from panakeia.api.access.home import audit_folder
from panakeia.api.access.roles import Role
from panakeia.page.answers import Answers
from tests.panakeia.page.conftest import token

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"


def signed_in(client: TestClient, key: str) -> TestClient:
    client.cookies.clear()
    client.post("/sign-in", data={"key": key, "next": "/"}, follow_redirects=False)
    return client


def last(client: TestClient) -> Mapping[str, Any]:
    assert isinstance(client.app, FastAPI)
    log = AuditLog(audit_folder(client.app.state.desk.settings.home))
    found: dict[str, Any] = json.loads(log.file().read_text(encoding="utf-8").splitlines()[-1])
    return found


def test_a_sign_in_says_who(whole: TestClient, page_keys: dict[Role, str]) -> None:
    line = last(signed_in(whole, page_keys["clinician"]))
    told = {name: line[name] for name in ("who", "role", "way", "route", "status")}
    assert told == {"who": "A clinician", "role": "clinician", "way": "cookie", "route": "/sign-in", "status": 303}


def test_what_is_begun_and_looked_at_as_a_job_is_written_down(whole: TestClient, page_keys: dict[Role, str]) -> None:
    client = signed_in(whole, page_keys["admin"])
    csrf = token(client.get("/ask/export").text)
    sent = {"csrf": csrf, "format": "kgx-tsv", "around": "warfarin"}
    begun = client.post("/ask/export?as_job=1", data=sent, follow_redirects=False)
    line = last(client)
    assert (line["verb"], line["who"], line["status"]) == ("export", "A admin", 303)
    client.get(begun.headers["location"])
    assert (last(client)["verb"], last(client)["route"]) == ("export", "/jobs/{number}")
    client.post(begun.headers["location"], data={"csrf": csrf}, follow_redirects=False)
    assert (last(client)["verb"], last(client)["method"]) == ("export", "POST")
    refused = client.post("/ask/risk_train?as_job=1", data={"csrf": csrf, "outcome": "x"})
    assert (refused.status_code, last(client)["verb"]) == (422, "risk_train")


def test_what_a_view_asks_without_showing_it_is_written_down(whole: TestClient, page_keys: dict[Role, str]) -> None:
    client = signed_in(whole, page_keys["clinician"])
    assert client.get("/patient/risk", params={"patient": PATIENT}).status_code == 200
    line = last(client)
    assert "patient_show" in line["verb"].split(", ") and line["size"] == 1 and line["cohort"]
    assert PATIENT not in json.dumps(line)


def test_what_fails_unforeseen_is_written_down(
    whole: TestClient, page_keys: dict[Role, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    client = signed_in(whole, page_keys["clinician"])
    monkeypatch.setattr(Answers, "ask", fails)
    assert client.get("/patient", params={"patient": PATIENT}).status_code == 500
    assert last(client)["verb"] and last(client)["size"] == 1
