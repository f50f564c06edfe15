"""Finding: where terms stand in a text, within each other, and in lists that share a word (cleft lip and palate)."""

from collections.abc import Iterator
from dataclasses import dataclass

from kg.patients.notes.lexicon import LONGEST, Entry, Lexicon, number_of
from kg.patients.notes.tokens import Words

_AND = frozenset(("and", "or"))
_LIST = 5
"""The most members of a list that share a word."""


@dataclass(frozen=True, slots=True)
class Found:
    """Terms by kind and CURIE that stand in the words from `first` up to `end`; `exact` where each word is theirs.

    Of a list that shares words, `shared`, the words are not all the term's: "chest or abdominal pain" is chest pain.
    """

    first: int
    end: int
    terms: tuple[tuple[str, str], ...]
    exact: bool
    shared: bool = False


def find(words: Words, lexicon: Lexicon) -> list[Found]:
    """Return where terms of a lexicon stand in a text, by their place, those within others too."""
    plain = [one for first in range(len(words)) for one in _from(first, words, lexicon)]
    shared = {one for found in plain for one in _shared(found, words, lexicon)}
    known = {(one.first, one.end, one.terms) for one in plain}
    more = [one for one in shared if (one.first, one.end, one.terms) not in known]
    return sorted([*plain, *more], key=lambda one: (one.first, -one.end, one.terms))


def _from(first: int, words: Words, lexicon: Lexicon) -> Iterator[Found]:
    """Yield the terms that begin with a word."""
    forms, breaks, known = words.forms, words.breaks, lexicon.known
    if forms[first].skip or not (forms[first].strict in known or forms[first].broad in known):
        return
    strict = broad = strict_core = broad_core = 0
    seen: set[str] = set()
    seen_broad: set[str] = set()
    modified = False
    for place in range(first, len(forms)):
        one = forms[place]
        if not one.skip:
            if not (one.modifier or one.strict in known or one.broad in known):
                return
            within = one.modifier and place > first
            modified |= within
            if one.strict not in seen:
                seen.add(one.strict)
                strict += one.strict_number
                strict_core += 0 if within else one.strict_number
            if one.broad not in seen_broad:
                seen_broad.add(one.broad)
                broad += one.broad_number
                broad_core += 0 if within else one.broad_number
            if len(seen) > LONGEST:
                return
            entry = lexicon.strict.get(strict)
            exact = entry is not None
            entry = entry or lexicon.broad.get(broad)
            if entry is None and modified and not within:
                entry = lexicon.strict.get(strict_core) or lexicon.broad.get(broad_core)
            if entry is not None and _as_written(entry, first, place + 1, words):
                yield Found(first, place + 1, entry.terms, exact)
        if breaks[place]:
            return


def _as_written(entry: Entry, first: int, end: int, words: Words) -> bool:
    """Say whether words are spelt as an entry asks."""
    return not entry.capitals or words.text[words.starts[first] : words.ends[end - 1]] in entry.capitals


def _shared(found: Found, words: Words, lexicon: Lexicon) -> Iterator[Found]:
    """Yield the terms of a list that share words with one that was found: its last ones, or its first ones."""
    held = _content(found.first, found.end, words)
    if len(held) < 2:
        return
    for first, own in _before(found.first, words):
        for kept in range(1, len(held)):
            if entry := _entry({own, *held[-kept:]}, lexicon):
                yield Found(first, found.end, entry.terms, exact=False, shared=True)
                break
    for end, own in _after(found.end, words):
        for kept in range(len(held) - 1, 0, -1):
            if entry := _entry({*held[:kept], own}, lexicon):
                yield Found(found.first, end, entry.terms, exact=False, shared=True)
                break


def _entry(words: set[str], lexicon: Lexicon) -> Entry | None:
    if len(words) < 2:
        return None
    found = lexicon.broad.get(number_of(words))
    return None if found is None or found.capitals else found


def _content(first: int, end: int, words: Words) -> list[str]:
    return [one.broad for one in words.forms[first:end] if not one.skip]


def _before(first: int, words: Words) -> Iterator[tuple[int, str]]:
    """Yield the members of a list, from the last, that stand before its last member, which begins with `first`."""
    place = first
    for number in range(_LIST):
        before = _joined(place, words, need_and=number == 0)
        if before is None:
            return
        place = before
        yield place, words.forms[place].broad


def _joined(place: int, words: Words, *, need_and: bool) -> int | None:
    """Return the word that a list has before the member that begins with `place`; None where there is no list."""
    before = place - 1
    joined = before >= 0 and words.between(before).strip() == "/"
    if before >= 0 and words.lower[before] in _AND:
        before, joined = before - 1, True
    elif before >= 0 and words.between(before).strip() == "," and not need_and:
        joined = True
    if not joined or before < 0 or words.sentences[before] != words.sentences[place] or words.forms[before].skip:
        return None
    return before


def _after(end: int, words: Words) -> Iterator[tuple[int, str]]:
    """Yield the member that a list has after one that ends before `end`, and where that ends."""
    place = end
    if place < len(words) and words.lower[place] in _AND:
        place += 1
    elif place >= len(words) or words.between(place - 1).strip() != "/":
        return
    if place < len(words) and words.sentences[place] == words.sentences[end - 1] and not words.forms[place].skip:
        yield place + 1, words.forms[place].broad
