"""Identifiers: compact URIs (CURIEs), `prefix:identifier`, with the prefixes, patterns and URIs of Bioregistry.

`prefixes.tsv` has a line for each prefix that the Biolink Model names for a kind of thing, in Biolink's spelling: the
pattern of its identifiers, its URI, other spellings, other URIs. A new prefix is one more line.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curies import Converter

OWN = "PANAKEIA"
"""The prefix of our own identifiers, for what no public database has one."""


@dataclass(frozen=True)
class Prefix:
    """A prefix: the pattern of what follows the colon, the URI that it stands for, and how else people write both."""

    name: str
    pattern: str
    uri: str
    synonyms: tuple[str, ...] = ()
    other_uris: tuple[str, ...] = ()


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


@cache
def prefixes() -> dict[str, Prefix]:
    """Return every known prefix by its name.

    >>> prefixes()["OMIM"].uri
    'https://omim.org/MIM:'
    """
    lines = files("kg").joinpath("prefixes.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    own = Prefix(OWN, r"[A-Za-z0-9_.*-]+", "urn:panakeia:")
    public = (
        Prefix(
            row["prefix"],
            row["pattern"],
            row["uri"],
            tuple(filter(None, row["synonyms"].split("|"))),
            tuple(row["other_uris"].split()),
        )
        for row in rows
    )
    return {prefix.name: prefix for prefix in (*public, own)}


def parse(text: str) -> Curie:
    """Parse a CURIE; the prefix may come in any capitalisation, and as any of its synonyms.

    Raises `CurieError` where the text has no known prefix or its identifier does not fit the prefix's pattern.

    >>> parse("DrugBank:DB00682"), parse("MIM:603903")
    (Curie(prefix='DRUGBANK', identifier='DB00682'), Curie(prefix='OMIM', identifier='603903'))
    >>> parse("DRUGBANK:682")
    Traceback (most recent call last):
    kg.curie.CurieError: 'DRUGBANK:682': the identifier after DRUGBANK: must look like DB\\d{5}
    """
    prefix, colon, identifier = text.strip().partition(":")
    known = _spelled().get(prefix.lower())
    if not colon or known is None:
        near = ", ".join(name for name in prefixes() if name[:1].lower() == prefix[:1].lower()) if colon else ""
        hint = f"; known prefixes that begin alike: {near}" if near else ""
        raise CurieError(f"{text!r} is not a CURIE: expected PREFIX:identifier with a prefix of Bioregistry{hint}")
    if not re.fullmatch(known.pattern, identifier):
        raise CurieError(f"{text!r}: the identifier after {known.name}: must look like {known.pattern}")
    return Curie(known.name, identifier)


def standard(text: str) -> str:
    """Return a CURIE with its prefix spelt as Biolink does, also from a URI or `DOID_9352`; else the text as it is.

    >>> standard("drugbank:DB00682"), standard("SNOMEDCT_US:38341003"), standard("what is this?")
    ('DRUGBANK:DB00682', 'SNOMEDCT:38341003', 'what is this?')
    >>> standard("http://purl.obolibrary.org/obo/DOID_9352"), standard("DOID_9352")
    ('DOID:9352', 'DOID:9352')
    """
    plain = text.strip()
    if plain.startswith(("http://", "https://")):
        return from_uri(plain) or text
    prefix, colon, identifier = plain.partition(":")
    if colon:
        known = _spelled().get(prefix.lower())
        return f"{known.name}:{identifier}" if known else text
    prefix, _, identifier = plain.partition("_")
    known = _spelled().get(prefix.lower()) if identifier else None
    return f"{known.name}:{identifier}" if known and re.fullmatch(known.pattern, identifier) else text


def pattern(names: Iterable[str]) -> str:
    """Return an anchored regular expression that a CURIE of one of these prefixes matches.

    >>> bool(re.match(pattern(("DOID", "UMLS")), "UMLS:C0000729"))
    True
    """
    known = prefixes()
    return "^(?:" + "|".join(f"{re.escape(name)}:(?:{known[name].pattern})" for name in names) + ")$"


def to_uri(curie: str) -> str:
    """Return the URI of a CURIE with a known prefix.

    >>> to_uri("HP:0000118")
    'http://purl.obolibrary.org/obo/HP_0000118'
    """
    prefix, _, identifier = curie.partition(":")
    known = prefixes().get(prefix)
    if known is None:
        raise CurieError(f"{curie!r} has no URI: {prefix!r} is no known prefix")
    return known.uri + identifier


def from_uri(uri: str) -> str | None:
    """Return the CURIE of a URI, or None where no known prefix stands for how it begins.

    >>> from_uri("http://purl.obolibrary.org/obo/HP_0000118"), from_uri("https://example.org/x")
    ('HP:0000118', None)
    """
    found: str | None = _converter().compress(uri)
    return found


@cache
def _spelled() -> dict[str, Prefix]:
    """Return every prefix by each of its spellings, in lower case; its own name goes before another's synonym."""
    by_synonym = {synonym.lower(): prefix for prefix in prefixes().values() for synonym in prefix.synonyms}
    return by_synonym | {prefix.name.lower(): prefix for prefix in prefixes().values()}


@cache
def _converter() -> "Converter":
    from curies import Converter, Record

    return Converter(
        [
            Record(prefix=prefix.name, uri_prefix=prefix.uri, uri_prefix_synonyms=list(prefix.other_uris))
            for prefix in prefixes().values()
        ]
    )
