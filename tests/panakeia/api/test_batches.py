"""Many questions in one request: what each alone would answer, and one that fails takes none of the others along."""

from typing import Any

import pytest

from panakeia.api.access.limit import Limiter
from panakeia.api.batches import MOST
from tests.panakeia.api.conftest import Asking
from tests.panakeia.desk.test_desk import PATIENT


def batch(*requests: Any) -> dict[str, Any]:
    return {"requests": [{"verb": verb, "request": asked} for verb, asked in requests]}


def test_each_question_has_the_answer_that_it_has_alone(asking: Asking) -> None:
    client = asking("reader")
    alone = client.get("/api/v1/show", params={"node": "warfarin"})
    told = client.post(
        "/api/v1/batch", json={"requests": [*batch(("show", {"node": "warfarin"}))["requests"], {"verb": "info"}]}
    )
    assert (told.status_code, told.headers["cache-control"]) == (200, "no-store")
    first, second = told.json()["answers"]
    assert (first["status"], first["answer"]) == (200, alone.json())
    assert f'"{first["etag"]}"' == alone.headers["etag"]
    assert second["answer"] == client.get("/api/v1/info").json()
    assert told.json()["version"] == alone.headers["data-version"]


def test_one_that_fails_has_its_own_problem(asking: Asking) -> None:
    asked = batch(
        ("show", {"node": "no such drug"}),
        ("show", {"nodes": []}),
        ("show", {"node": PATIENT}),
        ("trial_design_size", {}),
        ("sparql", {"query": "x"}),
        ("search", {"text": "war"}),
    )
    told = asking("reader").post("/api/v1/batch", json=asked)
    assert told.status_code == 200
    answers = told.json()["answers"]
    assert [one["status"] for one in answers] == [404, 422, 403, 403, 422, 200]
    assert all(one["problem"]["detail"] for one in answers[:-1])
    assert answers[2]["problem"]["roles"] == ["researcher", "clinician", "admin"]
    assert PATIENT not in told.text


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": [{"verb": "info"}] * (MOST + 1)}, "requests"),
        ({"requests": [{"verb": "info", "request": []}]}, "requests.0.request"),
        ({"requests": [{"verb": "info"}, {"verb": "export"}]}, "requests.1.verb"),
        ({"requests": [{"verb": "patient_forget"}]}, "requests.0.verb"),
        ({"requests": [{"verb": "info"}], "more": 1}, "more"),
    ],
)
def test_what_is_no_batch_is_refused_whole(asking: Asking, body: Any, named: str) -> None:
    told = asking("admin").post("/api/v1/batch", json=body)
    assert told.status_code == 422
    assert [one["parameter"] for one in told.json()["errors"]] == [named]


def test_every_question_counts(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    client = asking("reader")
    gate = client.app.state.gate  # type: ignore[attr-defined]
    monkeypatch.setattr(gate.callers, "_burst", 10)
    monkeypatch.setattr(gate.callers, "_buckets", type(gate.callers._buckets)())
    monkeypatch.setattr(gate.callers, "_rate", 1e-6)
    assert isinstance(gate.callers, Limiter)
    four = batch(*[("info", {})] * 4)
    assert [client.post("/api/v1/batch", json=four).status_code for _ in range(3)] == [200, 200, 429]


def test_after_so_many_bytes_the_rest_is_asked_anew(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panakeia.api.batches.LARGEST", 10)
    told = asking("reader").post("/api/v1/batch", json=batch(("info", {}), ("info", {}))).json()["answers"]
    assert [one["status"] for one in told] == [200, 413]
    assert "another batch" in told[1]["problem"]["detail"]
