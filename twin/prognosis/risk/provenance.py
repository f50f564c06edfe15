"""Provenance: which data a model was trained on, and by which schema; another's patients are refused by name."""

import hashlib
import io
import json
from dataclasses import dataclass

import pandas as pd

from kg.files.table import write_csv
from twin.prognosis.question import Features
from twin.trials.analysis.table import AnalysisError


class OtherVersion(AnalysisError):
    """Patients, or a model, of another version than expected."""


@dataclass(frozen=True)
class Provenance:
    """The version of the data and of their schema; of a file they are hashes of its rows, and of its columns."""

    data: str
    schema: str

    @classmethod
    def of(cls, table: pd.DataFrame, features: Features) -> "Provenance":
        """Return the versions of a table: of all that stands in it, and of its features' names and types."""
        text = io.StringIO()
        write_csv(table, text)
        types = [
            [name, "number" if of is None else "level"]
            for name, of in zip(features.names, features.levels, strict=True)
        ]
        return cls(f"sha256:{_hash(text.getvalue())}", f"columns:{_hash(json.dumps(types))}")

    def require(self, other: "Provenance") -> None:
        """Raise `OtherVersion` where what is asked of comes from other data, or another schema."""
        for what, own, given in (("schema", self.schema, other.schema), ("data", self.data, other.data)):
            if own != given:
                raise OtherVersion(
                    f"the model was trained on {what} {own}, and the patients are of {what} {given}; "
                    "train it anew on these data"
                )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
