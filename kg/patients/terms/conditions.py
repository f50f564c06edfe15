"""Conditions: the Disease or Phenotype that a record's codes stand for.

Each coding is judged alone, and the best answer of any of them wins: the shipped table, an identifier or a
cross-reference of the graph's own nodes, a mapped code of ICD above it, a name of the graph's own nodes; then a disease
of the table that this graph does not have, and last the code's own node. What kind of node a code makes is decided by
the code, and by what the graph has.
"""

import re
from collections.abc import Callable, Sequence

from kg.patients.record import Code, LeftOut
from kg.patients.terms import others, tables
from kg.patients.terms.codes import ICD9, ICD10, Coding, above, codings
from kg.patients.terms.meaning import BROAD, CLOSE, EXACT, UNMAPPED, Meaning, Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.own import TAG, own_row, public_name

_Step = Callable[[Coding, Nodes], tuple[Row, str] | None]

RELATIONS = {"Disease": "patient_has_condition", "Phenotype": "patient_has_phenotype"}

_FACTS = frozenset(("disorder", "finding", "morphologic abnormality", "disease"))
"""SNOMED CT's tags of what a patient may have; a display with another one tells of something else."""
_NOT_THE_PATIENT_S = re.compile(
    r"((family|past|personal) history|history of|h/o|fh:|suspected|no (known|current|evidence|history))\b",
    re.IGNORECASE,
)
_NOT_OF_CONDITIONS = frozenset(
    (
        *("ATC", "CPT", "CVX", "DBSNP", "DRUGBANK", "HCPCS", "HGVS", "ICD10PCS"),
        *("LOINC", "MIMIC", "NDC", "PANAKEIA", "RXNORM", "UCUM"),
    )
)
"""Systems whose codes are of something else than conditions."""
_HISTORY = re.compile(r"V1[0-9]|Z8[0-7]")
"""Personal and family history in ICD-9-CM (V10-V19) and ICD-10-CM (Z80-Z87)."""
_CIRCUMSTANCES = re.compile(r"V6[0-2](?!\.84)|Z5[5-9]|Z6[0-5]")
"""Housing, household, work and other social circumstances; V62.84 is suicidal ideation."""
_SYMPTOMS = re.compile(r"7[89]\d|R\d\d")
"""The chapters of symptoms, signs and abnormal findings."""
_UNSAID = re.compile(
    r",? (unspecified|not elsewhere classified|not specified as [a-z ]+|without mention of [a-z ]+)$"
    r"|^(other and )?unspecified |, (site not specified|(organism )?unspecified( [a-z ]+)?)$"
    r"|, (initial|subsequent) encounter$"
)
"""What ICD's names say where nothing more is known."""
_IN_BRACKETS = re.compile(r" \[[^]]*\]| \([^)]*\)")


def meaning(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return what a condition's codes stand for; raises `LeftOut` for what is no clinical fact about the patient.

    >>> from kg.patients.terms.nodes import nodes
    >>> [found] = meaning([Code("ICD10CM", "E1165")], nodes([]))
    >>> found.node["id"], found.code, found.mapping
    ('DOID:9352', 'ICD10CM:E11.65', 'skos:broadMatch')
    """
    given = [coding for coding in codings(codes) if coding[0] not in _NOT_OF_CONDITIONS]
    if not given:
        raise LeftOut("no code of a system of conditions that is known")
    for coding in given:
        _must_be_a_fact(coding)
    if any(tables.codes().get(coding[:2], {}).get("kind") == "Entity" for coding in given):
        return others.allergy(codes, known)
    steps: tuple[_Step, ...] = (_held, _known, _above, _named, _listed)
    for step in steps:
        for coding in given:
            found = step(coding, known)
            if found:
                return (_meaning(coding, *found),)
    return (_meaning(given[0], own_row(_kind(*given[0][:2]), given[0], known), UNMAPPED),)


def _meaning(coding: Coding, node: Row, mapping: str) -> Meaning:
    return Meaning(RELATIONS[node["kind"]], node, f"{coding[0]}:{coding[1]}", mapping)


def _must_be_a_fact(coding: Coding) -> None:
    system, code, given = coding
    listed = tables.conditions().get((system, code))
    if listed and not listed["node"]:
        raise LeftOut("a circumstance or a history, not a clinical fact about the patient now")
    if system in (ICD9, ICD10) and _HISTORY.match(code):
        raise LeftOut("a history, of the patient or the family")
    if system in (ICD9, ICD10) and _CIRCUMSTANCES.match(code):
        raise LeftOut("a social circumstance")
    display = tables.names().get((system, code), "") if system in (ICD9, ICD10) else given.display
    tag = TAG.search(display) if system == "SNOMEDCT" else None
    strange = (tag and tag["tag"] not in _FACTS) or _NOT_THE_PATIENT_S.match(display)
    if listed is None and (strange or tables.codes().get((system, code), {}).get("kind") == "Procedure"):
        raise LeftOut("a situation, an event or a procedure, not a condition")


def _held(coding: Coding, known: Nodes) -> tuple[Row, str] | None:
    """Return the node of the shipped table that this graph has: under its identifier, else under its name."""
    row = tables.conditions().get(coding[:2])
    if row is None:
        return None
    held = known.by_curie(row["kind"], row["node"])
    if held:
        return held[0], row["mapping"]
    named = (known.named(kind, row["name"]) for kind in RELATIONS)
    found = next((one[0] for one in named if one and one[1] == EXACT), None)
    return (found, row["mapping"]) if found else None


def _listed(coding: Coding, known: Nodes) -> tuple[Row, str] | None:
    """Return the node of the shipped table, of the code or of the nearest code of ICD above it, as a new one."""
    system, code, _ = coding
    for nearest in (code, *above(system, code)):
        row = tables.conditions().get((system, nearest))
        if row:
            return known.row(row["kind"], row["node"], row["name"]), row["mapping"] if nearest == code else BROAD
    return None


def _known(coding: Coding, known: Nodes) -> tuple[Row, str] | None:
    for kind in RELATIONS:
        found = known.by_curie(kind, f"{coding[0]}:{coding[1]}")
        if found:
            return found
    return None


def _above(coding: Coding, known: Nodes) -> tuple[Row, str] | None:
    system, code, given = coding
    for broader in above(system, code):
        found = _held((system, broader, given), known) or _known((system, broader, given), known)
        if found:
            return found[0], BROAD
    return None


def _named(coding: Coding, known: Nodes) -> tuple[Row, str] | None:
    """Return the node of the code's public name, of either kind, or of its display, of the code's own kind.

    A display of ICD's is not looked at: what its codes mean is the same in records with displays and without.
    """
    system, code, given = coding
    public = tables.names().get((system, code), "") if system in (ICD9, ICD10) else public_name(coding)
    said = _UNSAID.sub("", public)
    for name in (public, said, _IN_BRACKETS.sub("", said)) if public else ():
        for kind in RELATIONS:
            found = known.named(kind, name)
            if found:
                return found[0], found[1] if name == public else CLOSE
    if system in (ICD9, ICD10):
        return None
    found = known.named(_kind(system, code), TAG.sub("", given.display))
    return (found[0], CLOSE) if found else None


def _kind(system: str, code: str) -> str:
    """Return the kind of a code's own node; the code alone decides."""
    listed = tables.codes().get((system, code))
    if listed and listed["kind"] in RELATIONS:
        return listed["kind"]
    symptom = system in (ICD9, ICD10) and _SYMPTOMS.match(code)
    return "Phenotype" if symptom or system in ("HP", "MP") else "Disease"
