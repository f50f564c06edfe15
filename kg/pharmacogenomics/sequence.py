"""Sequence: one spelling for each variant, so that a VCF's record is known by whatever bases it is written with.

Tan, Abecasis & Kang, Bioinformatics 2015;31:2202: bases that both alleles share are taken off, and what is inserted or
deleted is moved left as long as the reference before it allows. Of the reference only that is known which the
definitions and the record itself say: no genome is needed.
"""

from collections.abc import Mapping

Change = tuple[int, str, str]
"""Where the change begins, from 1; what stands there in the reference; what stands there instead. Either may be ''."""


def change(position: int, reference: str, alternate: str) -> Change:
    """Return a variant without the bases that both of its alleles share.

    >>> change(233760233, "CAT", "CATAT"), change(10, "GAT", "GTT")
    ((233760236, '', 'AT'), (11, 'A', 'T'))
    """
    while reference and alternate and reference[0] == alternate[0]:
        position, reference, alternate = position + 1, reference[1:], alternate[1:]
    while reference and alternate and reference[-1] == alternate[-1]:
        reference, alternate = reference[:-1], alternate[:-1]
    return position, reference, alternate


def leftmost(variant: Change, known: Mapping[int, str]) -> Change:
    """Return a variant with what it inserts or deletes as far left as the known bases of the reference let it go.

    >>> leftmost((236, "", "AT"), {234: "A", 235: "T"})
    (234, '', 'AT')
    """
    position, reference, alternate = variant
    if bool(reference) == bool(alternate):
        return variant
    moved = reference or alternate
    while known.get(position - 1) == moved[-1]:
        position, moved = position - 1, moved[-1] + moved[:-1]
    return (position, moved, "") if reference else (position, "", moved)


def spell(position: int, reference: str, alternate: str, known: Mapping[int, str]) -> Change:
    """Return a variant in the one spelling that all its ways to be written share."""
    return leftmost(change(position, reference, alternate), known)
