"""Attributes: what a node's own columns say that it shares with others: codes, categories, words of its name."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

Row = Mapping[str, Any]
"""A node: the columns of `kg.schema.node_columns`."""

Tokens = Callable[[Row], Iterator[str]]

ATC_LEVELS = (1, 3, 4, 5)
"""How many signs of an ATC code its upper levels have; the whole code names the drug itself (WHO)."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_WORD_OR_NUMBER = re.compile(r"[a-z0-9]+")
_COMMON_WORDS = frozenset({"and", "disease", "disorder", "syndrome", "the", "with"})
_COMMON_STEMS = frozenset({"and", "diseas", "disord", "for", "syndro", "the", "type", "with"})
_STEM = 6
_GRAM = 4


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
    """Yield the words of a node's name and synonyms, but for those that most names of diseases share.

    >>> sorted(words({"name": "Parkinson's disease"}))
    ['parkinson']
    """
    yield from {word for name in _names(row) for word in _WORD.findall(name.lower())} - _COMMON_WORDS


def grams(row: Row) -> Iterator[str]:
    """Yield every four letters in a row of a node's name: words that are alike are so in parts.

    >>> sorted(grams({"name": "gout"}))
    [' gou', 'gout', 'out ']
    """
    name = f" {(row.get('name') or '').lower()} "
    yield from {name[start : start + _GRAM] for start in range(len(name) - _GRAM + 1)}


def icd_blocks(row: Row) -> Iterator[str]:
    """Yield the ICD-9 and ICD-10 category of a disease, and the two blocks of the code's first signs above it.

    >>> sorted(icd_blocks({"xrefs": ["ICD10:C30.0", "MONDO:0001128"]}))
    ['ICD10:C', 'ICD10:C3', 'ICD10:C30']
    """
    for system, code in (xref.split(":", 1) for xref in row.get("xrefs") or () if ":" in xref):
        if system in {"ICD9", "ICD10"}:
            category = code.split(".")[0].split("-")[0]
            yield from {f"{system}:{category[:length]}" for length in (1, 2, len(category))}


def category_stems(row: Row) -> Iterator[str]:
    """Yield how the words of a drug's categories begin, which often name what the drug is given against.

    >>> sorted(category_stems({"categories": ["Anti-Asthmatic Agents", "Antimalarials"]}))
    ['agents', 'asthma', 'malari']
    """
    yield from {stem for category in categories(row) for stem in _stems(category)}


def name_stems(row: Row) -> Iterator[str]:
    """Yield how the words of a node's name and synonyms begin.

    >>> sorted(name_stems({"name": "Malaria", "synonyms": ["Asthma disorder"]}))
    ['asthma', 'malari']
    """
    yield from {stem for name in _names(row) for stem in _stems(name)}


def _names(row: Row) -> tuple[str, ...]:
    return (row.get("name") or "", *(row.get("synonyms") or ()))


def _stems(text: str) -> set[str]:
    stems = {word.removeprefix("anti")[:_STEM] for word in _WORD.findall(text.lower())}
    return {stem for stem in stems if len(stem) > 1} - _COMMON_STEMS


def stem(row: Row) -> Iterator[str]:
    """Yield how the words of a drug's name begin and end: WHO's stems of international names tell of what it binds.

    >>> sorted(stem({"name": "Enalapril"}))
    ['april', 'enal-', 'enala-', 'lapril', 'pril', 'ril']
    """
    for word in _WORD.findall((row.get("name") or "").lower()):
        yield from (word[-count:] for count in (3, 4, 5, 6) if len(word) > count)
        yield from (word[:count] + "-" for count in (4, 5) if len(word) > count)


def family(row: Row) -> Iterator[str]:
    """Yield how a gene's symbol begins, two signs or more: its family and subfamilies (HGNC's root symbols).

    >>> list(family({"name": "HTR1A"}))
    ['HT', 'HTR', 'HTR1', 'HTR1A']
    """
    symbol = (row.get("name") or "").upper()
    yield from (symbol[:count] for count in range(2, len(symbol) + 1))


def full_names(row: Row) -> Iterator[str]:
    """Yield the words of a gene's full names, and those that follow each other.

    >>> sorted(full_names({"synonyms": ["opioid receptor mu 1"]}))
    ['1', 'mu', 'mu 1', 'opioid', 'opioid receptor', 'receptor', 'receptor mu']
    """
    for name in row.get("synonyms") or ():
        found = _WORD_OR_NUMBER.findall(name.lower())
        yield from found
        yield from (" ".join(two) for two in pairwise(found))


ATTRIBUTES: Mapping[str, tuple[str, Tokens]] = {
    "ATC group": ("Drug", atc),
    "drug category": ("Drug", categories),
    "fingerprint": ("Drug", fingerprint),
    "category words": ("Drug", category_stems),
    "words of its name": ("Disease", words),
    "letters of its name": ("Disease", grams),
    "ICD block": ("Disease", icd_blocks),
    "name words": ("Disease", name_stems),
    "stem of its name": ("Drug", stem),
    "family of its symbol": ("Gene", family),
    "words of its full names": ("Gene", full_names),
}
"""Name -> the kind that has the attribute, and what reads it."""
