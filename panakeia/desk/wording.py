"""Wording: what a verb says is wrong, as who sends a request can mend it: by its parameters, not by options."""

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from kg.search import AmbiguousName
from panakeia.beyond import computable
from panakeia.verb import Verb

_QUOTED = re.compile(r"(`[^`]*`)")
_SHOWN = 60
_NOT_THERE = (errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
"""What is wrong with a name that was given; other errors of files are the machine's."""
_OPTION = re.compile(r"--[a-z][a-z0-9-]*")


@contextmanager
def in_words_of(verb: Verb, given: Mapping[str, Any]) -> Iterator[None]:
    """Let an error of a verb speak of the parameters of the request that was given; its kind stays.

    What an option's own check raises (`typer.BadParameter`) is a `ValueError` here.
    """
    try:
        with computable():
            yield
    except typer.BadParameter as failure:
        raise ValueError(by_parameters(verb, failure.message)) from None
    except AmbiguousName as failure:
        failure.args = (_ambiguous(verb, given, failure),)
        raise
    except (ValueError, OSError) as failure:
        if isinstance(failure, OSError) and failure.errno in _NOT_THERE:
            named = Path(str(failure.filename)).name[:_SHOWN]
            raise ValueError(f"got {named!r}, expected the name of what is there: {failure.strerror}") from None
        if len(failure.args) == 1 and isinstance(failure.args[0], str):
            failure.args = (by_parameters(verb, failure.args[0]),)
        raise


def by_parameters(verb: Verb, text: str) -> str:
    """Return a message with the verb's options called as its parameters are; a command line in it stays as it is."""
    names = {one.option: name for name, one in verb.given.items() if one.option}
    parts = _QUOTED.split(text)
    parts[::2] = [_OPTION.sub(lambda found: names.get(found[0], found[0]), part) for part in parts[::2]]
    return "".join(parts)


def _ambiguous(verb: Verb, given: Mapping[str, Any], failure: AmbiguousName) -> str:
    """Say which parameter names several nodes, and what may stand in its place."""
    where = [name for name, value in given.items() if failure.text in (value if isinstance(value, list) else [value])]
    told, _, _ = str(failure).rpartition(". ")
    cure = f"Give one of these identifiers{f' as {where[0]}' if where else ''}"
    kinds = list(dict.fromkeys(node.kind for node in failure.choices))
    if "kind" in verb.given and len(kinds) > 1:
        cure += f", or the kind that is meant as kind: {' or '.join(kinds)}"
    return f"{f'{where[0]}: ' if where else ''}{told}. {cure}"
