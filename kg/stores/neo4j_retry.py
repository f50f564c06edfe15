"""Retry: work on a Neo4j server is done again, with ever longer pauses, while the server is away."""

import time
from collections.abc import Callable
from typing import TypeVar

from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable

from kg.stores.protocol import StoreError

PAUSES_S = (0.5, 1, 2, 4, 8, 16, 30, 30)
"""A server that restarts is back well within these."""

T = TypeVar("T")


def patiently(work: Callable[[], T]) -> T:
    """Do work that may be done twice, and again as long as the server is away or asks for it.

    What the server never answered may be done all the same, so the work must not be spoilt by being done again. Raises
    `StoreError` where the server stays away, and what the work raises otherwise.
    """
    for pause in (*PAUSES_S, None):
        try:
            return work()
        except (DriverError, Neo4jError, StoreError) as failure:
            if not _passes(failure.__cause__ if isinstance(failure, StoreError) else failure):
                raise
            if pause is None:
                raise StoreError(
                    f"the server went away in the middle of a write, and has not come back for {sum(PAUSES_S):.0f} s "
                    f"({failure}): what it held before is whole; start it, then write once more"
                ) from failure
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")


def _passes(failure: BaseException | None) -> bool:
    """Tell whether a failure may be over when one tries again."""
    return isinstance(failure, ServiceUnavailable) or (
        isinstance(failure, DriverError | Neo4jError) and failure.is_retryable()
    )
