"""A reader on a Neo4j server is answered of the graph before a commit or after it, never of what is between."""

import threading
from collections.abc import Iterator

import pytest
from neo4j import Driver, GraphDatabase, ManagedTransaction

from kg.stores import neo4j_change
from kg.stores.neo4j import address_and_login
from kg.stores.neo4j_change import COUNTER, Settled, commit
from kg.stores.protocol import StoreError

pytestmark = pytest.mark.neo4j


@pytest.fixture
def driver(neo4j_url: str) -> Iterator[Driver]:
    address, login = address_and_login(neo4j_url)
    with GraphDatabase.driver(address, auth=login) as driver:
        driver.execute_query("MERGE (p:Probe) SET p.value = 'old'")
        yield driver
        driver.execute_query("MATCH (p:Probe) DELETE p")
        commit(driver, lambda transaction: None)


def value(transaction: ManagedTransaction) -> str:
    return str(transaction.run("MATCH (p:Probe) RETURN p.value").single(strict=True).value())


def set_number(driver: Driver, following: str) -> None:
    driver.execute_query(f"MERGE (n:{COUNTER} {{id: 'changes'}}) SET n.number = {following}")


def test_a_reader_waits_until_a_commit_is_carried_out(driver: Driver) -> None:
    said: list[str] = []
    reader = Settled()
    with driver.session() as session:
        assert reader.answer(session, value) == "old"

    def ask() -> None:
        with driver.session() as session:
            said.append(reader.answer(session, value))

    set_number(driver, "coalesce(n.number, 0) + 1")
    asking = threading.Thread(target=ask)
    asking.start()
    asking.join(0.5)
    assert asking.is_alive() and not said
    driver.execute_query("MATCH (p:Probe) SET p.value = 'new'")
    set_number(driver, "n.number + 1")
    asking.join()
    assert said == ["new"]


def test_who_was_answered_while_a_commit_was_made_asks_again(driver: Driver) -> None:
    said: list[str] = []

    def change(transaction: ManagedTransaction) -> None:
        transaction.run("MATCH (p:Probe) SET p.value = 'new'").consume()

    def ask(transaction: ManagedTransaction) -> str:
        said.append(value(transaction))
        if len(said) == 1:
            commit(driver, change)
        return said[-1]

    with driver.session() as session:
        assert Settled().answer(session, ask) == "new"
    assert said == ["old", "new"]


def test_what_a_dead_writer_left_keeps_nobody_waiting_twice(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(neo4j_change.time, "sleep", waited.append)
    monkeypatch.setattr(neo4j_change, "LONGEST_COMMIT_S", 0.05)
    set_number(driver, "1")
    reader = Settled()
    with driver.session() as session:
        assert reader.answer(session, value) == "old"
        assert waited
        waited.clear()
        assert reader.answer(session, value) == "old"
        assert not waited
        commit(driver, lambda transaction: None)
        assert reader.answer(session, value) == "old"
        number = session.run(f"MATCH (n:{COUNTER}) RETURN n.number").single(strict=True).value()
    assert number == 4


def test_a_failed_commit_leaves_the_graph_at_rest(driver: Driver) -> None:
    def fail(transaction: ManagedTransaction) -> None:
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        commit(driver, fail)
    with driver.session() as session:
        assert session.run(f"MATCH (n:{COUNTER}) RETURN n.number % 2").single(strict=True).value() == 0


def test_a_graph_that_changes_all_the_time_is_told(driver: Driver) -> None:
    def ask(transaction: ManagedTransaction) -> None:
        commit(driver, lambda _: None)

    with driver.session() as session, pytest.raises(StoreError, match="changed 10 times while it was read"):
        Settled().answer(session, ask)
