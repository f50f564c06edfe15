"""Keys: names and roles of the API keys, each kept as a digest; a key itself is shown once and nowhere kept.

A key is `pnk_`, its public number, 256 random bits and a checksum, so that a search for leaked keys finds it and a
mistyped one is told before anything is looked up. Kept is HMAC-SHA256 of it under the home's secret: nobody can try out
2^256 keys, so a slow hash (scrypt) would cost each request 50 ms and protect nothing more. Who gets hold of the file of
keys without the secret cannot even tell whether a key that they found is one of these.
"""

import hashlib
import hmac
import re
import secrets
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from panakeia.api.access.home import HomeError, keys_file, make_home, secret
from panakeia.api.access.kept import opened
from panakeia.api.access.roles import RIGHTS, Caller, Role

PREFIX = "pnk_"
DEFAULT_DAYS = 365
LONGEST_NAME = 64
_FORM = re.compile(r"pnk_([0-9a-f]{8})_([0-9a-f]{64})([0-9a-f]{8})", re.ASCII)
_COLUMNS = "id, name, role, made, expires, revoked, last_used"
Clock = Callable[[], float]


class KeyRefused(ValueError):
    """A key that cannot be made or revoked; the message says what to do."""


class UnknownKey(ValueError):
    """A key that opens nothing: mistyped, not of this desk, expired or revoked."""


@dataclass(frozen=True)
class Key:
    """What is kept of a key beside its digest; it opens until the end of the day `expires`, in UTC."""

    id: str
    name: str
    role: Role
    made: date
    expires: date | None
    revoked: date | None = None
    last_used: date | None = None

    def caller(self, way: Any = "key") -> Caller:
        """Return who shows this key."""
        return Caller(self.name, self.role, way, self.id)


@dataclass(frozen=True)
class MadeKey:
    """A new key and its text, which is shown this once."""

    key: Key
    text: str

    def __repr__(self) -> str:
        return f"MadeKey({self.key!r})"  # a log of it tells no key


class Keys:
    """The keys of a home, or of no home (`Keys.ephemeral`): safe between threads, and between processes.

    Every question goes to the file, so that a key revoked by another process opens nothing from then on.
    """

    def __init__(self, database: sqlite3.Connection, secret: bytes, clock: Clock) -> None:
        self._database, self._secret, self._clock = database, secret, clock
        self._lock = threading.Lock()

    @classmethod
    def of(cls, home: Path, clock: Clock = time.time) -> "Keys":
        """Open a home's keys; raises `HomeError` for files that others may read, or that are none."""
        make_home(home)
        return cls(opened(keys_file(home)), secret(home), clock)

    @classmethod
    def ephemeral(cls, clock: Clock = time.time) -> "Keys":
        """Return a set of keys that ends with the process."""
        return cls(opened(None), secrets.token_bytes(32), clock)

    @property
    def secret(self) -> bytes:
        """The secret that these keys, and their cookies, are bound to."""
        return self._secret

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add(self, name: str, role: str, days: int | None = DEFAULT_DAYS, number: str = "") -> MadeKey:
        """Make a key that opens for so many days (None: for ever), and return it with its text.

        Its public number is random unless it is given. Raises `KeyRefused` for a name that a key which opens has
        already, a role that there is not, or no days.
        """
        known, today = _role(role), self._today()
        _check_name(name)
        if days is not None and not 1 <= days <= 36500:
            raise KeyRefused(f"got {days} days, expected 1 to 36500")
        number = number or secrets.token_hex(4)
        text = _text(number, secrets.token_hex(32))
        key = Key(number, name, known, today, None if days is None else today + timedelta(days))
        row = (number, name, known, self._digest(text), str(today), None if days is None else str(key.expires))
        with self._writing() as database:
            if any(self._opens(one) for one in _rows(database, "WHERE name = ?", name)):
                raise KeyRefused(f"there is a key named {name!r} already: revoke it first, or take another name")
            database.execute("INSERT INTO keys (id, name, role, digest, made, expires) VALUES (?,?,?,?,?,?)", row)
        return MadeKey(key, text)

    def all(self) -> tuple[Key, ...]:
        """Return all keys that were ever made, the oldest first."""
        with self._lock:
            return tuple(_rows(self._database, "ORDER BY made, rowid"))

    def any_opens(self) -> bool:
        """Return whether there is a key that opens."""
        return any(self._opens(key) for key in self.all())

    def revoke(self, name: str) -> Key:
        """Let the key of this name, or with this public number, open nothing any more.

        Raises `KeyRefused` if there is none, or it was revoked before.
        """
        if name.startswith(PREFIX):
            raise KeyRefused("expected the name of a key, not the key: panakeia key list tells the names")
        with self._writing() as database:
            found = [key for key in _rows(database, "WHERE name = ?1 OR id = ?1", name) if key.revoked is None]
            if not found:
                raise KeyRefused(f"no key named {name!r} is there to revoke: panakeia key list tells which are")
            today = str(self._today())
            database.executemany("UPDATE keys SET revoked = ? WHERE id = ?", [(today, key.id) for key in found])
        return found[-1]

    def find(self, text: str) -> Key:
        """Return the key with this text, and note that it was used today; raises `UnknownKey`, which says why not."""
        form = _FORM.fullmatch(text)
        if form is None or text != _text(form[1], form[2]):
            raise UnknownKey("this is no whole key of a desk: copy all of it, from pnk_ to its end")
        with self._lock:
            row = self._database.execute("SELECT digest FROM keys WHERE id = ?", (form[1],)).fetchone()
        # an unknown number is compared as well, and takes as long as a wrong key
        if not hmac.compare_digest(self._digest(text), row[0] if row else bytes(32)) or row is None:
            raise UnknownKey("this desk does not know the key: ask whoever runs it for one")
        return self.by_id(form[1])

    def by_id(self, number: str) -> Key:
        """Return the key with this public number, used today; raises `UnknownKey` if it opens nothing."""
        with self._lock:
            found = list(_rows(self._database, "WHERE id = ?", number))
        if not found or found[0].revoked is not None:
            raise UnknownKey("the key was revoked: ask whoever runs the desk for a new one")
        if not self._opens(found[0]):
            raise UnknownKey(
                f"the key expired at the end of {found[0].expires}: ask whoever runs the desk for a new one"
            )
        self._note_use(found[0])
        return found[0]

    def end_session(self, session: str, until: float) -> None:
        """Remember that a session was signed out, until its cookie has expired anyhow."""
        with self._writing() as database:
            database.execute("DELETE FROM ended WHERE until < ?", (self._clock(),))
            database.execute("INSERT OR REPLACE INTO ended VALUES (?, ?)", (session, until))

    def session_ended(self, session: str) -> bool:
        """Return whether a session was signed out."""
        with self._lock:
            return self._database.execute("SELECT 1 FROM ended WHERE session = ?", (session,)).fetchone() is not None

    def _note_use(self, key: Key) -> None:
        today = self._today()
        if key.last_used != today:
            # a file that is busy, read-only or on a full disk keeps nobody out
            with suppress(HomeError, sqlite3.Error), self._writing() as database:
                database.execute("UPDATE keys SET last_used = ? WHERE id = ?", (str(today), key.id))

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._secret, b"key:" + text.encode(), hashlib.sha256)

    def _opens(self, key: Key) -> bool:
        return key.revoked is None and (key.expires is None or self._today() <= key.expires)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the file for writing, against other threads and processes; all is written, or nothing."""
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as failure:
                raise HomeError(
                    f"the keys cannot be written ({failure}): look whether another process holds them"
                ) from None
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise


def looks_like_key(text: str) -> bool:
    """Return whether a text is meant to be a key, right or wrong."""
    return text.startswith(PREFIX)


def _text(number: str, random: str) -> str:
    body = f"{PREFIX}{number}_{random}"
    return f"{body}{zlib.crc32(body.encode()):08x}"


def _role(role: str) -> Role:
    for known in RIGHTS:
        if role == known:
            return known
    raise KeyRefused(f"got the role {role!r}, expected one of {', '.join(RIGHTS)}")


def _check_name(name: str) -> None:
    if name.startswith(PREFIX):
        raise KeyRefused("expected a name for the key, such as that of the program that uses it, not a key")
    if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise KeyRefused(
            f"got the name {name[:LONGEST_NAME]!r}, expected up to {LONGEST_NAME} characters that can be printed, "
            "without spaces at the ends"
        )


def _rows(database: sqlite3.Connection, where: str, *values: str) -> Iterator[Key]:
    for number, name, role, *days in database.execute(f"SELECT {_COLUMNS} FROM keys {where}", values).fetchall():
        made, *others = [None if day is None else date.fromisoformat(day) for day in days]
        yield Key(number, name, role, made or date.min, *others)
