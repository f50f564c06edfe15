"""Callers: who sends a request to the assistants' server, what they may ask, and where it is written down."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from panakeia.verb import Right


@dataclass(frozen=True)
class Callers:
    """How a server knows its callers: by the HTTP request, or, where there is none, all are one.

    `rights` says what whoever sent a request may, `note` writes down which verb they ask of which patients, `owner`
    says whose jobs theirs are, `who` what they are called.
    """

    rights: Callable[[Any], frozenset[Right]]
    note: Callable[[Any, str, Collection[str]], None] = lambda request, verb, patients: None
    owner: Callable[[Any], str] = lambda request: ""
    who: Callable[[Any], str] = lambda request: ""
