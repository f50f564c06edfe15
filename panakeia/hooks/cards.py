"""Cards: what a clinician reads, in the shape of CDS Hooks: under 140 characters, and the rest in Markdown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

SYSTEM = "urn:panakeia:cds-hooks"
"""The code system of topics and reasons."""
REASONS = {
    "considered": "Considered: the benefit outweighs it",
    "monitored": "The patient is monitored, or the dose was adjusted already",
    "no-alternative": "No suitable alternative",
    "stable": "Stable on this drug and dose",
    "not-applicable": "Does not apply: another indication, or a result that is out of date",
}
"""Why a card may be overridden, by code."""
LONGEST = 139
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_LIST = re.compile(r"^(\s*)([-+]|\d+[.)])(?=\s)", re.MULTILINE)


@dataclass(frozen=True)
class Action:
    """A change of an order: the whole order as it becomes, or the reference of the one to delete."""

    description: str
    resource: Mapping[str, Any] | None = None
    deletes: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the action as JSON values."""
        told = {"type": "delete" if self.deletes else "update", "description": self.description}
        return told | ({"resourceId": self.deletes} if self.deletes else {"resource": self.resource})


@dataclass(frozen=True)
class Suggestion:
    """What a clinician may choose to have done."""

    label: str
    action: Action

    def to_json(self) -> dict[str, Any]:
        """Return the suggestion as JSON values, under a number of its own."""
        return {"label": self.label, "uuid": str(uuid4()), "actions": [self.action.to_json()]}


@dataclass(frozen=True)
class Source:
    """Whose guidance a card is; `topic` is its code, with the words for it."""

    label: str
    topic: tuple[str, str]
    url: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the source as JSON values."""
        code, display = self.topic
        told: dict[str, Any] = {"label": self.label}
        told |= {"url": self.url} if self.url else {}
        return told | {"topic": {"system": SYSTEM, "code": code, "display": display}}


@dataclass(frozen=True)
class Card:
    """A card, before it has a number: `order` is the reference of what it is about, `links` words and addresses."""

    summary: str
    detail: str
    indicator: str
    source: Source
    drug: str
    order: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    links: tuple[tuple[str, str], ...] = ()

    @property
    def content(self) -> str:
        """What the card says, to tell whether it was said before."""
        return "\0".join((self.order, self.drug, self.indicator, self.summary, self.detail))

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values, under a number of its own; what it has not is not there."""
        told: dict[str, Any] = {
            "uuid": str(uuid4()),
            "summary": shortened(self.summary),
            "detail": self.detail,
            "indicator": self.indicator,
            "source": self.source.to_json(),
        }
        if self.suggestions:
            told |= {
                "suggestions": [one.to_json() for one in self.suggestions],
                "selectionBehavior": "at-most-one",
            }
        if self.indicator != "info" or self.suggestions:
            told["overrideReasons"] = [
                {"system": SYSTEM, "code": code, "display": display} for code, display in REASONS.items()
            ]
        if self.links:
            told["links"] = [{"label": label, "url": url, "type": "absolute"} for label, url in self.links]
        return told


def shortened(text: str) -> str:
    """Return one sentence of fewer than 140 characters, cut at a word.

    >>> len(shortened("word " * 50)) < 140, shortened("Short.")
    (True, 'Short.')
    """
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rpartition(" ")[0].rstrip(" ,;:") + "…"


def markdown(text: str) -> str:
    """Return a text as GitHub Flavored Markdown that shows it as it is, a paragraph a line.

    >>> markdown("CYP2C19 *2/*2")
    'CYP2C19 \\\\*2/\\\\*2'
    """
    escaped = _LIST.sub(lambda found: f"{found[1]}{found[2][:-1]}\\{found[2][-1]}", _SPECIAL.sub(r"\\\1", text))
    return "\n\n".join(line.strip() for line in escaped.splitlines() if line.strip())
