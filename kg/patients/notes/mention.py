"""Mention: where a text names a node of the graph, and what it says of that."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PATIENT, OTHER = "patient", "other"
"""Whose it is that a text mentions: the patient's, or another person's."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a text, from `start` up to `end`, that names the node `term` of a kind.

    Places are Unicode code points of the text as the file has it, its line ends included, a byte-order mark not.
    `within` says that a longer mention of the same kind holds it, `exact` that each word is that of a name of the node,
    but for number, spelling and order, `allergy` that it is what somebody does not bear.
    """

    start: int
    end: int
    kind: str
    term: str
    negated: bool = False
    historical: bool = False
    experiencer: str = PATIENT
    uncertain: bool = False
    allergy: bool = False
    within: bool = False
    exact: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the mention as JSON values."""
        return {
            "start": self.start,
            "end": self.end,
            "term": self.term,
            "negated": self.negated,
            "historical": self.historical,
            "experiencer": self.experiencer,
            "uncertain": self.uncertain,
        }


@dataclass(frozen=True, slots=True)
class Fact:
    """What a note states of its patient: a node that is there, or absent (`negated`), now or once (`historical`)."""

    kind: str
    term: str
    negated: bool
    historical: bool
    allergy: bool


def facts(mentions: Iterable[Mention]) -> tuple[Fact, ...]:
    """Return what these mentions of one note state of the patient, each once.

    Another person's is no fact of the patient's, nor is what is uncertain, nor a mention within a longer one. What the
    note also says is there is not absent, and what it also says is there now is not past. A drug of the past is not
    one that is taken, and what a drug does to who does not bear it is no condition. Of a disease and a phenotype that
    the same words name, the disease counts, as for codes.
    """
    mentions = tuple(mentions)
    diseases = {(one.start, one.end) for one in mentions if one.kind == "Disease"}
    told: dict[tuple[str, str, bool], Fact] = {}
    for one in mentions:
        past_drug = one.kind == "Drug" and one.historical and not one.allergy
        reaction = one.allergy and one.kind != "Drug"
        twice = one.kind == "Phenotype" and (one.start, one.end) in diseases
        if one.within or one.uncertain or one.experiencer != PATIENT or past_drug or reaction or twice:
            continue
        fact = Fact(one.kind, one.term, one.negated, one.historical, one.allergy)
        key = fact.kind, fact.term, fact.allergy
        known = told.get(key)
        if known is None or (fact.negated, fact.historical) < (known.negated, known.historical):
            told[key] = fact
    return tuple(told.values())
