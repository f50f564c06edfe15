"""Ask: a verb that takes long is a job of who asks: begun by its form, followed, ended, its answer and files there."""

import io
import re
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.roles import RIGHTS, Caller, Role
from panakeia.desk.desk import Desk
from panakeia.desk.jobs.job import Asked as JobAsked
from panakeia.desk.jobs.job import now
from panakeia.page import router
from panakeia.page import told as answered
from tests.panakeia.page.conftest import ended, token

EXAMPLES = Path(__file__).parents[3] / "panakeia" / "examples"
PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"
TRAINED = {"outcome": "readmitted", "all_but": "stay_days", "learners": "logistic", "outer": "2", "inner": "2"}


@pytest.fixture
def researcher(whole: TestClient, page_keys: dict[Role, str]) -> TestClient:
    whole.cookies.clear()
    whole.post("/sign-in", data={"key": page_keys["researcher"], "next": "/"})
    return whole


def test_a_long_verb_is_a_job_with_its_answer_its_files_and_the_risk_it_trained(researcher: TestClient) -> None:
    form = researcher.get("/ask/risk_train").text
    assert "so it is a job" in form and 'formaction="/ask/risk_train?as_job=1"' in form and ">Ask</button>" not in form
    table = (EXAMPLES / "readmissions.csv").read_bytes()
    sent = {"csrf": token(form), "go": "1", "resamples": "20", **TRAINED}
    job = researcher.post("/ask/risk_train?as_job=1", data=sent, files={"table__file": ("readmissions.csv", table)})
    address = job.url.path
    assert address.startswith("/jobs/") and "<progress" in job.text and "Cancel" in job.text
    assert (
        0 < job.text.index('http-equiv="refresh"') < job.text.index("</head>")
    )  # in the body, script would load it too
    assert f'href="{address}">risk train</a>' in researcher.get("/jobs").text
    text = unescape(ended(researcher, address))
    assert "Done" in text and '<th scope="col">learner</th>' in text and '"measure": ' not in text
    assert re.search(r'<p class="told">readmitted: logistic is kept', text) and "<td" in text
    assert re.search(r'card\.md</a> <span class="quiet">text \(MD\), [0-9.]+ (bytes|kB)</span>', text)
    assert f'<img class="made" src="/api/v1{address}/files/calibration.svg"' in text
    assert f'href="/api/v1{address}/files/card.md"' in text and "panakeia risk train readmissions.csv" in text
    risks = unescape(researcher.get("/patient/risk", params={"patient": PATIENT}).text)
    assert f"by {address.removeprefix('/jobs/')}/out" in risks and "was trained on a table" in risks


def test_what_cannot_be_asked_is_said_and_no_job_is_begun(researcher: TestClient) -> None:
    sent = {"csrf": token(researcher.get("/ask/risk_train").text), "outer": "two", "outcome": "x"}
    answer = researcher.post("/ask/risk_train?as_job=1", data=sent)
    told = unescape(answer.text)
    assert answer.status_code == 422 and "outer: got" in told and "'two'" in told and "table: missing" in told
    assert "None yet" in researcher.get("/jobs").text
    assert researcher.post("/ask/risk_train?as_job=1", data=sent | {"csrf": "made-up"}).status_code == 403


def test_a_question_of_a_moment_may_be_a_job_too(researcher: TestClient) -> None:
    form = researcher.get("/ask/rank").text
    sent = {"csrf": token(form), "nodes": "coronary artery disease", "top": "3"}
    address = researcher.post("/ask/rank?as_job=1", data=sent).url.path
    text = ended(researcher, address)
    assert "Done" in text and "panakeia rank" in text
    asked = {"go": "1", "nodes": "coronary artery disease", "top": "3"}
    seen = researcher.get("/ask/rank", params=asked).text
    assert _answer(text).replace("What came out", "Answer") == _answer(seen)
    version = re.search("Data <code>([^<]+)</code>", seen)
    assert version and version[1] in _answer(text)
    told = {form: researcher.get(address, params={"as": form}) for form in ("csv", "json", "parquet")}
    assert told["csv"].text == researcher.get("/ask/rank", params=asked | {"as": "csv"}).text
    assert {one.headers["X-Data-Version"] for one in told.values()} == {version[1]}
    whole = pd.read_parquet(io.BytesIO(told["parquet"].content))
    assert list(whole["drug"]) == [row["drug"] for row in told["json"].json()["answer"]["result"]]


def test_of_a_big_answer_the_first_rows_are_shown_and_the_exports_have_all(
    researcher: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answered, "ON_A_PAGE", 2)
    sent = {"csrf": token(researcher.get("/ask/rank").text), "nodes": "coronary artery disease", "top": "3"}
    address = researcher.post("/ask/rank?as_job=1", data=sent).url.path
    assert "The first 2 of 3 rows; the exports have all." in ended(researcher, address)
    assert len(researcher.get(address, params={"as": "csv"}).text.splitlines()) == 4


def test_all_drugs_for_all_diseases_are_a_job_from_the_page_of_a_disease(researcher: TestClient) -> None:
    page = researcher.get("/disease", params={"node": "DOID:3393"}).text
    assert 'action="/ask/matrix?as_job=1"' in page
    address = researcher.post("/ask/matrix?as_job=1", data={"csrf": token(page)}).url.path
    text = unescape(ended(researcher, address))
    file = re.search(r'href="([^"]*\.parquet)"', text)
    assert "Done" in text and file
    whole = pd.read_parquet(io.BytesIO(researcher.get(file[1]).content))
    first = researcher.get("/disease", params={"node": "DOID:3393", "as": "json"}).json()["answer"][0]
    best = whole[whole["disease"] == "DOID:3393"].sort_values("score").iloc[-1]
    assert best["drug"] == first["drug"] and best["score"] == pytest.approx(first["score"], rel=1e-5)


def _answer(text: str) -> str:
    """Return what a page has of an answer: its words and its table, without the version of the data."""
    part = text[text.index('<section class="answer"') :]
    return re.sub(r'<p class="quiet">From data <code>.*?</code></p>\n?', "", part[: part.index("</section>")])


def test_who_may_not_ask_begins_no_job(whole: TestClient) -> None:
    sent = {"csrf": token(whole.get("/trial/twins").text), **TRAINED}
    assert whole.post("/ask/risk_train?as_job=1", data=sent).status_code == 403


def test_turns_are_the_caller_s_own_also_to_begin_a_job(researcher: TestClient, turns_taken: list[str]) -> None:
    sent = {"csrf": token(researcher.get("/ask/export").text), "format": "kgx-tsv", "around": "warfarin"}
    address = researcher.post("/ask/export?as_job=1", data=sent, follow_redirects=False).headers["location"]
    assert address.startswith("/jobs/")
    [owner] = set(turns_taken)
    assert owner.startswith("key:")


def test_who_lost_a_role_finds_no_job_of_it_in_the_list(whole: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def becomes(role: Role) -> None:
        monkeypatch.setattr(router, "authenticate", lambda *_: Caller("ada", role, "token"))

    becomes("designer")
    sent = {"format": "kgx-tsv", "around": "warfarin"}
    address = whole.post("/ask/export?as_job=1", data=sent, follow_redirects=False).headers["location"]
    assert f'href="{address}"' in whole.get("/jobs").text
    becomes("reader")
    assert (whole.get(address).status_code, "None yet" in whole.get("/jobs").text) == (403, True)
    becomes("designer")
    ended(whole, address)


def test_another_s_job_is_refused_before_what_it_wrote_is_looked_at(
    whole: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks(*_: object, **__: object) -> None:
        raise ValueError("it was looked at")

    assert isinstance(whole.app, FastAPI)
    theirs = whole.app.state.jobs.add(JobAsked("key:another", "search", {"text": "war"}, RIGHTS["reader"], now()))
    monkeypatch.setattr(Desk, "require", looks)
    sent = {"csrf": token(whole.get("/trial/twins").text), "folder": f"{theirs.id}/out", "study": "S"}
    answer = whole.post("/ask/trial_export?as_job=1", data=sent)
    assert answer.status_code == 404 and "none of your jobs" in answer.text and "looked at" not in answer.text
