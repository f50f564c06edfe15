"""JWKS: an issuer's public keys, kept for an hour, and asked for anew, now and then, where a token names another.

Source: RFC 7517; OpenID Connect Discovery 1.0, section 4.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from panakeia.api.access.refusal import Unavailable
from panakeia.api.access.settings import Oidc, is_loopback

FRESH_S = 3600
"""After so long the keys are asked for again; what was taken back by the issuer opens nothing after that."""
STALE_S = 24 * 3600
"""So long the keys stand while the issuer cannot be reached."""
BETWEEN_S = 60
"""No two requests to the issuer are nearer than this, whatever tokens come."""
WITHIN_S = 5.0
"""So long one answer of the issuer may take, and so long a request waits where another one asks for the first keys."""
LARGEST = 256 * 1024
_MOST_KEYS = 100
_LONG_ENOUGH = 2048
_KINDS = {"RS256": ("RSA", None), "ES256": ("EC", "P-256")}

Fetch = Callable[[str], Any]


class Keyring(Protocol):
    """Where the public key of a token is found."""

    def find(self, kid: str, algorithm: str) -> Any | None:
        """Return the public key that a token names, for this algorithm, or None if there is none."""


class IssuerKeys:
    """The keys of one issuer; safe between threads, of which one at a time asks the issuer.

    No other waits for it but before there are any keys, and then not for long.
    """

    def __init__(self, oidc: Oidc, fetch: Fetch | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._oidc, self._fetch, self._clock = oidc, fetch or fetch_json, clock
        self._keys: dict[tuple[str, str], Any] = {}
        self._read: float | None = None
        self._asked: float | None = None
        self._asking = threading.Lock()

    def find(self, kid: str, algorithm: str) -> Any | None:
        """Return the issuer's public key, or None; raises `Unavailable` if none could be had for too long."""
        now = self._clock()
        old = self._read is None or now - self._read > FRESH_S
        if old or (kid, algorithm) not in self._keys:
            self._refresh(now, wait=self._read is None)
        if self._read is None or self._clock() - self._read > STALE_S:
            raise Unavailable("the issuer of tokens cannot be asked for its keys: send the request again later")
        return self._keys.get((kid, algorithm))

    def _refresh(self, now: float, *, wait: bool) -> None:
        """Ask the issuer, unless it was asked just now or another thread does; what it said stands if it fails."""
        if not self._asking.acquire(timeout=WITHIN_S if wait else 0):
            return
        try:
            if self._asked is not None and now - self._asked < BETWEEN_S:
                return
            self._asked = now
            found = self._fetch(self._oidc.jwks or self._discovered())
            self._keys = public_keys(found, self._oidc.algorithms)
            self._read = self._clock()
        except (OSError, ValueError, RecursionError) as failure:
            logging.getLogger(__name__).warning("the keys of %s: %s", self._oidc.issuer, type(failure).__name__)
        finally:
            self._asking.release()

    def _discovered(self) -> str:
        said = self._fetch(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(said, dict) or said.get("issuer") != self._oidc.issuer:
            raise ValueError("the issuer's description is of another issuer")
        return require_secure(str(said.get("jwks_uri", "")))


def public_keys(jwks: Any, algorithms: tuple[str, ...]) -> dict[tuple[str, str], Any]:
    """Return the keys of a JWKS that may verify, by name and algorithm.

    A key without a name, of another kind or use, or RSA of fewer than 2048 bits is left out; raises `ValueError` for
    what is no JWKS.
    """
    import jwt

    if not isinstance(jwks, dict) or not isinstance(jwks.get("keys"), list):
        raise ValueError("this is no set of keys")
    found: dict[tuple[str, str], Any] = {}
    for one in jwks["keys"][:_MOST_KEYS]:
        for algorithm in algorithms:
            if not isinstance(one, dict) or not _may_verify(one, algorithm):
                continue
            try:
                key = jwt.PyJWK(
                    {name: one[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in one}, algorithm
                )
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
            if getattr(key.key, "key_size", _LONG_ENOUGH) >= _LONG_ENOUGH or algorithm == "ES256":
                found.setdefault((one["kid"], algorithm), key)
    return found


def _may_verify(key: dict[str, Any], algorithm: str) -> bool:
    kind, curve = _KINDS[algorithm]
    return (
        isinstance(key.get("kid"), str)
        and key.get("kty") == kind
        and key.get("crv") == curve
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and "verify" in key.get("key_ops", ["verify"])
    )


def require_secure(url: str) -> str:
    """Return a URL, or raise `ValueError` if it is not https, and not of this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ValueError("an issuer's keys are read by https alone")
    return url


def fetch_json(url: str) -> Any:
    """Return the JSON at a URL; raises `OSError` for no answer in time, `ValueError` if it is too long or no JSON."""
    from panakeia.api.access.elsewhere import Elsewhere

    own = not is_loopback(urlsplit(require_secure(url)).hostname or "")
    with Elsewhere(WITHIN_S, LARGEST, environment=own) as elsewhere:
        return elsewhere.get(url, {"Accept": "application/json"})
