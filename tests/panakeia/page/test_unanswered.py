"""What no view answers: a browser is told in the page's frame, a program as RFC 9457 has it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from panakeia.api.access.audit import AuditLog
from panakeia.api.access.authenticate import gate
from panakeia.api.access.home import audit_folder
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access, Limits
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page import router
from panakeia.page.asked import Asked
from tests.panakeia.page.conftest import Asking

SOMEBODY = "Jane Doe"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("address", "leads"),
    [("/trials", "/trial"), ("/ask/trial/design/size", "/ask/trial_design_size"), ("/nothing/here/at/all", "")],
)
def test_a_browser_is_shown_a_page_with_what_is_called_alike(whole: TestClient, address: str, leads: str) -> None:
    answer = whole.get(address, headers=BROWSER)
    assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
    assert 'role="alert"' in answer.text and f"There is nothing at {address}" in answer.text
    assert 'aria-label="Views"' in answer.text and 'name="q"' in answer.text
    alike = re.findall(r'<li><a href="(/[^"]*)">[^<]*</a> <code>', answer.text)
    assert (leads in alike) if leads else alike == []


def test_what_a_role_may_not_is_not_offered_and_is_refused_in_the_frame(whole: TestClient) -> None:
    answer = whole.get("/patients", headers=BROWSER)
    assert (answer.status_code, 'href="/patient"' in answer.text) == (404, False)
    refused = whole.get("/patient", headers=BROWSER)
    assert (refused.status_code, "This is not open to you" in refused.text) == (403, True)
    assert "researcher" in refused.text and 'href="/about"' in refused.text


def test_another_method_keeps_what_may_be_asked(whole: TestClient) -> None:
    answer = whole.put("/disease", headers=BROWSER)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET") and "<h1>" in answer.text


@pytest.mark.parametrize(("address", "headers"), [("/trials", {}), ("/api/v1/nothing", BROWSER)])
def test_a_program_is_told_as_before(whole: TestClient, address: str, headers: dict[str, str]) -> None:
    answer = whole.get(address, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json" and answer.json()["status"] == 404


def test_a_stranger_is_shown_no_menu_but_the_way_in(whole: TestClient) -> None:
    for _ in range(20):  # it is no guess at a key
        answer = TestClient(whole.app, base_url="http://localhost").get("/trials", headers=BROWSER)
    assert answer.status_code == 404 and 'href="/sign-in"' in answer.text and "/ask" not in answer.text


def test_what_nobody_foresaw_is_told_by_a_number_in_the_frame(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Asked) -> None:
        raise RuntimeError(SOMEBODY)

    client, shown = asking("reader"), router._shown
    monkeypatch.setattr(router, "_shown", lambda view, asked: shown(replace(view, show=fails), asked))
    answer = client.get("/about", headers=BROWSER)
    assert answer.status_code == 500 and "<h1>Something went wrong</h1>" in answer.text
    number = re.search(r"the number ([0-9a-f]{12})", answer.text)
    assert number and number[1] in caplog.text and SOMEBODY not in answer.text + caplog.text


def test_a_form_that_there_is_not_is_told_with_those_that_there_are(asking: Asking) -> None:
    answer = asking("reader").get("/disease?node=DOID:3393&as=xml")
    assert answer.status_code == 404 and "expected one of csv, parquet, json, svg&amp;figure=ranking" in answer.text


def test_guesses_and_requests_are_counted_and_who_asks_is_written_down(starter_store: Path, tmp_path: Path) -> None:
    keys = Keys.ephemeral()
    key = keys.add("ward 3", "reader", days=None).text
    limits = Limits(requests_per_minute=1, burst=3, failures_per_minute=5)
    desk = Desk(DeskSettings(str(starter_store), Path("no/model"), None, tmp_path / "desk"))
    client = TestClient(make_app(desk, gate(Access(limits=limits), keys)), base_url="http://localhost")
    shows: list[dict[str, str]] = [{"X-API-Key": "pnk_00000000_wrong"}, {"Authorization": "Bearer pnk_wrong"}]
    guesses = [client.get("/trials", headers=BROWSER | shows[at % 2]) for at in range(6)]
    assert [one.status_code for one in guesses] == [404] * 5 + [429]
    assert guesses[-1].headers["retry-after"] and "Too much at once" in guesses[-1].text
    assert client.get("/trials", headers=BROWSER).status_code == 404
    known = [client.get("/trials", headers=BROWSER | {"X-API-Key": key}) for _ in range(4)]
    assert [one.status_code for one in known] == [404] * 3 + [429]
    lines = AuditLog(audit_folder(tmp_path / "desk")).file().read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["who"] for line in lines] == [""] * 7 + ["ward 3"] * 4
    keys.close()
    desk.close()
