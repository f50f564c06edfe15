"""Audit: who asked which verb of how many patients, when, with what status and for how long: one line a request.

A line holds the route as it is written in the program (`/api/v1/patients/{id}`), never what a client put in its place,
nor a query, a body or a header. A cohort stands as its digest and its size. Without a log to write to, nothing is
answered. The journal of `kg.patients.journal` is another: it is the store's, signed, and of questions about patients.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg.patients.journal import cohort_digest
from panakeia.api.access.refusal import Unavailable, send_refusal
from panakeia.api.access.roles import Caller

_NOTED = "panakeia.audit"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class AuditLog:
    """A folder with a file of JSON lines for each day (UTC), for its owner alone; lines are added and never changed."""

    folder: Path
    clock: Callable[[], float] = time.time

    def file(self) -> Path:
        """Return today's file."""
        return self.folder / f"audit-{datetime.fromtimestamp(self.clock(), UTC).date()}.jsonl"

    def add(self, line: dict[str, Any]) -> None:
        """Add a line in one write, which those of other processes do not cut; raises `OSError`."""
        descriptor = self._open()
        try:
            os.write(descriptor, (json.dumps(line) + "\n").encode())
        finally:
            os.close(descriptor)

    def require_writable(self) -> None:
        """Raise `OSError` if no line can be added."""
        os.close(self._open())

    def _open(self) -> int:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(self.file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@dataclass(frozen=True)
class Audit:
    """A middleware that writes the log; answers pass piece by piece, and a stream has a line when it begins.

    Put it outside all others, so that what these refuse is written down too.
    """

    app: ASGIApp
    log: AuditLog

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write it down when its answer is over, failed or given up."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            self.log.require_writable()
        except OSError:
            logging.getLogger(__name__).exception("the audit log in %s cannot be written", self.log.folder)
            await send_refusal(send, Unavailable("what is asked cannot be written down, so nothing is answered"))
            return
        noted: dict[str, Any] = {}
        scope.setdefault("state", {})[_NOTED] = noted
        begun, status = time.monotonic(), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if _is_stream(message):
                    self._write(_line(self.log, scope, noted, status, None))
            await send(message)

        try:
            await self.app(scope, receive, seen)
        except Exception:
            status = status or 500
            raise
        finally:
            self._write(_line(self.log, scope, noted, status, time.monotonic() - begun))

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self.log.add(line)
        except OSError:  # the answer is on its way: what is left is to say so where the desk's owner looks
            logging.getLogger(__name__).exception("a line of the audit log was lost")


def note_caller(scope: Scope, caller: Caller) -> None:
    """Let the log say who asks."""
    _noted(scope).update(who=caller.name, id=caller.id, role=caller.role, way=caller.way)


def note_question(scope: Scope, verb: str, patients: Collection[str] = (), size: int | None = None) -> None:
    """Let the log say which verb was asked, and of which patients: their pseudonyms' digest and their number."""
    about = cohort_digest(patients)
    _noted(scope).update(verb=verb, cohort=about, size=len(set(patients)) if patients and size is None else size)


def _noted(scope: Scope) -> dict[str, Any]:
    noted: dict[str, Any] = scope.setdefault("state", {}).setdefault(_NOTED, {})
    return noted


def _is_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in message["headers"]
    )


def _line(log: AuditLog, scope: Scope, noted: dict[str, Any], status: int, took_s: float | None) -> dict[str, Any]:
    """Return a line; `took_ms` is null where a stream begins, and the status 0 where there was no answer."""
    return {
        "when": datetime.fromtimestamp(log.clock(), UTC).isoformat(timespec="milliseconds"),
        "who": noted.get("who", ""),
        "id": noted.get("id", ""),
        "role": noted.get("role", ""),
        "way": noted.get("way", ""),
        "method": scope["method"] if scope["method"] in _METHODS else "other",
        "verb": noted.get("verb", ""),
        "route": _route(scope),
        "cohort": noted.get("cohort", ""),
        "size": noted.get("size"),
        "status": status,
        "took_ms": None if took_s is None else round(1000 * took_s, 1),
    }


def _route(scope: Scope) -> str:
    """Return a route as the program writes it, nothing for a path that none was found for."""
    written = getattr(scope.get("route"), "path", "")
    return written if isinstance(written, str) else ""
