"""Once: what was told of whom under which hook, so that a signature does not repeat what a selection told.

The same hook, asked again, answers the same: a client may ask twice for one answer. Two clients may have different
patients of one id: what one was told says nothing of what the other was.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from panakeia.hooks.cards import Card
from panakeia.hooks.memory import Memory


@dataclass(frozen=True)
class Once:
    """What was told within the last `window_s` seconds."""

    memory: Memory
    window_s: float

    def untold(self, hook: str, patient: tuple[str, str, str], cards: Sequence[Card]) -> list[Card]:
        """Return the cards that no other hook has told of a patient, and note that this one does.

        A patient is a client, its FHIR server and the id there.
        """
        told = [json.dumps([*patient, card.content]) for card in cards]
        first = self.memory.first("told", told, hook, self.window_s)
        return [card for card, before in zip(cards, first, strict=True) if before == hook]
