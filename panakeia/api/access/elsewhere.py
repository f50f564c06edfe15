"""Elsewhere: JSON of another server, all of it within one time and one size, however slowly it is sent.

No redirect is followed: where to is not what was configured.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Self

import httpx


class Answered(OSError):
    """An answer that is not 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the answer has the status {status}")
        self.status = status


class TooLong(ValueError):
    """An answer of more bytes than are taken."""


class Elsewhere:
    """Asks one thing after another until a deadline, which is set when this is made; for one thread without a loop.

    The deadline holds for all together, from the look-up of a name to the last byte: limits for each wait of a
    connection would not do, since a server that sends a byte now and then outlasts any number of them.
    """

    def __init__(
        self,
        within_s: float,
        most: int,
        *,
        environment: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take at most so many bytes of an answer; `environment` says whether its proxies and certificates count."""
        self._until, self._most = time.monotonic() + within_s, most
        self._environment, self._transport = environment, transport
        self._opened: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            loop, client = self._opened
            try:
                loop.run_until_complete(client.aclose())
            finally:
                loop.close()  # which does not wait for a name that is still looked up

    def get(self, url: str, headers: Mapping[str, str]) -> Any:
        """Return the JSON at a URL.

        Raises `TimeoutError` at the deadline, `Answered`, `OSError` for no answer, `TooLong`, and `ValueError` for what
        is no JSON.
        """
        loop, client = self._open()
        try:
            return json.loads(loop.run_until_complete(self._content(client, url, headers)))
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            raise OSError(f"no answer: {type(failure).__name__}") from None
        except RecursionError:
            raise ValueError("the answer is nested too deeply") from None

    def _open(self) -> tuple[asyncio.AbstractEventLoop, httpx.AsyncClient]:
        if self._opened is None:
            client = httpx.AsyncClient(
                timeout=None,  # the deadline is what limits it
                follow_redirects=False,
                trust_env=self._environment,
                verify=_trusted(self._environment),
                transport=self._transport,
            )
            self._opened = asyncio.new_event_loop(), client
        return self._opened

    async def _content(self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> bytearray:
        content = bytearray()
        async with (
            asyncio.timeout(self._until - time.monotonic()),
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != 200:
                raise Answered(answer.status_code)
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > self._most:
                    raise TooLong(f"the answer has more than {self._most} bytes")
        return content


@cache
def _trusted(environment: bool) -> ssl.SSLContext:
    """Return whose certificates are trusted, read once."""
    return httpx.create_ssl_context(trust_env=environment)
