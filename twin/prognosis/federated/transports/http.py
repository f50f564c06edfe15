"""HTTP: a site asked over HTTP or HTTPS, by httpx; its token goes in a header, and to https or this machine alone."""

import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from twin.prognosis.federated.refusal import FederatedError, ServeMissing, SiteRefused
from twin.prognosis.federated.wire import LARGEST

if TYPE_CHECKING:
    import httpx

PATH = "/v1/answer"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Http:
    """A way to a site by its URL; `ca` is a file of certificates that its own is checked by, else the system's."""

    name: str
    token: str | None = None
    ca: Path | None = None

    def __post_init__(self) -> None:
        try:
            import httpx  # noqa: F401
        except ImportError:
            raise ServeMissing("httpx") from None
        parts = urlsplit(self.name)
        if not parts.hostname or parts.username is not None or parts.password is not None:
            raise FederatedError(
                f"got the site {parts.scheme}://{parts.hostname or ''}, expected https://HOST:PORT, without login"
            )
        if self.token is not None and parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise FederatedError(f"{self.name}: a token would be read on the way; expected https://")

    def ask(self, message: bytes, seconds: float) -> bytes:
        """Return its answer; raises `SiteRefused` where it comes late, or not at all, or is too long."""
        import httpx

        head = {"content-type": "application/json"}
        if self.token is not None:
            head["authorization"] = f"Bearer {self.token}"
        until = time.monotonic() + seconds
        try:
            with (
                httpx.Client(verify=self._trust(), timeout=seconds, trust_env=not self._here) as client,
                client.stream("POST", self.name.rstrip("/") + PATH, content=message, headers=head) as answer,
            ):
                return _read(answer, until, seconds)
        except httpx.TimeoutException:
            raise SiteRefused(f"it does not answer within {seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            raise SiteRefused(f"it cannot be reached: {failure or type(failure).__name__}") from None

    @property
    def _here(self) -> bool:
        return urlsplit(self.name).hostname in LOOPBACK

    def _trust(self) -> ssl.SSLContext | bool:
        if urlsplit(self.name).scheme != "https":
            return False
        return ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))


def _read(answer: "httpx.Response", until: float, seconds: float) -> bytes:
    if answer.status_code in (401, 403):
        raise SiteRefused("it does not take the token")
    if answer.status_code != 200:
        raise SiteRefused(f"it answers with HTTP status {answer.status_code}")
    found = bytearray()
    for part in answer.iter_bytes():
        found += part
        if len(found) > LARGEST:
            raise SiteRefused(f"its answer has more than {LARGEST} bytes")
        if time.monotonic() > until:
            raise SiteRefused(f"it does not answer within {seconds:g} s")
    return bytes(found)
