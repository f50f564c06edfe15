"""Spelling: which of many names are spelt nearly like a text, word by word.

Two words are near if one becomes the other by few edits: a letter put in, left out or changed, or two neighbouring ones
swapped (the optimal string alignment distance, after Damerau 1964, doi:10.1145/363958.363994).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")
_SIGNATURE_BITS = 64
_FAR = 100
"""More edits than any two words that are near need."""

Integers = NDArray[np.int64]


class Near(NamedTuple):
    """A name that is near: whose (the place of the node), which of the node's names, and by how many edits."""

    node: int
    name: int
    edits: int


@dataclass(frozen=True)
class _Words:
    """All words of one length: their letters, which letters occur (one bit for each, some share one), their numbers.

    Shapes: [letter, word], [word], [word].
    """

    letters: NDArray[np.uint32]
    signatures: NDArray[np.uint64]
    numbers: Integers


@dataclass(frozen=True)
class Spellings:
    """Names by their words.

    `names[starts[word]:starts[word + 1]]` are the names that have a word; `nodes`, `places`, `sizes` say of each name
    whose it is, which of that node's, and how many words it has.
    """

    words: Mapping[int, _Words]
    starts: Integers
    names: Integers
    nodes: Integers
    places: Integers
    sizes: Integers


def spellings(names: Sequence[Sequence[str]]) -> Spellings:
    """Take in the names of nodes, folded (`kg.names.folded`), for each node in a sequence of its own."""
    numbers: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    owners: list[tuple[int, int, int]] = []
    for node, its_names in enumerate(names):
        for place, name in enumerate(its_names):
            words = set(_WORD.findall(name))
            number = len(owners)
            owners.append((node, place, len(words)))
            pairs += [(numbers.setdefault(word, len(numbers)), number) for word in words]
    by_word = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    nodes, places, sizes = np.array(owners, np.int64).reshape(-1, 3).T
    starts = np.searchsorted(by_word[:, 0], np.arange(len(numbers) + 1))
    return Spellings(_by_length(numbers), starts, by_word[:, 1], nodes, places, sizes)


def near(spelt: Spellings, text: str) -> list[Near]:
    """Return the names that have a word near each word of a folded text, the nearest first, once for each node.

    Of those as near, names with the fewest other words come first.
    """
    edits = np.zeros(len(spelt.nodes), np.int64)
    for word in set(_WORD.findall(text)):
        best = np.full(len(edits), _FAR)
        for number, distance in _near_words(spelt, word):
            which = spelt.names[spelt.starts[number] : spelt.starts[number + 1]]
            best[which] = np.minimum(best[which], distance)
        edits += best
    found = np.flatnonzero(edits < _FAR) if _WORD.search(text) else np.empty(0, np.int64)
    order = np.lexsort((spelt.places[found], spelt.sizes[found], edits[found]))
    nearest: dict[int, Near] = {}
    for name in found[order].tolist():
        node = int(spelt.nodes[name])
        nearest.setdefault(node, Near(node, int(spelt.places[name]), int(edits[name])))
    return list(nearest.values())


def edits_allowed(word: str) -> int:
    """Return how many edits a word may be away: none for a word of up to two letters, two from six letters on.

    >>> [edits_allowed(word) for word in ("il", "ins", "statin")]
    [0, 1, 2]
    """
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def _by_length(numbers: Mapping[str, int]) -> dict[int, _Words]:
    of_length: dict[int, list[str]] = defaultdict(list)
    for word in numbers:
        of_length[len(word)].append(word)
    tables = {}
    for length, words in of_length.items():
        letters = _letters("".join(words)).reshape(-1, length)
        signatures = np.bitwise_or.reduce(_bits(letters), axis=1)
        tables[length] = _Words(
            np.ascontiguousarray(letters.T), signatures, np.array([numbers[word] for word in words])
        )
    return tables


def _letters(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _bits(letters: NDArray[np.uint32]) -> NDArray[np.uint64]:
    return np.left_shift(np.uint64(1), (letters % _SIGNATURE_BITS).astype(np.uint64))


def _near_words(spelt: Spellings, word: str) -> list[tuple[int, int]]:
    """Return the words that are near, as numbers, and how many edits away each is."""
    allowed, letters = edits_allowed(word), _letters(word)
    signature = np.bitwise_or.reduce(_bits(letters))
    found: list[tuple[int, int]] = []
    for length in range(len(word) - allowed, len(word) + allowed + 1):
        if (words := spelt.words.get(length)) is None:
            continue
        # an edit changes which letters occur by two at most: so most words need not be compared letter by letter
        alike = np.flatnonzero(np.bitwise_count(words.signatures ^ signature) <= 2 * allowed)
        distances = _distances(letters, words.letters[:, alike])
        close = np.flatnonzero(distances <= allowed)
        found += zip(words.numbers[alike[close]].tolist(), distances[close].tolist(), strict=True)
    return found


def _distances(word: NDArray[np.uint32], others: NDArray[np.uint32]) -> Integers:
    """Return how many edits each of other words, all of one length, is away.

    Shapes: [letter], [letter, word] -> [word].
    """
    length, count = others.shape
    rows = [np.repeat(np.arange(length + 1)[:, None], count, axis=1)]
    for i, letter in enumerate(word, start=1):
        row = np.empty((length + 1, count), np.int64)
        row[0] = i
        for j in range(1, length + 1):
            changed = rows[-1][j - 1] + (others[j - 1] != letter)
            row[j] = np.minimum(np.minimum(rows[-1][j], row[j - 1]) + 1, changed)
            if i > 1 and j > 1:
                swapped = (others[j - 2] == letter) & (others[j - 1] == word[i - 2])
                row[j] = np.where(swapped, np.minimum(row[j], rows[-2][j - 2] + 1), row[j])
        rows.append(row)
    return rows[-1][length]
