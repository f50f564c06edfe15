"""Router: the page's addresses: each view, the files that it loads, and what is said where something is wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Message

from panakeia.api.access.audit import note_caller
from panakeia.api.access.authenticate import Gate, Presented, authenticate, is_known
from panakeia.api.access.body import TooLarge
from panakeia.api.access.refusal import Refusal, Unauthenticated
from panakeia.api.access.roles import Caller
from panakeia.desk.desk import Desk, NotAllowed
from panakeia.desk.requests import Refused
from panakeia.page.answers import Answers
from panakeia.page.asked import Asked
from panakeia.page.exports import exported, no_form
from panakeia.page.frame import framed
from panakeia.page.render import STATIC, static
from panakeia.page.unanswered import page_of, problem_page
from panakeia.page.view import Away, View
from panakeia.page.views.every import VIEWS

STRANGERS_BYTES = 64 << 10
"""A form of somebody who has not signed in has so many bytes at most."""
_KEPT = "public, max-age=31536000, immutable"


def page(desk: Desk, gate: Gate) -> APIRouter:
    """Return the page of a desk; the gate says who asks, and signs in and out.

    The app around it adds what holds for all faces: the security headers, the check of the host, the audit log.
    """
    router, answers = APIRouter(include_in_schema=False), Answers(desk)
    for view in VIEWS:
        router.add_api_route(view.path, _endpoint(view, desk, answers, gate), methods=list(view.methods))
    router.add_api_route("/static/{name}", _static, methods=["GET"])
    return router


def _endpoint(view: View, desk: Desk, answers: Answers, gate: Gate) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        nobody = Asked(desk, answers, gate, request, None, request.query_params)
        if request.method == "POST":
            shown = Presented(request.headers, request.cookies)
            if not await run_in_threadpool(is_known, gate, shown):  # before anything of the body is taken
                request = await _of_a_stranger(request)
            async with request.form(max_files=20, max_fields=400) as form:
                return await run_in_threadpool(_answered, view, replace(nobody, request=request, state=form))
        return await run_in_threadpool(_answered, view, nobody)

    return endpoint


def _answered(view: View, asked: Asked) -> Response:
    """Return what a view shows, or a page that says what is wrong, with the cure; of what nobody foresaw, a number."""
    try:
        return _shown(view, asked)
    except Exception as failure:  # the last place where it can be told as a page
        return framed(view, asked, page_of(failure))


def _shown(view: View, asked: Asked) -> Response:
    try:
        asked = replace(asked, caller=_caller(view, asked))
        if view.right is not None and asked.caller is not None:
            asked.caller.require(view.right)
        shown = view.show(asked)
    except Unauthenticated as failure:
        if asked.request.method == "GET":
            onward = asked.request.url.path + (f"?{asked.request.url.query}" if asked.request.url.query else "")
            return _away(Away(f"/sign-in?next={quote(onward, safe='')}" if onward != "/" else "/sign-in"))
        shown = page_of(failure)
    except (Refusal, NotAllowed, Refused) as failure:
        shown = page_of(failure)
    except KeyError as failure:
        shown = problem_page(404, f"nothing here is called {failure.args[0]!r}")
    except (ValueError, OSError) as failure:
        shown = page_of(failure, 400)  # without a folder, and without a patient
    asked.note()
    if isinstance(shown, Away):
        return _away(shown)
    if (wanted := asked.request.query_params.get("as")) and shown.status == 200:
        return exported(asked, shown, wanted) or framed(view, asked, problem_page(404, no_form(shown, wanted)))
    return framed(view, asked, shown)


def _caller(view: View, asked: Asked) -> Caller | None:
    """Return who asks; nobody need be known for a view that is for everybody."""
    request = asked.request
    client = request.client.host if request.client else ""
    csrf = asked.one("csrf") if request.method == "POST" else None
    try:
        caller = authenticate(asked.gate, Presented(request.headers, request.cookies, client, request.method, csrf))
    except Refusal:
        if view.right is not None:
            raise
        return None
    note_caller(request.scope, caller)
    asked.gate.admit(caller)
    return caller


async def _of_a_stranger(request: Request) -> Request:
    """Return a request whose body is as long as that of a sign-in at most; raises `TooLarge`."""
    taken = bytearray()
    async for part in request.stream():
        taken += part
        if len(taken) > STRANGERS_BYTES:
            raise TooLarge(STRANGERS_BYTES)

    async def received() -> Message:
        return {"type": "http.request", "body": bytes(taken), "more_body": False}

    return Request(request.scope, received)


def _away(away: Away) -> Response:
    response = RedirectResponse(away.address, 303)
    for name, value in away.headers:
        response.headers.append(name, value)
    return response


async def _static(name: str, request: Request) -> Response:
    if name not in STATIC:
        return Response(status_code=404)
    kept = {"Cache-Control": _KEPT if "v" in request.query_params else "public, max-age=3600"}
    return Response(static(name), media_type=STATIC[name], headers=kept)
