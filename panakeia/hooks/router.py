"""Router: the services over HTTP, to be mounted at `/cds-services`; it only reads the call and writes the answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from panakeia.api.access.audit import note_caller, note_question
from panakeia.api.access.authenticate import Gate, gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.limit import TooMany
from panakeia.api.access.roles import Caller
from panakeia.api.access.settings import Access
from panakeia.hooks.asked import SERVICES
from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.problem import HookProblem
from panakeia.hooks.settings import Settings

_MOST_BYTES = 8_000_000
_PROBLEM = "application/problem+json"


def router(settings: Settings, made: Desk | None = None) -> APIRouter:
    """Return the routes: discovery, the services, feedback. What the graph says is read when the application starts.

    `made` is the desk, where it is made already. Calls and failures are counted by the application's gate
    (`app.state.gate`), or, in one that has none, by a gate with the limits of a desk of which nothing is said. Raises
    `ValueError` or `OSError` for settings that cannot be.
    """
    answers = made or desk(settings)
    own = gate(Access(), Keys.ephemeral())

    @asynccontextmanager
    async def ready(_: FastAPI) -> AsyncIterator[None]:
        with suppress(HookProblem):  # each call says so again
            await asyncio.to_thread(answers.warm)
        yield
        answers.doses.close()
        own.keys.close()

    routes = APIRouter(lifespan=ready, tags=["CDS Hooks"])

    @routes.get("", summary="Discovery: the services of CDS Hooks", response_class=JSONResponse)
    async def discovery(request: Request) -> JSONResponse:
        return await _told(_Asking(answers, own, request), lambda *_: answers.services())

    @routes.post("/{service}", summary="Cards for the drafts of orders", response_class=JSONResponse)
    async def call(service: str, request: Request) -> JSONResponse:
        return await _told(
            _Asking(answers, own, request, service), lambda body, who: answers.answer(service, body, who)
        )

    @routes.post("/{service}/feedback", summary="What became of cards", response_class=JSONResponse)
    async def feedback(service: str, request: Request) -> JSONResponse:
        def keep(body: Any, _: str) -> dict[str, Any]:
            return {"kept": answers.feedback.keep(service, body)}

        return await _told(_Asking(answers, own, request, service, "/feedback"), keep)

    return routes


@dataclass(frozen=True)
class _Asking:
    """A request to a desk: of which service, and at which path below it; `own` is the gate where there is no other."""

    desk: Desk
    own: Gate
    request: Request
    service: str = ""
    path: str = ""

    @property
    def address(self) -> str:
        """The host that it came from."""
        return self.request.client.host if self.request.client else ""

    def admitted(self) -> tuple[str, dict[str, str]]:
        """Return which client asks, and the headers that say what it has left; call it in a thread.

        Raises `HookProblem` for one that is not trusted, `panakeia.api.access.limit.TooMany`.
        """
        door: Gate = getattr(self.request.app.state, "gate", self.own)
        try:
            who = self._known()
        except HookProblem as problem:
            if problem.status == 401:
                door.failed(self.address)
            raise
        caller = Caller(who, "clinician", "token")
        note_caller(self.request.scope, caller)
        return who, dict(door.admit(caller).headers())

    def _known(self) -> str:
        """Return which client asks; raises `HookProblem` unless it is trusted or, where none is told, this machine."""
        if self.desk.clients.keys:
            called = self.desk.settings.base_url.rstrip("/") + (f"/{self.service}" if self.service else "")
            return self.desk.clients.check(self.request.headers.get("authorization"), called + self.path)
        if not _is_here(self.address):
            raise HookProblem(401, "no clients are in the settings: until there are, only this machine is answered")
        return "this machine"


async def _told(asking: _Asking, ask: Callable[[Any, str], dict[str, Any]]) -> JSONResponse:
    """Return the answer, or why there is none, as a problem of RFC 9457."""
    request, service = asking.request, asking.service
    try:
        who, left = await run_in_threadpool(asking.admitted)
        asks = service and not asking.path
        note_question(request.scope, "pgx" if asks else "", size=1 if asks else None)
        if service and service not in SERVICES:
            raise HookProblem(404, f"there is no such service: expected {' or '.join(SERVICES)}")
        body = await _body(request) if request.method == "POST" else None
        return JSONResponse(await run_in_threadpool(ask, body, who), headers=left)
    except TooMany as refusal:
        return JSONResponse(refusal.problem(), refusal.status, dict(refusal.headers), media_type=_PROBLEM)
    except HookProblem as problem:
        told = {"type": "about:blank", "status": problem.status, "detail": problem.detail}
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if problem.status == 401 else None
        return JSONResponse(told, problem.status, headers, media_type=_PROBLEM)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _body(request: Request) -> Any:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BYTES:
            raise HookProblem(413, "the call has more than 8 MB: prefetch less")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise HookProblem(400, "the body is no JSON") from None
