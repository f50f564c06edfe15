"""Limit: how often one caller may ask: a bucket of tokens each, refilled evenly; headers as the IETF's draft has them.

Source: draft-ietf-httpapi-ratelimit-headers-10; Retry-After is RFC 9110, section 10.2.3.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from panakeia.api.access.refusal import Refusal

MOST_CALLERS = 10_000
"""Buckets in memory; whoever asked longest ago is forgotten first, and starts with a full one."""


@dataclass(frozen=True)
class Allowance:
    """What a caller has left: whole requests, and seconds until the bucket is full or, if refused, has enough."""

    allowed: bool
    left: int
    wait_s: int
    burst: int
    full_s: int

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers that tell it; a refusal's has Retry-After."""
        told = [
            ("RateLimit-Policy", f'"caller";q={self.burst};w={self.full_s}'),
            ("RateLimit", f'"caller";r={self.left};t={self.wait_s}'),
        ]
        return told if self.allowed else [*told, ("Retry-After", str(self.wait_s))]

    def require(self) -> None:
        """Raise `TooMany` if the request is one too many."""
        if not self.allowed:
            raise TooMany(self)


class TooMany(Refusal):
    """More requests than a caller may send."""

    status = 429
    slug = "too-many-requests"

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(
            f"more requests than the desk takes of one caller: wait {allowance.wait_s} s; many questions belong "
            "into one batch or one job",
            allowance.headers(),
        )


class Limiter:
    """Buckets of up to `burst` requests, refilled by `per_minute`; safe between threads, one for each process."""

    def __init__(
        self, per_minute: float, burst: int, most: int = MOST_CALLERS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._most, self._clock = per_minute / 60, burst, most, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, who: str, cost: int = 1) -> Allowance:
        """Take what a request costs out of a caller's bucket, or, where that is not in it, nothing.

        A cost above `burst` counts as `burst`, so that no request is refused for ever.
        """
        cost = min(cost, self._burst)
        with self._lock:
            now = self._clock()
            held, then = self._buckets.pop(who, (float(self._burst), now))
            held = min(self._burst, held + max(now - then, 0) * self._rate)
            allowed = held >= cost
            held -= cost if allowed else 0
            self._buckets[who] = held, now
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        missing = self._burst - held if allowed else cost - held
        full_s = math.ceil(self._burst / self._rate)
        return Allowance(allowed, math.floor(held), max(math.ceil(missing / self._rate), 0), self._burst, full_s)
