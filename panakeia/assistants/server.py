"""Server: a desk's verbs as an MCP server: tools, resources and prompts, each caller shown what they may ask."""

import logging
from importlib.metadata import version
from typing import Any

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import MCPServer
from mcp_types import ListToolsResult

from panakeia.assistants.answers import Answers
from panakeia.assistants.callers import Callers
from panakeia.assistants.listing import listed
from panakeia.assistants.prompts import INSTRUCTIONS, add_prompts
from panakeia.assistants.resources import add_resources
from panakeia.assistants.tools import verb_tool
from panakeia.desk.desk import Desk
from panakeia.desk.jobs.queue import Jobs


def make_server(desk: Desk, callers: Callers, jobs: Jobs | None = None) -> MCPServer[Any]:
    """Return the server of a desk; `callers` says of a request what its sender may, `jobs` runs what takes long."""
    logging.getLogger("mcp").setLevel(logging.WARNING)  # below that it logs what was asked, and so whom
    answers = Answers(desk, jobs)
    server: MCPServer[Any] = MCPServer(
        "panakeia",
        title="Panakeia",
        instructions=INSTRUCTIONS,
        version=version("panakeia"),
        tools=[verb_tool(answers, verb, callers) for verb in desk.verbs.values()],
        log_level="WARNING",
        subscriptions=False,  # what it lists does not change while it runs, and a stream of news would have no end
    )
    add_resources(server, answers, callers)
    add_prompts(server)

    async def list_allowed(ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        if ctx.method != "tools/list" or result is None:
            return result
        every = ListToolsResult.model_validate(result).tools
        cursor = (ctx.params or {}).get("cursor")
        return listed(every, desk.verbs, callers.rights(ctx.request), "" if cursor is None else str(cursor))

    server.middleware.append(list_allowed)
    return server
