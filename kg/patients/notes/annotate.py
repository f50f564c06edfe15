"""Annotate: a text -> the conditions, drugs and phenotypes that it mentions, and what it says of each.

Nothing of the text is kept: a mention has places, the identifier of a node, and yes or no.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from kg.patients.notes.abbreviations import definitions
from kg.patients.notes.context import Context, headed, rules, scopes
from kg.patients.notes.finding import Found, find
from kg.patients.notes.lexicon import Lexicon
from kg.patients.notes.mention import OTHER, PATIENT, Mention
from kg.patients.notes.tokens import Words, words_of
from kg.patients.notes.words import guarded

MODEL, VERSION = "panakeia-notes", "1"
"""What the evidence of a fact from a note names; the version counts the rules and how names are compared."""

Terms = tuple[tuple[str, str], ...]


def annotate(text: str, lexicon: Lexicon, names: Sequence[str] = ()) -> tuple[Mention, ...]:
    """Return the mentions of a text, in order of their places, the longer first; those within others too.

    A word after a title (Mr Down) is a name and no mention, and so is each of the `names` wherever it stands alone.
    Raises `kg.patients.notes.tokens.SpacyMissing` where spaCy is not installed.
    """
    words = words_of(text)
    heads = headed(words, rules())
    found = [one for one in find(words, lexicon) if one.first not in heads and not _is_name(one, words, names)]
    found = _with_definitions(text, words, found)
    outer = _outermost(found)
    held = scopes(words, {(one.first, one.end) for one, kind in outer})
    mentions = (
        _mention(kind, curie, one, words, held.of(one.first, one.end), within=(one, kind) not in outer)
        for one in found
        for kind, curie in one.terms
    )
    return tuple(sorted(mentions, key=lambda one: (one.start, -one.end, one.kind, one.term)))


def _mention(kind: str, curie: str, found: Found, words: Words, said: Context, *, within: bool) -> Mention:
    return Mention(
        start=words.starts[found.first],
        end=words.ends[found.end - 1],
        kind=kind,
        term=curie,
        negated=said.negated,
        historical=said.historical or (said.listed and kind != "Drug"),
        experiencer=OTHER if said.other else PATIENT,
        uncertain=said.uncertain,
        allergy=said.allergy,
        within=within,
        exact=found.exact,
    )


def _is_name(found: Found, words: Words, names: Sequence[str]) -> bool:
    """Say whether words are somebody's name: after a title, or one of these."""
    if found.first and words.lower[found.first - 1] in guarded("title"):
        return True
    said = words.lower[found.first : found.end]
    return bool(names) and all(word in names for word in said)


def _with_definitions(text: str, words: Words, found: Sequence[Found]) -> list[Found]:
    """Return what was found, with the short forms that the text defines in the place of what they mean elsewhere."""
    ending: dict[int, list[Found]] = {}
    for one in found:
        ending.setdefault(words.ends[one.end - 1], []).append(one)
    defined: dict[str, Terms] = {}
    for short, begin, end in definitions(text):
        meant = [one.terms for one in ending.get(end, ()) if words.starts[one.first] == begin]
        defined.setdefault(short, tuple(term for terms in meant for term in terms))
    if not defined:
        return list(found)
    stands = dict(_standing(text, words, defined))
    kept = [one for one in found if not any(place in stands for place in range(one.first, one.end))]
    kept += (Found(place, end, terms, exact=True) for place, (end, terms) in stands.items() if terms)
    return sorted(kept, key=lambda one: (one.first, -one.end, one.terms))


def _standing(text: str, words: Words, defined: Mapping[str, Terms]) -> Iterator[tuple[int, tuple[int, Terms]]]:
    """Yield the first word, the end and the meaning of each short form in a text."""
    place_of = {start: place for place, start in enumerate(words.starts)}
    end_of = {end: place + 1 for place, end in enumerate(words.ends)}
    for short, terms in defined.items():
        for one in re.finditer(rf"(?<![\w-]){re.escape(short)}(?:s|es)?(?![\w-])", text):
            if one.start() in place_of and one.end() in end_of:
                yield place_of[one.start()], (end_of[one.end()], terms)


def _outermost(found: Sequence[Found]) -> frozenset[tuple[Found, str]]:
    """Return those of what was found, by kind, that stand within no longer one of the kind."""
    kept = set()
    for kind in {kind for one in found for kind, _ in one.terms}:
        reach, first = -1, -1
        for one in found:
            if not any(of == kind for of, _ in one.terms):
                continue
            if one.shared:  # what stands between its words is another's
                kept.add((one, kind))
            elif one.end > reach or (one.first, one.end) == (first, reach):
                kept.add((one, kind))
                first, reach = one.first, one.end
    return frozenset(kept)
