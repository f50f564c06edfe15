"""Products: the ingredients that the name of a medicine names, as RxNorm, hospitals and makers write products.

A name's words are those of the ingredient and those of strength, salt, form, route and package around it; an ingredient
is told if all other words are of the latter kinds. So `Insulin Lispro` is never insulin of another kind.
"""

import re
from collections.abc import Iterable
from functools import cache

from kg.names import folded
from kg.patients.terms import tables
from kg.patients.terms.meaning import Row
from kg.patients.terms.nodes import Nodes

_INERT = "inert ingredients"
_BRAND = re.compile(r"\[[^]]*\]?|\*[a-z]{2,3}\*|\*")
_INNER = re.compile(r"\(([^(){}]*)\)")
_AROUND = (
    re.compile(
        r"\d[\d.,:%x+/-]*(?:mg|mcg|ug|g|kg|ml|l|meq|mmol|unt|units?|u|hr|h|day|actuat|iu|cc|gm|gram|grams)?", re.ASCII
    ),
    re.compile(r"(?:mg|mcg|g|meq|mmol|unt|unit|units|ml)/[\d.]*(?:ml|hr|actuat|h|l|mg|day|vial)", re.ASCII),
    re.compile(r"nda\d+|[-/&+%.]+", re.ASCII),
)
"""Strengths, alone and per volume or time; the number of an application to the FDA; signs."""
_BETWEEN = re.compile(r" / |/(?=[a-z])|(?<=[a-z]) ?- ?(?=[a-z])|(?<=[a-z]{2}), (?=[a-z])")


def ingredients(text: str, known: Nodes) -> tuple[list[Row], bool]:
    """Return the ingredients that a product's name names, and whether all are known that it names.

    >>> from kg.patients.terms.nodes import nodes
    >>> [row["name"] for row in ingredients("Oxycodone-Acetaminophen (5mg-325mg)", nodes([]))[0]]
    ['Oxycodone', 'Acetaminophen']
    """
    name = _BRAND.sub(" ", folded(text))
    whole = _one(name, known)
    if whole is not None:
        return whole, True
    if name.strip().startswith("{"):
        return _packed(name, known)
    return _joined(_INNER.sub(" ", name), known)


def _packed(name: str, known: Nodes) -> tuple[list[Row], bool]:
    """Return the ingredients of a pack: `{21 (Mestranol 0.05 MG / Norethindrone 1 MG Oral Tablet) / 7 (...) } Pack`."""
    inner = [part for part in _INNER.findall(name) if _INERT not in part]
    found = [_joined(part, known) for part in inner]
    distinct = {row["id"]: row for rows, _ in found for row in rows}
    whole = name.count("(") == name.count(")")  # RxNorm's names are cut at 255 characters: the last part lacks its end
    return list(distinct.values()), bool(found) and whole and all(told for _, told in found)


def _joined(name: str, known: Nodes) -> tuple[list[Row], bool]:
    """Return the ingredients of a name of several, whose parts stand between slashes, dashes or commas."""
    for parts in ([name], name.split(" / "), _BETWEEN.split(name)):
        named = [part for part in parts if not all(map(_around, _words(part)))] or parts
        found = [_one(part, known) for part in named]
        if all(rows is not None for rows in found):
            return _distinct(found), True
    spelt = [_one(part, known) for part in name.split(" / ")]
    return _distinct(spelt), False


def _distinct(found: Iterable[list[Row] | None]) -> list[Row]:
    return list({row["id"]: row for rows in found for row in rows or ()}.values())


def _one(name: str, known: Nodes) -> list[Row] | None:
    """Return what the words of one ingredient's name, and of what may stand around it, name; None if nothing known."""
    words = _words(name)
    start = 0
    while start < len(words) and _around(words[start]) and not _told(words[start:], known):
        start += 1
    for begin in {0, start}:
        for end in range(len(words), begin, -1):
            if all(map(_around, words[end:])):
                found = _told(words[begin:end], known)
                if found is not None:
                    return found
    return None


def _words(name: str) -> list[str]:
    return [word for word in (word.strip(",.;:()&") for word in name.split()) if word]


def _told(words: list[str], known: Nodes) -> list[Row] | None:
    name = " ".join(words)
    listed = tables.drugs("text").get(name)
    if listed:
        return [known.row("Drug", curie, drug) for curie, drug in listed.items() if curie]
    found = known.named("Drug", name)
    return None if found is None else [found[0]]


def _around(word: str) -> bool:
    """Say whether a word of a product's name may stand around an ingredient: a strength, salt, form, route, package."""
    return word in _kinds_of_words() or any(shape.fullmatch(word) for shape in _AROUND)


@cache
def _kinds_of_words() -> frozenset[str]:
    return frozenset(row["word"] for row in tables.rows("terms/product_words.tsv"))
