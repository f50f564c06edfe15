"""Listing: the tools that a caller may ask, by the page; an assistant's model reads them before the first question."""

from collections.abc import Mapping, Sequence

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, ListToolsResult, Tool

from panakeia.assistants.pages import BUDGET
from panakeia.verb import Right, Verb

_ORDER: tuple[Right, ...] = ("graph", "trials", "patients", "write")
"""What is asked most comes first: some clients read the first page alone."""
_ENVELOPE = 300


def listed(tools: Sequence[Tool], verbs: Mapping[str, Verb], rights: frozenset[Right], cursor: str) -> ListToolsResult:
    """Return the page of tools behind a cursor, and the cursor of the next; raises `MCPError` for one that is none."""
    allowed = [tool for right in _ORDER if right in rights for tool in tools if verbs[tool.name].right == right]
    start = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 6 else -1 if cursor else 0
    if not 0 <= start <= max(len(allowed) - 1, 0):
        raise MCPError(INVALID_PARAMS, "the cursor is none of tools/list: ask without it")
    stop, size = start, _ENVELOPE
    for tool in allowed[start:]:
        size += len(tool.model_dump_json(by_alias=True, exclude_none=True).encode()) + 1
        if size > BUDGET and stop > start:
            break
        stop += 1
    return ListToolsResult(tools=allowed[start:stop], next_cursor=str(stop) if stop < len(allowed) else None)
