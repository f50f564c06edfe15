"""Around: a node in the middle of some of its neighbours, relation by relation; every one is a link."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import Any

from panakeia.page.drawing import dot, figure, line, link, rectangle, short, text
from panakeia.page.render import address
from panakeia.page.words import arrow_words, kind_words

_WIDE, _HIGH, _MIDDLE = 900, 560, (450, 280)
_LETTERS = 20


def around_figure(node: Mapping[str, Any], near: Sequence[Mapping[str, Any]]) -> str:
    """Draw up to some thirty neighbours on an ellipse; neighbours by one relation stand together."""
    spokes, names, placed = [], [], _MIDDLE
    for place, row in enumerate(near):
        angle = -pi / 2 + 2 * pi * (place + 0.5) / len(near)
        at = (_MIDDLE[0] + 270 * cos(angle), _MIDDLE[1] + 235 * sin(angle))
        spokes.append(line(placed, at, "edge"))
        right = cos(angle) >= 0
        words = text(at[0] + (12 if right else -12), at[1] + 1, short(str(row["name"]), _LETTERS), anchor=_end(right))
        relation = arrow_words(str(row["relation"]))
        said = text(at[0] + (12 if right else -12), at[1] + 14, short(relation, 27), kind="soft", anchor=_end(right))
        label = f"{row['name']}, {kind_words(str(row['kind']))}: {relation}"
        names.append(link(address("/node", node=row["id"]), dot(at, 8, f"node n-{row['kind']}") + words + said, label))
    middle = [
        rectangle((_MIDDLE[0] - 85, _MIDDLE[1] - 22), (170, 44), f"node n-{node['kind']}", 8),
        text(_MIDDLE[0], _MIDDLE[1] - 2, short(str(node["name"]), 22), anchor="middle"),
        text(_MIDDLE[0], _MIDDLE[1] + 14, kind_words(str(node["kind"])), kind="soft", anchor="middle"),
    ]
    told = "; ".join(f"{row['relation'].replace('_', ' ')}: {row['name']}" for row in near[:8])
    parts = [*spokes, *middle, *names]
    return str(figure("around", (_WIDE, _HIGH), f"{node['name']} and {len(near)} of its neighbours", told, parts))


def _end(right: bool) -> str:
    return "start" if right else "end"
