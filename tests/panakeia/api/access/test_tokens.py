"""Tokens: what an issuer signs opens, and nothing that a stranger makes; keys are asked for seldom."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from panakeia.api.access.jwks import BETWEEN_S, FRESH_S, STALE_S, IssuerKeys, fetch_json, public_keys
from panakeia.api.access.refusal import Unauthenticated, Unavailable
from panakeia.api.access.roles import Caller, Forbidden
from panakeia.api.access.settings import Oidc
from panakeia.api.access.tokens import Tokens
from tests.panakeia.api.access import issuer
from tests.panakeia.dripping import dripping

OIDC = Oidc(
    issuer=issuer.ISSUER,
    audience=issuer.AUDIENCE,
    jwks="https://login.example.org/keys",
    roles={"lab": "researcher", "plan": "designer"},
)


class Issuer:
    """What is fetched of an issuer, and how often."""

    def __init__(self, jwks: Any) -> None:
        self.jwks, self.asked, self.now = jwks, list[str](), 0.0

    def fetch(self, url: str) -> Any:
        self.asked.append(url)
        if isinstance(self.jwks, Exception):
            raise self.jwks
        return self.jwks

    def clock(self) -> float:
        return self.now


def keys_of(there: Issuer, oidc: Oidc = OIDC) -> IssuerKeys:
    return IssuerKeys(oidc, there.fetch, there.clock)


TOKENS = Tokens(OIDC, keys_of(Issuer(issuer.JWKS)))


def test_what_the_issuer_signed_opens() -> None:
    assert TOKENS.caller(issuer.token()) == Caller("ada", "researcher", "token")
    signed = issuer.token(issuer.EC, "ec", "ES256", aud=["other", issuer.AUDIENCE], roles=["plan", "unknown"])
    assert TOKENS.caller(signed).role == "designer"
    assert TOKENS.caller(issuer.token(roles=["plan", "lab"])).role == "researcher"
    assert TOKENS.caller(issuer.token(exp=int(time.time()) - 20)).name == "ada"  # within the leeway


HOSTILE: dict[str, tuple[Callable[[], str], str]] = {  # made when it is shown: a token ends after five minutes
    "no algorithm": (
        lambda: issuer.raw({"alg": "none", "kid": "rsa"}, issuer.claims()),
        "not signed by RS256 or ES256",
    ),
    "None": (lambda: issuer.raw({"alg": "None", "kid": "rsa"}, issuer.claims()), "not signed by"),
    "the public key as a secret": (issuer.confused, "not signed by"),
    "an algorithm that is no word": (
        lambda: issuer.raw({"alg": ["RS256"], "kid": "rsa"}, issuer.claims()),
        "not signed by",
    ),
    "not allowed, though right": (lambda: issuer.token(algorithm="RS512"), "not signed by"),
    "no signature": (lambda: issuer.raw({"alg": "RS256", "kid": "rsa"}, issuer.claims()), "signature is not"),
    "another's key": (lambda: issuer.token(issuer.OTHER_RSA), "signature is not the issuer's"),
    "a key of another kind": (lambda: issuer.token(kid="ec"), "names no key"),
    "a path as a key": (lambda: issuer.token(kid="../../dev/null"), "names no key"),
    "a question as a key": (lambda: issuer.token(kid="x' UNION SELECT 'a"), "names no key"),
    "a key that is no word": (lambda: issuer.raw({"alg": "RS256", "kid": {"a": 1}}, issuer.claims()), "can be read"),
    "no key": (lambda: issuer.token(kid=None), "names no key"),
    "a key of its own": (
        lambda: jwt.encode(
            issuer.claims(), issuer.OTHER_RSA, "RS256", {"kid": "own", "jwk": issuer.jwk(issuer.OTHER_RSA, "own")}
        ),
        "names no key",
    ),
    "keys elsewhere": (
        lambda: jwt.encode(
            issuer.claims(), issuer.OTHER_RSA, "RS256", {"kid": "rsa", "jku": "https://evil.example/keys"}
        ),
        "signature is not",
    ),
    "an extension that is not known": (
        lambda: jwt.encode(issuer.claims(), issuer.RSA, "RS256", {"kid": "rsa", "crit": ["new"], "new": 1}),
        "can be read",
    ),
    "another audience": (lambda: issuer.token(aud="other"), "not for this desk: .* audience panakeia"),
    "a longer audience": (lambda: issuer.token(aud="panakeia2"), "not for this desk"),
    "no audience": (lambda: issuer.token(aud=None), "lacks one of the claims"),
    "another issuer": (lambda: issuer.token(iss="https://login.example.org.evil"), "of another issuer"),
    "no issuer": (lambda: issuer.token(iss=None), "lacks one of the claims"),
    "expired": (lambda: issuer.token(exp=int(time.time()) - 3600), "has expired"),
    "no end": (lambda: issuer.token(exp=None), "lacks one of the claims"),
    "an end that is no number": (lambda: issuer.token(exp="soon"), "can be read"),
    "not yet": (lambda: issuer.token(nbf=int(time.time()) + 3600), "not valid yet"),
    "nobody": (lambda: issuer.token(sub=None), "no claim sub"),
    "a name over two lines": (lambda: issuer.token(sub="ada\n{}"), "no claim sub"),
    "too long": (lambda: issuer.token(more="x" * 20_000), "more than 16384 characters"),
    "nested": (lambda: issuer.raw({"alg": "RS256", "kid": "rsa"}, b"[" * 5000, b"x"), "signature is not"),
    "a nested head": (lambda: "W1tb" * 1000 + ".e30.eA", "can be read"),
    "words": (lambda: "not.a.token", "can be read"),
    "nothing": (lambda: "", "can be read"),
    "signs": (lambda: "é.\udc80.\0", "can be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_stranger_makes_opens_nothing_and_is_not_quoted(name: str) -> None:
    made, told = HOSTILE[name]
    token = made()
    with pytest.raises(Unauthenticated, match=told) as refused:
        TOKENS.caller(token)
    assert not token or token not in str(refused.value)
    assert 'error="invalid_token"' in dict(refused.value.headers)["WWW-Authenticate"]


@pytest.mark.parametrize("roles", [None, [], ["admin"], "clinician", [["lab"]], {"lab": True}, 1])
def test_a_token_without_a_role_that_the_settings_know_opens_nothing(roles: Any) -> None:
    with pytest.raises(Forbidden, match="you have none"):
        TOKENS.caller(issuer.token(roles=roles))


def test_a_role_stands_inside_another_claim_or_in_one_whose_name_has_dots() -> None:
    for claim in ("realm_access.roles", "https://x.org/roles"):
        oidc = OIDC.model_copy(update={"role_claim": claim})
        told: dict[str, Any] = {"realm_access": {"roles": ["lab"]}} if "realm" in claim else {claim: "lab"}
        caller = Tokens(oidc, keys_of(Issuer(issuer.JWKS))).caller(issuer.token(roles=None, **told))
        assert caller.role == "researcher"


def test_keys_are_asked_for_seldom_whatever_tokens_name() -> None:
    there = Issuer(issuer.JWKS)
    keys = keys_of(there)
    for stranger in range(100):
        assert keys.find(str(stranger), "RS256") is None
    assert len(there.asked) == 1
    there.jwks = {"keys": [issuer.jwk(issuer.OTHER_RSA, "new")]}
    assert keys.find("new", "RS256") is None
    there.now = BETWEEN_S
    assert keys.find("new", "RS256") is not None  # the issuer changed its keys
    assert keys.find("rsa", "RS256") is None  # and took the old one back
    assert len(there.asked) == 2
    there.now += FRESH_S + 1
    keys.find("new", "RS256")
    assert len(there.asked) == 3


def test_while_the_issuer_is_away_its_keys_stand_for_a_day(caplog: pytest.LogCaptureFixture) -> None:
    there = Issuer(issuer.JWKS)
    keys = keys_of(there)
    assert keys.find("rsa", "RS256") is not None
    there.jwks, there.now = OSError("away"), STALE_S - 1.0
    assert keys.find("rsa", "RS256") is not None
    assert "the keys of https://login.example.org: OSError" in caplog.text
    there.now = STALE_S + 1.0
    with pytest.raises(Unavailable, match="again later"):
        keys.find("rsa", "RS256")
    with pytest.raises(Unavailable):
        keys_of(Issuer({"keys": "none"})).find("rsa", "RS256")
    with pytest.raises(Unavailable):  # and is no fault of the token's
        Tokens(OIDC, keys_of(Issuer(OSError("away")))).caller(issuer.token())


@pytest.mark.parametrize("where", ["head", "body"])
def test_an_issuer_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr("panakeia.api.access.jwks.WITHIN_S", 0.2)
    with dripping(issuer.JWKS, where) as url:
        with pytest.raises(TimeoutError):
            fetch_json(url)
        with pytest.raises(Unavailable):
            IssuerKeys(OIDC.model_copy(update={"jwks": url})).find("rsa", "RS256")


def test_keys_of_an_issuer_in_time_are_had() -> None:
    with dripping(issuer.JWKS, "at once") as url:
        assert fetch_json(url) == issuer.JWKS


def test_nobody_waits_for_long_while_another_asks_for_the_first_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panakeia.api.access.jwks.WITHIN_S", 0.05)
    begun, told = Event(), Event()

    def slow(url: str) -> Any:
        begun.set()
        told.wait(20)
        return issuer.JWKS

    keys = IssuerKeys(OIDC, slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(keys.find, "rsa", "RS256")
        try:
            assert begun.wait(20)
            with pytest.raises(Unavailable, match="again later"):
                keys.find("rsa", "RS256")
        finally:
            told.set()
        assert first.result(20) is not None


def test_keys_that_verify_nothing_are_left_out() -> None:
    short = rsa.generate_private_key(65537, 1024)
    odd: list[Any] = [
        issuer.jwk(short, "short"),
        issuer.jwk(issuer.RSA, "encrypts", use="enc"),
        issuer.jwk(issuer.RSA, "wraps", key_ops=["wrapKey"]),
        issuer.jwk(issuer.RSA, "other", alg="PS256"),
        {"kty": "oct", "k": "AAAA", "kid": "secret", "alg": "HS256"},
        {"kty": "RSA", "kid": "broken", "n": "!", "e": 1},
        {**issuer.jwk(issuer.RSA, "nameless"), "kid": None},
        "no key",
        issuer.jwk(issuer.RSA, "right"),
    ]
    assert set(public_keys({"keys": odd}, OIDC.algorithms)) == {("right", "RS256")}


def test_an_issuer_is_found_by_its_own_description_and_no_other() -> None:
    oidc = OIDC.model_copy(update={"jwks": None})
    said = {"issuer": issuer.ISSUER, "jwks_uri": "https://keys.example.org/all"}

    class Described(Issuer):
        def fetch(self, url: str) -> Any:
            described = super().fetch(url)
            return described if url.endswith("openid-configuration") else issuer.JWKS

    there = Described(said)
    assert keys_of(there, oidc).find("rsa", "RS256") is not None
    assert there.asked == [f"{issuer.ISSUER}/.well-known/openid-configuration", "https://keys.example.org/all"]
    for lie in ({**said, "issuer": "https://evil.example"}, {**said, "jwks_uri": "http://keys.example.org"}, []):
        with pytest.raises(Unavailable):
            keys_of(Described(lie), oidc).find("rsa", "RS256")


@pytest.mark.parametrize("url", ["http://login.example.org", "file:///etc/passwd", "https://", "https://a:b@c.org"])
def test_keys_come_by_https_alone(url: str) -> None:
    with pytest.raises(ValidationError, match="expected"):
        Oidc(issuer=issuer.ISSUER, audience="a", jwks=url, roles={"a": "reader"})
    if not url.startswith("https"):
        with pytest.raises(ValueError, match="https alone"):
            fetch_json(url)
