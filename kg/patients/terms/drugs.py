"""Drugs: the ingredients that a medicine's codes and name stand for.

The shipped tables and the graph's own identifiers come first, then the name of the product, of which each ingredient is
looked for in the table and among the graph's own names; an unknown one gives the product's own node beside the others.
An ingredient is broader than a product of it.
"""

from collections.abc import Iterator, Sequence

from kg.names import folded
from kg.patients.record import Code, LeftOut
from kg.patients.terms import tables
from kg.patients.terms.codes import Coding, codings, recorded
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
        if system == "RXNORM" and (held := tables.rxnorm_products().get(written)):
            parts = [drug for ingredient in held for drug in tables.drugs("rxcui")[ingredient].items()]
            return tuple(Meaning(TAKES, known.row("Drug", *drug), curie, BROAD) for drug in parts)
    curie = recorded(*coded[0][:2]) if coded else ""
    partly: list[Row] = []
    for text in _names(codes, coded):
        told, whole = ingredients(text, known)
        if whole and not told:
            raise LeftOut("what a medicine comes in, not a medicine")
        if whole:
            return tuple(Meaning(TAKES, row, curie, BROAD) for row in told)
        partly = partly or told
    if not coded:
        raise LeftOut("a medicine without a code of a system that is known, and of no name that is known")
    own = own_row("Drug", coded[0], known)
    return (*(Meaning(TAKES, row, curie, BROAD) for row in partly), Meaning(TAKES, own, curie, UNMAPPED))


def _names(codes: Sequence[Code], coded: Sequence[Coding]) -> Iterator[str]:
    """Yield what a medicine is called in the record, then what its package is known to hold, if that is no other."""
    said = [code.display for code in codes if code.display]
    yield from said
    words = {word for text in said for word in folded(text).split()}
    for system, written, _ in coded:
        held = tables.products().get(written.rpartition("-")[0], "") if system == "NDC" else ""
        if held and (not words or words & set(held.split())):
            yield held
