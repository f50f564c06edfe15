"""Callers: who sends a request to the assistants' server, what they may ask, and where it is written down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from panakeia.verb import Right


@dataclass(frozen=True)
class Callers:
    """How a server knows its callers: by the HTTP request, or, where there is none, all are one.

    `rights` says what whoever sent a request may, `note` writes down which verb they ask, `owner` says whose jobs
    theirs are.
    """

    rights: Callable[[Any], frozenset[Right]]
    note: Callable[[Any, str], None] = lambda request, verb: None
    owner: Callable[[Any], str] = lambda request: ""
