"""Which names are near a text, against the distance by its definition."""

import random
from functools import cache

import numpy as np
import pytest

from kg.spelling import Near, edits_allowed, near, spellings


@cache
def by_definition(a: str, b: str) -> int:
    """The optimal string alignment distance, as Boytsov 2011 (doi:10.1145/1963190.1963191) writes it."""
    if not a or not b:
        return len(a) + len(b)
    ways = [
        by_definition(a[:-1], b) + 1,
        by_definition(a, b[:-1]) + 1,
        by_definition(a[:-1], b[:-1]) + (a[-1] != b[-1]),
    ]
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        ways.append(by_definition(a[:-2], b[:-2]) + 1)
    return min(ways)


def test_near_words_are_those_of_the_definition() -> None:
    luck = random.Random(0)
    words = sorted({"".join(luck.choices("abé漢x", k=luck.randint(1, 9))) for _ in range(500)})
    spelt = spellings([[word] for word in words])
    for wanted in [*luck.sample(words, 60), "abba", "éxbéx漢"]:
        expected = {
            (node, distance)
            for node, word in enumerate(words)
            if (distance := by_definition(wanted, word)) <= edits_allowed(wanted)
        }
        assert {(found.node, found.edits) for found in near(spelt, wanted)} == expected


NAMES = [
    ["type 2 diabetes mellitus", "niddm"],
    ["diabetes insipidus"],
    ["metformin", "dimethylbiguanide", "glucophage"],
    ["phenformin"],
    ["il2"],
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("metfromin", [(2, 0, 1)]),
        ("mettformin", [(2, 0, 1)]),
        ("glucofage", [(2, 2, 2)]),
        ("diabtes", [(1, 0, 1), (0, 0, 1)]),
        ("mellitus diabetis", [(0, 0, 1)]),
        ("typ 2 diabtes", [(0, 0, 2)]),
        ("il3", [(4, 0, 1)]),
        ("i2", []),
        ("metformin zzzz", []),
        ("--", []),
        ("", []),
    ],
)
def test_each_word_of_the_text_has_a_near_one_in_the_name(text: str, found: list[tuple[int, int, int]]) -> None:
    assert near(spellings(NAMES), text) == [Near(*one) for one in found]


def test_nothing_is_near_where_there_is_nothing() -> None:
    assert near(spellings([]), "metformin") == []
    assert near(spellings([[], [""]]), "metformin") == []
    assert np.array(spellings([[]]).nodes).size == 0
