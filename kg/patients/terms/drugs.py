"""Drugs: the ingredients that a medicine's codes and name stand for.

The shipped table and the graph's own identifiers come first, then the name of the product, of which each ingredient is
looked for in the table and among the graph's own names; an unknown one gives the product's own node beside the others.
An ingredient is broader than a product of it.
"""

from collections.abc import Sequence

from kg.patients.record import Code, LeftOut
from kg.patients.terms import tables
from kg.patients.terms.codes import codings, recorded
from kg.patients.terms.meaning import BROAD, EXACT, UNMAPPED, Meaning, Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.own import own_row
from kg.patients.terms.products import ingredients

TAKES = "patient_takes_drug"


def meaning(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return each ingredient of a medicine; raises `LeftOut` where neither a code nor a name tells of any.

    >>> from kg.patients.terms.nodes import nodes
    >>> names = "Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet"
    >>> [one.node["name"] for one in meaning([Code("RXNORM", "1049221", names)], nodes([]))]
    ['Acetaminophen', 'Oxycodone']
    """
    coded = codings(codes)
    for system, written, _ in coded:
        curie = recorded(system, written)
        listed = tables.drugs("rxcui").get(written) if system == "RXNORM" else None
        if listed:
            return tuple(Meaning(TAKES, known.row("Drug", *drug), curie, EXACT) for drug in listed.items())
        found = known.by_curie("Drug", curie)
        if found:
            return (Meaning(TAKES, found[0], curie, found[1]),)
    curie = recorded(*coded[0][:2]) if coded else ""
    told: list[Row] = []
    for code in codes:
        told, whole = ingredients(code.display, known) if code.display else ([], False)
        if whole and not told:
            raise LeftOut("what a medicine comes in, not a medicine")
        if whole:
            return tuple(Meaning(TAKES, row, curie, BROAD) for row in told)
        if told:
            break
    if not coded:
        raise LeftOut("a medicine without a code of a system that is known, and of no name that is known")
    own = own_row("Drug", coded[0], known)
    return (*(Meaning(TAKES, row, curie, BROAD) for row in told), Meaning(TAKES, own, curie, UNMAPPED))
