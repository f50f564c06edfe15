"""Kept: answers by key, the last used ones, up to a size of all together."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Kept(Generic[Item]):
    """Items by key; where all together weigh more than `most`, those that were asked longest ago are dropped."""

    def __init__(self, most: int, weigh: Callable[[Item], int]) -> None:
        self._most, self._weigh, self._size, self._lock = most, weigh, 0, Lock()
        self._held: OrderedDict[str, Item] = OrderedDict()

    def get(self, key: str) -> Item | None:
        """Return what is kept by this key, if it is.

        >>> kept = Kept(4, len)
        >>> for name in "abc":
        ...     kept.put(name, b"12")
        >>> kept.get("a"), kept.get("c")
        (None, b'12')
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: str, item: Item) -> None:
        """Keep an item by a key; one that weighs more than all together may is not kept."""
        if self._weigh(item) > self._most:
            return
        with self._lock:
            if key in self._held:
                self._size -= self._weigh(self._held.pop(key))
            self._held[key] = item
            self._size += self._weigh(item)
            while self._size > self._most:
                self._size -= self._weigh(self._held.popitem(last=False)[1])
