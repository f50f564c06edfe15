"""Context: whether what a note mentions is denied, uncertain, past, or another person's.

The rules are those of NegEx (Chapman et al., Journal of Biomedical Informatics 2001;34:301-310) and ConText (Harkema
et al., Journal of Biomedical Informatics 2009;42:839-851): a trigger changes what stands in its scope, from it to the
end of the sentence or to a word that ends scopes; a longer phrase that only looks like a trigger is none. All phrases
stand in `context.tsv`, each with where it comes from.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path

from kg.files.table import read_tsv
from kg.patients.notes.tokens import Words, alone, headings
from kg.patients.notes.words import WORD

SAYS = ("negated", "uncertain", "historical", "other", "allergy")
"""What a trigger may say; `other` is another person than the patient, `allergy` that a drug is not borne."""
LISTED = "listed"
"""What is said of all that stands in a section of the past: its drugs may well be taken now."""
ALL = "all"
_CLASSES = ("kin", "tells", "whose")
Phrase = tuple[str, ...]

_SIGN = re.compile(
    r"(?P<answer>(?:[:=?(]|\s-)\s{0,3}(?:no|none|neg|negative|denie[sd]|absent)(?=\s{0,3}(?:[,;.)\n\r]|$)))"
    r"|(?P<minus>\(\s{0,3}[-–−]\s{0,3}\))|(?P<before>(?<![^\s(])\?(?=\w))|(?P<after>(?<=\w)\?)",
    re.IGNORECASE,
)
_COMMA = re.compile(r"[,;.?!()]")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a phrase does: `says` one of `SAYS`, `pseudo` or `end`; `direction` is where its scope lies.

    `direction` of a phrase that ends scopes is what kind it ends, or `ALL`. `words` is the longest scope, 0 without.
    """

    says: str
    direction: str
    words: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Every phrase by its words; the lengths of those that begin with a word, longest first; what each heading says."""

    phrases: Mapping[Phrase, Sequence[Rule]]
    lengths: Mapping[str, Sequence[int]]
    sections: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Context:
    """What is said of a mention beside its term."""

    negated: bool = False
    uncertain: bool = False
    historical: bool = False
    other: bool = False
    allergy: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class _Trigger:
    first: int
    last: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Scopes:
    """Over which words each of `SAYS` holds: a byte a word, 1 where it does."""

    held: Mapping[str, bytearray]

    def of(self, first: int, end: int) -> Context:
        """Return the context of the words from `first` up to `end`: what holds over all of them."""
        return Context(**{say: 0 not in over[first:end] for say, over in self.held.items()})


@cache
def rules(sources: frozenset[str] = frozenset()) -> Rules:
    """Return the rules of the table, or those of these `sources` alone."""
    table = read_tsv(Path(str(files("kg.patients.notes"))) / "context.tsv", needed=()).by_line().values()
    rows = [row for row in table if not sources or row["source"] in sources]
    classes = {name: [row["phrase"] for row in rows if row["says"] == name] for name in _CLASSES}
    phrases: dict[Phrase, list[Rule]] = defaultdict(list)
    sections: dict[str, str] = {}
    for row in rows:
        if row["direction"] == "section":
            sections[" ".join(WORD.findall(row["phrase"]))] = row["says"]
        elif row["says"] not in _CLASSES:
            rule = Rule(row["says"], row["direction"], int(row["words"] or 0))
            for text in _written_out(row["phrase"], classes):
                phrases[tuple(WORD.findall(text))].append(rule)
    lengths: dict[str, set[int]] = defaultdict(set)
    for words in phrases:
        lengths[words[0]].add(len(words))
    longest = {first: sorted(found, reverse=True) for first, found in lengths.items()}
    return Rules(phrases, longest, sections)


def _written_out(phrase: str, classes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a phrase with each word of the classes that it names.

    >>> list(_written_out("by {whose} mother", {"whose": ["his", "her"]}))
    ['by his mother', 'by her mother']
    """
    named = [name for name in _CLASSES if f"{{{name}}}" in phrase]
    for words in product(*(classes[name] for name in named)):
        yield phrase.format(**dict(zip(named, words, strict=True)))


def scopes(words: Words, mentioned: Collection[tuple[int, int]] = (), by: Rules | None = None) -> Scopes:
    """Return what holds where in a text, sentence by sentence, and section by section.

    The words of what is `mentioned`, from and up to, are no part of a phrase: "absence of speech" denies nothing. Nor
    are those of a heading, whose section says what it says, and those that answer what stands before. Other rules than
    all may be gone `by`.
    """
    by = by or rules()
    lower = list(words.lower)
    for place in (*headed(words, by), *_answers(words)):
        lower[place] = ""
    for first, end in mentioned:
        lower[first:end] = [""] * (end - first)
    words = replace(words, lower=lower)
    held: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for says, first, end in sections(words, by):
        held[LISTED if says == "historical" else says].append((first, end))
    for says, first, end in signs(words):
        held[says].append((first, end))
    first = 0
    for place in range(1, len(words) + 1):
        if place == len(words) or words.sentences[place] != words.sentences[first]:
            _of_sentence(words, (first, place), held, by)
            first = place
    return Scopes({say: _over(held[say], len(words)) for say in (*SAYS, LISTED)})


def _over(stretches: Sequence[tuple[int, int]], size: int) -> bytearray:
    """Return stretches, from and up to, as a byte for each of so many words."""
    over = bytearray(size)
    for first, end in stretches:
        over[first:end] = b"\1" * (end - first)
    return over


def signs(words: Words) -> Iterator[tuple[str, int, int]]:
    """Yield what signs say of the words between them and the last comma before: an answer, a minus, a question mark.

    So forms are filled in: "Fever: no, cough: yes, rash (-), ?pneumonia".
    """
    for sign in _SIGN.finditer(words.text):
        place = bisect_left(words.starts, sign.start())
        if sign.lastgroup == "before":
            if place < len(words):
                yield "uncertain", place, _clause_end(words, place)
        elif place:
            yield "uncertain" if sign.lastgroup == "after" else "negated", _clause_start(words, place - 1), place


def _answers(words: Words) -> Iterator[int]:
    """Yield the words that answer what stands before them, and deny nothing that follows."""
    for sign in _SIGN.finditer(words.text):
        if sign.lastgroup == "answer":
            yield bisect_left(words.starts, sign.end()) - 1


def _clause_start(words: Words, place: int) -> int:
    """Return the first word that stands in one clause with a word."""
    while (
        place and words.sentences[place - 1] == words.sentences[place] and not _COMMA.search(words.between(place - 1))
    ):
        place -= 1
    return place


def _clause_end(words: Words, place: int) -> int:
    """Return the word after the last one that stands in one clause with a word."""
    while place + 1 < len(words) and not (
        words.sentences[place + 1] != words.sentences[place] or _COMMA.search(words.between(place))
    ):
        place += 1
    return place + 1


def headed(words: Words, by: Rules) -> frozenset[int]:
    """Return the words that are the heading of a section that is known."""
    return frozenset(
        place
        for begin, end, name in headings(words.text)
        if " ".join(WORD.findall(name.lower())) in by.sections
        for place in range(bisect_left(words.starts, begin), bisect_left(words.starts, end))
    )


def sections(words: Words, by: Rules) -> Iterator[tuple[str, int, int]]:
    """Yield what the heading of each section says, and the words of the section; nothing of one that says nothing.

    A section ends with the next heading: one of the table, one in capitals, or one alone in its line.
    """
    says, first = "", 0
    for begin, end, name in headings(words.text):
        told = by.sections.get(" ".join(WORD.findall(name.lower())), "")
        if not told and not (name.isupper() or alone(words.text, end)):
            continue
        place = bisect_left(words.starts, begin)
        if says in SAYS and place > first:
            yield says, first, place
        says, first = told, bisect_left(words.starts, end)
    if says in SAYS and len(words) > first:
        yield says, first, len(words)


def _of_sentence(words: Words, within: tuple[int, int], held: dict[str, list[tuple[int, int]]], by: Rules) -> None:
    """Add the scopes of a sentence, the words from and up to."""
    first, end = within
    triggers = list(_triggers(words, within, by))
    stops = [one for one in triggers if one.rule.says == "end"]
    for one in triggers:
        says, direction = one.rule.says, one.rule.direction
        if says not in SAYS:
            continue
        ends = [stop for stop in stops if stop.rule.direction in (ALL, says)]
        if direction == "forward":
            until = min([stop.first for stop in ends if stop.first >= one.last], default=end)
            until = min(until, one.last + one.rule.words) if one.rule.words else until
            held[says].append((one.last, until))
        else:
            since = max([stop.last for stop in ends if stop.last <= one.first], default=first)
            since = max(since, one.first - one.rule.words) if one.rule.words else since
            held[says].append((since, one.first))


def _triggers(words: Words, within: tuple[int, int], by: Rules) -> Iterator[_Trigger]:
    """Yield each phrase of the rules in these words, the longest at each place, and none within another."""
    place, end = within
    while place < end:
        step = 1
        for length in by.lengths.get(words.lower[place], ()):
            meant = by.phrases.get(tuple(words.lower[place : place + length]))
            if meant is not None and place + length <= end:
                yield from (_Trigger(place, place + length, rule) for rule in meant)
                step = length
                break
        place += step
