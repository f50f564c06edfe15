"""Unanswered: what a browser is shown where no view answers: what happened, what to do, and what is called alike."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from panakeia.api.access.audit import note_caller
from panakeia.api.access.authenticate import Gate, Presented, authenticate
from panakeia.api.access.cookie import cookie_name
from panakeia.api.access.limit import TooMany
from panakeia.api.access.refusal import Refusal
from panakeia.api.access.roles import Caller
from panakeia.api.problems import problem_to
from panakeia.desk.desk import Desk
from panakeia.desk.problems import Problem
from panakeia.page.answers import Answers
from panakeia.page.asked import Asked
from panakeia.page.frame import framed
from panakeia.page.view import Page, View
from panakeia.page.views.every import VIEWS

_TITLES = {
    400: "That did not work",
    403: "This is not open to you",
    404: "There is no such page",
    405: "This page is not asked in this way",
    422: "That cannot be asked so",
    429: "Too much at once",
    500: "Something went wrong",
}
_ALIKE = 3
VIEW = View("problem", "", "", lambda _: problem_page(404, "there is nothing at this address"), right=None)
"""What stands in the place of a view where there is none."""


def problem_page(status: int, told: str, alike: Sequence[tuple[str, str]] = ()) -> Page:
    """Return the page that says what is wrong; `alike` are words and addresses of what may have been meant."""
    title = _TITLES.get(status, _TITLES[400])
    return Page("problem.html.j2", title, {"told": told, "alike": alike, "problem": status}, status=status)


def page_of(failure: Exception, status: int | None = None) -> Page:
    """Return the page of a failure, told as all faces tell it; `status` where the page says another."""
    problem, _ = problem_to(failure)
    return problem_page(status or problem.status, problem.detail)


def for_browsers(
    desk: Desk, gate: Gate, others: Sequence[str]
) -> Callable[[Request, Problem], Awaitable[Response | None]]:
    """Return what shows a problem as a page to who asks for one; None for programs, and for the `others`' paths."""
    answers = Answers(desk)

    async def shown(request: Request, problem: Problem) -> Response | None:
        path = request.url.path
        if "text/html" not in request.headers.get("accept", "") or path.startswith(tuple(others)):
            return None
        asked = Asked(desk, answers, gate, request, None, request.query_params)
        return await run_in_threadpool(_shown, asked, problem)

    return shown


def _shown(asked: Asked, problem: Problem) -> Response:
    try:
        asked = replace(asked, caller=_caller(asked))
    except TooMany as failure:
        page = framed(VIEW, asked, page_of(failure))
        for name, value in failure.headers:
            page.headers.append(name, value)
        return page
    told = problem.detail
    if problem.status == 404:
        told = f"There is nothing at {asked.request.url.path[:200]}: see the menu, look for what you need, or ask it."
    return framed(VIEW, asked, problem_page(problem.status, told, _called_alike(asked)))


def _caller(asked: Asked) -> Caller | None:
    """Return who asks, None for somebody unknown: no failure of who shows nothing, a failed guess of who shows a key.

    Raises `TooMany` after too many such failures, or requests of one caller, as everywhere.
    """
    request, gate = asked.request, asked.gate
    session = cookie_name(encrypted=gate.access.encrypted)
    if session not in request.cookies and not {"x-api-key", "authorization"} & set(request.headers):
        return None
    client = request.client.host if request.client else ""
    try:
        caller = authenticate(gate, Presented(request.headers, request.cookies, client))
    except TooMany:
        raise
    except Refusal:
        return None
    note_caller(request.scope, caller)
    gate.admit(caller)
    return caller


def _called_alike(asked: Asked) -> list[tuple[str, str]]:
    """Return the views and verbs, of those that who asks may see, whose address is like the one that was asked."""
    if asked.caller is None:
        return []
    names = {
        _plain(view.path): (view.label, view.path)
        for view in VIEWS
        if view.label and (view.right is None or view.right in asked.rights)
    }
    for verb in asked.desk.verbs.values():
        if verb.right in asked.rights:
            names[f"ask_{verb.name}"] = names[verb.name] = (f"Ask: {verb.command}", f"/ask/{verb.name}")
    found = get_close_matches(_plain(asked.request.url.path), names, 2 * _ALIKE, 0.7)
    return list(dict.fromkeys(names[one] for one in found))[:_ALIKE]


def _plain(path: str) -> str:
    return path.strip("/").casefold().replace("/", "_").replace("-", "_")
