"""Replies: what every route reads of a request, and how an answer goes out: whole, by the page, or not again."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from panakeia.api.pages import Page, cut
from panakeia.api.problems import NotAsked, NotJson
from panakeia.desk.desk import Reply
from panakeia.desk.tables import FORMS, Form
from panakeia.verb import Verb

OF_ANSWER = ("format", "limit", "cursor")
"""Parameters of a URL that say how the answer comes, not what is asked."""


def told(request: Request, reply: Reply, form: Form, page: Page | None, *, private: bool) -> Response:
    """Return an answer, or a page of it, or that it is the one that the client has already."""
    etag, body = reply.etag, reply.body
    headers = {**left(request), "Vary": "Accept", "Data-Version": reply.version}
    if private:
        headers["Cache-Control"] = "no-store"
    if page is not None:
        page.require(etag)
        piece = cut(body, form, page, etag, reply.version)
        body, etag = piece.body, f"{etag}.{page.first}.{page.limit}"
        if piece.following:
            following = request.url.include_query_params(cursor=piece.following, limit=page.limit)
            headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    headers["ETag"] = f'"{etag}"'
    if request.method == "GET" and has_already(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=FORMS[form], headers=headers)


def has_already(request: Request, etag: str) -> bool:
    """Return whether the client says that it has this answer (RFC 9110, section 13.1.2)."""
    had = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return "*" in had or f'"{etag}"' in had


def left(request: Request) -> dict[str, str]:
    """Return the headers that tell a caller what is left to them."""
    return dict(getattr(request.state, "left", ()))


def in_url(verb: Verb, request: Request) -> dict[str, Any]:
    """Return what a URL asks: a parameter that takes several values may be repeated, another may not."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(request.query_params.keys()):
        values = request.query_params.getlist(name)
        if name in OF_ANSWER:
            continue
        about = verb.given.get(name)
        if about is not None and about.role == "file":
            raise NotAsked(f"expected the file {name!r} in the body of a POST, not in the URL")
        if about is not None and about.many:
            found[name] = values
        elif len(values) > 1:
            raise NotAsked(f"expected {name[:60]!r} once: it takes one value")
        else:
            found[name] = values[0]
    return found


def in_body(request: Request, body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in a body; raises `NotJson`, or `NotAsked` for what is none."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise NotJson("expected the body as application/json: send Content-Type: application/json")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotJson("expected the body as it is: send it without Content-Encoding; a file in it may be gzipped")
    strange = set(request.query_params.keys()) - set(OF_ANSWER)
    if strange:
        raise NotAsked(f"expected {', '.join(sorted(strange))[:100]!r} in the body, not in the URL")
    try:
        found = json.loads(body, parse_constant=_not_a_number, object_pairs_hook=_once)
    except NotAsked:
        raise
    except (ValueError, RecursionError):
        raise NotAsked("the body is no JSON in UTF-8: send an object such as {}") from None
    if not isinstance(found, dict):
        raise NotAsked("expected the body to be a JSON object of the verb's parameters, such as {}")
    return found


def _not_a_number(text: str) -> None:
    raise NotAsked(f"got {text}, which is no number in JSON: leave the parameter out, or give a finite number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise NotAsked(f"got {twice[:60]!r} twice in one object: expected each name once")
    return found
