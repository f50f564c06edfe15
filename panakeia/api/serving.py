"""Serving: a desk that listens, says where and with which key, and ends without cutting off who asks."""

import ctypes
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from panakeia.api.access.authenticate import opened_gate
from panakeia.api.access.home import make_home, secret, settings_file
from panakeia.api.access.settings import Access, read_access
from panakeia.api.app import make_app
from panakeia.ask import Session
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.desk.turns import AT_ONCE
from panakeia.page.render import read_templates

_ARENA_MAX = -8
"""The number of glibc's setting of how many heaps it makes (M_ARENA_MAX)."""
GRACE_S = 20
"""How long requests may take to end when the server is to end."""


@dataclass(frozen=True)
class Listening:
    """Where a server listens, and its certificate where it encrypts itself."""

    host: str = "127.0.0.1"
    port: int = 8765
    certificate: Path | None = None
    certificate_key: Path | None = None


def serve_desk(settings: DeskSettings, at: Listening, config: Path | None, say: Callable[[str], None]) -> None:
    """Serve a desk until it is told to end (SIGINT, SIGTERM).

    Raises `ValueError` or `OSError` for what cannot be served, before it listens.
    """
    import uvicorn

    make_home(settings.home)
    if config is not None and not config.exists():
        raise ValueError(f"{config} is not there: expected a file of settings, or none")
    access = read_access(config or settings_file(settings.home))
    _check_transport(access, at)
    gate, made = opened_gate(access, settings.home, at.host)
    one_core_a_product()
    few_heaps()
    desk = Desk(settings)
    version = desk.version()
    listening = _bound(at)
    port = listening.getsockname()[1]
    where = f"[{at.host}]" if ":" in at.host else at.host
    say(f"the desk serves {version} at http{'s' * (at.certificate is not None)}://{where}:{port}")
    if made is not None:
        say("a key for this start alone, shown once (header X-API-Key; `panakeia key add` makes lasting ones):")
        say(made.text)
    desk.warm(say)
    read_templates()
    proxied = access.transport == "proxy"
    uvicorn.Server(
        uvicorn.Config(
            make_app(desk, gate, more=_point_of_care(desk, access)),
            http="h11",  # the other way to read a request takes a header of any length
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=proxied,
            timeout_graceful_shutdown=GRACE_S,
            ssl_certfile=at.certificate,
            ssl_keyfile=at.certificate_key,
        )
    ).run(sockets=[listening])


def one_core_a_product() -> None:
    """Let a product of matrices take one core of this process: what a question multiplies is small, and several are
    answered at once, so that threads which share a product wait for each other longer than it takes.
    """
    import scipy.linalg  # noqa: F401  its products are another library's than numpy's: both are loaded to be told
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def few_heaps() -> bool:
    """Let what is freed be kept in as many places as questions are answered at once, not in one for each thread: there
    it would stay, unused by the others; return whether the C library has the setting (glibc has).
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, AT_ONCE))
    except AttributeError:
        return False


def _point_of_care(desk: Desk, access: Access) -> list[tuple[str, APIRouter]]:
    """Return the routes of CDS Hooks, where the settings say that there are any."""
    from panakeia.hooks.router import router
    from panakeia.hooks.settings import Settings

    if access.hooks is None:
        return []
    settings = desk.settings
    session = Session(settings.store, settings.model, data=settings.data, shared=desk.shared)
    said: dict[str, Any] = {name: getattr(access.hooks, name) for name in type(access.hooks).model_fields}
    home = settings.home
    said |= {"feedback": home / "feedback.jsonl", "memory": home / "hooks.db", "secret": secret(home)}
    return [("/cds-services", router(Settings(session, **said)))]


def _check_transport(access: Access, at: Listening) -> None:
    if (access.transport == "tls") != (at.certificate is not None):
        raise ValueError(
            'got transport = "tls" without --certificate, or a certificate without it: give both, or neither'
        )
    if access.transport == "proxy" and access.hooks is not None and not access.hooks.clients:
        raise ValueError(
            "behind a proxy all that comes is from this machine, and [hooks] without clients answers this machine "
            "alone: give [hooks.clients], the file of each client's keys by its issuer"
        )
    if at.certificate is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(at.certificate, at.certificate_key)
        except OSError as failure:  # also what is no PEM
            told = failure.strerror or type(failure).__name__
            raise ValueError(
                f"the certificate {at.certificate.name} cannot be used ({told}): expected it and its key, without a "
                "password, in PEM (--certificate, --certificate-key)"
            ) from None


def _bound(at: Listening) -> socket.socket:
    family = socket.AF_INET6 if ":" in at.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((at.host, at.port))
        listening.listen(2048)  # whoever asks before the application is made waits for it
    except OSError as failure:
        listening.close()
        raise ValueError(
            f"the desk cannot listen at {at.host}, port {at.port} ({failure.strerror}): give another --port, or 0 "
            "for a free one"
        ) from None
    return listening
