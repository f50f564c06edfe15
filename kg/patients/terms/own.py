"""Own: the node that a code has of its own, where no public source of the graph states one, and its public name."""

import re

from kg.curie import OWN
from kg.patients.terms import tables
from kg.patients.terms.codes import Coding, own_curie
from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes

LONGEST_NAME = 200
TAG = re.compile(r"\s*\((?P<tag>[a-z][a-z /]*)\)$")
"""What SNOMED CT's full names end with."""


def public_name(coding: Coding) -> str:
    """Return what a code is called by the shipped table, else by its system itself; empty where neither tells.

    >>> from kg.patients.record import Code
    >>> public_name(("SNOMEDCT", "123456000", Code("SNOMEDCT", "123456000", "what the record has")))
    ''
    """
    system, code, given = coding
    listed = tables.names().get((system, code))
    if listed:
        return listed
    return TAG.sub("", " ".join(given.display.split()))[:LONGEST_NAME].strip() if given.public else ""


def own_row(kind: str, coding: Coding, known: Nodes) -> Row:
    """Return the code's own node of this kind, named publicly, as an earlier import named it, or by the code.

    The CURIE of a code that is listed for another kind is that one's node.
    """
    system, code, _ = coding
    listed = tables.codes().get((system, code), {}).get("kind", kind)
    curie = own_curie(kind, system, code) if listed == kind else f"{OWN}:{system}-{code}"
    held = known.own.get((kind, curie))
    name = public_name(coding) or (held["name"] if held else f"{system} {code}")
    return held if held and held["name"] == name else {"kind": kind, "id": curie, "name": name}
