"""Variants of phenopackets: under which codes a described variant is known, and how many copies are carried.

A variant has the identifier that `kg.sources.phenopackets` gives it, so that a patient leads to the variant of which
that source says which disease it causes. One that is described in words has an identifier made of these words: with it
the variant is looked up in the graph, and no node is made of it (see `kg.patients.terms.others`).
"""

import re

from kg.curie import OWN
from kg.patients.formats.phenopacket.members import Json, code, member
from kg.patients.record import Code, Refused
from kg.sources.phenopackets import variant

COPIES: dict[str, int | None] = {
    "GENO:0000134": 1,  # hemizygous
    "GENO:0000135": 1,  # heterozygous
    "GENO:0000136": 2,  # homozygous
    "GENO:0000137": None,  # unspecified
    "GENO:0000402": 1,  # compound heterozygous
    "GENO:0000458": 1,  # simple heterozygous
    "GENO:0000602": None,  # homoplasmic: of many copies, all
    "GENO:0000603": None,  # heteroplasmic: of many copies, some
    "GENO:0000604": 1,  # hemizygous X-linked
    "GENO:0000605": 1,  # hemizygous Y-linked
    "GENO:0000606": 1,  # hemizygous insertion-linked
}
"""The allelic states of GENO -> the copies carried."""

NAMING_ALLELES = frozenset(("CLINVAR", "CAID"))
"""The databases whose identifiers say which alternate allele is meant; dbSNP's do not."""

_GENOMIC = re.compile(
    r"NC_\d{6}\.\d{1,2}:[gm]\.[0-9_()?*+-]+(?:[ACGTN]+>[ACGTN]+|=|(?:del|dup|ins|inv|con)[ACGTN0-9_]*)+", re.ASCII
)


def carried(described: Json) -> tuple[tuple[Code, ...], int | None]:
    """Return a variant's codes, the surest first, and its copies, None where the packet does not say.

    Raises `Refused` for a variant that is not described as phenopackets do, or in an allelic state that GENO lacks.

    >>> hgvs = {"syntax": "hgvs.g", "value": "NC_000015.10:g.48468566C>T"}
    >>> codes, copies = carried({"expressions": [hgvs], "allelicState": {"id": "GENO:0000136"}})
    >>> codes[0].code, codes[1].code, copies
    ('NC_000015.10-g.48468566C-T', 'NC_000015.10:g.48468566C>T', 2)
    """
    try:
        node = variant(described)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Refused("variationDescriptor", "is not described as in phenopackets version 2") from None
    codes = [Code(OWN, str(node["id"]).removeprefix(f"{OWN}:"))]
    codes += [Code("HGVS", hgvs) for hgvs in node["hgvs"] if _GENOMIC.fullmatch(hgvs)]
    for xref in member(described, "xrefs", list) or ():
        try:
            other = code(xref, "xrefs") if isinstance(xref, str) else None
        except Refused:
            continue  # a cross-reference more or less changes nothing
        if other and other.system in NAMING_ALLELES:
            codes.append(other)
    return tuple(codes), _copies(described)


def _copies(described: Json) -> int | None:
    state = member(described, "allelicState", dict)
    if not state:
        return None
    if state.get("id") not in COPIES:
        raise Refused("allelicState.id", f"is none of {', '.join(COPIES)}")
    return COPIES[state["id"]]
