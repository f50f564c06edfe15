"""A desk of the starter graph with its page, asked as a browser asks it; keys of several roles."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.api.access.authenticate import Gate, gate
from panakeia.api.access.headers import SecurityHeaders
from panakeia.api.access.home import make_home
from panakeia.api.access.keys import Keys
from panakeia.api.access.roles import Role
from panakeia.api.access.settings import Access
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page.router import page

Asking = Callable[[Role], TestClient]


@pytest.fixture(scope="session")
def page_keys() -> dict[Role, str]:
    return {}


@pytest.fixture(scope="session")
def page_gate(page_keys: dict[Role, str]) -> Gate:
    keys = Keys.ephemeral()
    for role in ("reader", "designer", "researcher", "clinician", "admin"):
        page_keys[role] = keys.add(f"A {role}", role, days=None).text
    return gate(Access.model_validate({"limits": {"requests_per_minute": 60_000, "burst": 60_000}}), keys)


@pytest.fixture(scope="session")
def page_app(
    starter_store: Path, starter_model: Path, page_gate: Gate, tmp_path_factory: pytest.TempPathFactory
) -> FastAPI:
    home = tmp_path_factory.mktemp("desk")
    app = FastAPI(openapi_url=None)
    app.include_router(page(Desk(DeskSettings(str(starter_store), starter_model, None, home)), page_gate))
    app.add_middleware(SecurityHeaders)
    return app


@pytest.fixture
def asking(page_app: FastAPI, page_gate: Gate, page_keys: dict[Role, str]) -> Asking:
    """Return a browser that has signed in with a key of a role."""

    def signed_in(role: Role) -> TestClient:
        client = TestClient(page_app, base_url="http://localhost")
        sent = client.post("/sign-in", data={"key": page_keys[role], "next": "/"}, follow_redirects=False)
        assert sent.status_code == 303
        return client

    return signed_in


@pytest.fixture
def whole(
    starter_store: Path, starter_model: Path, page_gate: Gate, page_keys: dict[Role, str], tmp_path: Path
) -> Iterator[TestClient]:
    """A desk with all of its faces and its jobs, to which a trial designer has signed in."""
    home = tmp_path / "desk"
    make_home(home)
    app = make_app(Desk(DeskSettings(str(starter_store), starter_model, None, home)), page_gate)
    with TestClient(app, base_url="http://localhost") as client:
        client.post("/sign-in", data={"key": page_keys["designer"], "next": "/"})
        yield client


def token(text: str) -> str:
    """Return the token that a page's forms send."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', text)
    assert found
    return found[1]


def ended(client: TestClient, address: str) -> str:
    """Return the page of a job that is over."""
    for _ in range(900):
        text = client.get(address).text
        if "hx-trigger" not in text:
            return text
        time.sleep(0.1)
    raise AssertionError(f"{address} is not over")
