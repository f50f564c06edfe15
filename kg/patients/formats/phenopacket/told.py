"""Told: where an element of a packet stands, and whom to tell what becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kg.patients.formats.phenopacket.members import Json
from kg.patients.formats.phenopacket.times import When, span
from kg.patients.record import Account, LeftOut, Place, Refused


@dataclass(frozen=True, slots=True)
class Told:
    """An element's place, its kind, what tells it from the packet's other elements, and the account of the import."""

    place: Place
    kind: str
    record: tuple[str, ...]
    account: Account

    def part(self, kind: str, index: int) -> "Told":
        """Return an element within this one, by its kind and its place in the list."""
        return Told(self.place, kind, (*self.record, kind, str(index)), self.account)

    def leave_out(self, reason: str, count: int = 1) -> None:
        """Count something of the element that is not taken."""
        self.account.leave_out(self.kind, reason, count)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Reject the element, and go on after the block, where something in the block is refused."""
        try:
            yield
        except Refused as fault:
            self.account.reject(self.place, self.kind, fault.element, fault.reason)

    def span(self, of: Json, name: str) -> tuple[When, When]:
        """Return when something began and ended; a time that cannot be told as a day, month or year is counted."""
        try:
            return span(of, name)
        except LeftOut as reason:
            self.leave_out(f"{name}: {reason}")
            return None, None
