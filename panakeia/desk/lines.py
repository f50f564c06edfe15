"""Lines: what one would write on a command line, or in Python, for the answer that a face shows."""

import shlex
from collections.abc import Mapping
from typing import Any

from panakeia.desk.requests import Upload
from panakeia.verb import REQUIRED, Given, Verb


def command_line(verb: Verb, request: Mapping[str, Any]) -> str:
    """Return the command that gives the same answer; a file is named as it was, or as its option shows it.

    >>> from panakeia.commands.every import EVERY
    >>> command_line(EVERY["rank"], {"nodes": ["multiple sclerosis"], "top": 5, "new": True})
    "panakeia rank 'multiple sclerosis' --top 5 --new"
    """
    placed: list[str] = []
    named: list[str] = []
    for name, about in verb.given.items():
        if about.role == "out" and about.default is REQUIRED:
            named += [about.option, "out"]
        if name not in request or request[name] is None:
            continue
        values = request[name] if about.many else [request[name]]
        for value in values:
            if not about.option:
                placed.append(_text(about, value))
            elif isinstance(value, bool):
                named += [about.option] if value else []
            else:
                named += [about.option, _text(about, value)]
    return shlex.join(["panakeia", *verb.command.split(), *placed, *named])


def python_line(verb: Verb, request: Mapping[str, Any], store: str, model: str) -> str:
    """Return the Python that gives the same answer as a frame.

    >>> from panakeia.commands.every import EVERY
    >>> python_line(EVERY["info"], {}, "out/graph.lbdb", "out/model").splitlines()[-1]
    "desk.answer('info', {}).to_frame()"
    """
    given = {name: value for name, value in request.items() if value is not None}
    return (
        "from pathlib import Path\n\nfrom panakeia.desk.desk import Desk, DeskSettings\n\n"
        f"desk = Desk(DeskSettings({store!r}, Path({model!r})))\n"
        f"desk.answer({verb.name!r}, {given!r}).to_frame()"
    )


def _text(about: Given, value: Any) -> str:
    if isinstance(value, Upload):
        return value.name
    if isinstance(value, Mapping):
        return str(value.get("name"))
    if about.role == "file":
        return (about.asked.metavar or "FILE").split("|")[0]
    if isinstance(value, list | tuple):
        return ",".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
