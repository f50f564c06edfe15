"""The faces: the command line, HTTP, an assistant's tools and the page list the same verbs, which are the Session's."""

import inspect
import re
import shutil
from pathlib import Path

import anyio
import pytest
import typer.core
import typer.main
from fastapi import FastAPI
from mcp.client.client import Client
from starlette.testclient import TestClient

from panakeia import Session
from panakeia.api.access.roles import RIGHTS
from panakeia.api.places import API
from panakeia.assistants.callers import Callers
from panakeia.assistants.server import make_server
from panakeia.cli import app as command_line
from panakeia.commands.every import EVERY
from panakeia.hooks.router import router
from panakeia.hooks.settings import Settings
from tests.panakeia.api.conftest import Asking
from tests.panakeia.assistants.listed import every_tool

OFFERED = {name for name, verb in EVERY.items() if not verb.here}
NO_VERBS = {"serve", "mcp", "key add", "key list", "key revoke", "federated site"}
"""Commands that start something on this machine or are about its desk, and ask nothing."""


def test_the_session_has_each_verb() -> None:
    methods = {name for name, method in inspect.getmembers(Session, inspect.isfunction) if name[0] != "_"}
    assert methods - {"close", "federated_site"} == set(EVERY)


def test_the_command_line_has_each_verb() -> None:
    def commands(group: typer.core.TyperGroup, before: str = "") -> set[str]:
        found: set[str] = set()
        for name, command in group.commands.items():
            inner = isinstance(command, typer.core.TyperGroup)
            found |= commands(command, f"{before}{name} ") if inner else {before + name}  # type: ignore[arg-type]
        return found

    group = typer.main.get_command(command_line)
    assert isinstance(group, typer.core.TyperGroup)
    assert commands(group) - NO_VERBS == {verb.command for verb in EVERY.values()}
    assert {verb.command.replace(" ", "_").replace("-", "_") for verb in EVERY.values()} == set(EVERY)


def test_http_has_each_verb(app: FastAPI) -> None:
    paths = {path.removeprefix(f"{API}/") for path in app.openapi()["paths"]}
    assert {EVERY[name].command.replace(" ", "/") for name in OFFERED} <= paths


def test_an_assistant_has_each_verb(app: FastAPI) -> None:
    async def tools() -> set[str]:
        server = make_server(app.state.desk, Callers(lambda _: RIGHTS["admin"]))
        async with Client(server) as client:
            return {tool.name for tool in await every_tool(client)}

    assert anyio.run(tools) == OFFERED


def test_the_page_has_each_verb(asking: Asking) -> None:
    shown = asking("admin").get("/ask").text
    assert set(re.findall(r'href="/ask/([a-z_]+)"', shown)) == OFFERED


def test_an_assistant_over_http_is_who_its_key_says(served: TestClient, asking: Asking) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accepts = {"Accept": "application/json, text/event-stream"}
    assert served.post("/mcp/", json=asked, headers=accepts).status_code == 401
    told = asking("reader").post("/mcp/", json=asked, headers=accepts)
    assert told.status_code == 200 and '"rank"' in told.text and '"patient_list"' not in told.text


def test_the_point_of_care_is_a_face_of_the_same_graph(starter_store: Path, tmp_path: Path) -> None:
    app = FastAPI()
    copy = tmp_path / "graph.lbdb"
    shutil.copy(starter_store, copy)
    settings = Settings(Session(copy), feedback=tmp_path / "feedback.jsonl", doses=False)
    app.include_router(router(settings), prefix="/cds-services")
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        services = client.get("/cds-services").json()["services"]
    assert [one["hook"] for one in services] == ["order-select", "order-sign"]


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_the_form_of_each_verb_opens(asking: Asking, name: str) -> None:
    assert asking("admin").get(f"/ask/{name}").status_code == 200
