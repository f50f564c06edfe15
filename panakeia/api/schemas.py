"""Schemas: the verbs in OpenAPI: parameters with their types and bounds, bodies, answers, problems, who may ask."""

import shlex
from collections.abc import Collection, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from panakeia.desk.requests import NOT_ASKED, Upload, asks
from panakeia.desk.tables import FORMS
from panakeia.verb import Verb

_OF_ANSWER = [
    {
        "name": "format",
        "in": "query",
        "description": "The answer's form; else the header Accept says it.",
        "schema": {"type": "string", "enum": list(FORMS)},
    },
    {
        "name": "limit",
        "in": "query",
        "description": "Rows of a page at most; without it and without a cursor the whole answer comes.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 10_000},
    },
    {
        "name": "cursor",
        "in": "query",
        "description": "The page that follows one, as that page (`next`, or the header Link) says.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
    },
]
_STATES = {
    200: "The answer",
    202: "A job was begun; Location says where it is",
    204: "It is done",
    304: "The client has the answer already",
    400: "It is not clear what is asked",
    401: "Nobody who is known asks",
    403: "The caller's role may not; `roles` are those that would do",
    404: "There is no such thing, or no node of this name",
    406: "No form that is accepted",
    409: "It is not in the state that the request takes it to be in",
    416: "Not a part of the file",
    413: "More than the desk takes",
    415: "A body that is no application/json",
    422: "A parameter is not what it should be, or the verb cannot answer this; the message says what to do",
    429: "More than the desk takes of one caller; Retry-After says when to come again",
    500: "Something that was not foreseen; the number finds it in the desk's log",
    503: "Something that the answer needs cannot be reached",
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:panakeia:forbidden"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What came, what was expected, what to do."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["parameter", "detail"],
                "properties": {"parameter": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
        "roles": {"type": "array", "items": {"type": "string"}},
    },
}


def responses(forms: Collection[str], *states: int, success: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return what a route may answer: the forms of its answer, and problems."""
    told: dict[int | str, dict[str, Any]] = {
        success: {
            "description": _STATES[success],
            "content": {FORMS[form]: {"schema": {}} for form in FORMS if form in forms},
        }
    }
    for state in states:
        problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        told[state] = {"description": _STATES[state], **({"content": problem} if state >= 400 else {})}
    return told


def of_answer() -> list[dict[str, Any]]:
    """Return the parameters of a URL that say how an answer comes."""
    return _OF_ANSWER


def described(verb: Verb, method: str) -> dict[str, Any]:
    """Return what OpenAPI says of a verb's request: parameters of the URL for GET, else the body."""
    schema = asks(verb.name, verb).model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    if method == "POST":
        content = {"schema": schema, **_example(verb)}
        body = {"required": True, "content": {"application/json": content}}
        return {"parameters": [] if verb.long else _OF_ANSWER, "requestBody": body, "x-right": verb.right}
    needed = schema.get("required", [])
    asked = [
        {
            "name": name,
            "in": "query",
            "required": name in needed,
            "description": about.get("description", ""),
            **({} if verb.given[name].many or not _is_list(about) else {"style": "form", "explode": False}),
            "schema": _in_url({key: value for key, value in about.items() if key not in ("description", "title")}),
        }
        for name, about in schema.get("properties", {}).items()
        if verb.given[name].role != "file"
    ]
    return {"parameters": [*asked, *_OF_ANSWER], "x-right": verb.right}


def _is_list(schema: Mapping[str, Any]) -> bool:
    """Return whether a parameter is a list: in a URL with commas, unless it may be repeated."""
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", [])))


def _in_url(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without null and without a file's content, which no URL has."""
    ways = [one for one in schema.get("anyOf", []) if one.get("type") != "null" and "$ref" not in one]
    if not ways:
        return schema
    kept = {key: value for key, value in schema.items() if key != "anyOf" and not (key == "default" and value is None)}
    return {**kept, **ways[0]} if len(ways) == 1 else {**kept, "anyOf": ways}


def _example(verb: Verb) -> dict[str, Any]:
    """Return the request of the verb's example, as far as its command line says it without files."""
    words = shlex.split(verb.example)[1 + len(verb.command.split()) :]
    options = {one.option: one for one in verb.given.values() if one.option}
    placed = [one for one in verb.given.values() if not one.option]
    found: dict[str, Any] = {}
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            about = options.get(word)
            value: Any = True if about is None or about.type is bool else words.pop(0) if words else None
        else:
            about = placed[0] if placed else None
            value = word
            if about is not None and not about.many:
                placed.pop(0)
        if about is None or about.role in (*NOT_ASKED, "file", "kept"):
            continue
        if about.many:
            found.setdefault(about.name, []).append(value)
        else:
            found[about.name] = value
    try:
        checked = asks(verb.name, verb, False).model_validate(found)
    except ValueError:
        return {}
    return {"example": checked.model_dump(mode="json", exclude_unset=True, warnings=False)}


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the API's description, made once."""
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        parts = told.setdefault("components", {})
        parts.setdefault("schemas", {}).update({"Problem": PROBLEM, "Upload": Upload.model_json_schema()})
        parts["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "token": {"type": "http", "scheme": "bearer"},
        }
        told["security"] = [{"key": []}, {"token": []}]
        app.openapi_schema = told
    return app.openapi_schema
