"""What a Neo4j server answers while its graph changes: all of the old one or all of the new one.

The server carries a commit out node by node, and a query meanwhile sees some of it. So a writer counts up before its
commit and after it: the number is odd meanwhile, and who was answered at another number than before asks again.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from neo4j import Driver, ManagedTransaction, Session

from kg.stores.neo4j_retry import patiently
from kg.stores.protocol import StoreError

COUNTER = "PanakeiaChange"
PAUSE_S = 0.02
LONGEST_COMMIT_S = 30.0
"""A number that has been odd for so long was left by a writer that died."""
TRIES = 10

T = TypeVar("T")


def commit(driver: Driver, work: Callable[[ManagedTransaction], None]) -> None:
    """Do work in one transaction, of which readers see all or nothing; it is done again while the server is away."""
    counted = False

    def done_and_counted(transaction: ManagedTransaction) -> None:
        nonlocal counted
        work(transaction)
        if not counted:
            _count(driver, "n.number + 1 + n.number % 2")
            counted = True

    def attempt() -> None:
        with driver.session(max_transaction_retry_time=0) as session:
            session.execute_write(done_and_counted)

    try:
        patiently(attempt)
    finally:
        patiently(lambda: _count(driver, "n.number + n.number % 2"))


class Settled:
    """How far a reader has seen a server's counter rise."""

    def __init__(self) -> None:
        self._number: int | None = None

    def answer(self, session: Session, ask: Callable[[ManagedTransaction], T]) -> T:
        """Return what is asked, of a graph that did not change meanwhile.

        Raises `StoreError` where it changes again and again.
        """
        for _ in range(TRIES):
            known = self._number
            if known is None:
                known = self._number = _settled(session)
            answer, number = session.execute_read(lambda transaction: (ask(transaction), _number(transaction)))
            if number == known:
                return answer
            self._number = _settled(session)
        raise StoreError(f"the graph was changed {TRIES} times while it was read: ask again when it is at rest")


def _count(driver: Driver, following: str) -> None:
    counted = f"MERGE (n:{COUNTER} {{id: 'changes'}}) ON CREATE SET n.number = 0 SET n.number = {following}"
    with driver.session(max_transaction_retry_time=0) as session:
        session.execute_write(lambda transaction: transaction.run(counted).consume())


def _number(transaction: ManagedTransaction) -> int:
    """Return the server's number; 0 where nothing was counted yet."""
    number: int = transaction.run(f"MATCH (n:{COUNTER}) RETURN max(n.number) AS number").single(strict=True).value(0, 0)
    return number or 0


def _settled(session: Session) -> int:
    """Wait until the number is even, and return it."""
    patience = time.monotonic() + LONGEST_COMMIT_S
    while (number := session.execute_read(_number)) % 2 and time.monotonic() < patience:
        time.sleep(PAUSE_S)
    return number
