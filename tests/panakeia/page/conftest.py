"""A desk of the starter graph with its page, asked as a browser asks it; keys of several roles."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from starlette.testclient import TestClient

from kg.cohorts.criteria import Definition
from panakeia import Session
from panakeia.api.access.authenticate import Gate, gate
from panakeia.api.access.headers import SecurityHeaders
from panakeia.api.access.home import make_home
from panakeia.api.access.keys import Keys
from panakeia.api.access.roles import Role
from panakeia.api.access.settings import Access
from panakeia.api.app import make_app
from panakeia.desk.desk import Desk, DeskSettings
from panakeia.page.router import page
from tests.panakeia.page.browsing import serving
from twin.prognosis.question import Features, Question
from twin.prognosis.risk.judge import JudgeSettings
from twin.prognosis.risk.provenance import Provenance
from twin.prognosis.risk.split import SplitSettings
from twin.prognosis.risk.train import Risk, RiskSettings, train

PATIENT = "PANAKEIA:P-0656e08a1b41eeba9b7b"
COHORT = {
    "name": "On warfarin",
    "entry": {"drug": "warfarin"},
    "features": {"least_patients": 2},
    "outcome": [
        {"name": "death_1y", "kind": "event", "of": {"death": "any"}, "window": {"to": 365}, "follow_up": "assumed"}
    ],
}
Asking = Callable[[Role], TestClient]


@pytest.fixture(scope="session")
def page_keys() -> dict[Role, str]:
    return {}


@pytest.fixture(scope="session")
def page_gate(page_keys: dict[Role, str]) -> Gate:
    keys = Keys.ephemeral()
    for role in ("reader", "designer", "researcher", "clinician", "admin"):
        page_keys[role] = keys.add(f"A {role}", role, days=None).text
    return gate(
        Access.model_validate(
            {"limits": {"requests_per_minute": 60_000, "burst": 60_000, "failures_per_minute": 60_000}}
        ),
        keys,
    )


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


@pytest.fixture(scope="session")
def risk(starter_store: Path) -> Risk:
    """A risk of the starter graph's patients on warfarin, each taken many times: 90 rows with a made-up outcome."""
    definition = Definition.model_validate(COHORT)
    with Session(starter_store) as session:
        found = session.cohort_table(definition, "death_1y")
    random = np.random.default_rng(0)
    rows = found.rows.sample(90, replace=True, random_state=0).reset_index(drop=True)
    rows["death_1y"] = (random.uniform(size=90) < np.where(rows["sex"] == "female", 0.7, 0.3)).astype(float)
    rows["USUBJID"] = [f"PANAKEIA:P-{number:020x}" for number in range(90)]
    question = Question("death_1y", "binary", found.features)
    provenance = Provenance(found.version, Provenance.of(rows.head(0), Features.of(rows, found.features)).schema)
    settings = RiskSettings(
        ("logistic",),
        split=SplitSettings(outer=2, inner=2),
        judge=JudgeSettings(resamples=30),
        provenance=provenance,
        definition=definition.model_dump_json(),
        groups=("sex",),
    )
    return train(rows, question, settings)


@pytest.fixture(scope="module")
def served(page_app: FastAPI) -> Iterator[str]:
    """The desk at a port of its own, until the tests are over."""
    with serving(page_app) as place:
        yield place


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def elsewhere() -> list[str]:
    """What was asked of another place than the desk, and what a browser found wrong with a page."""
    return []


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
