"""Drawing: figures as SVG elements with a title and a description, whose nodes are links; colours are the page's."""

import re
from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup, escape

_OWN = re.compile(r"^\.figure[^{]*\{[^}]*\}.*$", re.MULTILINE)
_INKS = (
    ":root{--ink:#16242f;--soft:#4c5d6b;--line:#d5dde3;--card:#fff;--known:#2b6cb0;--unlisted:#b4530f;--focus:#b4530f;"
    "--k-drug:#bee3f8;--k-disease:#fcd5ce;--k-gene:#cdeac0;--k-other:#e2e8f0}"
)


def figure(name: str, size: tuple[float, float], title: str, told: str, parts: Sequence[str]) -> Markup:
    """Return a figure of so many pixels; `told` says in words what it shows."""
    width, height = size
    role = "group" if any("<a " in part for part in parts) else "img"  # what is one image may hold no links
    head = Markup(
        '<svg class="figure" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:.0f} {h:.0f}" width="{w:.0f}" '
        'height="{h:.0f}" role="{r}" aria-labelledby="{n}-t {n}-d"><title id="{n}-t">{t}</title>'
        '<desc id="{n}-d">{d}</desc>'
    ).format(r=role, w=width, h=height, n=name, t=title, d=told)
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
    style = _INKS + "svg{background:#fff;font-family:sans-serif}" + "".join(_OWN.findall(_sheet()))
    found = re.search(r'viewBox="0 0 (\d+) (\d+)" width="\d+" height="\d+"', drawn)
    if found is None:
        raise ValueError("the figure has no size")
    width, height = int(found[1]), int(found[2]) + 22
    taller = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    foot = text(4, height - 7, note, kind="soft")
    opened = str(drawn).replace(found[0], taller, 1).replace("<title", f"<style>{escape(style)}</style><title", 1)
    return opened.removesuffix("</svg>") + str(foot) + "</svg>"


def _sheet() -> str:
    return files("panakeia.page").joinpath("static", "panakeia.css").read_text(encoding="utf-8")
