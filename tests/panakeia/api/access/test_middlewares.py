"""Middlewares: names, origins, headers, bodies and the audit log, around an application as a server calls it."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from panakeia.api.access.audit import Audit, AuditLog, note_caller, note_question
from panakeia.api.access.body import BodyLimit
from panakeia.api.access.headers import SecurityHeaders
from panakeia.api.access.hosts import HostCheck
from panakeia.api.access.roles import Caller
from panakeia.api.access.settings import Access

PATIENT = "PANAKEIA:P-0123abcd"
OWN = Access(hosts=("desk.example.org",), origins=("https://portal.example.org",), transport="proxy")


async def patient(request: Request) -> Response:
    note_caller(request.scope, Caller("ward 3", "clinician", "key"))
    note_question(request.scope, "show", [request.path_params["id"]])
    return PlainTextResponse("told", headers={"Content-Security-Policy": "default-src *"})


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def fails(request: Request) -> Response:
    raise RuntimeError("within")


INNER = Starlette(
    routes=[
        Route("/patients/{id}", patient),
        Route("/echo", echo, methods=["GET", "POST"]),
        Route("/fails", fails),
    ]
)


def ask(app: ASGIApp, method: str, url: str, **more: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, url, **more)

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("access", "host", "status"),
    [
        (Access(), "127.0.0.1:8000", 200),
        (Access(), "localhost", 200),
        (Access(), "[::1]:8000", 200),
        (Access(), "evil.example", 421),
        (Access(), "localhost.evil.example", 421),
        (Access(), "localhost@evil.example", 421),
        (Access(), "evil.example#localhost", 421),
        (Access(), "localhost:x", 421),
        (Access(), "", 421),
        (Access(), "desk.example.org", 421),
        (OWN, "desk.example.org", 200),
        (OWN, "DESK.example.org.:443", 200),
    ],
)
def test_only_its_own_names_are_answered(access: Access, host: str, status: int) -> None:
    assert ask(HostCheck(INNER, access), "GET", "/echo", headers={"Host": host}).status_code == status


def test_two_hosts_are_none() -> None:
    both = [("Host", "localhost"), ("Host", "evil.example")]
    assert ask(HostCheck(INNER, Access()), "GET", "/echo", headers=both).status_code == 421


@pytest.mark.parametrize(
    ("access", "host", "headers", "status"),
    [
        (Access(), "127.0.0.1:8000", {}, 200),
        (Access(), "127.0.0.1:8000", {"Origin": "http://127.0.0.1:8000"}, 200),
        (Access(), "127.0.0.1:8000", {"Origin": "http://127.0.0.1:9000"}, 403),
        (Access(), "127.0.0.1:8000", {"Origin": "http://localhost:8000"}, 403),
        (Access(), "127.0.0.1:8000", {"Origin": "null"}, 403),
        (Access(), "127.0.0.1:8000", {"Origin": "https://evil.example"}, 403),
        (Access(), "127.0.0.1:8000", {"Sec-Fetch-Site": "cross-site"}, 403),
        (Access(), "127.0.0.1:8000", {"Sec-Fetch-Site": "same-site"}, 403),
        (Access(), "127.0.0.1:8000", {"Sec-Fetch-Site": "same-origin"}, 200),
        (OWN, "desk.example.org", {"Origin": "https://desk.example.org"}, 200),
        (OWN, "desk.example.org", {"Origin": "http://desk.example.org"}, 403),
        (OWN, "desk.example.org", {"Origin": "https://portal.example.org"}, 200),
        (OWN, "desk.example.org", {"Origin": "https://portal.example.org.evil.example"}, 403),
    ],
)
def test_changes_come_from_its_own_page(access: Access, host: str, headers: dict[str, str], status: int) -> None:
    app = HostCheck(INNER, access)
    answer = ask(app, "POST", "/echo", headers={"Host": host, **headers})
    assert answer.status_code == status
    if status == 403:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:panakeia:wrong-origin"
    assert ask(app, "GET", "/echo", headers={"Host": host, **headers}).status_code == 200


def test_every_answer_has_the_security_headers_and_no_weaker_ones() -> None:
    for path, status in (("/patients/x", 200), ("/none", 404)):
        answer = ask(SecurityHeaders(INNER, encrypted=True), "GET", path)
        assert answer.status_code == status
        policy = answer.headers.get_list("content-security-policy")
        assert len(policy) == 1
        assert "unsafe" not in policy[0] and "*" not in policy[0] and "frame-ancestors 'none'" in policy[0]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["cache-control"] == "private, no-cache"
    assert "strict-transport-security" not in ask(SecurityHeaders(INNER), "GET", "/echo").headers


def test_a_body_is_taken_up_to_its_length() -> None:
    async def parts(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"x" * 10

    app = BodyLimit(INNER, 100)
    assert ask(app, "POST", "/echo", content=b"x" * 100).text == "100"
    assert ask(app, "POST", "/echo", content=parts(10)).text == "100"
    for body in (b"x" * 101, parts(11)):
        answer = ask(app, "POST", "/echo", content=body)
        assert (answer.status_code, answer.headers["connection"]) == (413, "close")
        assert "more than 100 bytes" in answer.json()["detail"]
    assert ask(app, "POST", "/echo", headers={"Content-Length": "9" * 5000}).status_code == 413


def lines(log: AuditLog) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.file().read_text(encoding="utf-8").splitlines()]


def test_a_line_says_who_and_what_and_no_identifier(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    app = Audit(INNER, log)
    ask(app, "GET", f"/patients/{PATIENT}?name=Jane+Doe", headers={"X-API-Key": "pnk_secret", "Cookie": "a=Doe"})
    ask(app, "GET", "/Jane/Doe")
    ask(app, "JANE", "/echo")
    ask(app, "GET", "/fails")
    shown, unknown, odd, failed = lines(log)
    assert {name: shown[name] for name in ("who", "role", "way", "verb", "size", "status")} == {
        "who": "ward 3",
        "role": "clinician",
        "way": "key",
        "verb": "show",
        "size": 1,
        "status": 200,
    }
    assert shown["cohort"].startswith("cohort:")
    assert shown["took_ms"] >= 0
    assert (unknown["who"], unknown["status"], odd["method"], failed["status"]) == ("", 404, "other", 500)
    text = log.file().read_text(encoding="utf-8")
    assert not [word for word in ("0123abcd", "Jane", "JANE", "Doe", "pnk_") if word in text]
    assert stat.S_IMODE(log.file().stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700


def test_each_day_has_a_file(tmp_path: Path) -> None:
    days = [AuditLog(tmp_path, lambda at=at: at) for at in (0.0, 86399.0, 86400.0)]  # type: ignore[misc]
    for log in days:
        log.add({})
    assert [(path.name, path.stat().st_size) for path in sorted(tmp_path.iterdir())] == [
        ("audit-1970-01-01.jsonl", 6),
        ("audit-1970-01-02.jsonl", 3),
    ]


def test_without_a_log_nothing_is_answered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "audit").write_text("in the way", encoding="utf-8")
    answer = ask(Audit(INNER, AuditLog(tmp_path / "audit")), "GET", f"/patients/{PATIENT}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "cannot be written" in caplog.text
    assert PATIENT not in caplog.text


def wrapped(app: ASGIApp, folder: Path) -> ASGIApp:
    return Audit(SecurityHeaders(HostCheck(BodyLimit(app, 100), Access())), AuditLog(folder))


def scope_of(path: str) -> Scope:
    headers = [(b"host", b"localhost")]
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers, "state": {}}


def test_a_stream_passes_event_by_event_and_is_written_down_when_it_begins_and_is_given_up(tmp_path: Path) -> None:
    going = asyncio.Event()

    async def events() -> AsyncIterator[str]:
        yield "data: 1\n\n"
        await going.wait()  # which nobody lets it: whatever waits for the whole stream waits for ever
        yield "data: 2\n\n"

    async def stream(request: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    async def one_event() -> list[Message]:
        sent: list[Message] = []
        first = asyncio.Event()

        async def receive() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Message) -> None:
            sent.append(message)
            if message.get("body"):
                first.set()

        app = wrapped(Starlette(routes=[Route("/events", stream)]), tmp_path)
        running = asyncio.create_task(app(scope_of("/events"), receive, send))  # type: ignore[arg-type]
        await asyncio.wait_for(first.wait(), 10)
        assert [line["took_ms"] for line in lines(AuditLog(tmp_path))] == [None]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return sent

    assert [message["body"] for message in asyncio.run(one_event())[1:]] == [b"data: 1\n\n"]
    begun, ended = lines(AuditLog(tmp_path))
    assert (begun["status"], ended["status"], begun["took_ms"]) == (200, 200, None)
    assert ended["took_ms"] > 0


def test_a_refusal_by_another_middleware_is_written_down_and_has_the_headers(tmp_path: Path) -> None:
    app: Callable[..., Any] = wrapped(INNER, tmp_path)
    answer = ask(app, "GET", "/echo", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["x-frame-options"]) == (421, "DENY")
    assert [line["status"] for line in lines(AuditLog(tmp_path))] == [421]
