"""Annotated: notes with their mentions, as a frame, as JSON and as a few lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from kg.notebook import notebook_html
from kg.patients.notes.mention import OTHER, Mention

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "file",
    "start",
    "end",
    "kind",
    "term",
    "name",
    "negated",
    "historical",
    "experiencer",
    "uncertain",
    "within",
)


@dataclass(frozen=True)
class Annotated:
    """The mentions of each note, by the note's name; `refused` are notes that could not be read, each with why.

    `names` are the names of the terms in the graph. `one` says that a single file was asked for. No text is kept.
    """

    notes: Mapping[str, Sequence[Mention]]
    names: Mapping[str, str]
    dictionary: str
    one: bool = False
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_frame(self) -> "pd.DataFrame":
        """Return a row for each mention, with the columns `COLUMNS`."""
        import pandas as pd

        rows = [
            {"file": name, **asdict(one), "name": self.names.get(one.term, "")}
            for name, mentions in self.notes.items()
            for one in mentions
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def to_json(self) -> Any:
        """Return the mentions of the file, or of each file by its name; of one that was refused, why."""
        told = {name: [one.to_json() for one in mentions] for name, mentions in self.notes.items()}
        if self.one:
            return next(iter(told.values()))
        return {**told, **{name: {"refused": reason} for name, reason in self.refused.items()}}

    def to_text(self) -> str:
        """Return how many mentions there are, and of what."""
        mentions = [one for found in self.notes.values() for one in found]
        kinds = Counter(one.kind for one in mentions)
        said = Counter(
            what
            for one in mentions
            for what, holds in (
                ("negated", one.negated),
                ("historical", one.historical),
                ("of another person", one.experiencer == OTHER),
                ("uncertain", one.uncertain),
            )
            if holds
        )
        lines = [
            f"{len(self.notes):,} note{'s' * (len(self.notes) != 1)}, {len(mentions):,} mentions"
            + (f" ({', '.join(f'{kind} {n:,}' for kind, n in sorted(kinds.items()))})" if kinds else ""),
            f"looked for: {self.dictionary}",
        ]
        lines += [", ".join(f"{what}: {n:,}" for what, n in said.items())] if said else []
        lines += [f"refused: {reason}" for reason in self.refused.values()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())
