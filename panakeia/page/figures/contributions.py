"""Contributions: what each feature adds to a patient's forecast; from the base, all together make the score."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from panakeia.page.drawing import figure, line, rectangle, short, text

SHOWN = 12
"""Features with a bar of their own; what the others add is one bar more."""
_CODE = re.compile(r" \([A-Za-z]+:[^()\s]*\)")
_LEFT, _WIDTH, _STEP, _TOP = 330.0, 380.0, 25.0, 30.0


def contributions_figure(name: str, told: Mapping[str, Any]) -> Markup:
    """Draw an answer of `risk explain`: bars to the right raise the forecast, to the left lower it."""
    bars = shown(told["contributions"])
    widest = max((abs(one["adds"]) for one in bars), default=1.0) or 1.0
    foot = _TOP + _STEP * len(bars)
    zero = _LEFT + _WIDTH / 2
    parts: list[Markup] = [
        text(_LEFT - 8, 18, f"base {told['base']:+.2f}", kind="soft", anchor="end"),
        text(zero - 6, 18, "◂ lowers", kind="soft", anchor="end"),
        text(zero + 6, 18, "raises ▸", kind="soft"),
        line((zero, _TOP - 4), (zero, foot), "axis"),
    ]
    for row, one in enumerate(bars):
        y, up = _TOP + _STEP * row, one["adds"] >= 0
        long = max(abs(one["adds"]) / widest * (_WIDTH / 2 - 52), 1.0)
        bar = rectangle((zero if up else zero - long, y + 3), (long, _STEP - 8), "up" if up else "down", 2)
        at, anchor = (zero + long + 5, "start") if up else (zero - long - 5, "end")
        label = Markup("<g><title>{}</title>{}</g>").format(
            one["words"], text(_LEFT - 8, y + 16, _short(one["words"]), anchor="end")
        )
        parts += [label, bar, text(at, y + 16, f"{one['adds']:+.2f}", anchor=anchor)]
    end = f"base and all bars together: {told['score']:+.2f} ({told['scale']})"
    parts.append(text(_LEFT - 8, foot + 18, end, anchor="start"))
    words = f"From {told['base']:.2f} to {told['score']:.2f} on the scale of the {told['scale']}: " + ", ".join(
        f"{one['words']} {one['adds']:+.2f}" for one in bars
    )
    title = f"What makes the forecast of {told['outcome']}"
    return figure(name, (_LEFT + _WIDTH, foot + 28), title, words, parts)


def shown(contributions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the bars: the largest contributions, and all others as one; they add up to what all add.

    >>> shown([{"feature": "age", "value": 60.0, "contribution": 0.5}])
    [{'words': 'age: 60', 'adds': 0.5}]
    """
    bars = [
        {"words": f"{_CODE.sub('', one['feature'])}: {_value(one['value'])}", "adds": one["contribution"]}
        for one in contributions[:SHOWN]
    ]
    if rest := contributions[SHOWN:]:
        bars.append({"words": f"{len(rest)} others together", "adds": sum(one["contribution"] for one in rest)})
    return bars


def _short(words: str) -> str:
    """Return words as the figure has room for them, with the value, which stands at their end, whole."""
    name, mark, value = words.rpartition(": ")
    return short(name, 42 - len(value)) + mark + value if mark else short(value, 44)


def _value(value: Any) -> str:
    if value is None:
        return "not known"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
