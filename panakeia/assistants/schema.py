"""Schema: what a tool asks for, as JSON Schema in few bytes: an assistant reads that of every tool."""

from typing import Any

from panakeia.desk.requests import asks
from panakeia.verb import Verb

CURSOR = {"type": "string", "description": "next_cursor, to go on."}
_FILE = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("name", "text", "base64")},
            "required": ["name"],
        },
    ]
}
"""A file: its text, or its name with its text or its bytes; what a name may be, the desk says."""
_LONG_TEXT = 100_000


def tool_schema(verb: Verb) -> dict[str, Any]:
    """Return the schema of a verb's request, and the cursor: what may be left out has no title, nor null or false."""
    schema: dict[str, Any] = _slim(asks(verb.name, verb).model_json_schema())
    schema.pop("description", None)
    schema.pop("$defs", None)
    schema["properties"] = {**schema.get("properties", {}), "cursor": CURSOR}
    return schema


def _slim(value: Any, *, names: bool = False) -> Any:
    """Return a schema without what says nothing more; `names` where the keys are those of parameters."""
    if isinstance(value, list):
        return [_slim(one) for one in value]
    if not isinstance(value, dict):
        return value
    if names:
        return {name: _slim(one) for name, one in value.items()}
    if value.get("anyOf") and any("$ref" in one for one in value["anyOf"]):
        value = {**value, "anyOf": _FILE["anyOf"]}
    if "$ref" in value:
        return _FILE
    said = {
        key: one
        for key, one in value.items()
        if key != "title"
        and not (key == "default" and (one is None or one is False))
        and not (key == "maxLength" and one >= _LONG_TEXT)
    }
    found = {key: _slim(one, names=key in ("properties", "$defs")) for key, one in said.items()}
    if "anyOf" in found:
        kinds = [one for one in found["anyOf"] if one != {"type": "null"}]
        if len(kinds) == 1:
            del found["anyOf"]
            return {**kinds[0], **found}
        found["anyOf"] = kinds
    return found


def description(verb: Verb) -> str:
    """Return what a tool is for: the verb's words, what else is to know, and its example on the command line."""
    return "\n\n".join(part for part in (verb.words, verb.more, f"Example: {verb.example}") if part)
