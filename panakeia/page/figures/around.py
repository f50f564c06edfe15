"""Around: a node between some of its neighbours, in two columns, relation by relation; every one is a link."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from panakeia.page.drawing import dot, figure, link, rectangle, short, text
from panakeia.page.render import address
from panakeia.page.words import arrow_words, kind_words

_WIDE, _ROW, _BOX = 1020, 23, (176, 46)
_REACH = 150
"""How far from the middle box's side the neighbours stand."""
_LETTERS = 27


def around_figure(
    node: Mapping[str, Any], near: Sequence[Mapping[str, Any]], counts: Mapping[tuple[str, str], int]
) -> str:
    """Draw up to some thirty neighbours, half on either side; those by one relation stand under its name.

    `counts` says how many there are by each relation and direction, of which some are drawn.
    """
    right, left = _halves(near)
    sides = [_lines(left, counts), _lines(right, counts)]
    high = max(*map(len, sides), 4) * _ROW + 24
    middle = (_WIDE / 2, high / 2)
    parts = [part for side, lines in zip((-1, 1), sides, strict=True) for part in _side(side, lines, middle)]
    parts += [
        rectangle((middle[0] - _BOX[0] / 2, middle[1] - _BOX[1] / 2), _BOX, f"node n-{node['kind']}", 8),
        text(middle[0], middle[1] - 2, short(str(node["name"]), 22), anchor="middle"),
        text(middle[0], middle[1] + 15, kind_words(str(node["kind"])), kind="soft", anchor="middle"),
    ]
    told = "; ".join(f"{row['relation'].replace('_', ' ')}: {row['name']}" for row in near[:8])
    return str(figure("around", (_WIDE, high), f"{node['name']} and {len(near)} of its neighbours", told, parts))


def _halves(near: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Return what stands to the right and to the left: a relation stays whole, where there are several."""
    groups = [list(rows) for _, rows in groupby(near, key=_way)]
    if len(groups) == 1:
        half = (len(near) + 1) // 2
        return list(near[:half]), list(near[half:])
    sides: tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]] = [], []
    heights = [0, 0]
    for group in groups:
        side = int(heights[1] < heights[0])
        sides[side].extend(group)
        heights[side] += len(group) + 1
    return sides


def _way(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["relation"]), str(row["direction"])


def _lines(near: Sequence[Mapping[str, Any]], counts: Mapping[tuple[str, str], int]) -> list[str | Mapping[str, Any]]:
    """Return the lines of a column: the words of a relation with how many there are, and under them its neighbours."""
    found: list[str | Mapping[str, Any]] = []
    for way, group in groupby(near, key=_way):
        rows, words = list(group), arrow_words(way[0])
        if way[1] == "in":
            words = f"{kind_words(str(rows[0]['kind']))} {words} ←"
        every = counts.get(way, len(rows))
        found.append(f"{words}, {len(rows)} of {every:,}" if every > len(rows) else words)
        found += rows
    return found


def _side(side: int, lines: Sequence[str | Mapping[str, Any]], middle: tuple[float, float]) -> list[str]:
    """Return the neighbours to the left of the middle (-1) or to its right (1), with the curves that lead to them."""
    begin, end = middle[0] + side * _BOX[0] / 2, middle[0] + side * (_BOX[0] / 2 + _REACH)
    anchor = "start" if side > 0 else "end"
    curves, names = [], []
    for number, one in enumerate(lines):
        y = middle[1] + (number - (len(lines) - 1) / 2) * _ROW
        if isinstance(one, str):
            names.append(text(end - side * 6, y + 5, one, kind="soft", anchor=anchor))
            continue
        curve = '<path d="M{:.1f},{:.1f}C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}" class="edge"/>'
        bend = (begin + end) / 2
        curves.append(Markup(curve).format(begin, middle[1], bend, middle[1], bend, y, end - side * 7, y))
        label = f"{one['name']}, {kind_words(str(one['kind']))}: {arrow_words(str(one['relation']))}"
        name = text(end + side * 12, y + 4.5, short(str(one["name"]), _LETTERS), anchor=anchor)
        names.append(link(address("/node", node=one["id"]), dot((end, y), 6.5, f"node n-{one['kind']}") + name, label))
    return [*curves, *names]
