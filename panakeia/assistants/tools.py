"""Tools: each verb of a desk as a tool, with its schema, its errors with the cure, progress and cancelling."""

import logging
import traceback
from pathlib import Path
from typing import Any

import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import func_metadata
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, ToolAnnotations

from kg.progress import Progress
from panakeia.assistants.answers import Answers, Asked
from panakeia.assistants.callers import Callers
from panakeia.assistants.schema import description, tool_schema
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
        except (ValueError, OSError) as failure:
            raise ToolError(cure(failure)) from None
        except Exception as failure:
            log_crash(self.name, failure)
            raise UnexpectedToolError(f"{self.name} failed for a reason of its own: {_CRASHED}") from None


_CRASHED = "what was asked is not at fault as far as it can be told; whoever runs the desk finds the place in its log"


def verb_tool(answers: Answers, verb: Verb, callers: Callers) -> VerbTool:
    """Return the tool of a verb."""

    async def ask(arguments: dict[str, Any], context: Context[Any, Any]) -> CallToolResult:
        request = {name: value for name, value in arguments.items() if name != "cursor"}
        cursor = arguments.get("cursor")
        if cursor is not None and not isinstance(cursor, str):
            raise ValueError(f"cursor: got {cursor!r}, expected the text next_cursor of the answer before")
        sent = context.request_context.request
        callers.note(sent, verb.name)
        asked = Asked(verb.name, request, callers.rights(sent), cursor)
        return await anyio.to_thread.run_sync(answers.page, asked, _progress(context), abandon_on_cancel=True)

    writes = verb.right == "write"
    return VerbTool(
        fn=ask,
        name=verb.name,
        title=f"panakeia {verb.command}",
        description=description(verb),
        parameters=tool_schema(verb),
        fn_metadata=func_metadata(_nothing, structured_output=False),
        is_async=True,
        context_kwarg="context",
        annotations=ToolAnnotations(
            read_only_hint=not writes, destructive_hint=writes, idempotent_hint=not writes, open_world_hint=False
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


def cure(failure: ValueError | OSError) -> str:
    """Return an error's words; of the system's own, the file's name without where it is on this machine."""
    if isinstance(failure, OSError) and failure.filename is not None:
        return f"{Path(str(failure.filename)).name}: {failure.strerror}; ask whoever runs the desk"
    return str(failure)


def log_crash(name: str, failure: Exception) -> None:
    """Log where a verb failed and by which kind of error: its words may name a patient."""
    where = "".join(traceback.format_tb(failure.__traceback__))
    logging.getLogger(__name__).error("%s failed with %s\n%s", name, type(failure).__name__, where)
