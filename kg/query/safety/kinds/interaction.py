"""Interaction: the drug and one that the patient takes change each other, as a source states, or by a shared protein.

Where no source states interactions, they follow from two statements of what drugs do to one enzyme or transporter: one
drug inhibits or induces it, the other is its substrate. DrugBank does not say how strongly: such a warning is `derived`
and has both statements. It is graver where labels class the one as an inhibitor or inducer (in NDF-RT's words).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kg.graph import Evidence
from kg.query.safety.history import TAKES
from kg.query.safety.warning import EVIDENCE, RISK, WATCH, DrugWarning, Question, WarningKind, evidence_of, some
from kg.search import Node

SUBSTRATE, INHIBITOR, INDUCER = "substrate", "inhibitor", "inducer"
_STATED = "r.predicate IN ['biolink:pharmacologically_interacts_with', 'biolink:interacts_with']"
_DERIVED = "r.category IN ['enzyme', 'transporter'] AND r.action IS NOT NULL"
_CLASS = re.compile(r"Cytochrome P450 (?P<protein>\w+) (?P<how>Inhibitor|Inducer)s?")
"""The classes that labels put drugs into by what they do to an enzyme; `3A` are CYP3A4 and its kin."""
_CONSEQUENCE = {INHIBITOR: "more of {what} may stay in the body", INDUCER: "{what} may be cleared too fast"}


class _Binding(NamedTuple):
    """What a drug does to a protein, and who says so."""

    drug: Node
    protein: Node
    category: str
    actions: frozenset[str]
    evidence: Evidence


class _Way(NamedTuple):
    """A way in which a drug and others change each other: what it does to the protein, what the others do."""

    protein: Node
    category: str
    how: str
    changes: bool
    """Whether the drug that is asked about is what inhibits or induces: else it is the substrate."""


_Takers = dict[str, list[tuple[str, Node]]]
"""Drug -> which patients take it now."""
_Labels = dict[tuple[str, str], list[tuple[str, Evidence]]]
"""Drug, and how it changes enzymes -> how the names of these begin, and who says so."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield the interactions of drugs with those that patients take now."""
    taken: _Takers = {}
    for patient, history in question.histories.items():
        for node in history.now(TAKES):
            taken.setdefault(node.id, []).append((patient, node))
    if not taken:
        return
    for row in _stated(question, taken):
        for patient, node in taken[row["other"]]:
            said = f"interacts with {node.name}, which the patient takes"
            yield patient, _warning(question, row["drug"], RISK, (node,), said, [evidence_of(row)])
    labels = _labels(question)
    at: dict[tuple[str, str], list[_Binding]] = {}
    for binding in _bindings(question):
        at.setdefault((binding.protein.name, binding.category), []).append(binding)
    for _, bindings in sorted(at.items()):
        others = [binding for binding in bindings if binding.drug.id in taken]
        for mine in bindings if others else ():
            if mine.drug.id in question.drugs:
                yield from _derived(question, mine, others, taken, labels)


def _derived(
    question: Question, mine: _Binding, others: list[_Binding], taken: _Takers, labels: _Labels
) -> Iterator[tuple[str, DrugWarning]]:
    """Yield how a drug and those that a patient takes change each other by one protein, once for each way."""
    for how in (INHIBITOR, INDUCER):
        for changes in (True, False):
            if (how if changes else SUBSTRATE) not in mine.actions:
                continue
            met: dict[str, list[tuple[Node, _Binding]]] = {}
            for other in others:
                if other.drug.id != mine.drug.id and (SUBSTRATE if changes else how) in other.actions:
                    for patient, node in taken[other.drug.id]:
                        met.setdefault(patient, []).append((node, other))
            way = _Way(mine.protein, mine.category, how, changes)
            for patient, pairs in met.items():
                yield patient, _by_protein(question, way, mine, pairs, labels)


def _by_protein(
    question: Question, way: _Way, mine: _Binding, pairs: list[tuple[Node, _Binding]], labels: _Labels
) -> DrugWarning:
    changers = [mine.drug.id] if way.changes else [node.id for node, _ in pairs]
    classed = [
        evidence
        for changer in changers
        for beginning, evidence in labels.get((changer, way.how), ())
        if way.protein.name.startswith(beginning)
    ]
    named = some([node.name for node, _ in pairs])
    does, do = (way.how, SUBSTRATE) if way.changes else (SUBSTRATE, way.how)
    said = f"{does} of the {way.category} {way.protein.name}; taken, and {do} of it: {named}"
    consequence = _CONSEQUENCE[way.how].format(what=named if way.changes else "it")
    strength = "so classed by labels" if classed else "how strongly is not stated"
    evidence = [mine.evidence, *(other.evidence for _, other in pairs), *classed]
    because = (*(node for node, _ in pairs), way.protein)
    severity = RISK if classed else WATCH
    return _warning(question, mine.drug.id, severity, because, f"{said}; {consequence} ({strength})", evidence, True)


def _warning(
    question: Question,
    drug: str,
    severity: str,
    because: tuple[Node, ...],
    said: str,
    evidence: list[Evidence],
    derived: bool = False,
) -> DrugWarning:
    by = tuple(dict.fromkeys(evidence))
    return DrugWarning(drug, question.drugs[drug], KIND.name, severity, because, said, by, derived)


def _stated(question: Question, taken: Mapping[str, object]) -> Iterator[Mapping[str, Any]]:
    """Yield what sources state of interactions with the drugs taken, from either end."""
    seen: set[tuple[str, str, str]] = set()
    for asked, given in (("a", "b"), ("b", "a")):
        rows = question.store.query(
            f"MATCH (a:Drug)-[r:drug_related_to_drug]->(b:Drug) WHERE {_STATED} AND {given}.id IN $taken "
            f"RETURN {asked}.id AS drug, {given}.id AS other, {EVIDENCE} ORDER BY drug, other, source",
            {"taken": sorted(taken)},
        )
        for row in rows:
            key = row["drug"], row["other"], row["source"]
            if row["drug"] in question.drugs and row["drug"] != row["other"] and key not in seen:
                seen.add(key)
                yield row


def _bindings(question: Question) -> Iterator[_Binding]:
    """Yield what drugs do to enzymes and transporters."""
    rows = question.store.query(
        f"MATCH (d:Drug)-[r:binds]->(g:Gene) WHERE {_DERIVED} RETURN d.id AS drug, d.name AS name, g.id AS gene, "
        f"g.name AS symbol, r.category AS category, r.action AS action, {EVIDENCE} "
        "ORDER BY drug, gene, category, source",
        {},
    )
    for row in rows:
        drug = Node(row["drug"], "Drug", row["name"] or row["drug"])
        protein = Node(row["gene"], "Gene", row["symbol"] or row["gene"])
        yield _Binding(drug, protein, row["category"], frozenset(row["action"].split("|")), evidence_of(row))


def _labels(question: Question) -> _Labels:
    """Return which drugs are classed by what they do to an enzyme."""
    rows = question.store.query(
        "MATCH (c:PharmacologicClass)-[r:class_includes_drug]->(d:Drug) WHERE c.name STARTS WITH 'Cytochrome P450' "
        f"RETURN c.name AS name, d.id AS drug, {EVIDENCE} ORDER BY drug, name, source",
        {},
    )
    found: _Labels = {}
    for row in rows:
        if said := _CLASS.fullmatch(row["name"]):
            key = row["drug"], said["how"].lower()
            found.setdefault(key, []).append((f"CYP{said['protein']}", evidence_of(row)))
    return found


KIND = WarningKind(
    "interaction",
    "Does the drug interact with one that the patient takes?",
    {"drug_related_to_drug": _STATED, "binds": _DERIVED},
    find,
)
