"""Abbreviations: short forms that a text defines itself, as Schwartz and Hearst find them.

Schwartz AS, Hearst MA. A simple algorithm for identifying abbreviation definitions in biomedical text. Pacific
Symposium on Biocomputing 2003:451-462.
"""

import re
from collections.abc import Iterator

_IN_BRACKETS = re.compile(r"\(([^()\n]{2,30})\)")
_SHORT = re.compile(r"[^\W_][\w/.-]{1,9}")
_WORDS_BEYOND = 5


def definitions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each short form that stands in brackets after its long form, and where that one begins and ends.

    >>> text = "She has chronic obstructive pulmonary disease (COPD)."
    >>> [(short, text[begin:end]) for short, begin, end in definitions(text)]
    [('COPD', 'chronic obstructive pulmonary disease')]
    """
    for found in _IN_BRACKETS.finditer(text):
        short = re.split(r"[;,]\s", found[1])[0].strip()
        if not _SHORT.fullmatch(short) or not any(sign.isupper() for sign in short):
            continue
        begin, end = _before(text, found.start(), len(short))
        place = _long_form(short, text[begin:end])
        if place is not None:
            yield short, begin + place, end


def _before(text: str, bracket: int, letters: int) -> tuple[int, int]:
    """Return where the words stand that a long form may have: at most as many as letters, and some."""
    end = len(text[:bracket].rstrip())
    begin = max(text.rfind(sign, 0, end) for sign in ".;:()\n") + 1
    words = list(re.finditer(r"\S+", text[begin:end]))
    most = min(letters + _WORDS_BEYOND, 2 * letters)
    return begin + (words[-most].start() if len(words) > most else 0), end


def _long_form(short: str, before: str) -> int | None:
    """Return where the long form begins that ends these words; None where the letters of the short one are not there.

    Its letters are looked for from the last; the first of them must begin a word.
    """
    place = len(before)
    for number, sign in enumerate(reversed(short.lower().rstrip("s") or short.lower()), start=1):
        if not sign.isalnum():
            continue
        place -= 1
        first = number == len(short.rstrip("s") or short)
        while place >= 0 and (before[place].lower() != sign or (first and place > 0 and before[place - 1].isalnum())):
            place -= 1
        if place < 0:
            return None
    return place if len(before) - place > len(short) else None
