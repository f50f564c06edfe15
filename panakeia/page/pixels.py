"""Pixels: a figure that stands alone as PNG, with letters that are the same on every machine."""

from functools import cache
from pathlib import Path

ZOOM = 2.0
"""Pixels for each of the figure's, so that it is sharp in a slide and on paper."""


def png(drawn: str) -> bytes:
    """Return a figure of `panakeia.page.drawing.standing_alone` as PNG, on white."""
    from resvg_py import svg_to_bytes

    return bytes(
        svg_to_bytes(
            svg_string=drawn,
            background="#ffffff",
            zoom=ZOOM,
            skip_system_fonts=True,
            font_files=list(_fonts()),
            sans_serif_family="DejaVu Sans",
        )
    )


@cache
def _fonts() -> tuple[str, ...]:
    """Return the files of the letters, which matplotlib brings: a server may have none of its own."""
    from matplotlib import get_data_path

    folder = Path(get_data_path()) / "fonts" / "ttf"
    return str(folder / "DejaVuSans.ttf"), str(folder / "DejaVuSans-Bold.ttf")
