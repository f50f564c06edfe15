"""Codes: how a code of each system is written, whatever the record wrote, and the identifier of a code's own node."""

import re
from collections.abc import Iterable
from functools import cache

from kg.curie import OWN, CurieError, parse, prefixes
from kg.patients.record import Code
from kg.schema import NODE_KINDS

ICD9, ICD10 = "ICD9", "ICD10CM"
ICD9_PROCEDURE = "ICD9CM"
"""Bioregistry's pattern of ICD9 has all codes of diagnoses and no procedure; that of ICD9CM has the procedures."""
MIMIC = "MIMIC"
"""Items of MIMIC's own dictionaries and its formulary, whose nodes are `PANAKEIA:MIMIC-<code>`."""

_ALIASES = {
    **dict.fromkeys(("ICD9", "ICD9CM", "ICD-9-CM", "ICD-9"), ICD9),
    **dict.fromkeys(("ICD10", "ICD10CM", "ICD-10-CM", "ICD-10"), ICD10),
    **dict.fromkeys(("SNOMED", "SNOMEDCT", "SNOMEDCT_US", "SCTID"), "SNOMEDCT"),
}
_SHAPES = {
    ICD9: re.compile(r"(?P<head>\d{3}|V\d{2}|E\d{3})\.?(?P<rest>\d{0,2})"),
    ICD10: re.compile(r"(?P<head>[A-Z]\d[\dA-Z])\.?(?P<rest>[\dA-Z]{0,4})"),
    ICD9_PROCEDURE: re.compile(r"(?P<head>\d{2})\.?(?P<rest>\d{0,2})"),
    "SNOMEDCT": re.compile(r"(?P<head>[1-9]\d{5,17})"),
    "LOINC": re.compile(r"(?P<head>\d{1,7}-\d)"),
    "HP": re.compile(r"(?:HP:)?(?P<head>\d{7})"),
    "NCBITaxon": re.compile(r"(?P<head>\d{1,8})"),
    "HCPCS": re.compile(r"(?P<head>[A-Z]\d{4})"),
    "ICD10PCS": re.compile(r"(?P<head>(?=.*\d)[0-9A-HJ-NP-Z]{7})"),
    "UNII": re.compile(r"(?P<head>(?=.*\d)[A-Z0-9]{10})"),
    "HGVS": re.compile(
        r"(?P<head>(?:N[CGMPRTW]|X[MPR]|LRG|ENS[GPT])_?\d+(?:\.\d+)?(?:[pt]\d+)?:[cgmnopr]\."
        r"(?:[\d_*?()>=+;\[\]-]|[ACGTUN]|del|dup|ins|inv|con|fs|ext|Ala|Arg|Asn|Asp|Cys|Gln|Glu|Gly|His|Ile|Leu|Lys|"
        r"Met|Phe|Pro|Sec|Ser|Ter|Thr|Trp|Tyr|Val){1,500})"
    ),
    MIMIC: re.compile(r"(?P<head>[A-Za-z0-9_.*-]{1,40})"),
}
"""What a code of each system looks like; stricter than `kg.curie`: anything else may be a patient's identifier."""
_WORDS = ("Anybody", "anybody", "ANYBODY", "Any-Body", "ANY_BODYSX", "InChI=1S/Anybody")
"""Words that are codes of no system: a prefix that any of them would do for takes names for codes."""
_NDC = re.compile(r"(\d{5})(\d{4})(\d{2})")


Coding = tuple[str, str, Code]
"""A code's prefix and how its system writes it, and what the record has."""


def codings(codes: Iterable[Code], procedure: bool = False) -> list[Coding]:
    """Return the codes that are codes of a known system; each is judged alone, and what is none is passed over."""
    return [(*found, code) for code in codes if (found := written(code, procedure))]


@cache
def _alias(system: str) -> str:
    return _ALIASES.get(system.upper(), system)


@cache
def _takes_words(prefix: str) -> bool:
    """Say whether a name would do for a code of a prefix; our own codes are made by readers, not by records."""
    return prefix != OWN and any(re.fullmatch(prefixes()[prefix].pattern, word) for word in _WORDS)


def written(code: Code, procedure: bool = False) -> tuple[str, str] | None:
    """Return a code's prefix and the code as its system writes it; None if it is none of a known system.

    ICD-9's diagnoses and procedures look alike: `procedure` says which.

    >>> written(Code("ICD10CM", "E119")), written(Code("ICD9CM", "25000")), written(Code("ICD9", "3961"), True)
    (('ICD10CM', 'E11.9'), ('ICD9', '250.00'), ('ICD9CM', '39.61'))
    >>> written(Code("NDC", "00338004904")), written(Code("SNOMEDCT", "a name"))
    (('NDC', '00338-0049-04'), None)
    """
    system, text = _alias(code.system), code.code.strip()
    if procedure and system == ICD9:
        system = ICD9_PROCEDURE
    shape = _SHAPES.get(system)
    if shape:
        found = shape.fullmatch(text.upper() if system.startswith("ICD") else text)
        if found is None:
            return None
        rest = found.groupdict().get("rest")
        return system, found["head"] + (f".{rest}" if rest else "")
    if system == OWN and text.startswith(f"{MIMIC}-"):
        return written(Code(MIMIC, text.removeprefix(f"{MIMIC}-")))
    if system == "NDC":
        text = _NDC.sub(r"\1-\2-\3", text) if _NDC.fullmatch(text) else text
    if system == "CVX":
        text = text.zfill(2)
    try:
        curie = parse(text if text.upper().startswith(f"{system.upper()}:") else f"{system}:{text}")
    except CurieError:
        return None
    return None if _takes_words(curie.prefix) else (curie.prefix, curie.identifier)


def recorded(system: str, code: str) -> str:
    """Return the CURIE of a code as it is recorded.

    >>> recorded("ICD9", "250.00"), recorded("MIMIC", "50912")
    ('ICD9:250.00', 'PANAKEIA:MIMIC-50912')
    """
    return f"{OWN}:{MIMIC}-{code}" if system == MIMIC else f"{system}:{code}"


def own_curie(kind: str, system: str, code: str) -> str:
    """Return the identifier of a code's own node of a kind: its CURIE, or ours where that is none of the kind's.

    >>> own_curie("Disease", "SNOMEDCT", "44465007"), own_curie("Measurement", "MIMIC", "50912")
    ('SNOMEDCT:44465007', 'PANAKEIA:MIMIC-50912')
    """
    if system == OWN:
        return f"{OWN}:{code}"
    if system in NODE_KINDS[kind].prefixes or not NODE_KINDS[kind].prefixes:
        known = prefixes().get(system)
        if known and re.fullmatch(known.pattern, code):
            return f"{system}:{code}"
    return f"{OWN}:{system}-" + re.sub(r"[^A-Za-z0-9_.*-]", "-", code)


def above(system: str, code: str) -> list[str]:
    """Return the codes of ICD above one, the nearest first.

    >>> above("ICD10CM", "E11.65"), above("ICD9", "E849.7")
    (['E11.6', 'E11'], ['E849'])
    """
    if system not in (ICD9, ICD10):
        return []
    head, _, rest = code.partition(".")
    return [head + (f".{rest[:length]}" if length else "") for length in range(len(rest) - 1, -1, -1)]
