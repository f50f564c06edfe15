"""Kept: the file that the keys are in, SQLite's: two writers wait for each other, and a kill leaves the old content."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from panakeia.api.access.home import HomeError, require_private

_WAIT_S = 10
_TABLES = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, digest BLOB NOT NULL, made TEXT NOT NULL,
    expires TEXT, revoked TEXT, last_used TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS ended (session TEXT PRIMARY KEY, until REAL NOT NULL) STRICT;
"""


def opened(path: Path | None) -> sqlite3.Connection:
    """Open the file, made if it is not there, or for None a database in memory alone.

    Whoever shares it between threads locks it. Raises `HomeError` for a file that others may read, or that is none.
    """
    if path is not None:
        with suppress(FileExistsError):  # with its permissions from the first moment
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        require_private(path)
    database = sqlite3.connect(
        ":memory:" if path is None else path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
    )
    try:
        database.executescript(_TABLES)
    except sqlite3.DatabaseError as failure:
        database.close()
        raise HomeError(
            f"{path} is not a file of keys that can be used ({failure}): put it back from a copy, or take it away and "
            "make the keys anew"
        ) from None
    return database
