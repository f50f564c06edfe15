"""Allergy: the patient is allergic to the drug, or to one that is chemically of its kind.

A class mate is a drug of the same chemical subgroup of the ATC (its first five characters), or of a class of NDF-RT
that says what a drug is made of. A class that says what drugs do (an agonist, an inhibitor) tells nothing of allergies.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from kg.graph import Evidence
from kg.query.safety.history import ALLERGIC, ALLERGIC_TO_ENTITY, Fact
from kg.query.safety.warning import AGAINST, EVIDENCE, RISK, DrugWarning, Question, WarningKind, evidence_of
from kg.search import meanings

SUBGROUP = 5
"""Characters of an ATC code that name its chemical subgroup."""
_DOES = re.compile(
    r"agonist|antagonist|inhibit|inducer|blocker|modulator|activ|alteration|decreased|increased|suppress|stimulat"
    r"|interaction|effect|contrast|dilation|reuptake|uptake|relax|transport",
    re.IGNORECASE,
)
"""Words of classes that say what a drug does."""
_NAMED = re.compile(r"(?:allergy to (?P<after>.+?)|(?P<before>.+?) allergy)(?: \(.+\))?", re.IGNORECASE)
"""How a record names an allergy to what no node of the graph is: `Allergy to penicillin`."""


@dataclass(frozen=True)
class _Allergen:
    """What patients are allergic to: which of them, and the drugs and classes (identifier to name) that it is."""

    patients: list[tuple[str, Fact]]
    drugs: tuple[str, ...] = ()
    classes: Mapping[str, str] = field(default_factory=dict)


_Told = dict[str, tuple[str, Evidence]]
"""Drug -> what it has in common with an allergen, and who says so."""


def find(question: Question) -> Iterator[tuple[str, DrugWarning]]:
    """Yield the drugs that patients are allergic to, those of a class that they are allergic to, and class mates."""
    allergens = [_Allergen(patients, (drug,)) for drug, patients in question.having(ALLERGIC).items()]
    allergens += _named(question, question.having(ALLERGIC_TO_ENTITY))
    mates = _mates(question, {drug for one in allergens for drug in one.drugs})
    members = _members(question, {id for one in allergens for id in one.classes})
    for one in allergens:
        same: _Told = {drug: told for group in one.classes for drug, told in members.get(group, {}).items()}
        like: _Told = {mate: told for drug in one.drugs for mate, told in mates[drug].items()}
        for patient, fact in one.patients:
            for drug in question.drugs:
                if drug in one.drugs:
                    yield patient, _warn(question, drug, fact, AGAINST, "the record states an allergy to it")
                elif drug in same:
                    told, evidence = same[drug]
                    said = f"{told}, to which the record states an allergy"
                    yield patient, _warn(question, drug, fact, AGAINST, said, evidence)
                elif drug in like:
                    told, evidence = like[drug]
                    said = f"{told}, as is {fact.node.name}, to which the record states an allergy"
                    yield patient, _warn(question, drug, fact, RISK, said, evidence)


def _warn(question: Question, drug: str, fact: Fact, severity: str, said: str, *evidence: Evidence) -> DrugWarning:
    name = question.drugs[drug]
    return DrugWarning(drug, name, KIND.name, severity, (fact.node,), said, evidence, derived=bool(evidence))


def _named(question: Question, entities: Mapping[str, list[tuple[str, Fact]]]) -> list[_Allergen]:
    """Return the drugs, or else the classes, that have the name of what is no drug of the graph itself."""
    words = {}
    for node, patients in entities.items():
        found = _NAMED.fullmatch(patients[0][1].node.name)
        words[node] = (found["after"] or found["before"]) if found else patients[0][1].node.name
    if not words:
        return []
    drugs = meanings(question.store, sorted({*words.values()}), "Drug")
    plurals = {form for word in words.values() for form in (word, f"{word}s")}
    groups = meanings(question.store, sorted(plurals), "PharmacologicClass")
    allergens = []
    for node, word in words.items():
        classes = {} if drugs[word] else {group.id: group.name for form in (word, f"{word}s") for group in groups[form]}
        allergens.append(_Allergen(entities[node], tuple(drug.id for drug in drugs[word]), classes))
    return allergens


def _mates(question: Question, drugs: Collection[str]) -> dict[str, _Told]:
    """Return, for each of these drugs, those that are chemically of its kind."""
    found: dict[str, _Told] = {drug: {} for drug in drugs}
    if not drugs:
        return found
    rows = question.store.query(
        "MATCH (d:Drug) WHERE size(d.atc_codes) > 0 RETURN d.id AS drug, d.atc_codes AS codes ORDER BY drug", {}
    )
    groups = {row["drug"]: sorted({code[:SUBGROUP] for code in row["codes"] if len(code) > SUBGROUP}) for row in rows}
    coded: dict[str, list[str]] = {}
    for drug, subgroups in groups.items():
        for subgroup in subgroups:
            coded.setdefault(subgroup, []).append(drug)
    for drug in sorted(drugs):
        for subgroup in groups.get(drug, ()):
            evidence = Evidence("", "", "", "", "", (f"ATC:{subgroup}",))
            for mate in coded[subgroup]:
                found[drug].setdefault(mate, (f"of the chemical subgroup {subgroup} of the ATC", evidence))
    rows = question.store.query(
        "MATCH (o:Drug)<-[:class_includes_drug]-(c:PharmacologicClass)-[r:class_includes_drug]->(d:Drug) "
        "WHERE o.id IN $drugs AND c.id STARTS WITH 'NDFRT:' "
        f"RETURN o.id AS allergen, c.name AS class_name, d.id AS drug, {EVIDENCE} "
        "ORDER BY allergen, class_name, drug, source",
        {"drugs": sorted(drugs)},
    )
    for row in rows:
        if not _DOES.search(row["class_name"]):
            found[row["allergen"]].setdefault(row["drug"], (f"of the class {row['class_name']}", evidence_of(row)))
    return found


def _members(question: Question, classes: Collection[str]) -> dict[str, _Told]:
    """Return the drugs of each of these classes."""
    found: dict[str, _Told] = {}
    if not classes:
        return found
    rows = question.store.query(
        "MATCH (c:PharmacologicClass)-[r:class_includes_drug]->(d:Drug) WHERE c.id IN $classes "
        f"RETURN c.id AS id, c.name AS name, d.id AS drug, {EVIDENCE} ORDER BY id, drug, source",
        {"classes": sorted(classes)},
    )
    for row in rows:
        found.setdefault(row["id"], {}).setdefault(row["drug"], (f"of the class {row['name']}", evidence_of(row)))
    return found


KIND = WarningKind(
    "allergy",
    "Does the record state an allergy to the drug, or to one that is chemically of its kind?",
    {"patient_allergic_to_drug": "", "patient_allergic_to_entity": "", "class_includes_drug": ""},
    find,
)
