"""Access: the ways to sites, and the secrets shown on them, from a file or the environment; they are never logged."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from twin.prognosis.federated.guard import Rules
from twin.prognosis.federated.refusal import FederatedError
from twin.prognosis.federated.rounds import Link
from twin.prognosis.federated.rows import read_rows
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.transports.folder import Folder
from twin.prognosis.federated.transports.here import Here
from twin.prognosis.federated.transports.http import Http
from twin.prognosis.federated.wire import Question

TOKEN_VARIABLE = "PANAKEIA_SITE_TOKEN"
_SHORTEST = 16
_HOW = 'make one with: python -c "import secrets; print(secrets.token_hex(32))" > token.txt && chmod 600 token.txt'


@dataclass(frozen=True)
class Access:
    """The token of every site, or those of sites by name; and the certificates that sites' own are checked by."""

    token: str | None = field(default=None, repr=False)
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca: Path | None = None

    @classmethod
    def of(
        cls, file: str | Path | None = None, ca: Path | None = None, environment: Mapping[str, str] = os.environ
    ) -> "Access":
        """Read one token, or lines of a site and its token; without a file, the token of PANAKEIA_SITE_TOKEN."""
        if ca is not None and not ca.is_file():
            raise FederatedError(f"{ca} is no file; expected certificates to check those of sites by, as PEM")
        text = _text(file, environment)
        lines = [line.split() for line in text.splitlines() if line.strip()]
        if any(len(line) > 2 for line in lines) or len({len(line) for line in lines}) > 1:
            raise FederatedError(f"{file} holds neither one token nor lines of a site and its token")
        if lines and len(lines[0]) == 2:
            return cls(None, {line[0].rstrip("/"): _sound(line[1], str(file)) for line in lines}, ca)
        if len(lines) > 1:
            raise FederatedError(
                f"{file} holds {len(lines)} tokens and not whose; expected lines of a site and its token"
            )
        return cls(_sound(lines[0][0], str(file or TOKEN_VARIABLE)) if lines else None, {}, ca)

    def link(self, site: str, question: Question | None, rules: Rules) -> Link:
        """Return the way to a site: a URL, a folder, or a CSV file, whose site is then played here.

        It offers the question's columns, and all of them where there is no question yet.

        Raises `FederatedError` for what is none of them.
        """
        if site.startswith(("http://", "https://")):
            return Http(site, self.tokens.get(site.rstrip("/"), self.token), self.ca)
        if Path(site).is_dir():
            return Folder(site)
        if Path(site).is_file():
            return Here(site, Site(read_rows(site, question.columns if question else ()), rules))
        raise FederatedError(
            f"got the site {site}, expected a URL (https://HOST:PORT), a folder or a CSV file that is there"
        )

    def links(self, sites: Sequence[str], question: Question | None, rules: Rules) -> list[Link]:
        """Return the ways to sites."""
        return [self.link(site, question, rules) for site in sites]


def site_token(file: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the token that a site asks for, from the file, else from PANAKEIA_SITE_TOKEN; None where there is none."""
    text = _text(file, environment)
    return _sound(text, str(file or TOKEN_VARIABLE)) if text or file is not None else None


def pledge(file: str | Path | None) -> bytes | None:
    """Return the secret that sites share and the coordinator does not know; None without a file."""
    return None if file is None else _sound(_text(file, {}), str(file)).encode()


def _text(file: str | Path | None, environment: Mapping[str, str]) -> str:
    if file is None:
        return environment.get(TOKEN_VARIABLE, "").strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise FederatedError(
            f"{file} cannot be read as a file with a secret ({type(failure).__name__}); {_HOW}"
        ) from None


def _sound(token: str, origin: str) -> str:
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise FederatedError(
            f"the secret in {origin} is no good: expected {_SHORTEST} or more characters, no spaces; {_HOW}"
        )
    return token
