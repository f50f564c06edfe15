"""A verb that takes long is a job: begun, followed, cancelled, its answer and files kept, for its caller alone."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from panakeia.api import callers
from panakeia.api.access.roles import Caller, Role
from tests.panakeia.api.conftest import Asking


def ended(client: TestClient, place: str) -> dict[str, Any]:
    """Wait for a job's end by its events, and return how it stands."""
    assert client.get(f"{place}/events").status_code == 200
    return dict(client.get(place).json())


def export(client: TestClient, **more: Any) -> str:
    begun = client.post("/api/v1/export", json={"format": "kgx-tsv", "around": ["warfarin"], **more})
    assert begun.status_code == 202, begun.text
    assert begun.headers["location"] == f"/api/v1/jobs/{begun.json()['id']}"
    return begun.headers["location"]


def test_a_job_gives_its_answer_and_its_files(asking: Asking) -> None:
    client = asking("researcher")
    place = export(client)
    about = ended(client, place)
    assert (about["state"], about["problem"], about["fraction"]) == ("done", None, 1.0)
    answer = client.get(about["answer"])
    assert answer.status_code == 200
    assert client.get(about["answer"], headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert client.get(about["answer"], params={"format": "csv"}).headers["content-type"].startswith("text/csv")
    assert about["files"]
    for one in about["files"]:
        file = client.get(one["path"])
        assert len(file.content) == one["bytes"]
        assert file.headers["content-disposition"].startswith("attachment")
    assert place.rpartition("/")[2] in [job["id"] for job in client.get("/api/v1/jobs").json()["jobs"]]
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


def test_events_go_on_after_the_last_that_was_seen(asking: Asking) -> None:
    client = asking("researcher")
    place = export(client)
    about = ended(client, place)
    told = [event.split("\n") for event in client.get(f"{place}/events").text.split("\n\n") if event]
    assert told[-1][0] == "event: state"
    assert json.loads(told[-1][1].removeprefix("data: ")) == {"state": about["state"], "problem": None}
    numbers = [int(event[0].removeprefix("id: ")) for event in told[:-1]]
    assert numbers == list(range(1, len(numbers) + 1))
    again = client.get(f"{place}/events", headers={"Last-Event-ID": str(len(numbers))}).text
    assert again.count("event: progress") == 0


def test_a_job_belongs_to_its_caller(asking: Asking) -> None:
    place = export(asking("researcher"))
    other = asking("clinician")
    for path in ("", "/events", "/answer", "/files/nodes.tsv"):
        assert other.get(place + path).status_code == 404
    assert other.delete(place).status_code == 404
    assert place.rpartition("/")[2] not in other.get("/api/v1/jobs").text
    taken = other.post("/api/v1/models/compare", json={"one": f"{place.rpartition('/')[2]}/out", "other": "model"})
    assert taken.status_code == 404, taken.text
    ended(asking("researcher"), place)


def test_what_cannot_be_asked_is_told_before_a_job_is_made(asking: Asking) -> None:
    client = asking("reader")
    before = client.get("/api/v1/jobs").json()
    assert client.post("/api/v1/export", json={"format": 1}).status_code == 422
    assert client.post("/api/v1/trial/run", json={}).status_code == 403
    assert client.get("/api/v1/jobs").json() == before


def test_a_job_that_fails_says_why(asking: Asking) -> None:
    client = asking("designer")
    begun = client.post("/api/v1/show", json={"node": "no such drug"}, headers={"Prefer": "respond-async"})
    about = ended(client, begun.headers["location"])
    assert about["state"] == "failed"
    assert about["problem"]["status"] == 404
    assert "/tmp" not in json.dumps(about)
    refused = client.get(f"{begun.headers['location']}/answer")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:panakeia:conflict")


@pytest.mark.parametrize(
    ("design", "kind", "errors"),
    [
        ("this is no TOML", "not-answered", None),
        ("[trial]\nweeks = -4\n", "file-with-mistakes", {"trial.weeks": "got -4, expected >= 1"}),
    ],
)
def test_a_job_that_cannot_run_is_refused_and_not_queued(
    asking: Asking, design: str, kind: str, errors: dict[str, str] | None
) -> None:
    client = asking("designer")
    before = client.get("/api/v1/jobs").json()
    refused = client.post("/api/v1/trial/run", json={"design": design})
    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:panakeia:{kind}")
    assert "/tmp" not in refused.text
    told = {one["parameter"]: one["detail"] for one in refused.json().get("errors", ())}
    assert (errors or {}).items() <= told.items()
    assert client.get("/api/v1/jobs").json() == before


def test_a_short_verb_may_be_a_job(asking: Asking) -> None:
    client = asking("reader")
    begun = client.post("/api/v1/search", json={"text": "war"}, headers={"Prefer": "respond-async"})
    assert begun.status_code == 202
    about = ended(client, begun.headers["location"])
    assert client.get(about["answer"]).content == client.get("/api/v1/search", params={"text": "war"}).content


def test_a_job_is_cancelled(asking: Asking) -> None:
    client = asking("researcher")
    first, second = export(client), export(client)  # the second waits for the first
    assert client.delete(second).status_code == 204
    assert ended(client, second)["state"] == "cancelled"
    assert ended(client, first)["state"] == "done"


@pytest.mark.parametrize("number", ["0" * 32, "...", "%2e%2e%2fkeys.db", "a" * 5000, "\x00"])
def test_a_number_that_is_none_is_told(asking: Asking, number: str) -> None:
    assert asking("reader").get(f"/api/v1/jobs/{number.replace(chr(0), '%00')}").status_code == 404


def test_turns_are_the_caller_s_own_also_to_begin_a_job(asking: Asking, turns_taken: list[str]) -> None:
    placed = []
    for role in ("researcher", "clinician"):
        client = asking(role)
        placed.append((role, export(client)))
        assert client.post("/api/v1/batch", json={"requests": [{"verb": "info"}]}).status_code == 200
        assert client.get("/api/v1").status_code == 200
    assert {one[:4] for one in turns_taken} == {"key:"} and len(set(turns_taken)) == 2
    for role, place in placed:
        ended(asking(role), place)


def test_who_lost_a_role_finds_no_job_of_it_in_the_list(served: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def becomes(role: Role) -> None:
        monkeypatch.setattr(callers, "authenticate", lambda *_: Caller("ada", role, "token"))

    becomes("researcher")
    place = export(served)
    becomes("reader")
    assert (served.get(place).status_code, served.get("/api/v1/jobs").json()) == (403, {"jobs": []})
    becomes("clinician")
    assert [place.endswith(job["id"]) for job in served.get("/api/v1/jobs").json()["jobs"]] == [True]
    ended(served, place)
