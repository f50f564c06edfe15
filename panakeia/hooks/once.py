"""Once: what was told of whom under which hook, so that a signature does not repeat what a selection told.

Only keyed digests are held, under a key that is made when the service starts and never leaves it. The same hook, asked
again, answers the same: a client may ask twice for one answer.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from panakeia.hooks.cards import Card

_MOST = 100_000


@dataclass(frozen=True)
class Once:
    """What was told within the last `window_s` seconds: digest to hook and moment."""

    window_s: float
    now: Callable[[], float] = time.monotonic
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _told: OrderedDict[bytes, tuple[str, float]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def untold(self, hook: str, patient: str, cards: Sequence[Card]) -> list[Card]:
        """Return the cards that no other hook has told of a patient, and note that this one does."""
        with self._lock:
            moment = self.now()
            while self._told and (
                len(self._told) > _MOST or next(iter(self._told.values()))[1] < moment - self.window_s
            ):
                self._told.popitem(last=False)
            found = []
            for card in cards:
                digest = hmac.digest(self._key, f"{patient}\0{card.content}".encode(), hashlib.sha256)
                before = self._told.setdefault(digest, (hook, moment))
                if before[0] == hook:
                    found.append(card)
            return found
