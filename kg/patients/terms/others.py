"""Others: what measurements, procedures, allergies, variants and visits stand for."""

import re
from collections.abc import Sequence
from dataclasses import replace

from kg.curie import OWN
from kg.patients.record import Code, LeftOut
from kg.patients.terms import drugs, tables
from kg.patients.terms.codes import MIMIC, codings, recorded
from kg.patients.terms.meaning import EXACT, UNMAPPED, Meaning
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.own import TAG, own_row

VISITS = {
    "visit-ambulatory": "ambulatory visit",
    "visit-emergency": "emergency visit",
    "visit-home": "visit at home",
    "visit-inpatient": "inpatient stay",
    "visit-intensive-care": "stay in intensive care",
    "visit-long-term-care": "stay in long-term care",
    "visit-observation": "stay for observation",
    "visit-observation-period": "period of observation",
    "visit-other": "other visit",
    "visit-virtual": "virtual visit",
}
"""Our own code of each kind of visit -> its name."""


_ALLERGY = re.compile(r"\b(allergy|allergic reaction|hypersensitivity|intolerance)( (to|caused by))?\b", re.IGNORECASE)
_PLACE = re.compile(
    rf"{OWN}:NC_\d{{6}}\.\d{{1,2}}-[gm]\.[0-9_()?*+-]+(?:[ACGTN]+-[ACGTN]+|=|(?:del|dup|ins|inv|con)[ACGTN0-9_]*)+",
    re.ASCII,
)
"""Our identifier of a variant that is told as a place and a change on a chromosome."""


def measurement(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the Measurement that an observation's codes stand for.

    >>> from kg.patients.terms.nodes import nodes
    >>> measurement([Code("LOINC", "99999-9", "a text of the record")], nodes([]))[0].node["name"]
    'LOINC 99999-9'
    """
    for system, code, _ in codings(codes):
        item = tables.items().get(code) if system == MIMIC else None
        if item:
            held = known.by_curie("Measurement", f"LOINC:{item['loinc']}")
            row = held[0] if held else own_row("Measurement", ("LOINC", item["loinc"], Code("LOINC", "")), known)
            return (Meaning("patient_has_measurement", row, recorded(system, code), item["mapping"]),)
    return _own("Measurement", "patient_has_measurement", codes, known)


def procedure(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the Procedure that a procedure's codes stand for; a vaccine that was given is a Drug."""
    vaccines = [code for code in codes if code.system == "CVX"]
    if vaccines:
        return drugs.meaning(vaccines, known)
    return _own("Procedure", "patient_had_procedure", codes, known)


def allergy(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the Drug that an allergy is to, by the substance's code or name, else the Entity of its code.

    >>> from kg.patients.terms.nodes import nodes
    >>> [found] = allergy([Code("SNOMEDCT", "293586001", "Allergy to aspirin (finding)")], nodes([]))
    >>> found.relation, found.node["name"]
    ('patient_allergic_to_drug', 'Acetylsalicylic acid')
    """
    for system, code, _ in codings(codes):
        listed = tables.conditions().get((system, code))
        if listed and not listed["node"]:
            raise LeftOut("no allergy is known, or only an earlier one")
    substances = [replace(code, display=_ALLERGY.sub(" ", TAG.sub("", code.display)).strip()) for code in codes]
    try:
        found = drugs.meaning(substances, known)
    except LeftOut:
        found = ()
    if not found or any(one.mapping == UNMAPPED for one in found):
        return _own("Entity", "patient_allergic_to_entity", codes, known)
    return tuple(replace(one, relation="patient_allergic_to_drug") for one in found)


def variant(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the Variant that a variant's codes stand for; raises `LeftOut` for one told in words, unless the graph
    has it: words of a record are in no node.

    >>> from kg.patients.terms.nodes import nodes
    >>> place = Code("PANAKEIA", "NC_000015.10-g.48510125G-A"), Code("HGVS", "NC_000015.10:g.48510125G>A")
    >>> variant(place, nodes([]))[0].node["name"]
    'NC_000015.10:g.48510125G>A'
    """
    found = _own("Variant", "patient_carries_variant", codes, known)
    [one] = found
    if one.mapping == UNMAPPED and one.code.startswith("DBSNP:"):
        return (replace(one, node={**one.node, "name": one.code.partition(":")[2]}),)
    if one.mapping != UNMAPPED or not one.code.startswith(f"{OWN}:"):
        return found
    if not _PLACE.fullmatch(one.code):
        raise LeftOut("a variant that is told in words, and that the graph does not have")
    name = next((code.code for code in codes if code.system == "HGVS"), one.code.partition(":")[2])
    return (replace(one, node={**one.node, "name": name}),)


def visit(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the kind of Visit; another code than our own is of another visit."""
    code = next((code.code for code in codes if code.system == OWN and code.code in VISITS), "visit-other")
    row = known.row("Visit", f"{OWN}:{code}", VISITS[code])
    return (Meaning("patient_had_visit", row, f"{OWN}:{code}", EXACT),)


def _own(kind: str, relation: str, codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return the graph's node of the first code that has one, else the first code's own."""
    told = codings(codes, procedure=kind == "Procedure")
    for system, code, _ in told:
        held = known.by_curie(kind, f"{system}:{code}")
        if held:
            return (Meaning(relation, held[0], recorded(system, code), held[1]),)
    if not told:
        raise LeftOut("no code of a system that is known")
    return (Meaning(relation, own_row(kind, told[0], known), recorded(*told[0][:2]), UNMAPPED),)
