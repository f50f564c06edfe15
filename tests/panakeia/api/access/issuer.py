"""An issuer of tokens, with keys of its own, and tokens that it would never issue."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER, AUDIENCE = "https://login.example.org", "panakeia"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public half of a key as a JWK."""
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", **more}


JWKS = {"keys": [jwk(RSA, "rsa"), jwk(EC, "ec")]}


def claims(**changed: Any) -> dict[str, Any]:
    """Return claims that are right but for what is changed; None takes a claim away."""
    now = int(time.time())
    right = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now + 300, "iat": now, "roles": ["lab"]}
    return {name: value for name, value in {**right, **changed}.items() if value is not None}


def token(key: Any = RSA, kid: str | None = "rsa", algorithm: str = "RS256", **changed: Any) -> str:
    """Return a token signed by a key."""
    return jwt.encode(claims(**changed), key, algorithm, headers={} if kid is None else {"kid": kid})


def raw(head: dict[str, Any], body: Any, signature: bytes = b"") -> str:
    """Return a token as it is put together by hand."""
    parts = [json.dumps(head).encode(), body if isinstance(body, bytes) else json.dumps(body).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def confused() -> str:
    """Return a token whose HMAC is keyed by the issuer's public key, which everybody knows."""
    public = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    said = raw({"alg": "HS256", "kid": "rsa"}, claims()).rstrip(".")
    mac = hmac.digest(public, said.encode(), hashlib.sha256)
    return f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
