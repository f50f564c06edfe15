"""Tables: an answer as bytes of a form: all of it as JSON, its rows as CSV, TSV or Parquet."""

import io
import json
from typing import Literal, TypeAlias

import numpy as np

from kg.files.table import write_csv, write_tsv
from panakeia.answer import Answer, records
from panakeia.beyond import CURE

Form: TypeAlias = Literal["json", "jsonl", "csv", "tsv", "parquet"]
FORMS: dict[Form, str] = {
    "json": "application/json",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
"""The forms and their media types."""


def rendered(answer: Answer, form: Form) -> bytes:
    """Return an answer's bytes: the JSON is the command line's, the others are the rows alone (`jsonl`: one a line)."""
    if form == "json":
        told = answer.to_json()
        try:
            return json.dumps(told, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:  # infinite, or no number
            raise ValueError(f"the answer has numbers that are none: {CURE}") from None
    frame = answer.to_frame().copy()
    for name, kind in frame.dtypes.items():
        if isinstance(kind, np.dtype) and kind.kind == "f":
            frame[name] += 0.0  # minus zero is zero
    if form == "jsonl":
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in records(frame))
    if form == "parquet":
        held = io.BytesIO()
        mixed = [name for name, kind in frame.dtypes.items() if isinstance(kind, np.dtype) and kind.kind == "O"]
        frame.astype(dict.fromkeys(mixed, "string")).to_parquet(held, index=False)
        return held.getvalue()
    text = io.StringIO()
    (write_csv if form == "csv" else write_tsv)(frame, text)
    return text.getvalue().encode()
