"""Ranking: candidates as dots on the score's axis, with their intervals and their degree priors."""

from collections.abc import Mapping, Sequence
from typing import Any

from panakeia.page.drawing import dot, figure, line, link, short, text
from panakeia.page.render import address

_LEFT, _WIDTH, _STEP, _TOP = 200, 520, 24, 44


def ranking_figure(disease: str, identifier: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Draw ranked drugs: a dot is the score, filled where a source lists the pair; a tick is the degree prior."""
    foot = _TOP + _STEP * len(rows)
    parts: list[str] = [
        dot((10, 14), 5, "known"),
        text(20, 18, "in the list", kind="soft"),
        dot((100, 14), 5, "unlisted"),
        text(110, 18, "not in the list", kind="soft"),
        line((205, 14), (225, 14), "band-known"),
        text(231, 18, "90 % of draws", kind="soft"),
        line((330, 8), (330, 20), "prior"),
        text(337, 18, "degree prior", kind="soft"),
    ]
    for tenth in range(0, 11, 2):
        x = _LEFT + _WIDTH * tenth / 10
        parts += [
            line((x, _TOP - 8), (x, foot), "axis"),
            text(x, foot + 16, f"{tenth / 10:.1f}", kind="soft", anchor="middle"),
        ]
    for place, row in enumerate(rows):
        parts.append(_drawn(row, identifier, _TOP + 8 + _STEP * place))
    parts.append(text(_LEFT + _WIDTH / 2, foot + 34, "score", kind="soft", anchor="middle"))
    first = rows[0]
    told = (
        f"{len(rows)} drugs in the order of their score; first {first['name']} with {first['score']:.3f}. "
        "The table beside has all numbers."
    )
    size = (_LEFT + _WIDTH + 30, foot + 42)
    return str(figure("ranking", size, f"Drugs for {disease} by score", told, parts))


def _drawn(row: Mapping[str, Any], disease: str, y: float) -> str:
    kind = "known" if row["known"] else "unlisted"
    inside = [text(_LEFT - 12, y + 4, short(str(row["name"]), 26), anchor="end")]
    if row.get("low") is not None and row.get("high") is not None:
        inside.append(line((_x(row["low"]), y), (_x(row["high"]), y), f"band-{kind}"))
    if row.get("prior") is not None:
        inside.append(line((_x(row["prior"]), y - 6), (_x(row["prior"]), y + 6), "prior"))
    inside.append(dot((_x(row["score"]), y), 5.5, kind))
    return link(address("/candidate", drug=row["drug"], disease=disease), "".join(inside), f"Evidence of {row['name']}")


def _x(value: float) -> float:
    return _LEFT + _WIDTH * min(max(value, 0.0), 1.0)
