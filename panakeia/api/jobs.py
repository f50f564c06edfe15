"""Jobs over HTTP: a verb that takes long is begun, followed, ended, and its answer and files are fetched."""

import asyncio
import hashlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from panakeia.api.access.audit import note_question
from panakeia.api.access.roles import Caller
from panakeia.api.callers import admitted, rights_of
from panakeia.api.forms import form_of
from panakeia.api.pages import page_of
from panakeia.api.places import API, path_of
from panakeia.api.problems import Changed, NotThere, in_urls
from panakeia.api.replies import in_body, left, told
from panakeia.api.schemas import described, of_answer, responses
from panakeia.desk.desk import Desk, Reply, patients_named
from panakeia.desk.jobs.job import OVER, Asked, Job, now
from panakeia.desk.jobs.queue import Jobs, QuotaPassed
from panakeia.desk.tables import FORMS
from panakeia.desk.turns import asked_as
from panakeia.verb import Verb

LISTENING = 20
"""How many streams of events one caller may have open."""
_LOOK_S = 0.25
_BEAT_S = 15.0
_ID = {"name": "number", "in": "path", "required": True, "schema": {"type": "string"}}


def begun(desk: Desk, jobs: Jobs, verb: Verb, request: Request, asked: Mapping[str, Any], caller: Caller) -> Response:
    """Queue a job for a verb that may be asked so, and say where it is."""
    note_question(request.scope, verb.name, patients_named(asked))
    require_own(jobs, verb, asked, caller)
    with asked_as(caller.owner, caller.name):
        desk.require(verb.name, asked, rights_of(caller))
    job = jobs.add(wanted(verb.name, asked, caller))
    headers = {**left(request), "Location": place_of(job), "Cache-Control": "no-store"}
    return JSONResponse(about(job), 202, headers=headers)


def wanted(verb: str, asked: Mapping[str, Any], caller: Caller) -> Asked:
    """Return what a job of a caller is asked for, now."""
    return Asked(caller.owner, verb, dict(asked), rights_of(caller), now(), caller.name)


def require_own(jobs: Jobs, verb: Verb, asked: Mapping[str, Any], caller: Caller) -> None:
    """Raise `NotThere` where what is asked takes the output of a job that is somebody else's."""
    for _, number in jobs.taken(verb, asked):
        own_job(jobs, number, caller)


def place_of(job: Job) -> str:
    """Return a job's path."""
    return f"{API}/jobs/{job.id}"


def about(job: Job) -> dict[str, Any]:
    """Return a job as its caller sees it."""
    stands, steps, place = job.stands(), job.steps(), place_of(job)
    last = steps[-1] if steps else None
    found: dict[str, Any] = {
        "id": job.id,
        "verb": job.asked.verb,
        "state": stands.state,
        "made": job.asked.made,
        "since": stands.since,
        "step": last.step if last else "",
        "fraction": 1.0 if stands.state == "done" else last.fraction if last else 0.0,
        "problem": in_urls(stands.problem),
        "events": f"{place}/events",
    }
    if stands.state == "done":
        found["answer"] = f"{place}/answer"
        found["files"] = [
            {"name": name, "bytes": path.stat().st_size, "path": f"{place}/files/{name}"}
            for name, path in job.files().items()
        ]
    return found


def job_routes(desk: Desk, jobs: Jobs) -> APIRouter:
    """Return the routes: to begin the verbs that take long, and what can be asked of a job."""
    routes = APIRouter(prefix=API, tags=["jobs"])
    for verb in desk.verbs.values():
        if verb.long:
            routes.add_api_route(
                path_of(verb),
                _begin(desk, jobs, verb),
                methods=["POST"],
                status_code=202,
                summary=verb.words,
                description=f"{verb.more}\n\nOn the command line: `{verb.example}`".strip(),
                operation_id=f"post_{verb.name}",
                openapi_extra=described(verb, "POST"),
                responses=responses({"json"}, 400, 401, 403, 404, 413, 415, 422, 429, 500, 503, success=202),
            )
    _list(routes, jobs)
    _one(routes, jobs)
    _events(routes, jobs)
    _results(routes, jobs)
    return routes


def _begin(desk: Desk, jobs: Jobs, verb: Verb) -> Callable[[Request], Any]:
    def work(request: Request, caller: Caller, body: bytes) -> Response:
        note_question(request.scope, verb.name)
        return begun(desk, jobs, verb, request, in_body(request, body), caller)

    async def begin(request: Request) -> Response:
        caller = await run_in_threadpool(admitted, request)  # before anything of a stranger's body is taken
        return await run_in_threadpool(work, request, caller, await request.body())

    return begin


def own_job(jobs: Jobs, number: str, caller: Caller) -> Job:
    """Return a caller's job; raises `NotThere` for a number of none of theirs, `NotAllowed` by today's rights."""
    try:
        return jobs.find(number, caller.owner, rights_of(caller))
    except KeyError:
        raise NotThere(f"none of your jobs has this number: {API}/jobs lists them") from None


def _own(jobs: Jobs, request: Request) -> Job:
    job = own_job(jobs, request.path_params["number"], admitted(request))
    note_question(request.scope, job.asked.verb)
    return job


def _list(routes: APIRouter, jobs: Jobs) -> None:
    def work(request: Request) -> Response:
        caller = admitted(request)
        seen = jobs.seen(caller.owner, rights_of(caller))
        return JSONResponse({"jobs": [about(job) for job in seen]}, headers=left(request))

    @routes.get("/jobs", summary="Your jobs, the newest first", responses=responses({"json"}, 401, 429))
    async def listed(request: Request) -> Response:
        return await run_in_threadpool(work, request)


def _one(routes: APIRouter, jobs: Jobs) -> None:
    extra = {"parameters": [_ID]}

    @routes.get(
        "/jobs/{number}",
        summary="How a job stands",
        openapi_extra=extra,
        responses=responses({"json"}, 401, 404, 429),
    )
    async def one(request: Request) -> Response:
        return await run_in_threadpool(lambda: JSONResponse(about(_own(jobs, request)), headers=left(request)))

    def end(request: Request) -> Response:
        job = _own(jobs, request)
        if job.stands().state in OVER:
            jobs.forget(job)
        else:
            jobs.cancel(job)
        return Response(status_code=204, headers=left(request))

    @routes.delete(
        "/jobs/{number}",
        status_code=204,
        summary="Cancel a job, or delete one that is over",
        openapi_extra=extra,
        responses=responses((), 401, 404, 429, success=204),
    )
    async def ended(request: Request) -> Response:
        return await run_in_threadpool(end, request)


def _events(routes: APIRouter, jobs: Jobs) -> None:
    stream = responses((), 401, 404, 429)
    stream[200]["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    listening: Counter[str] = Counter()

    @routes.get(
        "/jobs/{number}/events",
        summary="A job's progress as it comes, by server-sent events",
        openapi_extra={"parameters": [_ID]},
        responses=stream,
    )
    async def events(request: Request) -> Response:
        job = await run_in_threadpool(_own, jobs, request)

        async def still() -> bool:
            try:
                await run_in_threadpool(_own, jobs, request)
            except ValueError:
                return False
            return True

        last = request.headers.get("last-event-id", "0")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 9 else 0
        headers = {**left(request), "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return _Events(told_as_it_comes(job, after, still), job.asked.owner, listening, headers)


class _Events(StreamingResponse):
    """A stream of events that counts as one of its listener's from before it begins until it is over or given up."""

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterator[str], owner: str, listening: Counter[str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(events, headers=headers)
        self._owner, self._listening = owner, listening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream; raises `QuotaPassed` before its first byte."""
        if self._listening[self._owner] >= LISTENING:
            raise QuotaPassed(f"{LISTENING} streams of events are open for you, and no more are: end one")
        self._listening[self._owner] += 1  # nobody else is looked at in between
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listening.subtract([self._owner])


async def told_as_it_comes(job: Job, after: int, still: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """Yield a job's steps after one, each an event with its number, then its state when it is over.

    `still` is asked now and then whether who listens may; a stream whose key was revoked ends.
    """
    quiet, asked = 0.0, time.monotonic()
    while True:
        if time.monotonic() - asked >= _BEAT_S:
            if not await still():
                return
            asked = time.monotonic()
        try:
            stands = await asyncio.to_thread(job.stands)
            steps = await asyncio.to_thread(job.steps, after)
        except OSError:
            return  # it was deleted
        for step in steps:
            data = json.dumps({"step": step.step, "fraction": step.fraction, "when": step.when})
            yield f"id: {step.number}\nevent: progress\ndata: {data}\n\n"
            after = step.number
        if stands.state in OVER:
            yield f"event: state\ndata: {json.dumps({'state': stands.state, 'problem': in_urls(stands.problem)})}\n\n"
            return
        quiet = 0.0 if steps else quiet + _LOOK_S
        if quiet >= _BEAT_S:
            yield ": still here\n\n"
            quiet = 0.0
        await asyncio.sleep(_LOOK_S)


def _results(routes: APIRouter, jobs: Jobs) -> None:
    def done(request: Request) -> Job:
        job = _own(jobs, request)
        stands = job.stands()
        if stands.state != "done":
            raise Changed(
                f"the job is {stands.state}: {place_of(job)} says more, {place_of(job)}/events when it is over"
            )
        return job

    def answer(request: Request) -> Response:
        job = done(request)
        form, page = form_of(request), page_of(request)
        given = "jsonl" if page and form == "json" else form
        path = job.answer(given)
        if not path.exists():
            raise NotThere(f"this answer cannot be written as {form}: ask for format=json")
        etag = hashlib.sha256(f"{job.id} {job.stands().since} {given}".encode()).hexdigest()[:32]
        return told(request, Reply(path.read_bytes(), FORMS[given], etag, ""), form, page, private=True)

    @routes.get(
        "/jobs/{number}/answer",
        summary="A job's answer",
        openapi_extra={"parameters": [_ID, *of_answer()]},
        responses=responses(set(FORMS), 304, 400, 401, 404, 406, 409, 429),
    )
    async def answered(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    def file(request: Request) -> Response:
        job = done(request)
        found = job.files().get(request.path_params["name"])
        if found is None:
            raise NotThere(f"the job wrote no such file: {place_of(job)} lists them")
        headers = {**left(request), "Cache-Control": "no-store"}
        return FileResponse(found, filename=found.name, headers=headers)

    told_files = responses((), 401, 404, 409, 416, 429)
    told_files[200]["content"] = {"*/*": {"schema": {"type": "string", "format": "binary"}}}

    @routes.get(
        "/jobs/{number}/files/{name:path}",
        summary="A file that a job wrote",
        openapi_extra={"parameters": [_ID, {**_ID, "name": "name"}]},
        responses=told_files,
    )
    async def files(request: Request) -> Response:
        return await run_in_threadpool(file, request)
