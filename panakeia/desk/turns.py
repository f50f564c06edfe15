"""Turns: who may be answered now, so that nobody's long question keeps all others waiting.

A question that is being answered cannot be stopped. One that takes long makes room for another, a few of them in all
and one of each asker; an asker who has one may have one more answered, and not two.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from kg.patients.journal import asked_by

AT_ONCE = 2
"""How many questions are answered at once, the long ones beside."""
_OWNER: ContextVar[str] = ContextVar("owner", default="")


@contextmanager
def asked_as(owner: str, name: str = "") -> Iterator[None]:
    """Let what is asked meanwhile, in this thread or task, take the turns of this owner, and be noted by their name.

    Names need not tell callers apart: an issuer's may be a key's as well.

    >>> with asked_as("key:0a1b2c3d", "ward 3"):
    ...     turns_of()
    'key:0a1b2c3d'
    """
    before = _OWNER.set(owner)
    try:
        with asked_by(name):
            yield
    finally:
        _OWNER.reset(before)


def turns_of() -> str:
    """Return whose turns are taken now; nothing where nobody asks by a server."""
    return _OWNER.get()


class Busy(OSError):
    """A question that is not begun now; the message says what to do."""


@dataclass(frozen=True)
class Rules:
    """After how many seconds a question is long, how many of these there may be, how many one asker may let wait, and
    how long."""

    at_once: int = AT_ONCE
    long_s: float = 5.0
    long_most: int = 4
    waiting: int = 24
    wait_s: float = 60.0


@dataclass(frozen=True, eq=False)
class _Turn:
    who: str
    begun: float


class Turns:
    """The questions being answered and waiting; safe between threads."""

    def __init__(self, rules: Rules | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules, self._clock = rules or Rules(), clock
        self._running: list[_Turn] = []
        self._long: list[_Turn] = []
        self._waiting: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, who: str) -> Iterator[None]:
        """Wait for a turn, and have it; raises `Busy`."""
        mine = self._begun(who)
        try:
            yield
        finally:
            with self._changed:
                (self._long if mine in self._long else self._running).remove(mine)
                self._changed.notify_all()

    def _begun(self, who: str) -> _Turn:
        with self._changed:
            if self._waiting[who] >= self._rules.waiting:
                raise Busy(f"{self._waiting[who]} of your questions wait already: send fewer at once, or a batch")
            self._waiting[who] += 1
            try:
                ends = self._clock() + self._rules.wait_s
                while not self._may(who):
                    if self._clock() >= ends:
                        raise Busy(
                            "long questions are being answered, maybe yours: ask again later, or begin it as a job"
                        )
                    self._changed.wait(min(0.25, self._rules.long_s))
                mine = _Turn(who, self._clock())
                self._running.append(mine)
                return mine
            finally:
                self._waiting[who] -= 1
                self._waiting += Counter()  # forget those of whom none waits

    def _may(self, who: str) -> bool:
        """Return whether this asker may begin, after those that are long by now have made room."""
        for one in list(self._running):
            long = [other.who for other in self._long]
            is_long = self._clock() - one.begun >= self._rules.long_s
            if is_long and one.who not in long and len(long) < self._rules.long_most:
                self._running.remove(one)
                self._long.append(one)
        short = [one.who for one in self._running]
        return len(short) < self._rules.at_once and not (who in short and who in [one.who for one in self._long])
