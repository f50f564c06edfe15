"""All tools that a client may ask, page after page."""

from mcp.client.client import Client
from mcp_types import ListToolsResult, Tool

from panakeia.assistants.pages import BUDGET


async def every_tool(client: Client) -> list[Tool]:
    found: list[Tool] = []
    page: ListToolsResult | None = None
    while page is None or page.next_cursor:
        page = await client.list_tools(cursor=page.next_cursor if page else None)
        assert len(page.model_dump_json(by_alias=True, exclude_none=True).encode()) < BUDGET
        found += page.tools
    return found
