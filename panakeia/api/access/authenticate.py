"""Authenticate: who asks, by a key, a token or a page's session; the one place that says so."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NoReturn

from starlette.datastructures import Headers

from panakeia.api.access.cookie import (
    PageSession,
    clear_cookie,
    cookie_name,
    csrf_token,
    new_session,
    read,
    require_csrf,
    set_cookie,
)
from panakeia.api.access.hosts import SAFE_METHODS
from panakeia.api.access.jwks import IssuerKeys
from panakeia.api.access.keys import Keys, MadeKey, UnknownKey, looks_like_key
from panakeia.api.access.limit import Allowance, Limiter
from panakeia.api.access.refusal import Refusal, Unauthenticated
from panakeia.api.access.roles import Caller
from panakeia.api.access.settings import Access, require_bindable
from panakeia.api.access.tokens import Tokens

THIS_START = "00000000"
"""The public number of the key of a start: whoever starts the desk anew finds the jobs that they began before."""
_SIGN_IN = "sign in, or send a key in the header X-API-Key (panakeia key add makes one)"
_ONE_WAY = "the request shows who asks in more than one way: send one X-API-Key or one Authorization"


@dataclass(frozen=True)
class Presented:
    """What a request shows of who asks; `csrf` is the token in a form's field, where there is one."""

    headers: Headers
    cookies: Mapping[str, str]
    client: str = ""
    method: str = "GET"
    csrf: str | None = None


@dataclass(frozen=True)
class Gate:
    """All that it takes to know who asks."""

    access: Access
    keys: Keys
    tokens: Tokens | None
    callers: Limiter
    failures: Limiter
    clock: Callable[[], float] = time.time

    def admit(self, caller: Caller, cost: int = 1) -> Allowance:
        """Count a request of this caller; raises `panakeia.api.access.limit.TooMany`, which says when to come again."""
        allowance = self.callers.take(caller.owner, cost)
        allowance.require()
        return allowance

    def failed(self, client: str) -> None:
        """Count that nobody who is known asked from this address; raises `panakeia.api.access.limit.TooMany`."""
        self.failures.take(_network(client)).require()


def gate(access: Access, keys: Keys, clock: Callable[[], float] = time.time) -> Gate:
    """Return the gate of a desk with these settings and keys."""
    limits = access.limits
    return Gate(
        access,
        keys,
        Tokens(access.oidc, IssuerKeys(access.oidc)) if access.oidc else None,
        Limiter(limits.requests_per_minute, limits.burst),
        Limiter(limits.failures_per_minute, max(int(limits.failures_per_minute), 1)),
        clock,
    )


def opened_gate(access: Access, home: Path, host: str) -> tuple[Gate, MadeKey | None]:
    """Return the gate of a desk that is to listen at a host, and the key to print once where there is none.

    That key is an admin's, is kept nowhere and ends with the process. Raises
    `panakeia.api.access.settings.BindingRefused` before anybody can ask, `panakeia.api.access.home.HomeError`.
    """
    keys = Keys.of(home)
    there = keys.any_opens()
    require_bindable(host, access, keys=there)
    if there or access.oidc is not None:
        return gate(access, keys), None
    keys.close()
    keys = Keys.ephemeral()
    return gate(access, keys), keys.add("this start", "admin", days=None, number=THIS_START)


def authenticate(gate: Gate, shown: Presented) -> Caller:
    """Return who asks; it may ask the issuer of tokens and the file of keys, so call it in a thread.

    Raises `Unauthenticated`, or `panakeia.api.access.limit.TooMany` after too many failures from one address (whoever
    shows what is right is never kept out); `panakeia.api.access.cookie.CsrfMissing` for a change by a session without
    its form's token; and what `panakeia.api.access.tokens.Tokens.caller` raises.
    """
    try:
        return _caller(gate, shown)
    except Unauthenticated:
        gate.failed(shown.client)
        raise


def is_known(gate: Gate, shown: Presented) -> bool:
    """Return whether somebody who is known asks, without counting a failure: the request is yet to be authenticated."""
    try:
        _caller(gate, replace(shown, method="GET"))
    except Refusal:
        return False
    return True


def _caller(gate: Gate, shown: Presented) -> Caller:
    keys, bearers = shown.headers.getlist("x-api-key"), shown.headers.getlist("authorization")
    if len(keys) + len(bearers) > 1:
        raise Unauthenticated(_ONE_WAY, "invalid_request")
    if keys:
        return _by_key(gate, keys[0].strip())
    if bearers:
        scheme, _, value = bearers[0].strip().partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("expected Authorization: Bearer, and then a key or a token", "invalid_request")
        return _by_bearer(gate, value.strip())
    session = session_of(gate, shown.cookies)
    if session is None:
        raise Unauthenticated(f"nobody is said to ask: {_SIGN_IN}")
    try:
        key = gate.keys.by_id(session.key)
    except UnknownKey as failure:
        _refuse(failure)
    if shown.method not in SAFE_METHODS:
        require_csrf(session, gate.keys.secret, shown.headers.get("x-csrf-token") or shown.csrf)
    return key.caller("cookie")


def _by_bearer(gate: Gate, value: str) -> Caller:
    if looks_like_key(value):
        return _by_key(gate, value)
    if gate.tokens is None:
        raise Unauthenticated("this desk takes keys alone, no tokens: send a key (pnk_...)", "invalid_token")
    return gate.tokens.caller(value)


def _by_key(gate: Gate, text: str) -> Caller:
    try:
        return gate.keys.find(text).caller()
    except UnknownKey as failure:
        _refuse(failure)


def _refuse(failure: UnknownKey) -> NoReturn:
    raise Unauthenticated(str(failure), "invalid_token") from None


def session_of(gate: Gate, cookies: Mapping[str, str]) -> PageSession | None:
    """Return the page's session, None where there is no cookie; raises `Unauthenticated` for one that is not right."""
    value = cookies.get(cookie_name(encrypted=gate.access.encrypted))
    if value is None:
        return None
    session = read(value, gate.keys.secret, gate.clock())
    if gate.keys.session_ended(session.id):
        raise Unauthenticated("the session was signed out: sign in again")
    return session


def sign_in(gate: Gate, text: str, client: str = "") -> tuple[Caller, str]:
    """Return who signs in with a key, and the header Set-Cookie that begins their session; raises as `authenticate`."""
    try:
        key = gate.keys.find(text.strip())
    except UnknownKey as failure:
        gate.failed(client)
        _refuse(failure)
    session = new_session(key.id, gate.clock(), gate.access.session_hours)
    told = set_cookie(session, gate.keys.secret, gate.clock(), encrypted=gate.access.encrypted)
    return key.caller("cookie"), told


def sign_out(gate: Gate, session: PageSession) -> str:
    """End a session, also for who has copied its cookie; return the header Set-Cookie that takes it away."""
    gate.keys.end_session(session.id, session.expires)
    return clear_cookie(encrypted=gate.access.encrypted)


def form_token(gate: Gate, session: PageSession) -> str:
    """Return what a session's forms carry in the field `csrf`, and its scripts in the header X-CSRF-Token."""
    return csrf_token(session, gate.keys.secret)


def _network(client: str) -> str:
    """Return the address that failures are counted by; of IPv6 the first 64 bits, which one client has all of."""
    try:
        address = ip_address(client)
    except ValueError:
        return client[:64]
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped  # how a socket of both versions tells a client of the older one
        return str(mapped) if mapped else address.exploded[:19]
    return str(address)
