"""Answers: what the verbs answered lately, as the views need it; what names a patient is never kept."""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from panakeia.desk.desk import Desk
from panakeia.verb import Right

if TYPE_CHECKING:
    import pandas as pd

MOST = 256
"""How many answers are kept."""
_PATIENT = re.compile(r"\bP-[0-9a-f]{20}\b", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """An answer as a view shows it: its JSON values, its rows, and its words about itself."""

    content: Any
    frame: "pd.DataFrame"
    text: str


class Answers:
    """A desk's answers by (graph, model, verb, request, rights), the last used ones."""

    def __init__(self, desk: Desk, most: int = MOST) -> None:
        self._desk, self._most, self._lock = desk, most, Lock()
        self._held: OrderedDict[str, Seen] = OrderedDict()

    def ask(self, name: str, request: Mapping[str, Any], rights: frozenset[Right], *, strict: bool = True) -> Seen:
        """Return a verb's answer; raises what `panakeia.desk.desk.Desk.answer` raises."""
        key = json.dumps([self._desk.state(), name, request, sorted(rights), strict], sort_keys=True)
        with self._lock:
            if (held := self._held.get(key)) is not None:
                self._held.move_to_end(key)
                return held
        answer = self._desk.answer(name, request, rights, strict=strict)
        seen = Seen(answer.to_json(), answer.to_frame(), answer.to_text())
        if self._desk.verbs[name].right in ("graph", "trials") and not _PATIENT.search(json.dumps(seen.content)):
            with self._lock:
                self._held[key] = seen
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
        return seen
