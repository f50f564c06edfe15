"""Resources: a node and a candidate by their addresses, as JSON of at most so many bytes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError
from mcp.server.mcpserver.resources import ResourceSecurity
from mcp_types import CallToolResult

from panakeia.assistants.answers import Answers, Asked
from panakeia.assistants.callers import Callers
from panakeia.assistants.pieces import written
from panakeia.desk.desk import patients_named
from panakeia.desk.problems import problem_of

_JSON = "application/json"
_NO_PATH = ResourceSecurity(exempt_params=frozenset({"curie", "drug", "disease"}))
"""An identifier is looked up in the graph and is no path: `C:1` is no drive."""


def add_resources(server: MCPServer[Any], answers: Answers, callers: Callers) -> None:
    """Add the resources to a server; each is the first page of a verb's answer, and says how to go on."""

    async def read(verb: str, request: dict[str, Any], context: Context[Any, Any]) -> str:
        sent = context.request_context.request
        callers.note(sent, verb, patients_named(request))
        asked = Asked(verb, request, callers.rights(sent), callers.owner(sent), who=callers.who(sent))
        page = await _answered(partial(answers.page, asked))
        return written({**(page.structured_content or {}), "request": request})

    @server.resource("panakeia://node/{curie}", title="A node of the graph", mime_type=_JSON, security=_NO_PATH)
    async def node(curie: str, ctx: Context[Any, Any]) -> str:
        """What the graph says of a node by its CURIE, as show does: panakeia://node/DRUGBANK:DB00682."""
        return await read("show", {"node": curie}, ctx)

    @server.resource("panakeia://candidate/{drug}/{disease}", title="A candidate", mime_type=_JSON, security=_NO_PATH)
    async def candidate(drug: str, disease: str, ctx: Context[Any, Any]) -> str:
        """Why the network ranks a drug for a disease where it does, as explain does, both named by CURIE."""
        return await read("explain", {"a": drug, "b": disease}, ctx)

    if answers.jobs is None:
        return

    @server.resource("panakeia://job/{number}", title="A job of yours", mime_type=_JSON)
    async def job(number: str, ctx: Context[Any, Any]) -> str:
        """What a job came to, a simulated trial say, or how far it is; its number is in the answer that began it."""
        sent = ctx.request_context.request
        found = await _answered(partial(answers.job_page, number, callers.owner(sent), callers.rights(sent)))
        return written(found.structured_content)


async def _answered(ask: Callable[[], CallToolResult]) -> CallToolResult:
    try:
        return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
    except Exception as failure:
        raise ResourceError(problem_of(failure).detail) from None
