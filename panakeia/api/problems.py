"""Problems: every error of the desk as `application/problem+json`, with what to do (RFC 9457)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from panakeia.api.access.refusal import Refusal
from panakeia.api.access.roles import roles_with
from panakeia.api.places import by_urls
from panakeia.desk.desk import NotAllowed
from panakeia.desk.jobs.queue import QuotaPassed
from panakeia.desk.problems import Problem, problem_of

MEDIA_TYPE = "application/problem+json"
_CURES = {
    404: "there is nothing at this path: /api/v1 lists the verbs, /api/v1/openapi.json describes them",
    405: "this path is not asked in this way: see the header Allow, and /api/v1/openapi.json",
}
_SLUGS = {404: "not-found", 405: "method-not-allowed"}


class NotAsked(Refusal):
    """A request that says not clearly enough what it asks."""

    status = 400
    slug = "bad-request"


class NotJson(Refusal):
    """A body of another type than the desk reads."""

    status = 415
    slug = "unsupported-media-type"


class NoSuchForm(Refusal):
    """An answer in a form that there is not."""

    status = 406
    slug = "not-acceptable"


class Changed(Refusal):
    """Something that is not as the request takes it to be."""

    status = 409
    slug = "conflict"


class NotThere(Refusal):
    """Something that is not there, or not for who asks."""

    status = 404
    slug = "not-found"


def response(problem: Problem, headers: Sequence[tuple[str, str]] = ()) -> Response:
    """Return a problem as an answer; it is not to be kept."""
    told = JSONResponse(in_urls(problem.to_json()), problem.status, media_type=MEDIA_TYPE)
    for name, value in (("Cache-Control", "no-store"), *headers):
        told.headers.append(name, value)
    return told


def in_urls(told: Any) -> Any:
    """Return a problem as JSON in which verbs are told by where they are asked."""
    if isinstance(told, str):
        return by_urls(told)
    if isinstance(told, Mapping):
        return {name: in_urls(one) for name, one in told.items()}
    return [in_urls(one) for one in told] if isinstance(told, list) else told


def answer_to(failure: Exception) -> Response:
    """Return the answer to a request that failed."""
    return response(*problem_to(failure))


def problem_to(failure: Exception) -> tuple[Problem, Sequence[tuple[str, str]]]:
    """Return the problem that a failure is over HTTP, and the headers that go with it."""
    if isinstance(failure, Refusal):
        more = {name: list(value) for name, value in vars(failure).items() if name == "roles"}
        return Problem(failure.status, failure.slug, str(failure), more), failure.headers
    if isinstance(failure, HTTPException):
        detail = _CURES.get(failure.status_code, str(failure.detail))
        slug = _SLUGS.get(failure.status_code, "http")
        return Problem(failure.status_code, slug, detail), list((failure.headers or {}).items())
    if isinstance(failure, QuotaPassed):
        return Problem(429, "too-many-jobs", str(failure)), [("Retry-After", "60")]
    problem = problem_of(failure)
    if isinstance(failure, NotAllowed):
        roles = roles_with(failure.right)
        detail = f"{str(failure).partition(':')[0]}: the roles {', '.join(roles)} have it; ask whoever runs the desk"
        problem = Problem(problem.status, problem.kind, detail, {**problem.more, "roles": list(roles)})
    return problem, ()


def tell_problems(app: FastAPI, paged: Callable[[Request, Problem], Awaitable[Response | None]] | None = None) -> None:
    """Let an application answer every error by a problem; `paged` shows it to a browser, where it returns a page."""

    async def told(request: Request, failure: Exception) -> Response:
        problem, headers = problem_to(failure)
        if paged is not None and (page := await paged(request, problem)) is not None:
            for name, value in headers:
                page.headers.append(name, value)
            return page
        return response(problem, headers)

    for kind in (HTTPException, ValueError, OSError):
        app.add_exception_handler(kind, told)


@dataclass(frozen=True)
class Guard:
    """A middleware that answers what nobody foresaw by a problem, so that no server writes a traceback of it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; once an answer has begun, a failure can only end it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def seen(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, seen)
        except Exception as failure:  # the last place where it can be told without its words
            told = answer_to(failure)
            if not started:
                await told(scope, receive, send)
