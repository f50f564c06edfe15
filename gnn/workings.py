"""Workings: what is worked out once of a thing that never changes, and kept beside it, up to a bound of memory."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np
import scipy.sparse as sp

MOST_BYTES = 256 << 20
"""What the workings of one thing may take."""

Made = TypeVar("Made")


class Workings:
    """What was worked out, by name; several threads may ask.

    Two that ask at once for what is not there yet both work it out, and one of the two is kept. What would go over the
    bound is not kept, and is worked out anew each time.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._bytes, self._lock = most_bytes, 0, Lock()
        self._made: dict[Hashable, Any] = {}

    def __reduce__(self) -> tuple[type["Workings"], tuple[int]]:
        return Workings, (self._most,)  # a copy for another process begins anew

    def of(self, name: Hashable, work: Callable[[], Made]) -> Made:
        """Return what has this name, worked out by `work` where it is not there."""
        with self._lock:
            if name in self._made:
                return cast(Made, self._made[name])
        made = work()
        size = bytes_of(made)
        with self._lock:
            if name not in self._made and self._bytes + size <= self._most:
                self._made[name] = made
                self._bytes += size
        return made

    def held(self, name: Hashable) -> Any:
        """Return what has this name, None where nothing has."""
        with self._lock:
            return self._made.get(name)


def bytes_of(made: object) -> int:
    """Return how many bytes the arrays take that something is made of.

    >>> bytes_of({"a": np.zeros(3), "b": (np.zeros(2, np.float32), None)})
    32
    """
    if isinstance(made, np.ndarray):
        return int(made.nbytes)
    if isinstance(made, sp.csr_array):
        return bytes_of((made.data, made.indices, made.indptr))
    if isinstance(made, dict):
        return sum(map(bytes_of, made.values()))
    if isinstance(made, list | tuple):
        return sum(map(bytes_of, made))
    return bytes_of(vars(made)) if hasattr(made, "__dict__") else 0
