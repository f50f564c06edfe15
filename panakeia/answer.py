"""Answer: what every verb gives, as a frame, as JSON values and as text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from kg.notebook import notebook_html

if TYPE_CHECKING:
    import pandas as pd

    from kg.paths import Path


class Answer(Protocol):
    """What a verb found; the rooms' own results are answers too: an audit, an explanation, a trial's result."""

    def to_frame(self) -> "pd.DataFrame":
        """Return the answer's rows."""

    def to_json(self) -> Any:
        """Return the whole answer as JSON values; a missing value is null."""

    def to_text(self) -> str:
        """Return in a few lines what the rows are, and what to know about them."""

    def _repr_html_(self) -> str:
        """Return what a notebook shows: text and rows."""


@dataclass(frozen=True)
class Paths:
    """Ranked paths between two nodes, every edge with its evidence."""

    title: str
    found: "tuple[Path, ...]"

    def to_frame(self) -> "pd.DataFrame":
        """Return the paths as rows (see `kg.paths.paths_frame`)."""
        from kg.paths import paths_frame

        return paths_frame(self.found)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the paths, each with its nodes, and its edges with their evidence."""
        return [{"rank": rank, **path.to_json()} for rank, path in enumerate(self.found, start=1)]

    def to_text(self) -> str:
        """Return the title."""
        return self.title

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


@dataclass(frozen=True)
class Table:
    """Rows with a title and notes: the answer of a verb that lists things.

    `content` is what `to_json` gives where there is more to tell than the rows.
    """

    title: str
    frame: "pd.DataFrame"
    notes: tuple[str, ...] = ()
    content: Any = None

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows."""
        return self.frame

    def to_json(self) -> Any:
        """Return the rows as JSON values, or the table's `content`."""
        return records(self.frame) if self.content is None else self.content

    def to_text(self) -> str:
        """Return the title and the notes."""
        return "\n".join([self.title, *self.notes])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def unsigned(value: Any) -> Any:
    """Return JSON values in which no zero has a sign, which rounding leaves and no reader wants.

    >>> unsigned({"z": -0.0, "low": [-0.5, 0, True]})
    {'z': 0.0, 'low': [-0.5, 0, True]}
    """
    if isinstance(value, float):
        return value or 0.0
    if isinstance(value, Mapping):
        return {name: unsigned(one) for name, one in value.items()}
    return [unsigned(one) for one in value] if isinstance(value, list | tuple) else value


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return a frame's rows as JSON values; a missing value is null."""
    return list(json.loads(frame.to_json(orient="records", double_precision=15)))
