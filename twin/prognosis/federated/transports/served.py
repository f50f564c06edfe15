"""Served: a site's answers over HTTP, by FastAPI and uvicorn; nothing is logged of who asks what.

Without a token it answers this machine alone; to others only over TLS, so that the token is not read on the way.
"""

import hmac
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twin.prognosis.federated.refusal import FederatedError, ServeMissing
from twin.prognosis.federated.site import Site
from twin.prognosis.federated.transports.http import LOOPBACK, PATH
from twin.prognosis.federated.wire import LARGEST

if TYPE_CHECKING:
    from fastapi import FastAPI


@dataclass(frozen=True)
class Served:
    """Where a site is served: a port of 0 is any that is free; `token` is what whoever asks must show."""

    port: int
    host: str = "127.0.0.1"
    token: str | None = None
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise FederatedError("a certificate and its key come together; give --cert and --key, or neither")
        if self.host not in LOOPBACK and (self.token is None or self.certificate is None):
            raise FederatedError(
                f"to answer others than this machine (host {self.host}), a token and a certificate are needed: "
                "give --token-file, --cert and --key"
            )
        for path in (self.certificate, self.key):
            if path is not None and not path.is_file():
                raise FederatedError(f"{path} is no file; expected a certificate and its key, as PEM")


def serve(site: Site, where: Served, ready: Callable[[str], None]) -> None:
    """Serve a site until it is interrupted; `ready` is told its URL once it can be asked.

    Raises `ServeMissing`, and `OSError` for a port that is taken.
    """
    app = _app(site, where.token)
    import uvicorn

    try:
        listening = socket.create_server((where.host, where.port))
    except OSError as failure:
        raise OSError(
            f"port {where.port} of {where.host} cannot be listened at: {failure.strerror}; choose another"
        ) from None
    with listening:
        config = uvicorn.Config(
            app,
            log_level="critical",
            access_log=False,
            server_header=False,
            ssl_certfile=where.certificate,
            ssl_keyfile=where.key,
            timeout_graceful_shutdown=2,
        )
        scheme = "http" if where.certificate is None else "https"
        if where.certificate is not None:
            config.load()  # a certificate that cannot be read is told before anybody is
        ready(f"{scheme}://{where.host}:{listening.getsockname()[1]}")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listening])


def _app(site: Site, token: str | None) -> "FastAPI":
    try:
        import uvicorn  # noqa: F401
        from fastapi import FastAPI, HTTPException, Request, Response
        from fastapi.concurrency import run_in_threadpool
    except ImportError:
        raise ServeMissing("FastAPI or uvicorn") from None
    app = FastAPI(title="Panakeia federated site", docs_url=None, redoc_url=None, openapi_url=None)
    shown = None if token is None else f"Bearer {token}".encode()

    async def answer(request: Request) -> Response:
        given = request.headers.get("authorization", "").encode()
        if shown is not None and not hmac.compare_digest(given, shown):
            raise HTTPException(401, "the token is missing or wrong")
        message = bytearray()
        async for part in request.stream():
            message += part
            if len(message) > LARGEST:
                raise HTTPException(413, f"the message has more than {LARGEST} bytes")
        told = await run_in_threadpool(site.answer, bytes(message))
        return Response(told, media_type="application/json")

    app.add_api_route(PATH, answer, methods=["POST"], response_model=None)
    return app
