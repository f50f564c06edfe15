"""Refusal: why the desk does not answer a request, as a status with the cure, in the form of RFC 9457."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.types import Send


class Refusal(ValueError):
    """A request that is not answered; the message says what to do, and never holds a key, a token or what was asked.

    `headers` go with the answer.
    """

    status = 400
    slug = "refused"

    def __init__(self, message: str, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.headers = tuple(headers)

    def problem(self) -> dict[str, Any]:
        """Return the refusal as a problem (RFC 9457)."""
        title = HTTPStatus(self.status).phrase
        return {"type": f"urn:panakeia:{self.slug}", "title": title, "status": self.status, "detail": str(self)}


class Unauthenticated(Refusal):
    """Nobody who is known asks."""

    status = 401
    slug = "unauthenticated"

    def __init__(self, message: str, error: str = "") -> None:
        told = f', error="{error}"' if error else ""
        super().__init__(message, [("WWW-Authenticate", f'Bearer realm="panakeia"{told}')])


class Unavailable(Refusal):
    """What the desk needs to answer cannot be reached; the same request may be sent again later."""

    status = 503
    slug = "unavailable"

    def __init__(self, message: str, again_s: int = 60) -> None:
        super().__init__(message, [("Retry-After", str(again_s))])


async def send_refusal(send: Send, refusal: Refusal) -> None:
    """Answer a request by a refusal, from a middleware."""
    body = json.dumps(refusal.problem()).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    headers += [("Cache-Control", "no-store"), *refusal.headers]
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
