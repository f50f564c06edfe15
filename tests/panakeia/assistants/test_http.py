"""The assistants' server over HTTP on loopback: who asks is known by a key, and answered as their role may be."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import httpx
import pandas as pd
import pytest
import uvicorn
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from panakeia.answer import Table
from panakeia.api.access.audit import Audit, AuditLog
from panakeia.api.access.authenticate import gate
from panakeia.api.access.home import audit_folder
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access, Limits
from panakeia.api.app import make_app
from panakeia.assistants.http import make_mcp
from panakeia.assistants.pages import BUDGET
from panakeia.desk.desk import At, Desk
from panakeia.desk.jobs.queue import Jobs
from tests.panakeia.assistants.designs import DESIGN
from tests.panakeia.assistants.listed import every_tool


class Served:
    """A desk's server at a URL, with a key for each role and its audit log."""

    def __init__(self, url: str, keys: dict[str, str], log: AuditLog) -> None:
        self.url, self.keys, self.log = url, keys, log

    @asynccontextmanager
    async def client(self, role: str, mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"Authorization": f"Bearer {self.keys[role]}"}
        async with (
            httpx.AsyncClient(headers=headers, timeout=120) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=mode) as client,
        ):
            yield client

    def post(self, message: Any, **headers: str) -> httpx.Response:
        taken = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        return httpx.post(self.url, json=message, headers=taken | headers, timeout=120)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.file().read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def served(desk: Desk) -> Iterator[Served]:
    keys = Keys.ephemeral()
    made = {role: keys.add(role, role, days=None).text for role in ("reader", "designer", "researcher")}
    access = Access(limits=Limits(requests_per_minute=10_000, burst=10_000))
    app = make_app(desk, gate(access, keys))
    log = AuditLog(audit_folder(desk.settings.home))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}/mcp/", made, log)
    server.should_exit = True
    thread.join(30)
    keys.close()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_caller_is_shown_and_answered_as_their_role_may(served: Served, desk: Desk, mode: str) -> None:
    async def told(role: str) -> tuple[set[str], Any, Any]:
        async with served.client(role, mode) as client:
            tools = {tool.name for tool in await every_tool(client)}
            found = await client.call_tool("rank", {"nodes": ["rheumatoid arthritis"], "top": 3})
            return tools, found, await client.call_tool("patient_list", {})

    tools, found, patients = anyio.run(told, "reader")
    assert "rank" in tools and not {"patient_list", "build"} & tools
    assert (
        found.structured_content["answer"]
        == desk.answer("rank", {"nodes": ["rheumatoid arthritis"], "top": 3}).to_json()
    )
    assert len(found.model_dump_json(by_alias=True).encode()) < BUDGET
    assert patients.is_error and "needs the right to see patients" in patients.content[0].text
    tools, _, patients = anyio.run(told, "researcher")
    assert "patient_list" in tools and "build" not in tools and not patients.is_error


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({}, "nobody is said to ask"),
        ({"X-API-Key": "pnk_00000000_wrong"}, "key"),
        ({"Authorization": "Basic eDp5"}, "expected Authorization: Bearer"),
        ({"Cookie": "panakeia=1.00000000"}, "nobody is said to ask"),
    ],
)
def test_who_shows_no_key_is_refused(served: Served, headers: dict[str, str], told: str) -> None:
    found = served.post({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, **headers)
    assert (found.status_code, found.headers["content-type"]) == (401, "application/problem+json")
    assert found.headers["www-authenticate"].startswith("Bearer") and told in found.json()["detail"]


def test_a_client_of_a_few_lines_is_answered_by_a_stream(served: Served) -> None:
    """Without the SDK: one POST, no session, one event."""
    message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call"}
    message |= {"params": {"name": "search", "arguments": {"text": "warf"}}}
    version = {"MCP-Protocol-Version": "2025-06-18", "X-API-Key": served.keys["reader"]}
    found = served.post(message, **version)
    assert (found.status_code, found.headers["content-type"]) == (200, "text/event-stream")
    assert "mcp-session-id" not in found.headers
    [data] = [line.removeprefix("data: ") for line in found.text.splitlines() if line.startswith("data: {")]
    told = json.loads(data)
    assert told["id"] == 7 and told["result"]["structuredContent"]["answer"]["nodes"][0]["name"] == "Warfarin"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_there_is_no_stream_that_only_waits(served: Served, method: str) -> None:
    headers = {"Accept": "text/event-stream", "X-API-Key": served.keys["reader"]}
    with httpx.stream(method, served.url, headers=headers, timeout=20) as found:
        assert (found.status_code, found.headers["allow"]) == (405, "POST")
        assert found.headers["content-type"] == "application/problem+json"
    assert httpx.request(method, served.url, timeout=20).status_code == 401


def test_nobody_subscribes_to_news(served: Served) -> None:
    async def listen() -> None:
        async with served.client("reader") as client:
            assert not client.server_capabilities.tools.list_changed
            with pytest.raises(MCPError, match="Method not found"):
                async with client.listen(tools_list_changed=True):
                    pass
            assert await every_tool(client), "and goes on to ask"

    anyio.run(listen)


def test_the_audit_log_says_who_asked_which_verb(served: Served) -> None:
    async def ask() -> None:
        async with served.client("reader", "legacy") as client:
            await client.call_tool("search", {"text": "ibuprofen"})

    anyio.run(ask)
    lines = [line for line in served.lines() if line["verb"] == "search"]
    assert {(line["who"], line["role"], line["way"]) for line in lines} == {("reader", "reader", "key")}
    assert "ibuprofen" not in served.log.file().read_text(encoding="utf-8")


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_progress_comes_on_the_way(served: Served, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    heard, go_on = [], Event()

    def long(self: Desk, name: str, request: Any, rights: Any, at: At) -> Any:
        assert at.progress is not None
        at.progress("half", 0.5)
        assert go_on.wait(20)  # the client has heard of it before there is an answer
        return Table("done", pd.DataFrame())

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))
        go_on.set()

    async def ask() -> Any:
        async with served.client("reader", mode) as client:
            return await client.call_tool("models_list", {"folder": f"progress-{mode}"}, progress_callback=hear)

    monkeypatch.setattr(Desk, "answer", long)
    assert "done" in anyio.run(ask).content[0].text
    assert heard == [(0.5, 1.0, "half")]


def test_a_client_that_goes_away_cancels(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = Event(), Event()

    def long(self: Desk, name: str, request: Any, rights: Any, at: At) -> Any:
        begun.set()
        try:
            for step in range(2000):
                time.sleep(0.01)
                at.progress("on the way", step / 2000)  # type: ignore[misc]
        finally:
            ended.set()
        return Table("done", pd.DataFrame())

    async def leave() -> None:
        async with served.client("reader", "auto") as client, anyio.create_task_group() as group:
            group.start_soon(partial(client.call_tool, "models_list", {"folder": "cancel"}))
            await anyio.to_thread.run_sync(begun.wait)
            group.cancel_scope.cancel()

    monkeypatch.setattr(Desk, "answer", long)
    anyio.run(leave)
    assert ended.wait(10)


def test_a_long_verb_is_a_job_of_the_caller_s_own(served: Served) -> None:
    heard: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async def ask() -> tuple[Any, str, str]:
        async with served.client("designer") as client:
            found = await client.call_tool("trial_run", {"design": DESIGN}, progress_callback=hear)
            assert not found.is_error, found.content[0].text
            number = found.structured_content["kept"]["name"].partition("/")[0]
            told = (await client.read_resource(f"panakeia://job/{number}")).contents[0].text
        async with served.client("researcher") as other:
            with pytest.raises(MCPError, match="none of your jobs has this number"):
                await other.read_resource(f"panakeia://job/{number}")
            theirs = await other.call_tool(
                "trial_export", {"folder": f"{number}/out", "study": "S", "start": "2024-01-01"}
            )
            return found, told, theirs.content[0].text

    found, told, theirs = anyio.run(ask)
    assert json.loads(told)["answer"] == found.structured_content["answer"]
    assert theirs == "folder: none of your jobs has this number"
    assert heard == sorted(set(heard)) and heard


def test_too_many_requests_say_when_to_come_again(desk: Desk, tmp_path: Path) -> None:
    keys = Keys.ephemeral()
    key = keys.add("often", "reader", days=None).text
    mounted = make_mcp(desk, gate(Access(limits=Limits(requests_per_minute=1, burst=1)), keys), Jobs(desk.settings))
    message, log = {"jsonrpc": "2.0", "id": 1, "method": "ping"}, AuditLog(tmp_path)
    app = Audit(mounted.app, log)

    async def ask() -> list[int]:
        async with mounted.lifespan(), httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            headers = {"X-API-Key": key, "Accept": "application/json, text/event-stream"}
            return [(await client.post("http://127.0.0.1/", json=message, headers=headers)).status_code for _ in "ab"]

    assert anyio.run(ask) == [200, 429]
    lines = [json.loads(line) for line in log.file().read_text(encoding="utf-8").splitlines()]
    assert {(line["status"], line["who"], line["role"]) for line in lines} == {
        (200, "often", "reader"),
        (429, "often", "reader"),
    }
    keys.close()
