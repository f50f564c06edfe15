"""Timeline: a patient's events on the record's own days: a lane for each thing, a bar where it lasted."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from panakeia.page.drawing import dot, figure, line, link, rectangle, short, text
from panakeia.page.render import address

LANES = 40
"""How many things are drawn; the table below has all."""
_LEFT, _WIDTH, _STEP, _TOP = 230.0, 760.0, 19.0, 26.0
_KINDS = {
    "patient_has_condition": "unlisted",
    "patient_takes_drug": "known",
    "patient_has_measurement": "p3",
}


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
    parts: list[Markup] = []
    for row, ((relation, node), own) in enumerate(drawn):
        parts += _lane(_TOP + _STEP * row + 10, _KINDS.get(relation, "p2"), node, own, across)
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
        parts.append(Markup("<g><title>{}</title>{}</g>").format(what, dot((at, y), 4.5, kind)))
    return parts


def _date(day: float) -> str:
    from datetime import date, timedelta

    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()
