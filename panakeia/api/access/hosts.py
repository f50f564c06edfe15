"""Hosts: a request is answered if it calls the desk by its own name, and changes something from its own page alone.

The first stands against DNS rebinding (a stranger's page whose name comes to mean this machine), the second against
requests that a stranger's page makes in a signed-in browser.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from panakeia.api.access.refusal import Refusal, send_refusal
from panakeia.api.access.settings import Access, is_loopback

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_PORTS = {"http": 80, "https": 443}


class WrongHost(Refusal):
    """A request to a name that is not the desk's."""

    status = 421
    slug = "wrong-host"


class WrongOrigin(Refusal):
    """A change that a page elsewhere asks for."""

    status = 403
    slug = "wrong-origin"


@dataclass(frozen=True)
class HostCheck:
    """A middleware that refuses requests by another name, and changes from another page."""

    app: ASGIApp
    access: Access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; a websocket is always refused, the desk has none."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            require_own(self.access, scope["method"], Headers(scope=scope))
        except Refusal as refusal:
            await send_refusal(send, refusal)
            return
        await self.app(scope, receive, send)


def require_own(access: Access, method: str, headers: Headers) -> None:
    """Raise `WrongHost` or `WrongOrigin` for a request that the desk does not answer."""
    named = headers.getlist("host")
    host = _authority(f"//{named[0]}") if len(named) == 1 else None
    if host is None or not _is_ours(host[0], access):
        raise WrongHost(
            "the desk is not called by this name: use the name that it printed at its start, or let whoever runs it "
            "add the name to hosts"
        )
    if method not in SAFE_METHODS:
        _require_origin(access, host, headers)


def _require_origin(access: Access, host: tuple[str, int | None], headers: Headers) -> None:
    given = headers.getlist("origin")
    if not given:  # no browser sends a change without an origin; older ones say at least from where it is
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise WrongOrigin(_ELSEWHERE)
        return
    origin = given[0].lower()
    if len(given) > 1 or (origin not in access.origins and not _is_same(origin, host, access)):
        raise WrongOrigin(_ELSEWHERE)


_ELSEWHERE = (
    "a page elsewhere asks for a change: use the desk's own page, or let whoever runs the desk add that page to origins"
)


def _is_same(origin: str, host: tuple[str, int | None], access: Access) -> bool:
    """Return whether an origin is the desk's own, as the client calls it; behind a proxy only the client knows TLS."""
    scheme = origin.partition("://")[0]
    if scheme not in _PORTS or (access.encrypted and scheme != "https"):
        return False
    found, own = _authority(origin), host[1] or _PORTS[scheme]
    return found is not None and found[0] == host[0] and (found[1] or _PORTS[scheme]) == own


def _is_ours(name: str, access: Access) -> bool:
    return name in access.hosts or is_loopback(name)


def _authority(url: str) -> tuple[str, int | None] | None:
    """Return the name and the port in a URL that has nothing else, None for any other."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        return None
    return name.removesuffix("."), port
