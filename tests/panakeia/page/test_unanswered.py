"""What no view answers: a browser is told in the page's frame, a program as RFC 9457 has it."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

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
