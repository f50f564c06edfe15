"""Attributes: what a node's own columns say that it shares with others: codes, categories, words of its name."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
"""A node: the columns of `kg.schema.node_columns`."""

Tokens = Callable[[Row], Iterator[str]]

ATC_LEVELS = (1, 3, 4, 5)
"""How many signs of an ATC code its upper levels have; the whole code names the drug itself (WHO)."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_COMMON_WORDS = frozenset({"and", "disease", "disorder", "syndrome", "the", "with"})


def atc(row: Row) -> Iterator[str]:
    """Yield the groups of a drug's ATC codes, of all levels above the substance.

    >>> list(atc({"atc_codes": ["A10BA02"]}))
    ['A', 'A10', 'A10B', 'A10BA']
    """
    for code in row.get("atc_codes") or ():
        yield from (code[:level] for level in ATC_LEVELS if len(code) > level)


def categories(row: Row) -> Iterator[str]:
    """Yield DrugBank's categories of a drug."""
    yield from row.get("categories") or ()


def fingerprint(row: Row) -> Iterator[str]:
    """Yield the bits of a drug's Morgan fingerprint (radius 2, 2,048 bits), of its InChI.

    Rogers and Hahn 2010, doi:10.1021/ci100050t.
    """
    if not (inchi := row.get("inchi")):
        return
    from rdkit import Chem, RDLogger
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    RDLogger.DisableLog("rdApp.*")  # it warns of each odd structure; one that it cannot read has no bits
    molecule = Chem.MolFromInchi(inchi)
    if molecule is not None:
        yield from (str(bit) for bit in GetMorganGenerator(radius=2, fpSize=2048).GetFingerprint(molecule).GetOnBits())


def words(row: Row) -> Iterator[str]:
    """Yield the words of a node's name, but for those that most names of diseases share.

    >>> sorted(words({"name": "Parkinson's disease"}))
    ['parkinson']
    """
    yield from set(_WORD.findall((row.get("name") or "").lower())) - _COMMON_WORDS


ATTRIBUTES: Mapping[str, tuple[str, Tokens]] = {
    "ATC group": ("Drug", atc),
    "drug category": ("Drug", categories),
    "fingerprint": ("Drug", fingerprint),
    "words of its name": ("Disease", words),
}
"""Name -> the kind that has the attribute, and what reads it."""
