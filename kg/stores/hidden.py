"""Hidden: a store as it is seen by who may not see patients: no step leads to one, or from one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kg.audit import Audit
from kg.filter import EVERYTHING, Filter
from kg.graph import Evidence, Graph
from kg.progress import Progress, silent
from kg.schema import PERSON, STEPS, Step
from kg.stores.protocol import NOTHING, Hop, Key, Known, Store

_SHOWN = frozenset(step for step in STEPS.values() if PERSON not in (step.start, step.end))
"""The steps that have nothing to do with patients."""


@dataclass(frozen=True)
class WithoutPatients:
    """A store whose walks know no patients: neither they nor the edges to them are there, nor counted.

    `read` and `query` are the store's own: whoever answers with what they give holds the answer against pseudonyms.
    """

    store: Store

    def nodes(self, keys: Collection[Key]) -> dict[Key, Known]:
        """Return what is known of each of these nodes that is there, and is no patient."""
        found = self.store.nodes([key for key in keys if key[0] != PERSON])
        return {
            key: known
            if _SHOWN.issuperset(known.degrees)
            else known._replace(degrees={step: count for step, count in known.degrees.items() if step in _SHOWN})
            for key, known in found.items()
        }

    def follow(
        self, origins: Mapping[Step, Collection[str]], where: Filter = EVERYTHING
    ) -> Iterator[tuple[Step, str, list[str]]]:
        """Yield where steps lead from nodes, but for those to patients and from them."""
        return self.store.follow({step: ids for step, ids in origins.items() if step in _SHOWN}, where)

    def evidence(self, hops: Collection[Hop], where: Filter = EVERYTHING) -> Iterator[tuple[Hop, Evidence]]:
        """Yield the statements of edges, but for those of patients."""
        return self.store.evidence([hop for hop in hops if hop[1] in _SHOWN], where)

    def replace(self, graph: Graph, progress: Progress = silent, audit: Audit | None = None) -> None:
        """Put this graph in place of what the store holds."""
        self.store.replace(graph, progress, audit)

    def add(self, graph: Graph, gone: Graph = NOTHING) -> None:
        """Add nodes and edges to what the store holds."""
        self.store.add(graph, gone)

    def read(self) -> Graph:
        """Return the whole graph."""
        return self.store.read()

    def query(self, cypher: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        """Run one reading Cypher query with parameters and return its rows."""
        return self.store.query(cypher, parameters)

    def __enter__(self) -> Self:
        self.store.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.store.__exit__(*failure)


class PatientsHidden(ValueError):
    """What is asked of patients by who may not see them."""


def hides_patients(store: Store) -> bool:
    """Return whether a store is seen by who may not see patients."""
    return isinstance(store, WithoutPatients)


def require_patients(store: Store) -> None:
    """Raise `PatientsHidden` where a store is seen by who may not see patients, nor count them."""
    if hides_patients(store):
        raise PatientsHidden("the patients of this graph are not shown here, nor counted: open it as who may see them")
