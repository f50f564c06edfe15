"""`panakeia mcp` over standard input and output, asked by the SDK's client and by one of a few lines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.panakeia.assistants.listed import every_tool

SERVER = [sys.executable, "-c", "from panakeia.cli import main; main()", "mcp"]


def command(store: Path, model: Path, role: str | None = None) -> list[str]:
    return [*SERVER, "--store", str(store), "--model", str(model), *(["--role", role] if role else [])]


def test_the_sdk_s_client_asks_as_a_reader_where_no_role_is_given(starter_store: Path, starter_model: Path) -> None:
    async def told() -> tuple[list[str], Any]:
        first, *rest = command(starter_store, starter_model)
        async with Client(StdioServerParameters(command=first, args=rest, env=dict(os.environ))) as client:
            tools = [tool.name for tool in await every_tool(client)]
            return tools, await client.call_tool("search", {"text": "warf"})

    tools, found = anyio.run(told)
    assert "rank" in tools and not {"patient_list", "trial_run", "build"} & set(tools)
    assert found.structured_content["answer"]["nodes"][0]["id"] == "DRUGBANK:DB00682"


class Plain:
    """A client of its own: JSON-RPC 2.0, a line a message, as the protocol has it on standard input and output."""

    def __init__(self, given: IO[str], taken: IO[str]) -> None:
        self._given, self._taken, self._last = given, taken, 0

    def tell(self, method: str, **params: Any) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        self._last += 1
        self._write({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        while (line := json.loads(self._taken.readline())).get("id") != self._last:
            assert "method" in line, line
        assert line["jsonrpc"] == "2.0"
        return line.get("result") or line["error"]

    def _write(self, message: Any) -> None:
        self._given.write(json.dumps(message) + "\n")
        self._given.flush()


@contextmanager
def plain_client(command: list[str]) -> Iterator[Plain]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        client = Plain(process.stdin, process.stdout)
        begun = client.ask(
            "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "plain", "version": "1"}
        )
        assert (begun["protocolVersion"], begun["serverInfo"]["name"]) == ("2025-06-18", "panakeia")
        assert "Panakeia is a knowledge graph" in begun["instructions"]
        client.tell("notifications/initialized")
        yield client
        process.stdin.close()
        assert (process.wait(120), process.stdout.read(), process.stderr.read()) == (0, "", "")


def test_a_client_of_a_few_lines_asks(starter_store: Path, starter_model: Path) -> None:
    with plain_client(command(starter_store, starter_model, "researcher")) as client:
        listed = [client.ask("tools/list")]
        while cursor := listed[-1].get("nextCursor"):
            listed.append(client.ask("tools/list", cursor=cursor))
        tools = {tool["name"]: tool for one in listed for tool in one["tools"]}
        assert "patient_list" in tools and "build" not in tools
        assert tools["rank"]["inputSchema"]["type"] == "object"
        assert tools["rank"]["annotations"] == {"readOnlyHint": True, "openWorldHint": False}
        found = client.ask("tools/call", name="search", arguments={"text": "warf"})
        assert found["isError"] is False and "Warfarin" in found["content"][0]["text"]
        assert found["structuredContent"]["answer"]["nodes"][0]["id"] == "DRUGBANK:DB00682"
        wrong = client.ask("tools/call", name="search", arguments={"text": "warf", "top": 0})
        assert wrong["isError"] is True and wrong["content"][0]["text"].startswith("top: got 0, expected")
        node = client.ask("resources/read", uri="panakeia://node/DRUGBANK:DB00682")
        assert "contents" in node, node
        assert json.loads(node["contents"][0]["text"])["answer"]["name"] == "Warfarin"
        prompt = client.ask("prompts/get", name="find_candidate", arguments={"disease": "gout"})
        assert "rank for it" in prompt["messages"][0]["content"]["text"]
        size = client.ask(
            "tools/call", name="trial_design_size", arguments={"endpoint": "mean", "effect": 0.5, "sd": 1.0}
        )
        assert size["isError"] is False and "nothing was read from the graph" in size["content"][0]["text"]
        assert client.ask("no/such")["code"] == -32601
