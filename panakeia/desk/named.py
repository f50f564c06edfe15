"""Named: an answer that calls what the desk keeps by its name, and not by where it lies on this machine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kg.notebook import notebook_html
from panakeia.answer import Answer, unsigned
from panakeia.desk.wording import by_verbs

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Named:
    """An answer without the folders `roots`, so that a model is `model-binds`, and a job's output `ID/out`.

    Only the text is changed unless the verb answers with names of what is kept (`rows`).
    """

    answer: Answer
    roots: "re.Pattern[str]"
    rows: bool

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows."""
        frame = self.answer.to_frame()
        if not self.rows:
            return frame
        texts = [name for name, kind in frame.dtypes.items() if kind == "O" or str(kind).startswith("str")]
        changed = {name: frame[name].map(self._of) for name in texts}
        return frame.assign(**{str(name): column for name, column in changed.items()}).rename(columns=self._of)

    def to_json(self) -> Any:
        """Return the whole answer as JSON values, the same each time."""
        return self._json

    @cached_property
    def _json(self) -> Any:
        told = unsigned(self.answer.to_json())
        return self._of(told) if self.rows else told

    def to_text(self) -> str:
        """Return the text."""
        return without(self.roots, by_verbs(self.answer.to_text()))

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            return without(self.roots, value)
        if isinstance(value, Mapping):
            return {self._of(name): self._of(one) for name, one in value.items()}
        return [self._of(one) for one in value] if isinstance(value, list | tuple) else value

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def roots_of(folders: Sequence[str]) -> "re.Pattern[str]":
    """Return a pattern of these folders where a path is one, or begins with one; the longest first.

    >>> told = "/srv/desk/model, out/model-binds, about/out/x, all of /srv/desk"
    >>> without(roots_of(["/srv/desk/", "out"]), told)
    'model, model-binds, about/out/x, all of desk'
    """
    found = sorted({one.rstrip("/") for one in folders if one.strip("./")}, key=len, reverse=True)
    return re.compile(rf"(?<![\w/.])({'|'.join(map(re.escape, found))})(/|(?![\w/.-]))" if found else r"(?!)")


def without(roots: "re.Pattern[str]", text: str) -> str:
    """Return a text in which what lies in a folder is told by its name there, and the folder by its own."""
    return roots.sub(lambda found: "" if found[2] else found[1].rpartition("/")[2], text)
