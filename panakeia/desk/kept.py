"""Kept: answers as bytes, the last used ones, up to a size."""

from collections import OrderedDict
from threading import Lock


class Bytes:
    """Bytes by key; where all together pass `most`, those that were asked longest ago are dropped."""

    def __init__(self, most: int) -> None:
        self._most, self._size, self._lock = most, 0, Lock()
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """Return what is kept by this key, if it is.

        >>> kept = Bytes(4)
        >>> for name in "abc":
        ...     kept.put(name, b"12")
        >>> kept.get("a"), kept.get("c")
        (None, b'12')
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: str, body: bytes) -> None:
        """Keep bytes by a key; those that are larger than all together may be are not kept."""
        if len(body) > self._most:
            return
        with self._lock:
            self._size += len(body) - len(self._held.pop(key, b""))
            self._held[key] = body
            while self._size > self._most:
                self._size -= len(self._held.popitem(last=False)[1])
