"""Routes: paths between two nodes, one a row: every node is a link, every arrow says its relation."""

from collections.abc import Mapping, Sequence
from typing import Any

from panakeia.page.drawing import figure, line, link, rectangle, short, text
from panakeia.page.render import address
from panakeia.page.words import arrow_words, kind_words

_BOX, _GAP, _ROW, _HIGH = 150, 118, 62, 38


def routes_figure(paths: Sequence[Mapping[str, Any]]) -> str:
    """Draw paths."""
    longest = max(len(path["steps"]) for path in paths)
    width = longest * _BOX + (longest - 1) * _GAP + 8
    parts = [part for row, path in enumerate(paths) for part in _path(path["steps"], 4 + _ROW * row, width)]
    told = "; ".join(str(path["path"]) for path in paths[:3])
    return str(figure("paths", (width, _ROW * len(paths)), f"The first {len(paths)} paths", told, parts))


def _path(steps: Sequence[Mapping[str, Any]], y: float, width: float) -> list[str]:
    """Return the parts of one path; all begin on the left and end on the right."""
    gap = (width - 8 - len(steps) * _BOX) / max(len(steps) - 1, 1)
    parts: list[str] = []
    middle = y + _HIGH / 2 + 6
    for place, step in enumerate(steps):
        x = 4 + place * (_BOX + gap)
        box = rectangle((x, y + 6), (_BOX, _HIGH), f"node n-{step['kind']}", 6)
        name = text(x + _BOX / 2, y + 22, short(str(step["name"]), 20), anchor="middle")
        kind = text(x + _BOX / 2, y + 37, kind_words(str(step["kind"])), kind="soft", anchor="middle")
        parts.append(link(address("/node", node=step["id"]), box + name + kind, f"{step['name']}, {step['kind']}"))
        if place < len(steps) - 1:
            parts += _arrow(step, x + _BOX, x + _BOX + gap, middle)
    return parts


def _arrow(step: Mapping[str, Any], left: float, right: float, y: float) -> list[str]:
    tip, back = (right - 2, right - 9) if step["forward"] else (left + 2, left + 9)
    words = arrow_words(str(step["relation"]))
    most = max(int((right - left) / 5.6), 8)
    return [
        line((left + 2, y), (right - 2, y), "edge"),
        line((tip, y), (back, y - 4), "edge"),
        line((tip, y), (back, y + 4), "edge"),
        text((left + right) / 2, y - 6, short(words, most), kind="soft", anchor="middle"),
    ]
