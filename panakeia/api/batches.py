"""Batches: many questions in one request, each with its own answer or its own problem."""

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from panakeia.api.access.audit import note_question
from panakeia.api.access.authenticate import Gate
from panakeia.api.access.roles import Caller
from panakeia.api.callers import admitted, rights_of
from panakeia.api.jobs import require_own
from panakeia.api.places import API
from panakeia.api.problems import in_urls, problem_to
from panakeia.api.replies import in_body, left
from panakeia.api.schemas import responses
from panakeia.desk.desk import Desk, patients_named
from panakeia.desk.jobs.queue import Jobs
from panakeia.desk.problems import Problem
from panakeia.desk.requests import Refused, problems_of
from panakeia.desk.turns import asked_as

MOST = 100
"""Questions of a batch at most."""
LARGEST = 32 << 20
"""Bytes of all answers together; what is asked after so many is asked anew."""
LONGEST_S = 60.0
"""After so long no further question of a batch is begun."""
_REST = Problem(
    413,
    "too-large",
    f"the answers before this one have {LARGEST >> 20} MB, or took {LONGEST_S:g} s: ask the rest in another batch",
)


class Item(BaseModel):
    """One question: a verb's name, and its parameters as the verb's own path takes them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    verb: Annotated[str, Field(description="The verb's name, as GET /api/v1 lists it.")]
    request: Annotated[dict[str, Any], Field(description="Its parameters.")] = {}


class Batch(BaseModel):
    """The questions, answered in this order."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    requests: Annotated[list[Item], Field(min_length=1, max_length=MOST)]


def batch_routes(desk: Desk, jobs: Jobs) -> APIRouter:
    """Return the route of batches."""
    routes = APIRouter(prefix=API, tags=["verbs"])
    asked = sorted(name for name, verb in desk.verbs.items() if verb.right != "write" and not verb.long)

    def work(request: Request, caller: Caller, body: bytes) -> Response:
        items = _checked(in_body(request, body), asked)
        gate: Gate = request.app.state.gate
        if len(items) > 1:
            request.state.left = gate.admit(caller, len(items) - 1).headers()
        named = {one for item in items for one in patients_named(item.request)}
        note_question(request.scope, f"batch: {', '.join(sorted({item.verb for item in items}))}", named)
        with asked_as(caller.owner, caller.name):
            answers = b",\n".join(_answers(desk, jobs, items, caller))
            told = b'{"answers": [' + answers + b'], "version": ' + json.dumps(desk.version()).encode() + b"}"
        return Response(told, media_type="application/json", headers={**left(request), "Cache-Control": "no-store"})

    async def batch(request: Request) -> Response:
        caller = await run_in_threadpool(admitted, request)  # before anything of a stranger's body is taken
        return await run_in_threadpool(work, request, caller, await request.body())

    routes.add_api_route(
        "/batch",
        batch,
        methods=["POST"],
        summary="Many questions at once, each with its own answer or its own problem",
        description=f"At most {MOST}; each counts as a request. What changes something, or is a job, is asked alone.",
        operation_id="post_batch",
        openapi_extra={"requestBody": _described(asked)},
        responses=responses({"json"}, 400, 401, 413, 415, 422, 429, 500, 503),
    )
    return routes


def _described(asked: list[str]) -> dict[str, Any]:
    item = Item.model_json_schema()
    item["properties"]["verb"]["enum"] = asked
    schema = Batch.model_json_schema()
    schema.pop("$defs")
    schema["properties"]["requests"]["items"] = item
    example = {"requests": [{"verb": "search", "request": {"text": "metfor"}}, {"verb": "info"}]}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _checked(body: Any, asked: list[str]) -> list[Item]:
    """Return the questions of a batch; raises `Refused` for what is none, before any is asked."""
    try:
        items = Batch.model_validate(dict(body)).requests
    except ValidationError as failure:
        raise Refused(problems_of(failure, depth=4)) from None
    strange = {
        f"requests.{at}.verb": f"got {item.verb[:60]!r}, expected one of {', '.join(asked)}"
        for at, item in enumerate(items)
        if item.verb not in asked
    }
    if strange:
        raise Refused(strange)
    return items


def _answers(desk: Desk, jobs: Jobs, items: list[Item], caller: Caller) -> Iterator[bytes]:
    """Yield what each question comes to, as JSON: its status, and its answer or its problem."""
    size, ends = 0, time.monotonic() + LONGEST_S
    for item in items:
        if size > LARGEST or time.monotonic() > ends:
            yield _problem(_REST)
            continue
        try:
            require_own(jobs, desk.verbs[item.verb], item.request, caller)
            reply = desk.ask(item.verb, item.request, rights_of(caller))
        except Exception as failure:  # of one question, which says nothing of the others
            yield _problem(problem_to(failure)[0])
        else:
            size += len(reply.body)
            yield b'{"status": 200, "etag": "' + reply.etag.encode() + b'", "answer": ' + reply.body + b"}"


def _problem(problem: Problem) -> bytes:
    return json.dumps({"status": problem.status, "problem": in_urls(problem.to_json())}).encode()
