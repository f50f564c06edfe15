"""Members: who is in a cohort, as a file lists them: pseudonyms in JSON or CSV, or people's attributes in CSV."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kg.files.documents import read_document
from kg.files.frame import frame_of
from kg.files.table import read_csv
from kg.files.text import FileError

EXPECTED = '{"patients": ["PANAKEIA:P-...", ...]}, as `panakeia cohort --json` prints'


def read_members(path: str | Path) -> tuple[str, ...]:
    """Return the pseudonyms that a file lists: JSON with `patients`, or CSV with a column `id` (or `patient`).

    Raises `FileError`, which quotes no value, and `OSError`.
    """
    if not _is_json(path):
        table = read_csv(path, [])
        column = next((name for name in ("id", "patient") if name in table.header), None)
        if column is None:
            raise FileError(
                f"{path} has the columns {', '.join(table.header)}: expected id, the patients' pseudonyms; or, of a "
                "table of people, those that are asked about"
            )
        return tuple(row[table.header.index(column)] for row in table.rows.values())
    content = read_document(path).content
    listed = content.get("patients") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise FileError(f"{path} lists no patients: expected {EXPECTED}")
    found = []
    for place, one in enumerate(listed, start=1):
        member = one.get("id") if isinstance(one, dict) else one
        if not isinstance(member, str):
            raise FileError(f"{path}: patient {place} of {len(listed)} is no pseudonym; expected {EXPECTED}")
        found.append(member)
    return tuple(found)


def read_people(path: str | Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """Return a CSV of people, one a row, if it has all of these columns; None for any other file.

    A column of numbers alone is one of numbers; an empty cell is a missing value. Raises what `read_csv` raises.
    """
    if _is_json(path) or Path(path).suffix == ".toml":
        return None
    table = read_csv(path, [])
    if not set(columns) <= set(table.header):
        return None
    return frame_of(table, columns)


def _is_json(path: str | Path) -> bool:
    return Path(path).name.removesuffix(".gz").endswith(".json")
