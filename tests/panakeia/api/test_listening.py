"""Listening: so many streams of a job's events are open for one caller, however many are asked for at once."""

from collections import Counter
from pathlib import Path
from typing import Any

import anyio
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.types import Message

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.settings import Access
from panakeia.api.app import make_app
from panakeia.api.jobs import LISTENING
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.desk.jobs.queue import Quota
from tests.panakeia.api.conftest import ENOUGH


class Listeners:
    """Clients of one caller, each with a connection of its own to a stream of events."""

    def __init__(self, app: FastAPI, key: str, path: str) -> None:
        self._app, self._key, self._path = app, key, path

    async def _one(self, statuses: Counter[int], ends: anyio.Event) -> None:
        async def receive() -> Message:
            await ends.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                await anyio.sleep(0.05)  # a client takes the head of its answer as slowly as it likes
                statuses[message["status"]] += 1

        headers = [(b"host", b"127.0.0.1"), (b"x-api-key", self._key.encode())]
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
        }
        scope |= {"method": "GET", "scheme": "http", "path": self._path, "raw_path": self._path.encode()}
        scope |= {"query_string": b"", "root_path": "", "headers": headers}
        scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}
        await self._app(scope, receive, send)

    async def told(self, number: int) -> Counter[int]:
        """Return the statuses that so many are told which ask at once, after all have gone again."""
        statuses: Counter[int] = Counter()
        ends = anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(number):
                group.start_soon(self._one, statuses, ends)
            while statuses.total() < number:
                await anyio.sleep(0.01)
            ends.set()
        return statuses


def test_no_more_streams_are_open_than_one_caller_may_have(starter_store: Path, tmp_path: Path) -> None:
    keys = Keys.ephemeral()
    key = keys.add("ward 3", "reader", days=None).text
    desk = Desk(DeskSettings(str(starter_store), Path("no/model"), None, tmp_path / "desk"))
    app = make_app(desk, gate(Access(limits=ENOUGH), keys), Quota(at_once=0))  # what never begins is never over
    client = TestClient(app, base_url="http://127.0.0.1", headers={"X-API-Key": key})
    begun = client.post("/api/v1/search", json={"text": "war"}, headers={"Prefer": "respond-async"})
    listeners = Listeners(app, key, f"{begun.headers['location']}/events")

    async def listen() -> list[Counter[int]]:
        return [await listeners.told(number) for number in (LISTENING + 15, LISTENING)]

    first, again = anyio.run(listen)
    assert first == {200: LISTENING, 429: 15}
    assert again == {200: LISTENING}, "who has gone makes room"
    keys.close()
    desk.close()
