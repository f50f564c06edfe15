"""Answers: what the verbs answered lately, as the views need it; what names a patient is never kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kg.patients.deidentify import names_pseudonym
from kg.search import UnknownNode
from panakeia.answer import Answer
from panakeia.desk.desk import Desk
from panakeia.desk.kept import Kept
from panakeia.verb import Right

if TYPE_CHECKING:
    import pandas as pd

MOST = 256
"""How many answers are kept."""


@dataclass(frozen=True)
class Seen:
    """An answer as views show it; most of them show its JSON values alone."""

    answer: Answer

    @cached_property
    def content(self) -> Any:
        """Its JSON values."""
        return self.answer.to_json()

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """Its rows."""
        return self.answer.to_frame()

    @cached_property
    def text(self) -> str:
        """Its words about itself."""
        return self.answer.to_text()


class Answers:
    """A desk's answers by (graph, model, verb, request, rights), the last used ones, and what it does not know."""

    def __init__(self, desk: Desk, most: int = MOST) -> None:
        self._desk, self._held = desk, Kept[Seen | UnknownNode](most, lambda _: 1)

    def ask(self, name: str, request: Mapping[str, Any], rights: frozenset[Right], *, strict: bool = True) -> Seen:
        """Return a verb's answer; raises what `panakeia.desk.desk.Desk.answer` raises."""
        key = json.dumps([self._desk.state(), name, request, sorted(rights), strict], sort_keys=True)
        held = self._held.get(key)
        if isinstance(held, UnknownNode):
            raise held.with_traceback(None)
        if held is not None:
            return held
        try:
            seen = Seen(self._desk.answer(name, request, rights, strict=strict))
        except UnknownNode as failure:  # which takes a look at all names
            if self._desk.verbs[name].repeats and not names_pseudonym(key):
                self._held.put(key, failure)
            raise
        if self._desk.verbs[name].repeats and not names_pseudonym(json.dumps(seen.content)):
            self._held.put(key, seen)
        return seen
