"""Wording: what a verb says is wrong, as who sends a request can mend it: by its parameters, not by options."""

import errno
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import typer

from kg.search import AmbiguousName
from panakeia.beyond import computable
from panakeia.desk.requests import NOT_ASKED
from panakeia.verb import Verb

_QUOTED = re.compile(r"(`[^`]*`)")
_SHOWN = 60
_NOT_THERE = (errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
"""What is wrong with a name that was given; other errors of files are the machine's."""
_COMMAND = re.compile(r"`panakeia ([^`]+)`")
_SERVED = re.compile(r"(--data DIR)(?![^`]*`)")
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
            raise ValueError(_not_there(verb, given, failure)) from None
        if len(failure.args) == 1 and isinstance(failure.args[0], str):
            failure.args = (by_parameters(verb, failure.args[0]),)
        raise


def by_parameters(verb: Verb, text: str) -> str:
    """Return a message with the verb's options called as its parameters are, and a command in it as a verb is asked.

    A cure by an option that no request has, such as the file to write into, is left out where there is another.
    """
    names = {one.option: name for name, one in verb.given.items() if one.option}
    for one in verb.given.values():
        if one.option and one.role in NOT_ASKED:
            text = re.sub(rf",? or [^,;:.`]*{one.option}\b(?!-)[^,;:.`]*|,? and {one.option}\b(?!-)", "", text)
    parts = _QUOTED.split(_SERVED.sub(r"`panakeia serve \1`", text))
    parts[::2] = [_OPTION.sub(lambda found: names.get(found[0], found[0]), part) for part in parts[::2]]
    return by_verbs("".join(parts))


def by_verbs(text: str) -> str:
    """Return a text in which a command is told as the verb that it is, with its parameters, as the desk is asked it.

    One that only the command line has, or that is not written as one can ask it, stays.

    >>> by_verbs("train with `panakeia train --task benefits --out DIR`, see `panakeia rank DRUG --for patients`")
    'train with `train` (task: benefits), see `rank` (nodes: DRUG, candidates: patients)'
    """
    return _COMMAND.sub(lambda found: _as_asked(found[1]) or found[0], text)


def _as_asked(line: str) -> str:
    """Return a command without its first word as a verb with its parameters; nothing where it is none that is asked."""
    words = line.split()
    found = next((one for end in (3, 2, 1) if (one := _offered().get(" ".join(words[:end])))), None)
    if found is None:
        return ""
    rest, placed = words[len(found.command.split()) :], [one for one in found.given.values() if not one.option]
    options, told = {one.option: one for one in found.given.values() if one.option}, []
    while rest:
        word = rest.pop(0)
        about = options.get(word) if word.startswith("--") else placed.pop(0) if placed else None
        if about is None and not word.startswith("--"):
            return ""
        value = word
        if word.startswith("--"):
            takes = about is None or about.type is not bool
            value = rest.pop(0) if takes and rest and not rest[0].startswith("--") else "true"
        if about is not None and about.role not in NOT_ASKED:
            told.append(f"{about.name}: {value}")
    return f"`{found.name}`" + (f" ({', '.join(told)})" if told else "")


@cache
def _offered() -> Mapping[str, Verb]:
    from panakeia.commands.every import EVERY

    return {one.command: one for one in EVERY.values() if not one.here}


def _not_there(verb: Verb, given: Mapping[str, Any], failure: OSError) -> str:
    """Say of a name of nothing which parameter it is, and what may stand in its place."""
    place = str(failure.filename)
    where = [name for name, value in given.items() if value == place]
    if where and verb.given[where[0]].role == "named":
        expected = "a name that is known, or a file by its content: {name, text}"
        return f"{where[0]}: got {place[:_SHOWN]!r}, expected {expected}"
    return f"got {Path(place).name[:_SHOWN]!r}, expected the name of what is there: {failure.strerror}"


def _ambiguous(verb: Verb, given: Mapping[str, Any], failure: AmbiguousName) -> str:
    """Say which parameter names several nodes, and what may stand in its place."""
    where = [name for name, value in given.items() if failure.text in (value if isinstance(value, list) else [value])]
    told, _, _ = str(failure).rpartition(". ")
    cure = f"Give one of these identifiers{f' as {where[0]}' if where else ''}"
    kinds = list(dict.fromkeys(node.kind for node in failure.choices))
    if "kind" in verb.given and len(kinds) > 1:
        cure += f", or the kind that is meant as kind: {' or '.join(kinds)}"
    return f"{f'{where[0]}: ' if where else ''}{told}. {cure}"
