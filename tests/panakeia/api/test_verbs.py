"""Every verb has its routes; an answer is what the verb gives, in each form, whole or page by page."""

import io
import json

import pandas as pd
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.commands.every import EVERY
from tests.panakeia.api.conftest import Asking

OFFERED = {name: verb for name, verb in EVERY.items() if not verb.here}


def test_every_verb_that_is_offered_is_listed_and_described(asking: Asking) -> None:
    client = asking("reader")
    listed = {one["name"]: one for one in client.get("/api/v1").json()["verbs"]}
    assert listed.keys() == OFFERED.keys()
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    for one in listed.values():
        told = {method.upper() for method in paths[one["path"]]}
        assert told == set(one["methods"]), one["name"]


@pytest.mark.parametrize("name", OFFERED)
def test_openapi_has_a_verbs_help_and_parameters(name: str, app: FastAPI) -> None:
    verb = OFFERED[name]
    told = app.openapi()["paths"]["/api/v1/" + verb.command.replace(" ", "/")]["post"]
    assert told["summary"] == verb.words
    assert verb.example in told["description"]
    asked = told["requestBody"]["content"]["application/json"]["schema"]
    assert set(asked["properties"]) == {one.name for one in verb.given.values() if one.role not in ("out", "here")}
    assert asked["additionalProperties"] is False


def test_the_same_question_by_url_and_by_body(asking: Asking) -> None:
    client = asking("reader")
    by_url = client.get("/api/v1/rank", params={"nodes": ["coronary artery disease"], "top": 3})
    by_body = client.post("/api/v1/rank", json={"nodes": ["coronary artery disease"], "top": 3})
    assert by_url.status_code == 200, by_url.text
    assert by_url.content == by_body.content
    assert by_url.headers["etag"] == by_body.headers["etag"]
    assert by_url.headers["data-version"]


def test_every_form_has_the_same_rows(asking: Asking) -> None:
    client = asking("reader")
    asked = {"text": "war"}
    rows = client.get("/api/v1/search", params=asked | {"format": "jsonl"})
    wanted = pd.DataFrame([json.loads(line) for line in rows.text.splitlines()])
    csv = client.get("/api/v1/search", params=asked, headers={"Accept": "text/csv"})
    assert csv.headers["content-type"] == "text/csv; charset=utf-8"
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(csv.text)), wanted)
    tsv = client.get("/api/v1/search", params=asked | {"format": "tsv"})
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(tsv.text), sep="\t"), wanted)
    parquet = client.get("/api/v1/search", params=asked | {"format": "parquet"}, headers={"Accept": "text/csv"})
    read = pd.read_parquet(io.BytesIO(parquet.content))
    assert read.to_dict("records") == wanted.to_dict("records")


def test_an_answer_that_the_client_has_is_not_sent_again(asking: Asking) -> None:
    client = asking("reader")
    first = client.get("/api/v1/search", params={"text": "war"})
    etag = first.headers["etag"]
    again = client.get("/api/v1/search", params={"text": "war"}, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    other = client.get("/api/v1/search", params={"text": "asp"}, headers={"If-None-Match": etag})
    assert other.status_code == 200
    csv = client.get("/api/v1/search", params={"text": "war", "format": "csv"}, headers={"If-None-Match": etag})
    assert csv.status_code == 200


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "tsv", "parquet"])
def test_pages_are_the_whole(asking: Asking, form: str) -> None:
    client = asking("researcher")  # the starter graph's patient takes warfarin
    asked = {"node": "warfarin", "top": 25}
    whole = client.get("/api/v1/neighbours", params=asked | {"format": "jsonl"})
    wanted = [json.loads(line) for line in whole.text.splitlines()]
    assert len(wanted) > 7
    found: list[dict[str, object]] = []
    path: str | None = f"/api/v1/neighbours?node=warfarin&top=25&limit=3&format={form}"
    while path:
        page = client.get(path)
        assert page.status_code == 200, page.text
        found += rows_in(page.content, form)
        path = page.links["next"]["url"] if "next" in page.links else None
    assert [row["id"] for row in found] == [row["id"] for row in wanted]


def rows_in(body: bytes, form: str) -> list[dict[str, object]]:
    if form == "json":
        return list(json.loads(body)["rows"])
    if form == "jsonl":
        return [json.loads(line) for line in body.splitlines()]
    if form == "parquet":
        return list(pd.read_parquet(io.BytesIO(body)).to_dict("records"))
    return list(pd.read_csv(io.BytesIO(body), sep="," if form == "csv" else "\t").to_dict("records"))


def test_a_cursor_of_another_question_is_told(asking: Asking) -> None:
    client = asking("researcher")
    first = client.get("/api/v1/neighbours", params={"node": "warfarin", "limit": 1}).json()
    other = client.get("/api/v1/neighbours", params={"node": "simvastatin", "limit": 1, "cursor": first["next"]})
    assert (other.status_code, other.json()["type"]) == (409, "urn:panakeia:conflict")


def test_what_a_role_may_not_is_told_with_the_roles_that_may(asking: Asking) -> None:
    refused = asking("reader").get("/api/v1/patient/list")
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["roles"] == ["researcher", "clinician", "admin"]
    assert "researcher" in refused.json()["detail"]
    assert asking("researcher").get("/api/v1/patient/list").status_code == 200


def test_patients_answers_are_kept_nowhere(asking: Asking) -> None:
    assert asking("clinician").get("/api/v1/patient/list").headers["cache-control"] == "no-store"


def test_whoever_shows_no_key_is_told_how(served: TestClient) -> None:
    refused = served.get("/api/v1/info")
    assert refused.status_code == 401
    assert "X-API-Key" in refused.json()["detail"]
    assert refused.headers["www-authenticate"].startswith("Bearer")


def test_health_is_told_to_everybody_and_counts_to_callers(asking: Asking, served: TestClient) -> None:
    assert served.get("/healthz").json() == {"status": "ok"}
    assert served.get("/readyz").json()["status"] == "ready"
    assert served.get("/metrics").status_code == 401
    asking("reader").get("/api/v1/search", params={"text": "war"})
    counts = served.get("/metrics")
    assert counts.headers["content-type"].startswith("text/plain")
    assert 'panakeia_requests_total{method="GET",route="/api/v1/search",status="200"}' in counts.text


def test_a_name_that_comes_twice_is_told_however_many_there_are(asking: Asking) -> None:
    """A body of 3 MB whose names were each counted among all would take an hour."""
    names = ",".join(f'"{number}":0' for number in range(300_000))
    told = asking("reader").post(
        "/api/v1/show", content=f'{{{names},"zz":0,"zz":0}}', headers={"Content-Type": "application/json"}
    )
    assert (told.status_code, "'zz' twice" in told.json()["detail"]) == (400, True)
