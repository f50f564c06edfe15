"""Settings: what a hospital states of its services: whom they answer, which servers they ask, what they tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from panakeia.ask import Session

INDICATORS = ("info", "warning", "critical")
"""How urgent a card is, in increasing order."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Settings:
    """What the services need.

    `base_url` is under which the clients call them, `/cds-services` at its end, as their tokens say it. `clients` has
    the file of each client's JWK set by its issuer (`iss`); without any, only this machine is answered. `servers` are
    the FHIR servers that may be asked, by base URL. `products` is a table of RxNorm's products (`rxcui`, `ingredient`);
    `feedback` where feedback goes, a JSON line each; `memory` where it is noted what was told and which tokens were
    seen, as digests under `secret`: without a file, in this process alone. What was told is not told by the other hook
    for `once_h` hours. Cards below `least` are not told; with `untested`, it is told that a gene was not tested; with
    `doses`, starting doses are offered.
    """

    session: Session
    base_url: str = "http://127.0.0.1:8000/cds-services"
    clients: Mapping[str, Path] = field(default_factory=dict)
    servers: tuple[str, ...] = ()
    products: Path | None = None
    feedback: Path = Path("out/hooks/feedback.jsonl")
    memory: Path | None = None
    secret: bytes | None = field(default=None, repr=False)
    once_h: float = 4.0
    least: str = "info"
    untested: bool = True
    doses: bool = True

    def __post_init__(self) -> None:
        if self.least not in INDICATORS:
            raise ValueError(f"least is {self.least!r}: expected one of {', '.join(INDICATORS)}")
        if not self.once_h >= 0:
            raise ValueError(f"once_h is {self.once_h}: expected hours, 0 or more")
        if (self.memory is None) != (self.secret is None):
            raise ValueError("got a file of what was told without a secret, or a secret without it: give both")
        for url in (self.base_url, *self.servers):
            require_safe(url)


def require_safe(url: str) -> None:
    """Raise `ValueError` unless an address is one of https, or of this machine, without a login, query or fragment."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or local) or not parts.hostname:
        raise ValueError(f"{url!r} is not safe: expected https://..., or http:// of this machine")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address has a login, a query or a fragment: expected scheme, host and path alone")
