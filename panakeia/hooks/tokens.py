"""Tokens: a client proves who it is by a signed JWT (ES384 or RS384) for this address, in time, and once."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt

from panakeia.hooks.memory import Memory
from panakeia.hooks.problem import HookProblem

ALGORITHMS = ("ES384", "RS384")
LASTS_S, LEEWAY_S = 3600, 30
"""A token that is good for longer is refused; clocks may differ so much."""
SHORTEST_BYTES = 256
_NEEDED = ("iss", "aud", "exp", "iat", "jti")


@dataclass(frozen=True)
class Clients:
    """The clients that are trusted: their keys, by issuer and then by `kid`; and the tokens seen, until they expire."""

    keys: Mapping[str, Mapping[str, jwt.PyJWK]]
    memory: Memory = field(default_factory=Memory, repr=False)

    def check(self, header: str | None, address: str) -> str:
        """Return the issuer of the token in an Authorization header; raises `HookProblem` with 401, and says why."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise HookProblem(401, "no token: expected Authorization: Bearer, with a JWT signed by a known client")
        try:
            key = self._key(token)
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=address,
                leeway=LEEWAY_S,
                options={"require": list(_NEEDED)},
            )
        except jwt.InvalidTokenError as failure:
            raise HookProblem(401, f"the token is refused: {failure}") from None
        return self._once(claims)

    def _key(self, token: str) -> jwt.PyJWK:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise HookProblem(401, f"the token is refused: expected alg {' or '.join(ALGORITHMS)}")
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
        keys = self.keys.get(issuer) if isinstance(issuer, str) else None
        if keys is None:
            raise HookProblem(401, "the token is refused: its issuer (iss) is no client of the settings")
        key = keys.get(str(head.get("kid")))
        if key is None:
            raise HookProblem(401, "the token is refused: the client's JWK set has no key of its kid")
        return key

    def _once(self, claims: Mapping[str, Any]) -> str:
        if claims["exp"] - claims["iat"] > LASTS_S:
            raise HookProblem(401, f"the token is refused: it lasts for more than {LASTS_S} s")
        issuer, now = str(claims["iss"]), secrets.token_hex(16)
        left_s = claims["exp"] + LEEWAY_S - time.time()
        if self.memory.first("token", [f"{issuer}\0{claims['jti']}"], now, left_s + 1) != [now]:
            raise HookProblem(401, "the token is refused: it was used before (jti)")
        return issuer


def read_clients(files: Mapping[str, Path], memory: Memory) -> Clients:
    """Read the JWK set of each issuer; raises `ValueError` for a file that is none, or has a key without `kid`."""
    return Clients({issuer: _keys(Path(path)) for issuer, path in files.items()}, memory)


def _keys(path: Path) -> dict[str, jwt.PyJWK]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["keys"]
        keys = {str(one["kid"]): jwt.PyJWK(one, algorithm=_algorithm(one)) for one in found}
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as failure:
        raise ValueError(
            f"{path.name} is no JWK set: expected {{'keys': [...]}}, each with kid, of EC P-384 or RSA ({failure})"
        ) from None
    if not keys:
        raise ValueError(f"{path.name} has no key")
    return keys


def _algorithm(key: Mapping[str, Any]) -> str:
    kind = {"EC": "ES384", "RSA": "RS384"}.get(key["kty"])
    if kind is None or (kind == "ES384" and key.get("crv") != "P-384") or "d" in key:
        raise ValueError("a key is not the public part of one on P-384, or of RSA")
    if kind == "RS384" and len(jwt.utils.base64url_decode(key["n"])) < SHORTEST_BYTES:
        raise ValueError("a key of RSA has fewer than 2048 bits")
    return kind
