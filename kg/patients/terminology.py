"""Terminology: which nodes of the graph the codes of an event stand for, under which relation, and how they map.

How each kind of event is understood stands in `kg.patients.terms`, and for readers in `docs/codes.md`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kg.patients.record import Code, Event, LeftOut
from kg.patients.terms import conditions, drugs, others
from kg.patients.terms.meaning import Meaning, Row
from kg.patients.terms.nodes import Nodes, nodes
from kg.query import rows_of
from kg.query.people import EVENTS
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

__all__ = ["Meaning", "Row", "Terminology", "terminology"]

_MEANT: dict[str, Callable[[Sequence[Code], Nodes], tuple[Meaning, ...]]] = {
    "condition": conditions.meaning,
    "drug": drugs.meaning,
    "measurement": others.measurement,
    "procedure": others.procedure,
    "allergy": others.allergy,
    "variant": others.variant,
    "visit": others.visit,
}
"""What an event is of -> what its codes stand for."""

KINDS = tuple(dict.fromkeys(relation.object for relation in EVENTS))
"""The kinds of node that an event leads to."""

RECORDS_LICENCE = "LicenseRef-patient-records"
"""The licence of every source that is patients' records: what only these state, no public source does."""


@dataclass(frozen=True)
class Terminology:
    """What codes mean in a graph of these nodes; what was asked once is remembered, by codes and displays."""

    known: Nodes
    _meant: dict[tuple[str, tuple[Code, ...]], tuple[Meaning, ...] | str] = field(
        default_factory=dict, repr=False, compare=False
    )

    def meanings(self, event: Event) -> tuple[Meaning, ...]:
        """Return what an event's codes stand for, of a medicine each ingredient.

        Raises `LeftOut`, whose message holds nothing of the record, for what is no clinical fact about the patient, and
        for what has no code of a system that is known.
        """
        asked = event.what, event.codes
        found = self._meant.get(asked)
        if found is None:
            try:
                found = _MEANT[event.what](event.codes, self.known)
            except LeftOut as reason:
                found = str(reason)
            self._meant[asked] = found
        if isinstance(found, str):
            raise LeftOut(found)
        return found


def terminology(store: Store) -> Terminology:
    """Return what codes mean in the graph of a store."""
    records = {release.name for release in read_releases(store) if release.licence == RECORDS_LICENCE}
    rows = (row for kind in KINDS for row in rows_of(store, kind))
    return Terminology(nodes(rows, records))
