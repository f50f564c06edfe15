"""Verbs: a route for each verb that the desk offers, made from what the verb says; none is written by hand."""

from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from panakeia.api.access.audit import note_question
from panakeia.api.access.roles import Caller
from panakeia.api.callers import admitted, rights_of
from panakeia.api.forms import form_of
from panakeia.api.jobs import begun, require_own
from panakeia.api.pages import page_of
from panakeia.api.places import API, path_of
from panakeia.api.replies import in_body, in_url, left, told
from panakeia.api.schemas import described, responses
from panakeia.desk.desk import Desk, patients_named
from panakeia.desk.jobs.queue import Jobs
from panakeia.desk.tables import FORMS, Form
from panakeia.desk.turns import asked_as
from panakeia.verb import REQUIRED, Verb


def is_asked_by_url(verb: Verb) -> bool:
    """Return whether a verb is a question that fits in a URL: it changes nothing, needs no file and no time."""
    files = [one for one in verb.given.values() if one.role == "file" and one.default is REQUIRED]
    return verb.right != "write" and not verb.long and not files


def verb_routes(desk: Desk, jobs: Jobs) -> APIRouter:
    """Return the routes of the verbs that are answered at once, and the list of all."""
    routes = APIRouter(prefix=API, tags=["verbs"])
    listed = [_listed(verb) for verb in desk.verbs.values()]

    async def verbs(request: Request) -> Response:
        caller = await run_in_threadpool(admitted, request)
        with asked_as(caller.owner, caller.name):
            version = await run_in_threadpool(desk.version)
        return JSONResponse({"verbs": listed, "version": version}, headers=left(request))

    routes.add_api_route("", verbs, summary="All verbs", responses=responses({"json"}, 401, 429), operation_id="verbs")
    for verb in desk.verbs.values():
        if is_asked_by_url(verb):
            _add(routes, verb, "GET", _by_url(desk, jobs, verb))
        if not verb.long:
            _add(routes, verb, "POST", _by_body(desk, jobs, verb))
    return routes


def _add(routes: APIRouter, verb: Verb, method: str, endpoint: Any) -> None:
    routes.add_api_route(
        path_of(verb),
        endpoint,
        methods=[method],
        summary=verb.words,
        description=f"{verb.more}\n\nOn the command line: `{verb.example}`".strip(),
        operation_id=f"{method.lower()}_{verb.name}",
        openapi_extra=described(verb, method),
        responses=responses(set(FORMS), 304, 400, 401, 403, 404, 406, 409, 413, 415, 422, 429, 500, 503),
    )


def _listed(verb: Verb) -> dict[str, Any]:
    methods = [*(["GET"] if is_asked_by_url(verb) else []), "POST"]
    told = {"name": verb.name, "command": verb.command, "path": API + path_of(verb), "methods": methods}
    return {**told, "right": verb.right, "job": verb.long, "what": verb.words}


def _by_url(desk: Desk, jobs: Jobs, verb: Verb) -> Any:
    async def get(request: Request) -> Response:
        return await run_in_threadpool(lambda: _answered(desk, jobs, verb, request, admitted(request), None))

    return get


def _by_body(desk: Desk, jobs: Jobs, verb: Verb) -> Any:
    def work(request: Request, caller: Caller, body: bytes) -> Response:
        if "respond-async" not in request.headers.get("prefer", ""):
            return _answered(desk, jobs, verb, request, caller, body)
        return begun(desk, jobs, verb, request, in_body(request, body), caller)

    async def post(request: Request) -> Response:
        caller = await run_in_threadpool(admitted, request)  # before anything of a stranger's body is taken
        return await run_in_threadpool(work, request, caller, await request.body())

    return post


def _answered(desk: Desk, jobs: Jobs, verb: Verb, request: Request, caller: Caller, body: bytes | None) -> Response:
    """Answer a request; without a body, what it asks stands in its URL."""
    note_question(request.scope, verb.name)
    form, page = form_of(request), page_of(request)
    asked = in_url(verb, request) if body is None else in_body(request, body)
    note_question(request.scope, verb.name, patients_named(asked))
    require_own(jobs, verb, asked, caller)
    given: Form = "jsonl" if page and form == "json" else form
    with asked_as(caller.owner, caller.name):
        reply = desk.ask(verb.name, asked, rights_of(caller), given, strict=body is not None)
    return told(request, reply, form, page, private=verb.right == "patients" or reply.names_patient)
