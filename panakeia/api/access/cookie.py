"""Cookie: a page's session: which key signed in, until when, signed by the home's secret; and its forms' own token.

The cookie holds no key. Each request looks the key up again, so that a revoked one ends its sessions.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from panakeia.api.access.refusal import Refusal, Unauthenticated

_FORM = re.compile(r"1\.([0-9a-f]{8})\.([0-9a-f]{32})\.([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)


class CsrfMissing(Refusal):
    """A change by a session that does not show the token of its own forms."""

    status = 403
    slug = "csrf"

    def __init__(self) -> None:
        super().__init__(
            "the form is of another session, or its token was not sent (the field csrf, or the header X-CSRF-Token): "
            "load the page again"
        )


@dataclass(frozen=True)
class PageSession:
    """A session of the page: its number, the public number of the key that signed in, and when it ends (Unix time)."""

    id: str
    key: str
    expires: int


def new_session(key: str, now: float, hours: float) -> PageSession:
    """Return a session for a key's public number."""
    return PageSession(secrets.token_hex(16), key, int(now + 3600 * hours))


def written(session: PageSession, secret: bytes) -> str:
    """Return a session as the cookie's value."""
    said = f"1.{session.key}.{session.id}.{session.expires}"
    return f"{said}.{_signed(secret, 'cookie', said)}"


def read(value: str, secret: bytes, now: float) -> PageSession:
    """Return the session in a cookie's value; raises `Unauthenticated` for one that is forged or over."""
    form = _FORM.fullmatch(value)
    said = value.rpartition(".")[0]
    if form is None or not hmac.compare_digest(_signed(secret, "cookie", said), form[4]):
        raise Unauthenticated("the session is not one of this desk's: sign in again")
    session = PageSession(form[2], form[1], int(form[3]))
    if now >= session.expires:
        raise Unauthenticated("the session is over: sign in again")
    return session


def csrf_token(session: PageSession, secret: bytes) -> str:
    """Return what a form of this session carries in its field `csrf`."""
    return _signed(secret, "csrf", session.id)


def require_csrf(session: PageSession, secret: bytes, shown: str | None) -> None:
    """Raise `CsrfMissing` unless a session's own token is shown."""
    if not hmac.compare_digest(csrf_token(session, secret).encode(), (shown or "").encode(errors="replace")):
        raise CsrfMissing


def cookie_name(*, encrypted: bool) -> str:
    """Return the cookie's name; where TLS is spoken a browser lets nobody but this very host set one named so."""
    return "__Host-panakeia" if encrypted else "panakeia"


def set_cookie(session: PageSession, secret: bytes, now: float, *, encrypted: bool) -> str:
    """Return the header Set-Cookie that begins a session."""
    return _cookie(written(session, secret), max(int(session.expires - now), 0), encrypted)


def clear_cookie(*, encrypted: bool) -> str:
    """Return the header Set-Cookie that ends it in the browser."""
    return _cookie("", 0, encrypted)


def _cookie(value: str, age_s: int, encrypted: bool) -> str:
    secure = "; Secure" if encrypted else ""
    return f"{cookie_name(encrypted=encrypted)}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}"


def _signed(secret: bytes, use: str, said: str) -> str:
    return hmac.new(secret, f"{use}:{said}".encode(), hashlib.sha256).hexdigest()
