"""Timeline: a patient's events on the record's own days: a lane for each thing, a bar where it lasted."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from panakeia.page.drawing import dot, figure, line, link, rectangle, short, text
from panakeia.page.render import address

LANES = 40
"""How many things are drawn; the table below has all."""
_LEFT, _WIDTH, _STEP, _TOP = 230.0, 760.0, 19.0, 40.0
_KINDS = {
    "patient_has_condition": "unlisted",
    "patient_takes_drug": "known",
    "patient_has_measurement": "p3",
}
_OTHER = "p2"
_WORDS = {"unlisted": "condition", "known": "drug", "p3": "measurement", _OTHER: "gene or other event"}
"""What a mark says; its shape and its colour both tell it."""


def timeline(events: Sequence[Mapping[str, Any]]) -> Markup | None:
    """Return a figure of events with a day, the first things first; None where no event has one."""
    dated = [one for one in events if one["day"] is not None]
    lanes: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for one in sorted(dated, key=lambda one: float(one["day"])):
        lanes.setdefault((one["relation"], one["id"]), []).append(one)
    if not lanes:
        return None
    drawn = list(lanes.items())[:LANES]
    days = [float(one[name]) for _, own in drawn for one in own for name in ("day", "end_day") if one[name] is not None]
    first, last = min(days), max(max(days), min(days) + 1.0)

    def across(day: float) -> float:
        return _LEFT + (day - first) / (last - first) * (_WIDTH - _LEFT - 20)

    height = _TOP + _STEP * len(drawn) + 26
    parts = _legend([_KINDS.get(relation, _OTHER) for (relation, _), _ in drawn])
    for row, ((relation, node), own) in enumerate(drawn):
        parts += _lane(_TOP + _STEP * row + 10, _KINDS.get(relation, _OTHER), node, own, across)
    parts += [text(_LEFT, height - 8, _date(first), kind="soft")]
    parts += [text(_WIDTH - 10, height - 8, _date(last), kind="soft", anchor="end")]
    told = f"{len(dated)} events of {len(lanes)} things, from {_date(first)} to {_date(last)}, on shifted days"
    return figure("timeline", (_WIDTH, height), "Timeline", told, parts)


def _lane(y: float, kind: str, node: str, own: Sequence[Mapping[str, Any]], across: Any) -> list[Markup]:
    name = str(own[0]["name"])
    parts = [
        line((_LEFT, y), (_WIDTH - 10, y), "axis"),
        link(address("/node", node=node), text(_LEFT - 8, y + 4, short(name, 32), anchor="end"), name),
    ]
    for one in own:
        at = across(float(one["day"]))
        if one["end_day"] is not None and float(one["end_day"]) > float(one["day"]):
            parts.append(rectangle((at, y - 4), (max(across(float(one["end_day"])) - at, 3), 8), kind, 3))
        what = f"{one['when']}: {name}" + (f" {one['told']}" if one["told"] else "")
        parts.append(Markup("<g><title>{}</title>{}</g>").format(what, _mark((at, y), kind)))
    return parts


def _mark(at: tuple[float, float], kind: str) -> Markup:
    x, y = at
    if kind == "p3":
        return rectangle((x - 4, y - 4), (8, 8), kind)
    if kind == _OTHER:
        return Markup('<path d="M{:.1f},{:.1f}l5.5,5.5l-5.5,5.5l-5.5,-5.5z" class="{}"/>').format(x, y - 5.5, kind)
    return dot(at, 4.5, kind)


def _legend(kinds: Sequence[str]) -> list[Markup]:
    parts, x = [], _LEFT
    for kind in (one for one in _WORDS if one in kinds):
        parts += [_mark((x, 12), kind), text(x + 10, 16, _WORDS[kind], kind="soft")]
        x += 34 + 6.2 * len(_WORDS[kind])
    return parts


def _date(day: float) -> str:
    from datetime import date, timedelta

    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
