"""Tokens: bearer tokens of an OpenID Connect issuer: their signature, what they are for, until when, and whose.

Source: RFC 7519 and RFC 8725 (an algorithm is never taken from the token, keys never from its head); OpenID Connect
Core 1.0, section 3.1.3.7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from panakeia.api.access.jwks import Keyring
from panakeia.api.access.refusal import Refusal, Unauthenticated
from panakeia.api.access.roles import Caller, Forbidden, Role, widest
from panakeia.api.access.settings import Oidc

LONGEST = 16 * 1024
_LONGEST_NAME = 128
_REQUIRED = ["exp", "iss", "aud"]


@dataclass(frozen=True)
class Tokens:
    """Whose tokens are taken, and where the keys to check them are found."""

    oidc: Oidc
    keys: Keyring

    def caller(self, token: str) -> Caller:
        """Return whom a token names, with the widest role that it gives.

        Raises `Unauthenticated` for a token that is not right, `Forbidden` for one without a role, and
        `panakeia.api.access.refusal.Unavailable` if the issuer's keys cannot be had. None of them quotes the token.
        """
        claims = self._claims(token)
        name = claims.get(self.oidc.name_claim)
        if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise _refused(
                f"the token has no claim {self.oidc.name_claim} that says whose it is: let the issuer add it"
            )
        roles = roles_in(claims, self.oidc)
        if not roles:
            raise Forbidden(None, "graph")
        return Caller(name, widest(roles), "token")

    def _claims(self, token: str) -> dict[str, Any]:
        import jwt

        if len(token) > LONGEST:
            raise _refused(f"the token has more than {LONGEST} characters: ask the issuer for a smaller one")
        try:
            head = jwt.get_unverified_header(token)
            algorithm, kid = head.get("alg"), head.get("kid")
            if algorithm not in self.oidc.algorithms:
                raise _refused(f"the token is not signed by {' or '.join(self.oidc.algorithms)}: let the issuer do so")
            key = self.keys.find(kid, algorithm) if isinstance(kid, str) else None
            if key is None:
                raise _refused("the token names no key of the issuer: sign in again for a new one")
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self.oidc.audience,
                issuer=self.oidc.issuer,
                leeway=self.oidc.leeway_s,
                options={"require": _REQUIRED, "enforce_minimum_key_length": True},
            )
        except Refusal:
            raise
        except jwt.PyJWTError as failure:
            raise _refused(_cure(failure, self.oidc)) from None
        except (ValueError, TypeError, OverflowError, RecursionError):  # what is in a stranger's JSON
            raise _refused(_NO_TOKEN) from None


_NO_TOKEN = "this is no token that can be read: send it as it was issued, after Bearer"


def roles_in(claims: Mapping[str, Any], oidc: Oidc) -> set[Role]:
    """Return the roles that a token gives; a value that the settings do not know gives none.

    >>> oidc = Oidc(issuer="https://a.org", audience="desk", role_claim="realm.roles", roles={"lab": "researcher"})
    >>> roles_in({"realm": {"roles": ["lab", "admin"]}}, oidc)
    {'researcher'}
    """
    found: Any = claims
    if oidc.role_claim in claims:  # a claim's name may be a URL, with dots
        found = claims[oidc.role_claim]
    else:
        for part in oidc.role_claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return {oidc.roles[value] for value in values if isinstance(value, str) and value in oidc.roles}


def _cure(failure: Exception, oidc: Oidc) -> str:
    import jwt

    cures: list[tuple[type[Exception], str]] = [
        (jwt.ExpiredSignatureError, "the token has expired: sign in again for a new one"),
        (jwt.ImmatureSignatureError, "the token is not valid yet: look at the clocks of the issuer and of the desk"),
        (
            jwt.InvalidAudienceError,
            f"the token is not for this desk: ask the issuer for one with audience {oidc.audience}",
        ),
        (jwt.InvalidIssuerError, f"the token is of another issuer: sign in at {oidc.issuer}"),
        (
            jwt.MissingRequiredClaimError,
            f"the token lacks one of the claims {', '.join(_REQUIRED)}: let the issuer add it",
        ),
        (jwt.InvalidSignatureError, "the token's signature is not the issuer's: send it as it was issued"),
    ]
    return next((cure for kind, cure in cures if isinstance(failure, kind)), _NO_TOKEN)


def _refused(message: str) -> Unauthenticated:
    return Unauthenticated(message, "invalid_token")
