"""Ask: every verb by a form made of its parameters, and its answer as a table; so the page offers what all faces do."""

import base64
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from starlette.datastructures import UploadFile

from panakeia.answer import records
from panakeia.api.problems import problem_to
from panakeia.desk.desk import NotAllowed
from panakeia.desk.requests import NOT_ASKED, Refused
from panakeia.page.asked import Asked
from panakeia.page.queue import begin
from panakeia.page.told import told_of
from panakeia.page.view import Away, Page, View
from panakeia.verb import REQUIRED, Given, Verb

_UPLOAD = "__file"
"""What a field's name ends with that sends a file in place of its text."""
_GROUPS = {
    "graph": "The graph and its models",
    "patients": "Patients",
    "trials": "Twins and trials",
    "write": "Changes",
}


def _all(asked: Asked) -> Page:
    """List the verbs that who asks may ask."""
    offered = [verb for verb in asked.desk.verbs.values() if verb.right in asked.rights]
    groups = [(words, [verb for verb in offered if verb.right == right]) for right, words in _GROUPS.items()]
    rows = [{"verb": verb.name, "command": verb.command, "about": verb.words} for verb in offered]
    return Page("ask.html.j2", "Ask", {"groups": [one for one in groups if one[1]]}, rows=rows)


def _one(asked: Asked) -> Page | Away:
    """Show a verb's form, filled with the state, and its answer where one is asked for; or begin it as a job."""
    verb = asked.desk.verbs[asked.request.path_params["verb"]]
    request = request_of(verb, asked)
    if asked.request.method == "POST" and asked.request.query_params.get("as_job"):
        return Away(f"/jobs/{begin(asked, verb.name, request, strict=False).id}")
    values: dict[str, Any] = {
        "verb": verb,
        "fields": [_field(given, request.get(given.name)) for given in verb.given.values() if _is_asked(given)],
        "sends": any(given.role in ("file", "named") for given in verb.given.values()),
        "writes": any(given.role == "out" for given in verb.given.values()),
        "runs_jobs": asked.runs_jobs,
        "answer": None,
        "problem": "",
    }
    if not asked.one("go"):
        return Page("verb.html.j2", f"{verb.command} · Ask", values)
    if verb.long:
        asked.shown(verb.name, request)
        return Page("verb.html.j2", f"{verb.command} · Ask", values)
    try:
        seen = asked.ask(verb.name, request, strict=False)
    except NotAllowed:
        raise
    except (ValueError, OSError) as failure:  # the form stays, so that it can be mended there
        status = 422 if isinstance(failure, Refused) else 400
        values["problem"] = problem_to(failure)[0].detail
        return Page("verb.html.j2", f"{verb.command} · Ask", values, status=status)
    values["answer"] = told = told_of(seen)
    whole = asked.one("as") != "" and told.total > len(told.rows)
    return Page(
        "verb.html.j2",
        f"{verb.command} · Ask",
        values,
        rows=records(seen.frame) if whole else told.rows,
        content=seen.content,
    )


def request_of(verb: Verb, asked: Asked) -> dict[str, Any]:
    """Return the request that the state holds: what was left empty is not in it."""
    found: dict[str, Any] = {}
    for name, given in verb.given.items():
        if not _is_asked(given):
            continue
        sent = asked.state.get(name + _UPLOAD)
        if isinstance(sent, UploadFile) and sent.filename:
            found[name] = {"name": sent.filename, "base64": base64.b64encode(sent.file.read()).decode()}
            found[name] = [found[name]] if given.many else found[name]
        elif given.many:
            lines = [line.strip() for text in asked.many(name) for line in text.splitlines()]
            if kept := [line for line in lines if line]:
                found[name] = kept
        elif text := asked.one(name):
            found[name] = text
    return found


def _is_asked(given: Given) -> bool:
    return given.role not in NOT_ASKED


def _field(given: Given, value: Any) -> dict[str, Any]:
    """Return how a parameter is asked for: as a choice, a mark, a number, a line or a text."""
    choices = list(get_args(given.type)) if get_origin(given.type) is Literal else []
    kind = "line"
    if given.role == "file":
        kind = "text"
    elif given.many:
        kind = "lines"
    elif choices:
        kind = "choice"
    elif given.type is bool:
        kind = "mark"
    elif given.type in (int, float):
        kind = "number"
    if isinstance(value, Mapping):
        value = ""
    if isinstance(value, list):
        value = "\n".join(str(one) for one in value if not isinstance(one, Mapping))
    default = "" if given.default in (REQUIRED, None, "", False) else given.default
    return {
        "name": given.name,
        "words": given.name.replace("_", " "),
        "help": (given.asked.help or "").replace("`", ""),
        "kind": kind,
        "choices": choices,
        "needed": given.default is REQUIRED,
        "default": default,
        "value": "" if value is None else value,
        "file": given.role in ("file", "named"),
        "step": "any" if given.type is float else "1",
    }


VIEW = View("ask", "/ask", "Ask", _all)
VERB_VIEW = View("ask", "/ask/{verb}", "", _one, methods=("GET", "POST"))
