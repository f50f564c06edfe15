"""Authenticate: three ways to show who asks, and what becomes of all others."""

from pathlib import Path

import pytest
from starlette.datastructures import Headers

from panakeia.api.access.authenticate import (
    Gate,
    Presented,
    authenticate,
    form_token,
    gate,
    opened_gate,
    session_of,
    sign_in,
    sign_out,
)
from panakeia.api.access.cookie import CsrfMissing
from panakeia.api.access.jwks import IssuerKeys
from panakeia.api.access.keys import Keys, MadeKey
from panakeia.api.access.limit import TooMany
from panakeia.api.access.refusal import Unauthenticated
from panakeia.api.access.roles import Caller
from panakeia.api.access.settings import Access, BindingRefused, Limits, Oidc
from panakeia.api.access.tokens import Tokens
from tests.panakeia.api.access import issuer

OIDC = Oidc(issuer=issuer.ISSUER, audience=issuer.AUDIENCE, jwks="https://a.org/k", roles={"lab": "researcher"})


def desk(access: Access = Access()) -> tuple[Gate, MadeKey]:  # noqa: B008
    keys = Keys.ephemeral()
    return gate(access, keys), keys.add("notebook", "designer")


def shown(*headers: tuple[str, str], cookie: str = "", method: str = "GET", csrf: str | None = None) -> Presented:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    return Presented(Headers(raw=raw), {"panakeia": cookie} if cookie else {}, "192.0.2.1", method, csrf)


def test_a_key_opens_in_either_header() -> None:
    door, made = desk()
    told = Caller("notebook", "designer", "key", made.key.id)
    assert authenticate(door, shown(("X-API-Key", made.text))) == told
    assert authenticate(door, shown(("Authorization", f"bearer  {made.text}"))) == told


def test_a_token_opens_where_an_issuer_is_known() -> None:
    door, _ = desk()
    with pytest.raises(Unauthenticated, match="takes keys alone"):
        authenticate(door, shown(("Authorization", f"Bearer {issuer.token()}")))
    tokens = Tokens(OIDC, IssuerKeys(OIDC, lambda url: issuer.JWKS))
    opened = Gate(door.access, door.keys, tokens, door.callers, door.failures)
    caller = authenticate(opened, shown(("Authorization", f"Bearer {issuer.token()}")))
    assert caller == Caller("ada", "researcher", "token")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Basic YTpi")],
        [("Authorization", "")],
        [("Authorization", "Bearer ")],
        [("X-API-Key", "")],
        [("X-API-Key", "pnk_é\u202e")],
        [("X-API-Key", "KEY"), ("X-API-Key", "KEY")],
        [("X-API-Key", "KEY"), ("Authorization", "Bearer KEY")],
    ],
)
def test_whoever_shows_nothing_right_is_told_how(headers: list[tuple[str, str]]) -> None:
    door, made = desk()
    with pytest.raises(Unauthenticated) as refused:
        authenticate(door, shown(*((name, value.replace("KEY", made.text)) for name, value in headers)))
    assert dict(refused.value.headers)["WWW-Authenticate"].startswith('Bearer realm="panakeia"')
    assert made.text not in str(refused.value)


def signed_in(door: Gate, made: MadeKey) -> str:
    caller, told = sign_in(door, f" {made.text}\n")
    assert caller == Caller("notebook", "designer", "cookie", made.key.id)
    return told.partition(";")[0].partition("=")[2]


def test_a_session_asks_and_changes_with_its_own_form_alone() -> None:
    door, made = desk()
    cookie = signed_in(door, made)
    assert authenticate(door, shown(cookie=cookie)).way == "cookie"
    session = session_of(door, {"panakeia": cookie})
    assert session is not None
    right = form_token(door, session)
    assert authenticate(door, shown(cookie=cookie, method="POST", csrf=right)).name == "notebook"
    assert authenticate(door, shown(("X-CSRF-Token", right), cookie=cookie, method="DELETE")).name == "notebook"
    for wrong in (None, "", right[:-1], cookie):
        with pytest.raises(CsrfMissing):
            authenticate(door, shown(cookie=cookie, method="POST", csrf=wrong))


def test_a_session_ends_with_its_key_or_by_signing_out_also_for_who_copied_it() -> None:
    door, made = desk()
    cookie, other = signed_in(door, made), signed_in(door, made)
    session = session_of(door, {"panakeia": cookie})
    assert session is not None
    assert "Max-Age=0" in sign_out(door, session)
    with pytest.raises(Unauthenticated, match="signed out"):
        authenticate(door, shown(cookie=cookie))
    assert authenticate(door, shown(cookie=other)).name == "notebook"
    door.keys.revoke("notebook")
    for replayed in (shown(cookie=other), shown(("X-API-Key", made.text))):
        with pytest.raises(Unauthenticated, match="revoked"):
            authenticate(door, replayed)
    with pytest.raises(Unauthenticated):
        sign_in(door, made.text)


def test_failures_are_counted_by_address_and_who_is_right_is_not_kept_out() -> None:
    door, made = desk(Access(limits=Limits(failures_per_minute=3)))
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            authenticate(door, shown(("X-API-Key", "guess")))
    with pytest.raises(TooMany):
        authenticate(door, shown(("X-API-Key", "guess")))
    with pytest.raises(TooMany):
        sign_in(door, "guess", "192.0.2.1")
    assert authenticate(door, shown(("X-API-Key", made.text))).name == "notebook"


def test_failures_of_one_address_are_no_other_s() -> None:
    door, _ = desk(Access(limits=Limits(failures_per_minute=1)))
    ones = ["::ffff:192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2"]  # two addresses and a network of one client
    others = ["::ffff:192.0.2.2", "192.0.2.3", "2001:db8:0:1::1"]
    for client in ["::ffff:192.0.2.1", "2001:db8::1", *others]:
        door.failed(client)
    for client in ones:
        with pytest.raises(TooMany):
            door.failed(client)


def test_a_caller_has_one_bucket_for_the_page_and_the_key() -> None:
    door, _ = desk(Access(limits=Limits(burst=2)))
    door.admit(Caller("a", "reader", "key"))
    assert dict(door.admit(Caller("a", "reader", "cookie")).headers())["RateLimit"].startswith('"caller";r=0')
    with pytest.raises(TooMany):
        door.admit(Caller("a", "reader", "key"))
    door.admit(Caller("a", "reader", "token"))  # another's name at the issuer is another caller


def test_a_desk_without_anything_makes_one_key_for_this_machine(tmp_path: Path) -> None:
    home = tmp_path / "desk"
    opened, made = opened_gate(Access(), home, "127.0.0.1")
    assert made is not None
    assert authenticate(opened, shown(("X-API-Key", made.text))).role == "admin"
    again, other = opened_gate(Access(), home, "127.0.0.1")
    assert other is not None
    with pytest.raises(Unauthenticated, match="does not know"):
        authenticate(again, shown(("X-API-Key", made.text)))
    with pytest.raises(BindingRefused):
        opened_gate(Access(), home, "0.0.0.0")
    Keys.of(home).add("a", "reader")
    assert opened_gate(Access(), home, "localhost")[1] is None
