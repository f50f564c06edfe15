"""Units: a unit as UCUM writes it, from UCUM or the spellings of laboratories and tables; all else is none.

UCUM (https://ucum.org) has atoms, prefixes for those that are metric, exponents, `.` and `/`, brackets, and annotations
in braces. Here annotations are those of a short list, factors and exponents are small, and a unit is short: nothing
that somebody wrote where a unit belongs, a name or a number, is a unit. `l` becomes `L`, so that one unit has one text.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from kg.patients.terms import tables

LONGEST = 40
"""The characters of the longest unit."""
_MOST_TOKENS = 12
_LARGEST_EXPONENT = 4
_LARGEST_POWER_OF_TEN = 12
_FACTORS = frozenset(("1", "10", "100", "1000", "2", "5", "8", "12", "16", "24", "48", "72"))
"""The numbers that units hold: per 100 cells, in 24 hours."""

_PREFIXES = ("da", *"YZEPTGMkhdcmunpfazy")
_TOKEN = re.compile(r"\{[^{}]*\}|[./()]|(?:\[[^\[\]{}]*\]|[^./(){}\[\]])+")
_SIMPLE = re.compile(r"(?P<power>10[*^])(?P<of_ten>[+-]?\d{1,2})?|(?P<unit>.+?)(?P<exponent>[+-]?\d)?")

DIMENSIONLESS = frozenset(
    f"LOINC:{code}"
    for code in (
        *("6301-6", "34714-6", "38875-1"),  # INR
        *("2965-2", "5811-5", "5810-7", "53326-5"),  # specific gravity of urine
        *("9830-1", "54218-3", "1759-0"),  # ratios of cholesterol, CD4 to CD8, albumin to globulin
    )
)
"""Measurements that are ratios: a number without a unit is whole."""
ACIDITY = frozenset(f"LOINC:{code}" for code in ("11558-4", "2744-1", "2746-6", "2748-2", "2756-5", "5803-2"))
"""Measurements of pH, whose unit tables leave out or call `units`."""


def unit_of(text: str | None, measurement: str) -> str | None:
    """Return the unit of a number, as `ucum` does, or what a blank means for this measurement (by its node's CURIE).

    A blank is 1 for a ratio such as the INR and `[pH]` for a pH; for all else a number without a unit has none.

    >>> unit_of("", "LOINC:6301-6"), unit_of("units", "LOINC:11558-4"), unit_of(" ", "LOINC:2160-0")
    ('1', '[pH]', None)
    """
    told = (text or "").strip()
    if measurement in ACIDITY and told.casefold() in ("", "units", "ph"):
        return "[pH]"
    if not told:
        return "1" if measurement in DIMENSIONLESS else None
    return ucum(told)


@lru_cache(maxsize=1 << 12)
def ucum(unit: str) -> str | None:
    """Return a unit as UCUM writes it; None for what is no unit.

    >>> ucum("mg/dL"), ucum("K/uL"), ucum("mm Hg"), ucum("kg/m2"), ucum("mL/min/{1.73_m2}")
    ('mg/dL', '10*3/uL', 'mm[Hg]', 'kg/m2', 'mL/min/{1.73_m2}')
    >>> ucum("Miller"), ucum("12345678"), ucum(""), ucum("{Jane}")
    (None, None, None, None)
    """
    text = unit.strip()
    if not text or len(text) > LONGEST or not text.isascii():
        return None
    spelt = _spellings()
    if text == "1" or text in spelt.values():
        return text
    return spelt.get("".join(text.split()).casefold()) or _grammatical(text)


def _grammatical(text: str) -> str | None:
    """Return a text of UCUM's grammar with `L` for litre, None if it is none."""
    found = _TOKEN.findall(text)
    tokens = [token if token in "./()" else _component(token) for token in found]
    if "".join(found) != text or None in tokens or len(tokens) > _MOST_TOKENS:
        return None
    whole = [token for token in tokens if token is not None]
    measured = any(token not in "./()" and not token.isdigit() for token in whole)
    return "".join(whole) if measured and _term(whole, whole[0] == "/") == len(whole) else None


def _term(tokens: Sequence[str], at: int) -> int | None:
    """Return where the term that begins at this token ends; None if none does."""
    end = _part(tokens, at)
    while end is not None and end < len(tokens) and tokens[end] in "./":
        end = _part(tokens, end + 1)
    return end


def _part(tokens: Sequence[str], at: int) -> int | None:
    """Return where a unit with its annotation, an annotation alone or a term in brackets ends; None if none begins."""
    if at >= len(tokens) or tokens[at] in "./)":
        return None
    if tokens[at] == "(":
        end = _term(tokens, at + 1)
        return end + 1 if end is not None and end < len(tokens) and tokens[end] == ")" else None
    annotated = at + 1 < len(tokens) and tokens[at + 1].startswith("{") and not tokens[at].startswith("{")
    return at + 1 + annotated


def _component(token: str) -> str | None:
    """Return a unit with its exponent, a number or an annotation as UCUM writes it; None if it is none."""
    if token.startswith("{"):
        return token if _atoms().get(token[1:-1]) == "annotation" else None
    if token.isdigit():
        return token if token in _FACTORS else None
    found = _SIMPLE.fullmatch(token)
    if found is None:
        return None
    if found["power"]:
        return token if abs(int(found["of_ten"] or 0)) <= _LARGEST_POWER_OF_TEN else None
    unit, exponent = found["unit"], found["exponent"] or ""
    if unit in ("l", *(prefix + "l" for prefix in _PREFIXES)):
        unit = unit[:-1] + "L"
    atoms = _atoms()
    known = atoms.get(unit) in ("metric", "other")
    known |= any(unit.startswith(prefix) and atoms.get(unit.removeprefix(prefix)) == "metric" for prefix in _PREFIXES)
    return unit + exponent if known and abs(int(exponent or 0)) <= _LARGEST_EXPONENT else None


@cache
def _atoms() -> dict[str, str]:
    """Return what each text is: a `metric` atom of UCUM, which takes prefixes, an `other` one, or an `annotation`.

    UCUM leaves what stands in braces to the writer, and a writer may be careless: only these may.
    """
    return {row["text"]: row["is"] for row in tables.rows("terms/ucum.tsv")}


@cache
def _spellings() -> dict[str, str]:
    """Return how laboratories and tables write units, in small letters without spaces, and UCUM's text of each."""
    return {row["written"]: row["ucum"] for row in tables.rows("terms/unit_spellings.tsv")}
