"""Warning: what speaks against a drug for a patient: how gravely, because of what, and who says so."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kg.graph import Evidence
from kg.query.safety.history import Fact, History
from kg.schema import EVIDENCE_COLUMNS
from kg.search import Node
from kg.stores.protocol import Store

AGAINST, CHANGE, RISK, WATCH, UNTESTED = "against", "change", "risk", "watch", "untested"

SEVERITIES: dict[str, str] = {
    AGAINST: "a source says not to give the drug to who has this",
    CHANGE: "a source says to give it otherwise: another dose, watched, or only after an alternative",
    RISK: "a known severe harm of the drug meets something that the record says of the patient",
    WATCH: "a known harm of the drug that is severe in anybody, that the patient may feel, or that is only derived; "
    "or curators found no use of the drug for what the patient has",
    UNTESTED: "a source decides by what is not known of the patient",
}
"""What each grade of a warning means, the gravest first."""

SHOWN = 6
"""How many names a sentence has; all are in `because` or in the graph."""

EVIDENCE = ", ".join(f"r.{column} AS {column}" for column in EVIDENCE_COLUMNS)
"""The evidence of an edge `r`, in Cypher."""


def evidence_of(row: Mapping[str, Any]) -> Evidence:
    """Return the evidence in a row of a query that asks for `EVIDENCE`."""
    return Evidence.of(row[column] for column in EVIDENCE_COLUMNS)


def some(names: Sequence[str]) -> str:
    """Return a few of these names, and how many more there are.

    >>> some(["a", "b"]), some(list("abcdefgh"))
    ('a and b', 'a, b, c, d, e, f and 2 more')
    """
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    *first, last = [*names[:SHOWN], *more]
    return f"{', '.join(first)} and {last}" if first else last


@dataclass(frozen=True)
class DrugWarning:
    """What speaks against a drug for a patient; nothing in it says who the patient is, or when anything was.

    `because` is what the patient has, takes or carries that the warning goes by; without any it is the same for
    everybody. One that is `derived` no source states: it follows from two statements, both in `evidence`.
    """

    drug: str
    name: str
    kind: str
    severity: str
    because: tuple[Node, ...]
    sentence: str
    evidence: tuple[Evidence, ...]
    derived: bool = False

    @property
    def rank(self) -> int:
        """The place of its grade, 0 for the gravest."""
        return list(SEVERITIES).index(self.severity)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            **asdict(self),
            "because": [asdict(node) for node in self.because],
            "evidence": [one.to_json() for one in self.evidence],
        }


@dataclass(frozen=True)
class Question:
    """Of which patients, by identifier with what is known of each, which drugs are asked, identifier to name."""

    store: Store
    histories: Mapping[str, History]
    drugs: Mapping[str, str]

    @property
    def patients(self) -> Collection[str]:
        """The patients, by identifier."""
        return self.histories.keys()

    def having(self, *relations: str) -> dict[str, list[tuple[str, Fact]]]:
        """Return, by node, which patients have it by these relations, and how it is recorded."""
        found: dict[str, list[tuple[str, Fact]]] = {}
        for patient, history in self.histories.items():
            for relation in relations:
                for fact in history.of(relation):
                    found.setdefault(fact.node.id, []).append((patient, fact))
        return found


@dataclass(frozen=True)
class WarningKind:
    """A kind of warning: what it asks, on which edges of the graph it rests, and how it is found.

    `rests_on` are their relations, each with what must be true, in Cypher, of such an edge `r`, or nothing. `find`
    yields each warning with the patient whom it concerns. Where the graph has no such edge, the kind was not checked,
    and the answer says so.
    """

    name: str
    asks: str
    rests_on: Mapping[str, str]
    find: Callable[[Question], Iterator[tuple[str, DrugWarning]]]
