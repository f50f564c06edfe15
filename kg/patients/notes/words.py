"""Words: the one form in which two words of a term are equal: number, spelling of either side of the ocean, word class.

Each word has a strict form, by rules of English and Latin number and of British spelling, and a broad one, in which
also the words of one row group of `words.tsv` are equal: an adjective and its noun (renal, kidney), and what names of
findings say in several ways (anomaly, malformation). These groups were chosen by hand among the pairs of words in
which two exact names of one term of the Human Phenotype Ontology (2025-01-16) differ.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

from kg.files.table import read_tsv

WORD = re.compile(r"[^\W_]+")
"""A run of letters and digits; what stands between two is a break, or nothing, as `kg.patients.notes.tokens` says."""

_OUR = re.compile(r"(?<=[a-z])our(?=$|s$|al$|ed$|less$)")
_ISE = re.compile(r"(?<=[a-z]{3})is(?=e$|ed$|ing$|ation$|ations$)")
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh)es$")
_LATIN = (("mata", "ma"), ("oses", "osis"), ("yses", "ysis"), ("ices", "ix"), ("nges", "nge"), ("vi", "vus"))
_SPELT = {"centre": "center", "fibre": "fiber", "grey": "gray", "sulphate": "sulfate", "disc": "disk"}
_SHORTEST = 4
"""The letters of the shortest word that is thought to be a plural."""


@dataclass(frozen=True, slots=True)
class Form:
    """A word as it is compared: strictly, broadly, and whether it may be left out within a term.

    `skip` words (of, the) count for nothing; `modifier` ones (left, mild) may stand within a term that lacks them. The
    numbers are those of the two forms, by which sets of words are looked up.
    """

    strict: str
    broad: str
    skip: bool = False
    modifier: bool = False
    strict_number: int = 0
    broad_number: int = 0


@lru_cache(maxsize=1 << 18)
def form(word: str) -> Form:
    """Return the form of a word that stands alone.

    >>> form("Tumours").strict, form("oedema").strict, form("anomalies").broad, form("Renal").broad
    ('tumor', 'edema', 'abnormal', 'kidney')
    >>> form("of").skip, form("A").skip, form("bilateral").modifier
    (True, False, True)
    """
    strict = singular(american(plain(word)))
    broad, role = _table().get(strict, (strict, "same"))
    skip = role == "skip" and word.islower()
    return Form(strict, broad, skip, role == "modifier", number(strict), number(broad))


@lru_cache(maxsize=1 << 18)
def number(word: str) -> int:
    """Return a word's number, of 64 bits, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())


def plain(word: str) -> str:
    """Return a word in small letters without accents.

    >>> plain("Sjögren")
    'sjogren'
    """
    if word.isascii():
        return word.lower()
    return "".join(sign for sign in normalize("NFKD", word.casefold()) if sign.isalnum())


def american(word: str) -> str:
    """Return a word of small letters in American spelling, with e for ae and oe, also where that is nobody's.

    >>> american("haemorrhage"), american("colour"), american("generalised"), american("diarrhoea")
    ('hemorrhage', 'color', 'generalized', 'diarrhea')
    """
    if len(word) < _SHORTEST:
        return word
    word = _SPELT.get(word, word).replace("ae", "e").replace("oe", "e")
    return _ISE.sub("iz", _OUR.sub("or", word))


def singular(word: str) -> str:
    """Return a word of small letters without the ending of a plural, English or Latin.

    >>> [singular(word) for word in ("biopsies", "masses", "metastases", "stigmata", "phalanges", "diabetes", "rash")]
    ['biopsy', 'mass', 'metastasis', 'stigma', 'phalange', 'diabete', 'rash']
    """
    if len(word) < _SHORTEST or not word.isalpha():
        return word
    for plural, one in _LATIN:
        if word.endswith(plural) and len(word) > len(plural) + 2:
            return word[: -len(plural)] + one
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("tases"):
        return word[:-2] + "is"
    if _SIBILANT.search(word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@cache
def guarded(guard: str) -> frozenset[str]:
    """Return the names that `guarded.tsv` keeps from being mentions: `general`, `substance` or `title`.

    A general word tells nothing by itself; a substance is in a note mostly a value, a food or a habit, and no medicine;
    after a title stands somebody's name.
    """
    return frozenset(row["name"] for row in _rows("guarded.tsv") if row["guard"] == guard)


def _rows(name: str) -> Collection[Mapping[str, str]]:
    return read_tsv(Path(str(files("kg.patients.notes"))) / name, needed=()).by_line().values()


@cache
def _table() -> Mapping[str, tuple[str, str]]:
    """Return by strict form the broad one and the role of each word of the table."""
    told = {
        singular(american(row["form"])): (singular(american(row["word"])), row["role"]) for row in _rows("words.tsv")
    }
    return told | {broad: (broad, "same") for broad, role in told.values() if role == "same"} | _roles(told)


def _roles(told: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    return {form: (broad, role) for form, (broad, role) in told.items() if role != "same"}
