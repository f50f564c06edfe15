"""The TypeScript inspector, a client that shares nothing with ours, asks over standard input and output."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.panakeia.assistants.test_stdio import command

INSPECTOR = shutil.which("mcp-inspector")
needs_inspector = pytest.mark.skipif(
    INSPECTOR is None, reason="no mcp-inspector; with Node: npm install -g @modelcontextprotocol/inspector"
)


def inspected(*arguments: str) -> Any:
    run = subprocess.run(
        [str(INSPECTOR), "--cli", *arguments], capture_output=True, encoding="utf-8", timeout=120, env=dict(os.environ)
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@needs_inspector
def test_the_inspector_lists_and_asks(starter_store: Path, starter_model: Path, tmp_path: Path) -> None:
    first, *rest = command(starter_store, starter_model)
    config = tmp_path / "mcp.json"
    server = {"command": first, "args": rest, "env": {"PYTHONPATH": os.pathsep.join(map(str, _path()))}}
    config.write_text(json.dumps({"mcpServers": {"panakeia": server}}), encoding="utf-8")
    to = ("--config", str(config), "--server", "panakeia", "--method")
    assert "rank" in {tool["name"] for tool in inspected(*to, "tools/list")["tools"]}
    found = inspected(*to, "tools/call", "--tool-name", "search", "--tool-arg", "text=warf", "--tool-arg", "top=3")
    assert found["structuredContent"]["answer"]["nodes"][0]["name"] == "Warfarin"
    wrong = inspected(*to, "tools/call", "--tool-name", "show", "--tool-arg", "node=wurfarin")
    assert wrong["isError"] and "did you mean Warfarin" in wrong["content"][0]["text"]


def _path() -> list[Path]:
    """Return where the packages of the checkout are, for a server that is started without its environment."""
    return [Path(__file__).parents[3]]
