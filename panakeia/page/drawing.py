"""Drawing: figures as SVG elements with a title and a description, whose nodes are links; colours are the page's."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from markupsafe import Markup, escape

_OWN = re.compile(r"^\.figure[^{]*\{[^}]*\}.*$", re.MULTILINE)
_INK = re.compile(r"(--[a-z-]+):\s*([^;]+);")


def figure(name: str, size: tuple[float, float], title: str, told: str, parts: Sequence[str]) -> Markup:
    """Return a figure of so many pixels, which grow with the page's letters; `told` says in words what it shows."""
    width, height = size
    role = "group" if any("<a " in part for part in parts) else "img"  # what is one image may hold no links
    head = Markup(
        '<svg class="figure" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" width="{a:g}rem" '
        'height="{b:g}rem" role="{r}" aria-labelledby="{n}-t {n}-d"><title id="{n}-t">{t}</title>'
        '<desc id="{n}-d">{d}</desc>'
    ).format(r=role, w=width, h=height, a=width / 16, b=height / 16, n=name, t=title, d=told)
    return head + Markup("").join(parts) + Markup("</svg>")


def text(x: float, y: float, words: str, *, kind: str = "", anchor: str = "start") -> Markup:
    """Return words at a place."""
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>').format(x, y, kind, anchor, words)


def line(a: tuple[float, float], b: tuple[float, float], kind: str) -> Markup:
    """Return a line."""
    return Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>').format(*a, *b, kind)


def rectangle(at: tuple[float, float], size: tuple[float, float], kind: str, round_px: float = 0) -> Markup:
    """Return a rectangle by its upper left corner."""
    shape = '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{:.1f}" class="{}"/>'
    return Markup(shape).format(*at, *size, round_px, kind)


def dot(at: tuple[float, float], radius: float, kind: str) -> Markup:
    """Return a dot."""
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}"/>').format(*at, radius, kind)


def link(address: str, inside: str, label: str) -> Markup:
    """Return something that leads to another page."""
    return Markup('<a href="{}" aria-label="{}">').format(address, label) + Markup(inside) + Markup("</a>")


def short(words: str, most: int) -> str:
    """Return words cut to so many letters.

    >>> short("type 2 diabetes mellitus", 12)
    'type 2 diab…'
    """
    return words if len(words) <= most else words[: most - 1] + "…"


def standing_alone(drawn: str, note: str) -> str:
    """Return a figure as a file of its own: with the light colours, and at its foot what it is of."""
    style = "svg{background:#fff;font-family:sans-serif}" + _own_style()
    found = re.search(r'viewBox="0 0 (\d+) (\d+)" width="[\d.]+rem" height="[\d.]+rem"', drawn)
    if found is None:
        raise ValueError("the figure has no size")
    width, height = int(found[1]), int(found[2]) + 22
    taller = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    foot = text(4, height - 7, note, kind="soft")
    opened = str(drawn).replace(found[0], taller, 1).replace("<title", f"<style>{escape(style)}</style><title", 1)
    return opened.removesuffix("</svg>") + str(foot) + "</svg>"


@cache
def _own_style() -> str:
    """Return the rules of figures with the light colours written in: not every program knows variables."""
    sheet = files("panakeia.page").joinpath("static", "panakeia.css").read_text(encoding="utf-8")
    inks = dict(_INK.findall(sheet[: sheet.index("}")]))
    rules = "".join(rule for rule in _OWN.findall(sheet) if ":hover" not in rule and ":focus" not in rule)
    return re.sub(r"var\((--[a-z-]+)\)", lambda found: inks[found[1]], rules)
