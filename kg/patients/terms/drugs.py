"""Drugs: the ingredients that a medicine's codes and name stand for.

The shipped table and the graph's own identifiers come first, then the name of the product, of which each ingredient is
looked for in the table and among the graph's own names; an unknown one gives the product's own node beside the others.
An ingredient is broader than a product of it.
"""

import re
from collections.abc import Sequence

from kg.names import folded
from kg.patients.record import Code, LeftOut
from kg.patients.terms import tables
from kg.patients.terms.codes import codings
from kg.patients.terms.meaning import BROAD, EXACT, UNMAPPED, Meaning, Row
from kg.patients.terms.nodes import Nodes
from kg.patients.terms.own import own_row

TAKES = "patient_takes_drug"

_PRODUCT_START = re.compile(r"^(?:NDA\d+\s+)?(?:\d[\d.,]*\s*(?:ACTUAT|DAY|HR|ML|MG)\s+)*", re.IGNORECASE)
_SALTS = (
    "acetate anhydrous besylate bitartrate calcium cilexetil citrate dihydrate disoproxil etexilate fumarate furoate "
    "hydrobromide hydrochloride hydrocholoride magnesium maleate medoxomil mesylate mofetil monohydrate nitrate "
    "phosphate potassium propionate sodium succinate sulfate tartrate trihydrate"
)
_FORMS = "capsule chewable delayed extended inhaler injectable injection oral release solution suspension tablet"
_NOT_THE_INGREDIENT = frozenset(_SALTS.split()) | frozenset(_FORMS.split())
"""Salts, esters and dose forms that follow an ingredient's name in RxNorm; the second spelling is Synthea's."""


def meaning(codes: Sequence[Code], known: Nodes) -> tuple[Meaning, ...]:
    """Return each ingredient of a medicine; raises `LeftOut` where neither a code nor a name tells of any.

    >>> from kg.patients.terms.nodes import nodes
    >>> names = "Acetaminophen 325 MG / oxyCODONE Hydrochloride 5 MG Oral Tablet"
    >>> [one.node["name"] for one in meaning([Code("RXNORM", "1049221", names)], nodes([]))]
    ['Acetaminophen', 'Oxycodone']
    """
    coded = codings(codes)
    for system, written, _ in coded:
        curie = f"{system}:{written}"
        listed = tables.drugs("rxcui").get(written) if system == "RXNORM" else None
        if listed:
            return tuple(Meaning(TAKES, known.row("Drug", *drug), curie, EXACT) for drug in listed.items())
        found = known.by_curie("Drug", curie)
        if found:
            return (Meaning(TAKES, found[0], curie, found[1]),)
    curie = f"{coded[0][0]}:{coded[0][1]}" if coded else ""
    told: list[Row] = []
    for code in codes:
        parts = [ingredients(part, known) for part in re.sub(r"\[[^]]*\]", "", code.display).split(" / ")]
        told = [row for part in parts for row in part]
        if told and all(parts):
            return tuple(Meaning(TAKES, row, curie, BROAD) for row in told)
        if told:
            break
    if not coded:
        raise LeftOut("a medicine without a code of a system that is known, and of no name that is known")
    own = own_row("Drug", coded[0], known)
    return (*(Meaning(TAKES, row, curie, BROAD) for row in told), Meaning(TAKES, own, curie, UNMAPPED))


def ingredients(part: str, known: Nodes) -> list[Row]:
    """Return the ingredients that one part of a product's name begins with; an unknown one gives none."""
    words = folded(_PRODUCT_START.sub("", part.strip())).split()
    for length in range(len(words), 0, -1):
        rest = words[length:]
        salts = rest[: next((i for i, word in enumerate(rest) if word[0].isdigit()), len(rest))]
        if not _NOT_THE_INGREDIENT.issuperset(salts):
            continue
        name = " ".join(words[:length])
        listed = tables.drugs("text").get(name)
        if listed:
            return [known.row("Drug", curie, drug) for curie, drug in listed.items()]
        found = known.named("Drug", name)
        if found:
            return [found[0]]
    return []
