"""Inks: what the colours of a report's figures are on a dark page; on a light one, and on paper, they stay."""

import re
from collections.abc import Mapping

DARK: Mapping[str, str] = {
    "#ffffff": "#18232b",
    "#f7fafc": "#22303a",
    "#000000": "#e6edf2",
    "#1f2933": "#e6edf2",
    "#7b8794": "#a7b6c2",
    "#9aa5b1": "#7d8d9a",
    "#cbd2d9": "#4d5f6c",
    "#e4e7eb": "#33434f",
    "#2b6cb0": "#7db8f0",
    "#c05621": "#f08c3a",
    "#2f855a": "#7fe0c3",
    "#6b46c1": "#a56eff",
    "#bee3f8": "#1f4a68",
    "#fed7d7": "#663128",
    "#c6f6d5": "#28481f",
    "#e9d8fd": "#4a3766",
    "#feebc8": "#5c4312",
    "#fefcbf": "#4d4a14",
    "#e2e8f0": "#35424d",
    "#edf2f7": "#2c3943",
}
"""Each colour that figures are drawn in (`panakeia.figures`, `panakeia.trials`), and what stands for it in the dark."""

_COLOUR = re.compile(r"(?<=: )#[0-9a-f]{6}\b")
_STYLE = re.compile(r'style="[^"]*"')


def in_both(drawn: str) -> str:
    """Return an SVG element whose colours the page around it can change (`dark_rules`); alone it looks as before.

    >>> in_both('<path style="fill: none; stroke: #2b6cb0"/>')
    '<path style="fill: none; stroke: var(--f-2b6cb0, #2b6cb0)"/>'
    """
    return _STYLE.sub(lambda style: _COLOUR.sub(lambda found: f"var({_named(found[0])}, {found[0]})", style[0]), drawn)


def dark_rules() -> str:
    """Return the declarations that make figures dark, for a rule of a dark page."""
    return " ".join(f"{_named(light)}: {dark};" for light, dark in DARK.items())


def _named(colour: str) -> str:
    return f"--f-{colour.removeprefix('#')}"
