"""Tools: each verb of a desk as a tool, with its schema, its errors with the cure, progress and cancelling."""

from typing import Any

import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import func_metadata
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ToolAnnotations

from kg.progress import Progress
from panakeia.assistants.answers import Answers, Asked
from panakeia.assistants.callers import Callers
from panakeia.assistants.schema import description, tool_schema
from panakeia.desk.desk import patients_named
from panakeia.desk.problems import problem_of
from panakeia.verb import Verb

_STEP = 0.01
"""Progress is told when this much more of the way is done."""


class VerbTool(Tool):
    """A tool that checks its arguments as the desk does, and whose errors reach the assistant with their words."""

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """Return the page of the answer that is asked for; raises `ToolError` with the cure."""
        try:
            return await self.fn(arguments, context)
        except (MCPError, ToolError):
            raise
        except Exception as failure:
            raise ToolError(problem_of(failure).detail) from None


def verb_tool(answers: Answers, verb: Verb, callers: Callers) -> VerbTool:
    """Return the tool of a verb."""

    async def ask(arguments: dict[str, Any], context: Context[Any, Any]) -> CallToolResult:
        request = {name: value for name, value in arguments.items() if name != "cursor"}
        cursor = arguments.get("cursor")
        if cursor is not None and not isinstance(cursor, str):
            raise ValueError(f"cursor: got {cursor!r}, expected the text next_cursor of the answer before")
        sent = context.request_context.request
        callers.note(sent, verb.name, patients_named(request))
        asked = Asked(verb.name, request, callers.rights(sent), callers.owner(sent), cursor, callers.who(sent))
        return await anyio.to_thread.run_sync(answers.page, asked, _progress(context), abandon_on_cancel=True)

    writes = verb.right == "write"
    return VerbTool(
        fn=ask,
        name=verb.name,
        title=verb.command,
        description=description(verb),
        parameters=tool_schema(verb),
        fn_metadata=func_metadata(_nothing, structured_output=False),
        is_async=True,
        context_kwarg="context",
        annotations=ToolAnnotations(
            read_only_hint=not writes, destructive_hint=True if writes else None, open_world_hint=False
        ),
    )


def _nothing() -> None:
    """Take no argument: what the SDK would check, the desk checks."""


def _progress(context: Context[Any, Any]) -> Progress:
    """Return what a verb in a thread tells its progress to: the client hears of it, and a cancelled verb ends there."""
    told = 0.0

    def progress(step: str, fraction: float) -> None:
        nonlocal told
        anyio.from_thread.check_cancelled()
        if fraction >= told + _STEP:  # the protocol wants it to grow
            told = fraction
            anyio.from_thread.run(context.report_progress, round(fraction, 4), 1.0, step)

    return progress
