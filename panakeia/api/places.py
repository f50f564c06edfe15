"""Places: where over HTTP a verb is asked, and a message that names it by that."""

import re

from panakeia.commands.every import EVERY
from panakeia.verb import Verb

API = "/api/v1"
_VERB = re.compile(r"`([a-z_]+)`")


def path_of(verb: Verb) -> str:
    """Return a verb's path: its command, with slashes."""
    return "/" + verb.command.replace(" ", "/")


def by_urls(text: str) -> str:
    """Return a message in which a verb is told as where it is asked.

    >>> by_urls("look for a part of the name with `search`")
    'look for a part of the name with `/api/v1/search`'
    """
    return _VERB.sub(lambda found: f"`{_url(found[1])}`", text)


def _url(name: str) -> str:
    about = EVERY.get(name)
    return name if about is None or about.here else API + path_of(about)
