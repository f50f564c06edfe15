"""Parts: what each part of the network adds to a pair's log-odds, or takes off them."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from panakeia.page.drawing import figure, line, rectangle, text

_LEFT, _WIDTH, _STEP = 250, 420, 26


def parts_figure(parts: Sequence[Mapping[str, Any]], bias: float, means: Mapping[str, str]) -> str:
    """Draw bars to the right of zero for what speaks for the pair, to the left for what speaks against it.

    `means` says what each part means: it stands with the bar's name.
    """
    widest = max((abs(one["logit"]) for one in parts), default=1.0) or 1.0
    foot = 10 + _STEP * len(parts)
    zero = _LEFT + _WIDTH / 2
    drawn = [line((zero, 4), (zero, foot), "axis")]
    for row, one in enumerate(parts):
        y, long = 8 + _STEP * row, abs(one["logit"]) / widest * (_WIDTH / 2 - 46)
        up = one["logit"] >= 0
        name = text(_LEFT - 8, y + 14, str(one["part"]), anchor="end")
        drawn.append(Markup("<g><title>{}</title>{}</g>").format(means.get(one["part"], one["part"]), name))
        drawn.append(
            rectangle((zero if up else zero - long, y + 2), (max(long, 1), _STEP - 9), "up" if up else "down", 2)
        )
        x, anchor = (zero + long + 5, "start") if up else (zero - long - 5, "end")
        drawn.append(text(x, y + 14, f"{one['logit']:+.1f}", anchor=anchor))
    told = f"From {bias:.1f}, the log-odds of a pair of which nothing is known: " + ", ".join(
        f"{one['part']} {one['logit']:+.2f}" for one in parts
    )
    return str(figure("parts", (_LEFT + _WIDTH, foot + 4), "What adds to the score and what takes off", told, drawn))
