"""Memory: what the services told and which tokens they saw, so that a restart or a second worker knows it too.

Held are digests under a secret that lies elsewhere, each until it says nothing more: no patient, no order, no token.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from panakeia.hooks.problem import HookProblem

_WAIT_S = 5
_TABLE = """
CREATE TABLE IF NOT EXISTS seen (
    digest BLOB PRIMARY KEY, value TEXT NOT NULL, until REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_until ON seen (until);
"""


class Memory:
    """Who came first: a value for each thing, in a file that several processes share, or in this process alone."""

    def __init__(
        self, path: Path | None = None, secret: bytes | None = None, now: Callable[[], float] = time.time
    ) -> None:
        """Open the file, made for its owner alone; raises `ValueError` for one that is none."""
        self._secret, self._now, self._lock = secret or secrets.token_bytes(32), now, threading.Lock()
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError):  # with its permissions from the first moment
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._database = sqlite3.connect(
            ":memory:" if path is None else path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        try:
            # without a wait for the disk: what a power cut loses is told twice, and no more
            self._database.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLE}")
        except sqlite3.DatabaseError as failure:
            self._database.close()
            raise ValueError(f"{path} is no memory of the services ({failure}): take it away") from None

    def first(self, kind: str, things: Sequence[str], value: str, lasts_s: float) -> list[str]:
        """Return the value that was first noted of each thing and still holds, else note this one for so many seconds.

        Raises `HookProblem` with 503 where nothing can be noted.
        """
        digests = [hmac.digest(self._secret, f"{kind}\0{thing}".encode(), hashlib.sha256) for thing in things]
        moment = self._now()
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    self._database.execute("DELETE FROM seen WHERE until < ?", (moment,))
                    rows = [(digest, value, moment + lasts_s) for digest in digests]
                    self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", rows)
                    asked = "SELECT value FROM seen WHERE digest = ?"
                    found = [str(self._database.execute(asked, (one,)).fetchone()[0]) for one in digests]
                finally:
                    self._database.execute("COMMIT")
            except sqlite3.Error:
                raise HookProblem(
                    503, "what is told cannot be noted: let whoever runs the desk look at its home"
                ) from None
        return found
