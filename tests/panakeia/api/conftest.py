"""A desk of the starter graph over HTTP, with a key of each role, made once for all tests here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.authenticate import gate
from panakeia.api.access.keys import Keys
from panakeia.api.access.roles import RIGHTS
from panakeia.api.access.settings import Access, Limits
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings

ENOUGH = Limits(requests_per_minute=1e6, burst=1_000_000, failures_per_minute=1e6)
Asking = Callable[[str], TestClient]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "desk"


@pytest.fixture(scope="session")
def keys() -> dict[str, str]:
    """The text of a key of each role; the app's fixture makes them."""
    return {}


@pytest.fixture(scope="session")
def app(starter_store: Path, starter_model: Path, home: Path, keys: dict[str, str]) -> FastAPI:
    known = Keys.of(home)
    keys.update({role: known.add(f"the {role}", role).text for role in RIGHTS})
    desk = Desk(DeskSettings(str(starter_store), starter_model, home=home))
    return make_app(desk, gate(Access(limits=ENOUGH), known))


@pytest.fixture(scope="session")
def served(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def asking(served: TestClient, keys: dict[str, str]) -> Iterator[Asking]:
    """Return a client with the key of a role."""

    def as_role(role: str) -> TestClient:
        served.headers["X-API-Key"] = keys[role]
        return served

    yield as_role
    served.headers.pop("X-API-Key", None)
