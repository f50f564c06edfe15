"""HTTP: the assistants' server as an ASGI app beside the desk's others, each caller known by their own key or token."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from panakeia.api.access.audit import note_caller, note_question
from panakeia.api.access.authenticate import Gate, Presented, authenticate
from panakeia.api.access.refusal import Refusal, send_refusal
from panakeia.api.access.roles import RIGHTS, Caller
from panakeia.assistants.callers import Callers
from panakeia.assistants.server import make_server
from panakeia.desk.desk import Desk
from panakeia.desk.jobs.queue import Jobs
from panakeia.verb import Right

_CALLER = "panakeia.assistant"


@dataclass(frozen=True)
class Mounted:
    """An ASGI app, and what is to be entered before it answers and left after its last answer."""

    app: ASGIApp
    lifespan: Callable[[], AbstractAsyncContextManager[None]]


def make_mcp(desk: Desk, gate: Gate, jobs: Jobs) -> Mounted:
    """Return what answers assistants, to be mounted at `/mcp` behind the desk's check of hosts and its audit log.

    It keeps no session: each request shows who asks, and any process can answer it. Answers are streams, so that
    progress is told on the way; a client that goes away cancels what it asked. A long verb is one of the caller's jobs.
    There is no stream that only waits for news: it would have no end, and outlive the key that it was opened by.
    """
    server = make_server(
        desk,
        Callers(_rights, _note, lambda request: _caller(request).owner, lambda request: _caller(request).name),
        jobs,
    )
    app = server.streamable_http_app(
        streamable_http_path="/",
        stateless_http=True,
        json_response=False,
        max_request_body_size=gate.access.limits.body_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # HostCheck does it
    )
    return Mounted(Admitted(app, gate), lambda: _running(server))


@asynccontextmanager
async def _running(server: MCPServer[Any]) -> AsyncIterator[None]:
    async with server.session_manager.run():
        yield


class NoStream(Refusal):
    """A request for a stream of news, which the protocol lets a server refuse so (its section on Streamable HTTP)."""

    status = 405
    slug = "method-not-allowed"

    def __init__(self) -> None:
        super().__init__("there is no stream of news here: POST what is asked", [("Allow", "POST")])


@dataclass(frozen=True)
class Admitted:
    """A middleware that lets in who shows a key or a token; a page's session is none, since a page is no assistant."""

    app: ASGIApp
    gate: Gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller, or refuse it with what is to be done."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = await anyio.to_thread.run_sync(self._admit, scope)
        except Refusal as refusal:
            await send_refusal(send, refusal)
            return
        scope["state"][_CALLER] = caller
        await self.app(scope, receive, send)

    def _admit(self, scope: Scope) -> Caller:
        client = (scope.get("client") or ("", 0))[0]
        caller = authenticate(self.gate, Presented(Headers(scope=scope), {}, client, scope["method"]))
        note_caller(scope, caller)  # before it can be one too many: the journal says whose
        self.gate.admit(caller)
        if scope["method"] != "POST":
            raise NoStream
        return caller


def _rights(request: Request) -> frozenset[Right]:
    return RIGHTS[_caller(request).role]


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["state"][_CALLER]
    return caller


def _note(request: Request, verb: str, patients: Collection[str]) -> None:
    note_question(request.scope, verb, patients)
