"""Feedback: what became of cards, kept as lines of JSON: no patient, no person, and no comment that may name one."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from panakeia.hooks.cards import REASONS, SYSTEM, Card
from panakeia.hooks.problem import HookProblem

OUTCOMES = ("accepted", "overridden")
_MOST = 50_000


@dataclass(frozen=True)
class Feedback:
    """A file of feedback, and the cards told lately, by number: which drug and source, and how urgent."""

    path: Path
    _cards: OrderedDict[str, dict[str, str]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def told(self, number: str, card: Card) -> None:
        """Note what a card was about, so that feedback on it can say so."""
        with self._lock:
            self._cards[number] = {"drug": card.drug, "source": card.source.label, "indicator": card.indicator}
            if len(self._cards) > _MOST:
                self._cards.popitem(last=False)

    def keep(self, service: str, body: Any) -> int:
        """Write feedback down, all of it or none, and return how many pieces; raises `HookProblem` with 400."""
        given = body.get("feedback") if isinstance(body, Mapping) else None
        if not isinstance(given, list) or not given or not all(isinstance(one, Mapping) for one in given):
            raise HookProblem(400, "feedback is missing: expected a list of what became of cards")
        rows = [{"service": service, **_row(one)} for one in given]
        with self._lock:
            rows = [row | self._cards.get(row["card"], {}) for row in rows]
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
        return len(rows)


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    outcome = given.get("outcome")
    if outcome not in OUTCOMES:
        raise HookProblem(400, f"feedback.outcome is not one of {', '.join(OUTCOMES)}")
    row: dict[str, Any] = {"card": _number(given.get("card"), "card"), "outcome": outcome}
    row["at"] = _moment(given.get("outcomeTimestamp"))
    accepted = given.get("acceptedSuggestions")
    if outcome == "accepted":
        if not isinstance(accepted, list) or not accepted or not all(isinstance(one, Mapping) for one in accepted):
            raise HookProblem(400, "feedback.acceptedSuggestions is missing: expected those that were accepted")
        row["suggestions"] = [_number(one.get("id"), "acceptedSuggestions.id") for one in accepted]
    why = given.get("overrideReason")
    if isinstance(why, Mapping):
        row |= _reason(why)
    return row


def _reason(why: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reason of ours, or that it is another; that there was a comment, but never the comment."""
    coding = why.get("reason")
    told: dict[str, Any] = {"commented": bool(why.get("userComment"))}
    if isinstance(coding, Mapping):
        ours = coding.get("code") in REASONS and coding.get("system", SYSTEM) == SYSTEM
        told["reason"] = coding["code"] if ours else "another"
    return told


def _number(value: Any, name: str) -> str:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise HookProblem(400, f"feedback.{name} is no UUID") from None


def _moment(value: Any) -> str:
    try:
        return datetime.fromisoformat(value).isoformat()
    except (ValueError, TypeError):
        raise HookProblem(400, "feedback.outcomeTimestamp is no ISO timestamp") from None
