"""Chart: curves with their bands, marks and axes as an SVG element; colours and dashes both tell curves apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from panakeia.page.drawing import dot, figure, line, link, rectangle, text

SIZE = (720.0, 340.0)
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 16.0, 34.0, 46.0
_STYLES = 4
_LINE = 19.0


@dataclass(frozen=True)
class Curve:
    """A named curve: points from left to right, a band about it, and where each point leads, where it leads anywhere.

    Without a `line` there are dots alone: what was measured.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    lower: Sequence[float] | None = None
    upper: Sequence[float] | None = None
    links: Sequence[str] | None = None
    line: bool = True
    dots: bool = False


@dataclass(frozen=True)
class Axes:
    """What the axes are called, what they show at least, and levels that are marked: (value, words).

    `band` says in the legend what the curves' bands hold, `target` is a range of the values that is aimed at.
    """

    across: str
    up: str
    least: Sequence[float] = ()
    levels: Sequence[tuple[float, str]] = ()
    at: Sequence[tuple[float, str]] = ()
    target: tuple[float, float] | None = None
    band: str = ""


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def chart(name: str, title: str, told: str, curves: Sequence[Curve], axes: Axes) -> Markup:
    """Return a figure of at least one curve; `told` says in words what it shows."""
    width, height = SIZE
    xs = [x for curve in curves for x in curve.x] + [value for value, _ in axes.at]
    ys = [y for curve in curves for held in (curve.y, curve.lower, curve.upper) for y in held or ()]
    ys += [*axes.least, *(value for value, _ in axes.levels), *(axes.target or ())]
    across = _Scale(*_span(xs), _LEFT, width - _RIGHT)
    up_ticks = ticks(*_span(ys))
    up = _Scale(min(up_ticks[0], min(ys)), max(up_ticks[-1], max(ys)), height - _BOTTOM, _TOP)
    parts = _frame(axes, across, up, up_ticks)
    for number, curve in enumerate(curves):
        parts += _curve(number % _STYLES, curve, across, up)
    band = axes.band if any(curve.lower is not None for curve in curves) else ""
    legend, lower = _legend(curves, band, width - 24 - 7.6 * len(axes.up))
    moved = [Markup('<g transform="translate(0 {})">').format(lower), *parts, Markup("</g>")]
    return figure(name, (width, height + lower), title, told, [text(4, 14, axes.up), *legend, *moved])


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers that span from low to high.

    >>> ticks(0.0, 1.0), ticks(1.2, 3.9)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])
    """
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _written(values: Sequence[float]) -> list[str]:
    """Return the numbers of an axis, each with as many decimals as the others."""
    found = [f"{value:g}" for value in values]
    if any("e" in one for one in found):
        return found
    decimals = max((len(one.partition(".")[2]) for one in found), default=0)
    return [f"{value:,.{decimals}f}" for value in values]


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _frame(axes: Axes, across: _Scale, up: _Scale, up_ticks: Sequence[float]) -> list[Markup]:
    width, height = SIZE
    left, right, low = _LEFT, width - _RIGHT, height - _BOTTOM
    parts = []
    if axes.target is not None:
        top, bottom = up(axes.target[1]), up(axes.target[0])
        parts.append(rectangle((left, top), (right - left, bottom - top), "aim"))
        words = f"target {axes.target[0]:g} to {axes.target[1]:g}"
        parts.append(text(right - 5, min(top + 14, low - 5), words, kind="soft", anchor="end"))
    for value, words in zip(up_ticks, _written(up_ticks), strict=True):
        parts += [
            line((left, up(value)), (right, up(value)), "axis"),
            text(left - 7, up(value) + 4, words, kind="soft", anchor="end"),
        ]
    across_ticks = [value for value in ticks(across.low, across.high, 8) if across.low <= value <= across.high]
    for value, words in zip(across_ticks, _written(across_ticks), strict=True):
        parts += [
            line((across(value), low), (across(value), low + 4), "edge"),
            text(across(value), low + 17, words, kind="soft", anchor="middle"),
        ]
    parts += [line((left, low), (right, low), "edge")]
    for value, words in axes.levels:
        parts += [
            line((left, up(value)), (right, up(value)), "level"),
            text(left + 5, up(value) - 5, words, kind="soft halo"),
        ]
    for value, words in axes.at:
        beside, anchor = (-5, "end") if across(value) > right - 7 * len(words) else (5, "start")
        parts += [
            line((across(value), _TOP), (across(value), low), "level"),
            text(across(value) + beside, low - 24, words, kind="soft halo", anchor=anchor),
        ]
    return [*parts, text((left + right) / 2, height - 8, axes.across, anchor="middle")]


def _curve(style: int, curve: Curve, across: _Scale, up: _Scale) -> list[Markup]:
    parts = []
    points = [(across(x), up(y)) for x, y in zip(curve.x, curve.y, strict=True)]
    if curve.lower is not None and curve.upper is not None:
        there = [(across(x), up(y)) for x, y in zip(curve.x, curve.upper, strict=True)]
        back = [(across(x), up(y)) for x, y in zip(curve.x, curve.lower, strict=True)]
        parts.append(_shape("polygon", [*there, *reversed(back)], f"b{style}"))
    if curve.line:
        parts.append(_shape("polyline", points, f"curve c{style}"))
    if curve.dots or curve.links is not None:
        for number, point in enumerate(points):
            words = f"{curve.name}: {curve.y[number]:.4g} at {curve.x[number]:.4g}"
            one = Markup("<g><title>{}</title>{}</g>").format(words, dot(point, 4, f"p{style}"))
            parts.append(one if curve.links is None else link(curve.links[number], one, words))
    return parts


def _shape(kind: str, points: Sequence[tuple[float, float]], style: str) -> Markup:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup('<{} points="{}" class="{}"/>').format(kind, places, style)


def _legend(curves: Sequence[Curve], band: str, room: float) -> tuple[list[Markup], float]:
    """Return what the curves, and their bands, are called, beside the axis's name where it fits, else on lines below.

    Returns as well how much lower all else stands for that.
    """
    names = [*(curve.name for curve in curves), *([band] if band else [])]
    widths = [46 + 6.6 * len(name) for name in names]
    beside = sum(widths) <= room
    right = SIZE[0] - _RIGHT
    x, y = (right - sum(widths) + 12, 14.0) if beside else (_LEFT, 34.0)
    parts: list[Markup] = []
    for number, (name, width) in enumerate(zip(names, widths, strict=True)):
        if not beside and x > _LEFT and x + width > right:
            x, y = _LEFT, y + _LINE
        sign = _sign(number % _STYLES, curves[number], x, y) if number < len(curves) else _shaded(x, y)
        parts += [sign, text(x + 30, y, name, kind="soft")]
        x += width
    return parts, 0.0 if beside else y - 14.0


def _sign(style: int, curve: Curve, x: float, y: float) -> Markup:
    return line((x, y - 4), (x + 24, y - 4), f"curve c{style}") if curve.line else dot((x + 12, y - 4), 4, f"p{style}")


def _shaded(x: float, y: float) -> Markup:
    return rectangle((x, y - 10), (24, 12), "b0", 2)
