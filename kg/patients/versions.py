"""Versions: which of several states of a record counts: the highest version, of equals the one read last."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from kg.patients.record import Event, GeneCall, Person

Key = tuple[str, str]
"""A record: its source and its keyed name."""
Names = Callable[[tuple[str, ...]], str]
"""Gives a record its keyed name."""


class State:
    """A state of a record: its version, and what it says; nothing where it is retracted.

    `order` is that of the person who was read with it, among those of one patient.
    """

    def __init__(self, version: int | None, order: int) -> None:
        self.version, self.order = version, order
        self.says: list[Event | GeneCall] = []
        self.retracted = False

    @property
    def rank(self) -> tuple[int, int]:
        """What a state has more of than those that it stands in place of."""
        return rank(self.version), self.order


def states(told: Sequence[tuple[str, Person]], name_of: Names) -> dict[Key, State]:
    """Return the state that counts of each record of one patient, by source and keyed name."""
    found: dict[Key, State] = {}
    for order, (source, person) in enumerate(told):
        for record, version, says in _said(person):
            key, state = (source, name_of(record)), State(version, order)
            known = found.get(key)
            if known is None or state.rank > known.rank:
                found[key] = known = state
            if known.rank == state.rank and not known.retracted:
                known.retracted = says is None
                known.says = [] if says is None else [*known.says, says]
    return found


def older(found: Mapping[Key, State], stored: Mapping[Key, int]) -> list[Key]:
    """Return the records of which a newer version is stored; what is taken back without a version always is."""
    return [
        key
        for key, state in found.items()
        if rank(state.version) < rank(stored.get(key)) and not (state.retracted and state.version is None)
    ]


def rank(version: int | None) -> int:
    """Return a version as a number; none is older than any."""
    return -1 if version is None else version


def _said(person: Person) -> Iterator[tuple[tuple[str, ...], int | None, Event | GeneCall | None]]:
    """Yield each thing that is said of a record, with its version; None where that takes the record back."""
    for record, version in person.retracted:
        yield record, version, None
    for event in person.events:
        yield event.record, event.version, event
    for call in person.calls:
        yield call.record, call.version, call
