"""Tokens: a text as words with their places in it, where a stretch of words ends, and where a sentence does.

Places are Unicode code points of the text as it is given, line ends included. spaCy's English tokenizer and sentencizer
(https://spacy.io) tell sentences; what notes add is told here: a heading, a bullet, an empty line, and a line that was
ended on purpose begin a sentence. A line that a program broke to fit a width is no end: the next word would not have
fitted on it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from kg.patients.notes.words import WORD, Form, form

if TYPE_CHECKING:
    from spacy.language import Language

LONGEST_PIECE = 50_000
"""The characters of the longest text that is handed to spaCy at once."""
NARROWEST = 60
"""The characters of the narrowest page: a text whose longest line is shorter was not broken to fit a width."""

_MISSING = "reading notes needs spaCy, which is not installed: install it with `pip install panakeia[learn]`"
_INSIDE = re.compile(r"[\s\-/'’–—_]*")
"""What may stand between two words of one term."""
_LINE = re.compile(r"\r\n|\r|\n")
_BULLET = re.compile(r"(?:[-*•·◦>]|\(?\d{1,2}[.)])[ \t]+\S")
_HEADING = re.compile(r"^[ \t]*(?P<name>[^\W\d_][\w ,/&()'-]{1,50}):(?!\d)", re.MULTILINE)
_TITLE = re.compile(r"^[ \t]*(?P<name>[A-Z][A-Z ,/&()'-]{3,50})[ \t]*$", re.MULTILINE)
_CAPITALS = re.compile(r"(?<![\w/-])(?P<name>[A-Z][A-Z]+(?:[ /&,-]+[A-Z()]+){0,6}):(?!\d)")
_SENTENCE = re.compile(r"(?<=[.;]\s)(?P<name>[A-Z][\w /&-]{1,40}):(?!\d)")
"""Headings: what a line begins with before a colon, a line of capitals; within a line, capitals before a colon, and
what a sentence begins with."""
_CLAUSE = re.compile(r";\s")
_OF = Form("", "", skip=True)
"""What follows an apostrophe counts for nothing in a term."""


class SpacyMissing(ImportError, ValueError):
    """SpaCy is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text: their forms, small letters, places, and what ends after each.

    `breaks` says whether a term ends with the word, `sentences` has the number of the sentence of each.
    """

    text: str
    forms: list[Form] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    breaks: list[bool] = field(default_factory=list)
    sentences: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.forms)

    def between(self, place: int) -> str:
        """Return what stands between a word and the next."""
        return self.text[self.ends[place] : self.starts[place + 1]]


def words_of(text: str) -> Words:
    """Return the words of a text; raises `SpacyMissing` where spaCy is not installed."""
    found = Words(text)
    titles = (begin for begin, _, _ in headings(text))
    clauses = (one.end() for one in _CLAUSE.finditer(text))
    begins = sorted({0, *_sentences(text), *_lines(text), *titles, *clauses})
    for piece in WORD.finditer(text):
        start, word = piece.start(), piece[0]
        owned = word in ("s", "S") and start and text[start - 1] in "'’"
        found.forms.append(_OF if owned else form(word))
        found.lower.append(word.lower())
        found.starts.append(start)
        found.ends.append(piece.end())
        found.sentences.append(bisect_right(begins, start))
    last = len(found) - 1
    for place in range(len(found)):
        apart = place == last or found.sentences[place] != found.sentences[place + 1]
        between = "" if apart else found.between(place)
        found.breaks.append(apart or (between != " " and _INSIDE.fullmatch(between) is None))
    return found


def headings(text: str) -> list[tuple[int, int, str]]:
    """Return the headings of a text in their order: where each begins and ends, with its colon, and what it says."""
    found = {}
    for shape in (_SENTENCE, _HEADING, _TITLE, _CAPITALS):
        for one in shape.finditer(text):
            found[one.start("name")] = (one.start("name"), one.end(), one["name"])
    return [found[begin] for begin in sorted(found)]


def alone(text: str, end: int) -> bool:
    """Say whether nothing follows in the line of a heading that ends there."""
    line = _LINE.search(text, end)
    return not text[end : line.start() if line else len(text)].strip()


@cache
def _english() -> "Language":
    try:
        import spacy
    except ImportError:
        raise SpacyMissing(_MISSING) from None
    language = spacy.blank("en")
    language.add_pipe("sentencizer")
    return language


def _sentences(text: str) -> Iterator[int]:
    """Yield where spaCy begins a sentence."""
    for begin, piece in _pieces(text):
        yield from (begin + sentence.start_char for sentence in _english()(piece).sents)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text in pieces that end with a line where they can, each with its place."""
    begin = 0
    while begin < len(text):
        end = begin + LONGEST_PIECE
        if end < len(text):
            line = max(text.rfind("\n", begin, end), text.rfind(" ", begin, end))
            end = line + 1 if line > begin else end
        yield begin, text[begin:end]
        begin = end


def _lines(text: str) -> Iterator[int]:
    """Yield where a line begins that begins a sentence: after an empty line, with a bullet, or on purpose.

    A line was ended on purpose where the next one's first word, not of small letters, would have fitted on it.
    """
    lines = []
    begin = 0
    for end in _LINE.finditer(text):
        lines.append((begin, text[begin : end.start()]))
        begin = end.end()
    lines.append((begin, text[begin:]))
    width = max(NARROWEST, *(len(line.rstrip()) for _, line in lines))
    for (_, before), (begin, line) in pairwise(lines):
        said = line.lstrip()
        first = said.split(maxsplit=1)[0] if said else ""
        fitted = len(before.rstrip()) + 1 + len(first) <= width and not first[:1].islower()
        if not before.strip() or fitted or _BULLET.match(said):
            yield begin
