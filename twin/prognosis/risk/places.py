"""Places: where risks lie, told without what reads them, whose import takes seconds."""

from pathlib import Path

MANIFEST = "manifest.json"
"""The file that says what a risk's folder holds."""


def places(root: str | Path) -> list[Path]:
    """Return the folders with a manifest in a folder and under it, down to three levels, by name.

    Not each need be a risk's: `twin.prognosis.risk.kept.found` reads them.
    """
    root = Path(root)
    return sorted({path.parent for depth in range(4) for path in root.glob("/".join(["*"] * depth + [MANIFEST]))})
