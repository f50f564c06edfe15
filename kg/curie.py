"""Identifiers: compact URIs (CURIEs), `prefix:identifier`, with the prefixes and patterns of Bioregistry."""

import re
from dataclasses import dataclass

PATTERNS: dict[str, str] = {
    "DBSNP": r"rs\d+",
    "DOID": r"\d+",
    "DRUGBANK": r"DB\d{5}",
    "GO": r"\d{7}",
    "HP": r"\d{7}",
    "LOINC": r"(\d|\w)+-\d",
    "MESH": r"(C|D|Q)\d+",
    "NCBIGene": r"\d+",
    "NDFRT": r"N[0-9]{10}",
    "RXNORM": r"[0-9]{1,7}",
    "SNOMEDCT": r"(\w+)?\d+",
    "UBERON": r"\d+",
    "UMLS": r"C\d+",
    "WIKIPATHWAYS": r"WP\d{1,5}(_r\d+)?",
    "PANAKEIA": r"[A-Za-z0-9_.*-]+",
}
"""Prefix -> pattern of the identifier after the colon. All but `PANAKEIA`, our own, are Bioregistry's."""

_BY_LOWER = {prefix.lower(): prefix for prefix in PATTERNS}


class CurieError(ValueError):
    """Something that is not a CURIE of a known prefix."""


@dataclass(frozen=True)
class Curie:
    """A parsed CURIE.

    >>> str(Curie("DOID", "1234"))
    'DOID:1234'
    """

    prefix: str
    identifier: str

    def __str__(self) -> str:
        return f"{self.prefix}:{self.identifier}"


def parse(text: str) -> Curie:
    """Parse a CURIE; the prefix may come in any capitalisation.

    Raises `CurieError` where the text has no known prefix or its identifier does not fit the prefix's pattern.

    >>> parse("drugbank:DB00682")
    Curie(prefix='DRUGBANK', identifier='DB00682')
    >>> parse("DRUGBANK:682")
    Traceback (most recent call last):
    kg.curie.CurieError: 'DRUGBANK:682': the identifier after DRUGBANK: must look like DB\\d{5}
    """
    prefix, colon, identifier = text.strip().partition(":")
    known = _BY_LOWER.get(prefix.lower())
    if not colon or known is None:
        raise CurieError(f"{text!r} is not a CURIE: expected PREFIX:identifier with a prefix of {', '.join(PATTERNS)}")
    if not re.fullmatch(PATTERNS[known], identifier):
        raise CurieError(f"{text!r}: the identifier after {known}: must look like {PATTERNS[known]}")
    return Curie(known, identifier)


def pattern(prefixes: tuple[str, ...]) -> str:
    """Return an anchored regular expression that a CURIE of one of these prefixes matches.

    >>> bool(re.match(pattern(("DOID", "UMLS")), "UMLS:C0000729"))
    True
    """
    return "^(?:" + "|".join(f"{prefix}:(?:{PATTERNS[prefix]})" for prefix in prefixes) + ")$"
