"""Import: patients' records -> the store, through the same checks as any source, beside what the store holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from kg.audit import REJECTED, Audit, Tally
from kg.build import build_graph
from kg.graph import Graph
from kg.notebook import notebook_html
from kg.patients import fhir
from kg.patients.bundles import Rejection
from kg.patients.deidentify import TELLING_DAYS
from kg.patients.terminology import read_lexicon
from kg.progress import Progress, silent
from kg.query import days_of
from kg.schema import RELATIONS, edge_columns
from kg.stores.protocol import Store

SHOWN = 20
"""How many pseudonyms a text shows; all are in the JSON."""
DATED = frozenset(relation for relation in RELATIONS if "day" in edge_columns(relation))
"""The relations that say when."""
_TELLING = "a day that with those stored already would tell an age of 90 or more"


@dataclass(frozen=True)
class Imported:
    """What an import did: the patients' pseudonyms, the audit, and what was left out on purpose.

    `left_out` counts by FHIR resource type and reason.
    """

    patients: tuple[str, ...]
    audit: Audit
    left_out: Mapping[tuple[str, str], int]

    def to_frame(self) -> pd.DataFrame:
        """Return how many rows of each table came in, and what became of them."""
        return self.audit.to_frame()

    def to_json(self) -> dict[str, Any]:
        """Return the import as JSON values."""
        left_out = [
            {"resource": resource, "reason": reason, "count": n} for (resource, reason), n in self.left_out.items()
        ]
        return {"patients": list(self.patients), "left_out": left_out, **self.audit.to_json()}

    def to_text(self) -> str:
        """Return the import as a few lines for a terminal."""
        more = [f"and {len(self.patients) - SHOWN} more"] if len(self.patients) > SHOWN else []
        lines = [f"{len(self.patients)} patients: {', '.join([*self.patients[:SHOWN], *more])}", self.audit.to_text()]
        lines += [f"  {n:,} x left out: {reason} ({resource})" for (resource, reason), n in self.left_out.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def import_patients(
    paths: str | Path | Sequence[str | Path], store: Store, key: bytes, progress: Progress = silent
) -> Imported:
    """Read FHIR R4 bundles at these paths and add their patients to the store under pseudonyms of this key.

    What the store holds stays. What a record states is an edge of its own, beside those of other records and of other
    days; the same record, imported again, overwrites itself, so that the same files change nothing. Raises
    `kg.patients.bundles.BundleError` for a file that is no bundle of one patient; then nothing is stored.
    """
    reading = fhir.read(paths, key, read_lexicon(store), lambda step, fraction: progress(step, 0.7 * fraction))
    progress("check", 0.7)
    graph, audit = build_graph([reading.rows])
    graph, untold = _less_telling(graph, store, reading.patients)
    progress("store", 0.8)
    store.add(graph)
    progress("store", 1.0)
    left_out = dict(reading.left_out) | ({("Patient", _TELLING): untold} if untold else {})
    return Imported(reading.patients, _with_rejections(audit, reading.rejected), left_out)


def _less_telling(graph: Graph, store: Store, patients: Sequence[str]) -> tuple[Graph, int]:
    """Return the graph without the days that, with those stored, would tell an age of 90 or more, and their number."""
    spans = days_of(store, patients)
    untold = 0
    edges = dict(graph.edges)
    for relation in DATED & edges.keys():
        rows = edges[relation]
        days: list[int | None] = []
        for row in rows.select(["subject", "day"]).to_pylist():
            day = row["day"]
            first, last = spans.get(row["subject"], (day, day))
            telling = day is not None and max(last - day, day - first) >= TELLING_DAYS
            untold += telling
            days.append(None if telling else day)
        edges[relation] = rows.set_column(rows.column_names.index("day"), "day", pa.array(days, pa.int64()))
    return replace(graph, edges=edges), untold


def _with_rejections(audit: Audit, rejected: Sequence[Rejection]) -> Audit:
    """Return the audit with the resources that were refused before they became rows; their type stands as the table."""
    tables = Counter(rejection.resource for rejection in rejected)
    rows = [
        {
            "source": fhir.SOURCE,
            "table": rejection.resource,
            "file": rejection.bundle,
            "line": rejection.entry,
            "text": rejection.resource,
            "reason": f"{rejection.element} {rejection.reason}",
        }
        for rejection in rejected
    ]
    return Audit(
        audit.releases,
        audit.tallies + tuple(Tally(fhir.SOURCE, table, rows=n, merged=0, rejected=n) for table, n in tables.items()),
        pa.concat_tables([audit.rejected, pa.Table.from_pylist(rows, schema=REJECTED)]),
    )
