"""The file beside an exported graph that names the releases behind it."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from kg.files.text import read_text
from kg.graph import SourceRelease

RELEASES = "releases.json"


def write_releases(releases: Iterable[SourceRelease], folder: Path) -> dict[str, int]:
    """Write the file into a folder; return how many releases it has, by its name."""
    told = [asdict(release) for release in releases]
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / RELEASES).write_text(text + "\n", encoding="utf-8")
    return {RELEASES: len(told)}


def releases_in(path: Path) -> list[SourceRelease]:
    """Return what such a file names; raises `ValueError` (`FileError` too) or `TypeError` for what is none."""
    return [SourceRelease(**release) for release in json.loads(read_text(path))]
