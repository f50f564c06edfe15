"""Lines: what one would write to ask the desk over HTTP, as the page shows it beside the command and the Python."""

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from panakeia.api.places import API, path_of
from panakeia.api.verbs import is_asked_by_url
from panakeia.verb import Verb

_MOST = 1_500
"""Letters of a body that is shown; a longer one is a file of its own."""


def http_line(verb: Verb, request: Mapping[str, Any], base: str) -> str:
    """Return the call of curl that gives the same answer, of a verb that takes long its job; `base` is the desk's URL.

    >>> from panakeia.commands.every import EVERY
    >>> http_line(EVERY["rank"], {"nodes": ["DOID:2377"], "new": True}, "http://127.0.0.1:8765")
    'curl -H "X-API-Key: $KEY" \\'http://127.0.0.1:8765/api/v1/rank?nodes=DOID:2377&new=true\\''
    """
    given = {name: value for name, value in request.items() if value is not None}
    place = f"{base}{API}{path_of(verb)}"
    call = 'curl -H "X-API-Key: $KEY"'
    if is_asked_by_url(verb) and not any(_is_file(value) for value in given.values()):
        query = urlencode({name: _in_url(value) for name, value in given.items()}, doseq=True, safe=":")
        return f"{call} {shlex.quote(f'{place}?{query}' if query else place)}"
    body = json.dumps(given, ensure_ascii=False)
    sent = shlex.quote(body) if len(body) <= _MOST else "@request.json"
    return f"{call} -H 'Content-Type: application/json' {shlex.quote(place)} -d {sent}"


def _is_file(value: Any) -> bool:
    """Return whether a value is a file, or text with lines, which stands in no URL."""
    if isinstance(value, str):
        return "\n" in value
    return isinstance(value, Mapping) or (isinstance(value, list | tuple) and any(_is_file(one) for one in value))


def _in_url(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return [_in_url(one) for one in value] if isinstance(value, list | tuple) else value
