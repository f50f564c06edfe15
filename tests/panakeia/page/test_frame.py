"""The frame around every view: who may see it, what it loads, what is exported, what is said of mistakes."""

import re
from importlib.resources import files

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from panakeia.commands.every import EVERY
from panakeia.page.render import environment, read_templates
from panakeia.page.views.every import VIEWS
from tests.panakeia.page.conftest import Asking


def test_nobody_sees_anything_before_signing_in_and_then_goes_on(page_app: FastAPI, page_keys: dict[str, str]) -> None:
    client = TestClient(page_app, base_url="http://localhost", follow_redirects=False)
    away = client.get("/?q=metformin")
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in?next=%2F%3Fq%3Dmetformin")
    refused = client.post("/sign-in", data={"key": "pnk_wrong", "next": "/"})
    assert refused.status_code == 401 and 'role="alert"' in refused.text
    onward = client.post("/sign-in", data={"key": page_keys["reader"], "next": "/?q=metformin"})
    assert onward.headers["location"] == "/?q=metformin"
    assert client.get("/?q=metformin").status_code == 200


def test_signing_out_takes_the_forms_own_token(asking: Asking) -> None:
    client = asking("reader")
    assert client.post("/sign-out", data={"csrf": "made-up"}).status_code == 403
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get("/").text)
    assert token and client.post("/sign-out", data={"csrf": token[1]}, follow_redirects=False).status_code == 303
    assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_a_page_loads_only_the_desks_own_files_and_has_no_script_or_style_inside(asking: Asking) -> None:
    client = asking("admin")
    for view in VIEWS:
        if "GET" not in view.methods or "{" in view.path:
            continue
        text = client.get(view.path).text
        loaded = re.findall(r'<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]*)"', text)
        assert loaded and all(one.startswith("/static/") for one in loaded), view.name
        assert not re.search(r'<style|<script(?![^>]*src=)|\sstyle="|\son\w+="', text), view.name
        for one in loaded:
            kept = client.get(one)
            assert kept.status_code == 200 and "immutable" in kept.headers["cache-control"]


def test_every_file_of_the_page_is_in_the_package(request: pytest.FixtureRequest) -> None:
    import tomllib

    told = tomllib.loads((request.config.rootpath / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = told["tool"]["setuptools"]["package-data"]["panakeia.page"]
    for folder in ("templates", "static"):
        for file in files("panakeia.page").joinpath(folder).iterdir():
            assert any(pattern.startswith(f"{folder}/") for pattern in patterns), file.name


def test_ask_lists_every_verb_that_the_desk_offers_by_right(asking: Asking) -> None:
    def listed(text: str) -> set[str]:
        return set(re.findall(r'href="/ask/(\w+)"', text))

    offered = {name: verb.right for name, verb in EVERY.items() if not verb.here}
    assert listed(asking("admin").get("/ask").text) == set(offered)
    assert listed(asking("reader").get("/ask").text) == {name for name, right in offered.items() if right == "graph"}


def test_every_verb_has_a_form_with_all_its_parameters(asking: Asking) -> None:
    client = asking("admin")
    for name, verb in EVERY.items():
        if verb.here:
            continue
        text = client.get(f"/ask/{name}").text
        fields = set(re.findall(r'<(?:input|select|textarea) [^>]*name="(\w+)"', text))
        wanted = {given.name for given in verb.given.values() if given.role not in ("out", "here")}
        assert wanted <= fields, name


def test_an_answer_is_exported_as_seen_with_its_data_and_day(asking: Asking) -> None:
    client = asking("reader")
    rows = client.get("/ask/search", params={"go": "1", "text": "aspirin", "as": "csv"})
    assert rows.text.splitlines()[0] == "id,kind,name,match"
    version = rows.headers["x-data-version"]
    assert re.search(r"-\d{4}-\d\d-\d\d\.csv", rows.headers["content-disposition"])
    told = client.get("/ask/search", params={"go": "1", "text": "aspirin", "as": "json"}).json()
    assert told["data_version"] == version and told["command"] == ["panakeia search aspirin"]
    assert [row["name"] for row in told["answer"]["nodes"]] == [one.split(",")[2] for one in rows.text.splitlines()[1:]]


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/ask/search?go=1&text=a&top=many", 422, "top: got"),
        ("/ask/show?go=1&node=xyzzy", 400, "no node has the identifier"),
        ("/ask/nothing", 404, "nothing here is called"),
        ("/ask/patient_list?go=1", 403, "patients"),
    ],
)
def test_what_is_wrong_is_said_with_the_cure(asking: Asking, address: str, status: int, told: str) -> None:
    answer = asking("reader").get(address)
    assert (answer.status_code, told in answer.text, 'role="alert"' in answer.text) == (status, True, True)


def test_a_form_that_was_filled_wrongly_stays_to_be_mended(asking: Asking) -> None:
    text = asking("reader").get("/ask/search?go=1&text=aspirin&top=many").text
    assert 'name="text" value="aspirin"' in text and 'value="many"' in text and "top: got" in text


def test_find_leads_on_by_kind_and_opens_on_an_example(asking: Asking) -> None:
    client = asking("reader")
    assert "For example:" in client.get("/").text
    found = client.get("/", params={"q": "warfarin"}).text
    assert re.search(r'href="/node\?node=DRUGBANK:DB00682">Warfarin', found)


def test_text_of_the_asker_is_never_markup(asking: Asking) -> None:
    text = asking("reader").get("/", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_all_templates_are_read_before_they_are_asked_for() -> None:
    read_templates()
    held = environment().cache
    assert held is not None and {name for _, name in held} == set(environment().list_templates())
