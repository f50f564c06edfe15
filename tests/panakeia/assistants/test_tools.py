"""The verbs as tools: named, typed and annotated as declared, errors with the cure, pages, progress, cancelling."""

from collections.abc import Awaitable, Callable
from functools import partial
from threading import Event
from typing import Any

import anyio
import pandas as pd
import pytest
from mcp.client.client import Client
from mcp.server.mcpserver import MCPServer
from mcp.shared.exceptions import MCPError

from kg.progress import Progress
from panakeia.answer import Table
from panakeia.api.access.roles import RIGHTS, Role
from panakeia.assistants.answers import Answers, Asked
from panakeia.assistants.callers import Callers
from panakeia.assistants.pages import BUDGET
from panakeia.assistants.server import make_server
from panakeia.desk.desk import At, Desk
from panakeia.desk.jobs.job import Asked as JobAsked
from panakeia.desk.jobs.job import now
from panakeia.desk.jobs.queue import Jobs
from tests.panakeia.assistants.designs import DESIGN
from tests.panakeia.assistants.listed import every_tool

Talk = Callable[[Client], Awaitable[Any]]
MODES = ("auto", "legacy")


def talk(desk: Desk, role: Role, what: Talk, mode: str = "auto") -> Any:
    async def told() -> Any:
        async with Client(make_server(desk, Callers(lambda _: RIGHTS[role])), mode=mode) as client:
            return await what(client)

    return anyio.run(told)


async def call(client: Client, name: str, **arguments: Any) -> Any:
    return await client.call_tool(name, arguments)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("role", ["reader", "designer", "researcher", "admin"])
def test_the_tools_are_the_verbs_that_a_role_may_ask(desk: Desk, role: Role, mode: str) -> None:
    listed = talk(desk, role, every_tool, mode)
    assert sorted(tool.name for tool in listed) == sorted(
        name for name, verb in desk.verbs.items() if verb.right in RIGHTS[role]
    )
    rights = [desk.verbs[tool.name].right for tool in listed]
    assert rights == sorted(rights, key=["graph", "trials", "patients", "write"].index)


@pytest.mark.parametrize("cursor", ["-1", "x", "100000", "999", "9" * 50])
def test_a_cursor_of_the_tools_that_is_none_is_told(desk: Desk, cursor: str) -> None:
    async def refused(client: Client) -> None:
        with pytest.raises(MCPError, match="ask without it"):
            await client.list_tools(cursor=cursor)

    talk(desk, "admin", refused)


def test_tools_are_typed_described_and_annotated(desk: Desk) -> None:
    tools = {tool.name: tool for tool in talk(desk, "admin", every_tool)}
    for name, tool in tools.items():
        verb = desk.verbs[name]
        assert verb.words in tool.description and verb.example in tool.description
        assert tool.annotations.read_only_hint is (verb.right != "write")
        assert bool(tool.annotations.destructive_hint) is (verb.right == "write")
        assert tool.input_schema["additionalProperties"] is False
    asked = tools["rank"].input_schema["properties"]
    assert asked["nodes"] | {"description": ""} == {"type": "array", "items": {"type": "string"}, "description": ""}
    assert asked["top"] == {"type": "integer", "minimum": 1, "default": 20, "description": "How many to print."}
    assert {tool.input_schema["properties"]["cursor"]["type"] for tool in tools.values()} == {"string"}


def test_the_tools_of_a_reader_are_read_in_few_bytes(desk: Desk) -> None:
    tools = talk(desk, "reader", every_tool)
    sizes = {tool.name: len(tool.model_dump_json(by_alias=True, exclude_none=True)) for tool in tools}
    assert max(sizes.values()) < 4_000 and sum(sizes.values()) < BUDGET, sizes


def test_the_sources_are_those_that_an_answer_names(desk: Desk) -> None:
    releases = [one["name"] for one in desk.answer("info", {}).to_json()["sources"]]
    for verb, request in (("neighbours", {"node": "warfarin"}), ("rank", {"nodes": ["rheumatoid arthritis"]})):
        told = talk(desk, "reader", partial(call, name=verb, **request)).structured_content["sources"]
        edges = desk.answer(verb, request).to_json()
        named = (
            {statement["source"] for one in edges["neighbours"] for statement in one["evidence"]}
            if verb == "neighbours"
            else set(releases)
        )
        assert {one.partition(" ")[0] for one in told} == named


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_the_desk_s_as_text_and_structure(desk: Desk, mode: str) -> None:
    found = talk(desk, "reader", partial(call, name="rank", nodes=["rheumatoid arthritis"], top=3), mode)
    rows = desk.answer("rank", {"nodes": ["rheumatoid arthritis"], "top": 3}).to_json()
    told = found.structured_content
    assert (told["answer"], told["verb"], told["data_version"]) == (rows, "rank", desk.version())
    assert told["part"] == {"whole": True, "lists": [], "still_to_come": []}
    assert any(source.startswith("starter ") for source in told["sources"])
    assert rows[0]["name"] in found.content[0].text and desk.version() in found.content[0].text


def test_a_long_answer_goes_on_at_its_cursor(desk: Desk) -> None:
    async def all_pages(client: Client) -> list[Any]:
        found = [await client.call_tool("search", {"kind": "Gene", "top": 1000})]
        while cursor := found[-1].structured_content["next_cursor"]:
            found.append(await client.call_tool("search", {"kind": "Gene", "top": 1000, "cursor": cursor}))
        return found

    pages = talk(desk, "reader", all_pages)
    assert len(pages) > 1
    assert all(len(page.model_dump_json(by_alias=True).encode()) <= BUDGET for page in pages)
    whole = desk.answer("search", {"kind": "Gene", "top": 1000}).to_json()
    assert [node for page in pages for node in page.structured_content["answer"].get("nodes", ())] == whole["nodes"]


def test_a_cursor_of_another_question_is_refused(desk: Desk) -> None:
    async def mixed(client: Client) -> Any:
        first = await client.call_tool("search", {"kind": "Gene", "top": 1000})
        cursor = first.structured_content["next_cursor"]
        return await client.call_tool("search", {"kind": "Gene", "top": 999, "cursor": cursor})

    found = talk(desk, "reader", mixed)
    assert found.is_error and "the cursor is of another question" in found.content[0].text


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("show", {"node": "wurfarin"}, "no node has the identifier, name or synonym 'wurfarin': did you mean Warfarin"),
        ("rank", {"nodes": "x", "tip": 3}, "nodes: got 'x', expected a list, such as [\"x\"]; tip: unknown parameter"),
        ("rank", {"nodes": ["gout"], "top": False}, "top: got false, expected a valid integer"),
        ("show", {}, "node: missing: it is needed"),
        ("show", {"node": "warfarin", "cursor": 3}, "cursor: got 3, expected the text next_cursor"),
        ("patient_list", {}, "`patient list` needs the right to see patients"),
        ("build", {}, "`build` needs the right to change what others see"),
        ("show", {"node": "PANAKEIA:P-0123456789abcdef0123"}, "what is asked of a patient needs the right"),
    ],
)
def test_an_error_reaches_the_client_with_its_cure(desk: Desk, name: str, arguments: Any, told: str) -> None:
    found = talk(desk, "reader", partial(call, name=name, **arguments))
    assert found.is_error
    assert found.content[0].text.startswith(told)


def test_a_plain_value_error_of_the_sdk_s_own_tools_would_not() -> None:
    """Why the tools raise `ToolError`: what the SDK does not know as foreseen reaches the client without its words."""
    server: MCPServer[Any] = MCPServer("bare", log_level="CRITICAL")

    @server.tool()
    def bare() -> str:
        raise ValueError("the cure")

    async def told() -> Any:
        async with Client(server) as client:
            return await client.call_tool("bare", {})

    found = anyio.run(told)
    assert found.is_error and found.content[0].text == "Error executing tool bare"


def test_a_crash_is_told_without_its_words_and_logged_without_them(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    patient = "PANAKEIA:P-" + "0123" * 5

    def crash(self: Desk, *_: Any, **__: Any) -> Any:
        raise RuntimeError(patient)

    monkeypatch.setattr(Desk, "answer", crash)
    found = talk(desk, "reader", partial(call, name="models_list"))
    assert found.is_error and "something went wrong that was not foreseen: tell whoever" in found.content[0].text
    assert patient not in found.content[0].text + caplog.text
    assert "RuntimeError" in caplog.text and "in crash" in caplog.text


@pytest.mark.parametrize("mode", ["legacy"])
def test_progress_is_told_and_grows(desk: Desk, mode: str) -> None:
    told: list[tuple[float, str | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        assert total == 1.0
        told.append((progress, message))

    async def run(client: Client) -> Any:
        return await client.call_tool("trial_run", {"design": DESIGN}, progress_callback=heard)

    found = talk(desk, "designer", run, mode)
    assert not found.is_error, found.content[0].text
    kept = found.structured_content["kept"]
    assert (desk.kept(kept["name"]) / kept["files"][0]).is_file() and kept["name"] in found.content[0].text
    assert told and [one for one, _ in told] == sorted({one for one, _ in told})
    assert all(message for _, message in told)


def test_a_cancelled_verb_ends_at_its_next_step(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, ended = Event(), Event(), Event()

    def long(self: Desk, name: str, request: Any, rights: Any, at: At) -> Any:
        progress: Progress = at.progress or (lambda step, done: None)
        progress("begun", 0.1)
        begun.set()
        try:
            go_on.wait(10)
            progress("cancelled by now", 0.2)
        finally:
            ended.set()
        return Table("done", pd.DataFrame())

    async def cancelled(client: Client) -> None:
        with anyio.move_on_after(10) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(partial(client.call_tool, "models_list", {}))
                await anyio.to_thread.run_sync(begun.wait)
                group.cancel_scope.cancel()
        assert not scope.cancelled_caught
        await anyio.sleep(0.05)
        go_on.set()
        assert await anyio.to_thread.run_sync(ended.wait, 10)
        told.append((await client.list_prompts()).prompts[0].name)  # the connection goes on

    told: list[str] = []
    monkeypatch.setattr(Desk, "answer", long)
    talk(desk, "reader", cancelled, "legacy")
    assert told == ["find_candidate"]


def test_resources_are_answers_by_their_address(desk: Desk) -> None:
    async def read(client: Client) -> Any:
        templates = (await client.list_resource_templates()).resource_templates
        node = await client.read_resource("panakeia://node/DRUGBANK:DB00682")
        candidate = await client.read_resource("panakeia://candidate/DRUGBANK:DB00682/DOID:7148")
        return [one.uri_template for one in templates], node.contents[0].text, candidate.contents[0].text

    templates, node, candidate = talk(desk, "researcher", read)
    assert templates == ["panakeia://node/{curie}", "panakeia://candidate/{drug}/{disease}"]
    assert '"name":"Warfarin"' in node and '"verb":"explain"' in candidate
    assert max(len(node.encode()), len(candidate.encode())) < BUDGET


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("panakeia://node/NOPE:1", "no node has the identifier"),
        ("panakeia://node/PANAKEIA:P-0123456789abcdef0123", "needs the right to see patients"),
    ],
)
def test_a_resource_that_is_not_there_says_so(desk: Desk, uri: str, told: str) -> None:
    async def read(client: Client) -> None:
        with pytest.raises(MCPError, match=told):
            await client.read_resource(uri)

    talk(desk, "reader", read)


def test_prompts_name_verbs_that_there_are(desk: Desk) -> None:
    async def read(client: Client) -> str:
        first = await client.get_prompt("find_candidate", {"disease": "gout"})
        asked = {"drug": "warfarin", "disease": "gout", "effect": "0.5", "sd": "1"}
        second = await client.get_prompt("plan_trial", asked)
        return first.messages[0].content.text + second.messages[0].content.text  # type: ignore[union-attr]

    text = talk(desk, "reader", read)
    assert "gout" in text and "warfarin" in text
    for name in ("show", "search", "rank", "explain", "trial_design_size", "trial_design_power"):
        assert name in desk.verbs and name in text


def test_turns_are_the_caller_s_own_also_to_look_at_what_is_asked(desk: Desk, turns_taken: list[str]) -> None:
    request = {"format": "kgx-tsv", "around": ["warfarin"]}
    for owner in ("key:0a1b2c3d", "token:ada"):
        Answers(desk).page(Asked("export", request, RIGHTS["reader"], owner, who="ada"))
    assert set(turns_taken) == {"key:0a1b2c3d", "token:ada"}


def test_another_s_job_is_refused_before_what_it_wrote_is_looked_at(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks(*_: object, **__: object) -> None:
        raise ValueError("it was looked at")

    jobs = Jobs(desk.settings)
    theirs = jobs.add(JobAsked("key:another", "search", {"text": "war"}, RIGHTS["reader"], now()))
    monkeypatch.setattr(Desk, "require", looks)
    asked = Asked("trial_export", {"folder": f"{theirs.id}/out", "study": "S"}, RIGHTS["designer"], "key:0a1b2c3d")
    with pytest.raises(ValueError, match="folder: none of your jobs has this number"):
        Answers(desk, jobs).page(asked)
