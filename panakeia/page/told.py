"""Told: a verb's answer as the page shows it, the same where it was asked and where a job has it: words and rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from panakeia.answer import records
from panakeia.desk.jobs.job import Job
from panakeia.page.answers import Seen
from panakeia.page.render import address
from panakeia.page.view import ON_A_PAGE

_FIGURES = (".svg", ".png")
_KINDS = {
    "csv": "table",
    "html": "report",
    "json": "data",
    "jsonl": "data, one a line",
    "md": "text",
    "npz": "arrays",
    "parquet": "table",
    "png": "figure",
    "safetensors": "model",
    "skops": "model",
    "svg": "figure",
    "toml": "settings",
    "tsv": "table",
    "txt": "text",
    "xpt": "table",
}
"""What a file is, by how its name ends."""


@dataclass(frozen=True)
class Told:
    """An answer: its words, the columns and first rows of its table, and how many rows there are.

    `version` is that of the data where it may be another than today's.
    """

    words: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    total: int
    version: str = ""


@dataclass(frozen=True)
class Finished:
    """A job that is done, as the page reads it from the job's folder."""

    job: Job

    @cached_property
    def told(self) -> Told:
        """Its answer."""
        result: Mapping[str, Any] = self.job.result() or {}
        rows, total = self._rows(ON_A_PAGE)
        columns = list(rows[0]) if rows else []
        return Told(result.get("told", ""), columns, rows, total, result.get("version", ""))

    def rows(self) -> Sequence[Mapping[str, Any]]:
        """Return all rows of its answer."""
        return self._rows(None)[0]

    def content(self) -> Any:
        """Return its answer's JSON values."""
        return json.loads(self.job.answer("json").read_bytes())

    def _rows(self, most: int | None) -> tuple[list[dict[str, Any]], int]:
        path = self.job.answer("jsonl")
        if not path.exists():  # the answer's rows are such that a table cannot hold them
            return [], 0
        with path.open("rb") as lines:
            rows = [json.loads(line) for line in islice(lines, most)]
            return rows, len(rows) + sum(1 for _ in lines)


def told_of(seen: Seen) -> Told:
    """Return an answer that was asked just now."""
    rows = records(seen.frame.head(ON_A_PAGE))
    return Told(seen.text, [str(name) for name in seen.frame.columns], rows, len(seen.frame))


def files_of(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a job, as `panakeia.api.jobs.about` has them, with what each is and its size in words.

    >>> files_of({"files": [{"name": "out/matrix.parquet", "bytes": 2_100_000, "path": "/x"}]})
    [{'name': 'out/matrix.parquet', 'path': '/x', 'size': '2.1 MB', 'kind': 'table (Parquet)', 'is_figure': False}]
    """
    return [
        {
            "name": one["name"],
            "path": address(one["path"]),
            "size": size_words(one["bytes"]),
            "kind": _kind(one["name"]),
            "is_figure": one["name"].endswith(_FIGURES),
        }
        for one in about.get("files", ())
    ]


def size_words(count: int) -> str:
    """Return a size in words.

    >>> size_words(1), size_words(900), size_words(2_400), size_words(3_000_000_000)
    ('1 byte', '900 bytes', '2.4 kB', '3.0 GB')
    """
    if count < 1000:
        return f"{count} byte{'' if count == 1 else 's'}"
    size, unit = count / 1000, "kB"
    for larger in ("MB", "GB"):
        if size < 999.95:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}"


def _kind(name: str) -> str:
    ending = name.rpartition(".")[2].casefold() if "." in name.rpartition("/")[2] else ""
    shown = {"parquet": "Parquet"}.get(ending, ending.upper())
    return f"{_KINDS[ending]} ({shown})" if ending in _KINDS else "file"
