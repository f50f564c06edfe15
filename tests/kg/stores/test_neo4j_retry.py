"""A server that goes away in the middle of a load is waited for, and no edge is stored twice."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from neo4j.exceptions import ClientError, ServiceUnavailable, TransientError

from kg.stores import neo4j_retry, neo4j_write
from kg.stores.neo4j_retry import patiently
from kg.stores.opening import open_store
from kg.stores.protocol import Store, StoreError
from tests.kg.stores.interrupted import ladder, quiet, same
from tests.neo4j.server import Home, ServerError, prepared_home, started

COMMIT = bytes.fromhex("0002b0120000")
"""Bolt's COMMIT, as a message of its own."""

LOST = 40
"""Among so many commits, every other answer is lost: more than the batches of a ladder are."""


class Failing:
    """Work that fails some times, then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)

    def __call__(self) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no test wait; the pauses that were made."""
    made: list[float] = []
    monkeypatch.setattr(neo4j_retry.time, "sleep", made.append)
    return made


def test_work_is_done_again_with_longer_pauses_while_the_server_is_away(pauses: list[float]) -> None:
    assert patiently(Failing(ServiceUnavailable(), TransientError(), ServiceUnavailable())) == "done"
    assert pauses == [0.5, 1, 2]


def test_a_server_that_stays_away_is_told(pauses: list[float]) -> None:
    with pytest.raises(StoreError, match=r"has not come back for 92 s .*: what it held before is whole; start it"):
        patiently(Failing(*[ServiceUnavailable("gone")] * 20))
    assert sum(pauses) == 91.5


def test_what_will_fail_again_is_not_tried_again(pauses: list[float]) -> None:
    with pytest.raises(ClientError):
        patiently(Failing(ClientError("no such thing")))
    assert pauses == []


def holds(store: Store, release: str) -> bool:
    """Tell whether the store holds this release of the ladder, all of it once, and nothing else."""
    [nodes] = store.query("MATCH (n:!PanakeiaChange) RETURN count(n) AS count", {})
    [edges] = store.query("MATCH ()-[r]->() RETURN count(r) AS count", {})
    return (nodes["count"], edges["count"]) == (121, 2000) and same(store.read(), ladder(release))


class Proxy:
    """A port that leads to a server, and loses the answer to every other commit: the connection breaks before that."""

    def __init__(self, host: str, port: int) -> None:
        self._server = host, port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.losing = False
        self.commits = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                ours = self._listener.accept()[0]
                theirs = socket.create_connection(self._server)
                for source, target in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=(source, target, source is ours), daemon=True).start()

    def _lost(self) -> bool:
        """Count a commit, and tell whether its answer is to be lost: every other one's is, at first."""
        self.commits += 1
        return self.commits < LOST and bool(self.commits % 2)

    def _pass_on(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while message := source.recv(1 << 16):
                if asks and self.losing and message.endswith(COMMIT) and self._lost():
                    source.shutdown(socket.SHUT_RDWR)  # before the server can answer
                    target.sendall(message)
                    time.sleep(0.2)
                    break
                target.sendall(message)
        for end in (source, target):
            with suppress(OSError):
                end.close()


@contextmanager
def proxied(url: str) -> Iterator[tuple[str, Proxy]]:
    parts = urlsplit(url)
    proxy = Proxy(str(parts.hostname), int(parts.port or 7687))
    login = parts.netloc.rpartition("@")[0]
    try:
        yield f"bolt://{login}{'@' if login else ''}127.0.0.1:{proxy.port}", proxy
    finally:
        proxy.close()


@pytest.mark.neo4j
@pytest.mark.parametrize("verb", ["replace", "add"])
def test_a_commit_whose_answer_is_lost_is_not_done_twice(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(neo4j_write, "BATCH_ROWS", 200)
    monkeypatch.setattr(neo4j_retry, "PAUSES_S", (0.05,) * 8)
    with open_store(neo4j_url) as store:
        store.replace(ladder("old"), quiet)
    with proxied(neo4j_url) as (url, proxy), open_store(url) as store:
        proxy.losing = True
        store.replace(ladder("new"), quiet) if verb == "replace" else store.add(ladder("new"))
        assert proxy.commits > 3
    with open_store(neo4j_url) as store:
        if verb == "replace":
            assert holds(store, "new")
        else:
            assert store.read().edge_counts() == ladder("new").edge_counts()


@pytest.mark.neo4j
def test_a_server_that_dies_in_the_middle_of_a_load_is_waited_for(
    neo4j_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert neo4j_url  # only where tests with a server run; the one that dies is our own
    monkeypatch.setattr(neo4j_write, "BATCH_ROWS", 100)
    with prepared_home_or_skip() as home:
        for name, value in home.variables.items():
            monkeypatch.setenv(name, value)
        restarted: list[threading.Thread] = []
        ended = threading.Event()

        def live_again() -> None:
            with started(home):
                ended.wait()

        with started(home) as first, open_store(home.variables["PANAKEIA_TEST_NEO4J"]) as store:
            store.replace(ladder("old"), quiet)

            def kill_once(step: str, fraction: float) -> None:
                if step.startswith("edges") and not restarted:
                    first.kill()
                    first.wait()
                    restarted.append(threading.Thread(target=live_again))
                    restarted[0].start()

            try:
                store.replace(ladder("new"), kill_once)
                assert restarted
                assert holds(store, "new")
            finally:
                ended.set()
                for thread in restarted:
                    thread.join()


@contextmanager
def prepared_home_or_skip() -> Iterator[Home]:
    try:
        with prepared_home() as home:
            yield home
    except ServerError as failure:
        pytest.skip(str(failure))
