"""Lexicon: the names of terms, compiled so that any stretch of words in a text is looked up at once.

A name is the set of its words, whatever their order and what stands between that counts for nothing, so that
"degeneration of axons" is "axonal degeneration". A set has a number, the sum of its words' numbers, so that a stretch
that grows by a word is looked up by one addition; that the words are the same is compared then.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from kg.patients.notes.words import WORD, Form, form, guarded, number

LONGEST = 8
"""The words of the longest name that is looked for; a longer one is hardly written out anywhere."""


@dataclass(frozen=True, slots=True)
class Term:
    """A node of the graph to look for, with all its names, the first of which is its own."""

    kind: str
    curie: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """Terms that share a set of words, and that set; `capitals` are the spellings of which one must stand there.

    A name that is an acronym counts only as it is written: "ALL" is no "all".
    """

    words: frozenset[str]
    terms: tuple[tuple[str, str], ...]
    capitals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lexicon:
    """Sets of words by their number, strictly and broadly compared, and the words that are in any."""

    strict: Mapping[int, Entry]
    broad: Mapping[int, Entry]
    known: frozenset[str]
    size: int


def number_of(words: Collection[str]) -> int:
    """Return the number of a set of words, in any order."""
    return sum(map(number, set(words)))


def compiled(terms: Iterable[Term]) -> Lexicon:
    """Return the lexicon of these terms."""
    ways: tuple[dict[frozenset[str], dict[tuple[str, str], int]], ...] = (defaultdict(dict), defaultdict(dict))
    acronyms: dict[frozenset[str], set[str]] = defaultdict(set)
    spelt_out: set[frozenset[str]] = set()
    size = 0
    for term in terms:
        size += 1
        for rank, name in enumerate(term.names):
            found = _words(name)
            strict, broad = (frozenset(getattr(one, way) for one in found) for way in ("strict", "broad"))
            if not 0 < len(strict) <= LONGEST or too_general(name, strict):
                continue
            for way, words in zip(ways, (strict, broad), strict=True):
                way[words].setdefault((term.kind, term.curie), rank)
            if is_acronym(name):
                acronyms[strict].add(name)
            else:
                spelt_out.add(strict)
    entries = [
        {
            number_of(words): Entry(words, told, frozenset(() if words in spelt_out else acronyms.get(words, ())))
            for words, meant in way.items()
            if (told := _meant(meant))
        }
        for way in ways
    ]
    known = frozenset(word for way in ways for words in way for word in words)
    return Lexicon(entries[0], entries[1], known, size)


def is_acronym(name: str) -> bool:
    """Say whether a name is one short word with capitals beyond the first letter, or of three letters or fewer.

    >>> is_acronym("ALL"), is_acronym("COPD"), is_acronym("Rash"), is_acronym("PKU2")
    (True, True, False, True)
    """
    return " " not in name and len(name) <= 7 and sum(sign.isupper() for sign in name) > 1


def too_general(name: str, words: Collection[str]) -> bool:
    """Say whether a name is too short or too common a word to tell anything by itself; an acronym is no word."""
    return len(name) < 3 or (len(words) == 1 and not is_acronym(name) and next(iter(words)) in guarded("general"))


def _words(name: str) -> list[Form]:
    return [one for one in map(form, WORD.findall(name.replace("'s", "").replace("’s", ""))) if not one.skip]


def _meant(meant: Mapping[tuple[str, str], int]) -> tuple[tuple[str, str], ...]:
    """Return the terms that a name means: of each kind the one that it is the own name of, else the only one.

    What several terms of a kind are called tells none of them.
    """
    by_kind: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (kind, curie), rank in meant.items():
        by_kind[kind].append((min(rank, 1), curie))
    told = []
    for kind, terms in by_kind.items():
        best = [curie for rank, curie in terms if rank == min(terms)[0]]
        told += [(kind, best[0])] if len(best) == 1 else []
    return tuple(sorted(told))
