"""Router: the services over HTTP, to be mounted at `/cds-services`; it only reads the call and writes the answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from panakeia.api.access.audit import note_caller, note_question
from panakeia.api.access.roles import Caller
from panakeia.hooks.asked import SERVICES
from panakeia.hooks.desk import Desk, desk
from panakeia.hooks.problem import HookProblem
from panakeia.hooks.settings import Settings

_MOST_BYTES = 8_000_000


def router(settings: Settings, made: Desk | None = None) -> APIRouter:
    """Return the routes: discovery, the services, feedback. What the graph says is read when the application starts.

    `made` is the desk, where it is made already. Raises `ValueError` or `OSError` for settings that cannot be.
    """
    answers = made or desk(settings)

    @asynccontextmanager
    async def ready(_: FastAPI) -> AsyncIterator[None]:
        with suppress(HookProblem):  # each call says so again
            await asyncio.to_thread(answers.warm)
        yield
        answers.doses.close()

    routes = APIRouter(lifespan=ready, tags=["CDS Hooks"])

    @routes.get("", summary="Discovery: the services of CDS Hooks", response_class=JSONResponse)
    async def discovery(request: Request) -> JSONResponse:
        return await _told(answers, request, "", lambda *_: answers.services())

    @routes.post("/{service}", summary="Cards for the drafts of orders", response_class=JSONResponse)
    async def call(service: str, request: Request) -> JSONResponse:
        return await _told(answers, request, service, lambda body, who: answers.answer(service, body, who))

    @routes.post("/{service}/feedback", summary="What became of cards", response_class=JSONResponse)
    async def feedback(service: str, request: Request) -> JSONResponse:
        def keep(body: Any, _: str) -> dict[str, Any]:
            return {"kept": answers.feedback.keep(service, body)}

        return await _told(answers, request, service, keep, "/feedback")

    return routes


async def _told(
    answers: Desk, request: Request, service: str, ask: Callable[[Any, str], dict[str, Any]], path: str = ""
) -> JSONResponse:
    """Return the answer, or why there is none, as a problem of RFC 9457."""
    try:
        who = await run_in_threadpool(_known_client, answers, request, service, path)
        note_caller(request.scope, Caller(who, "clinician", "token"))
        note_question(request.scope, "pgx" if service and not path else "", size=1 if service and not path else None)
        if service and service not in SERVICES:
            raise HookProblem(404, f"there is no such service: expected {' or '.join(SERVICES)}")
        body = await _body(request) if request.method == "POST" else None
        return JSONResponse(await run_in_threadpool(ask, body, who))
    except HookProblem as problem:
        told = {"type": "about:blank", "status": problem.status, "detail": problem.detail}
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if problem.status == 401 else None
        return JSONResponse(told, problem.status, headers, media_type="application/problem+json")


def _known_client(answers: Desk, request: Request, service: str, path: str) -> str:
    """Return which client asks; raises `HookProblem` unless it is trusted, or, where none is told, this machine."""
    if answers.clients.keys:
        base = answers.settings.base_url.rstrip("/")
        called = base + (f"/{service}" if service else "")
        return answers.clients.check(request.headers.get("authorization"), called + path)
    if not _is_here(request.client.host if request.client else ""):
        raise HookProblem(401, "no clients are in the settings: until there are, only this machine is answered")
    return "this machine"


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
