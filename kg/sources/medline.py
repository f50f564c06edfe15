"""MEDLINE: diseases that papers name together more often than chance, with the counts and the test.

Himmelstein, https://github.com/dhimmel/medline: topics of MEDLINE papers in 2015, a one-sided Fisher's exact test.
"""

from typing import Any

from kg.fetch import Fetch, PublicFile
from kg.files.columns import read_records
from kg.files.number import number
from kg.files.text import FileError
from kg.rows import Rows, edge_rows, node_rows
from kg.source import Source

PAIRS = PublicFile("attributes/medline_disease_disease.tsv.gz")

SOURCE = Source(
    name="medline",
    gives="pairs of diseases that MEDLINE's papers name together more often than chance, with counts and p-value",
    version="2015",
    licence="CC0-1.0",
    citation="Himmelstein DS, Lizee A, Hessler C, et al. Systematic integration of biomedical knowledge prioritizes "
    "drugs for repurposing. eLife 2017;6:e26726. doi:10.7554/eLife.26726",
    url="https://github.com/dhimmel/medline",
    files=(PAIRS,),
)

SIGNIFICANT = 0.005
"""Pairs with a smaller p are kept, as in Hetionet; the table has every pair, most of them never named together."""

COUNTS = ("expected", "enrichment", "odds_ratio", "p_fisher")

_ENDS = ("doid_code_0", "doid_code_1")
_NAMES = ("doid_name_0", "doid_name_1")


def read(fetch: Fetch) -> Rows:
    """Read the pairs; raises `kg.fetch.FetchError` or `kg.files.text.FileError`, which names a line without number."""
    found = SOURCE.fetched(fetch)
    columns = (*_ENDS, *_NAMES, "cooccurrence", *COUNTS)
    edges: list[dict[str, Any]] = []
    left_out = {f"p_fisher of {SIGNIFICANT} or more": 0, "the same pair the other way round": 0}
    diseases: dict[str, dict[str, Any]] = {}
    for row in read_records(found[PAIRS].path, columns):
        place = {"file": PAIRS.name, "line": row["line"]}
        told = {"subject": row[_ENDS[0]], "object": row[_ENDS[1]], **place}
        if not row[_ENDS[1]]:  # a malformed line, to be rejected
            edges.append(told)
            continue
        counts = _counts(row)
        if counts["p_fisher"] >= SIGNIFICANT:
            left_out[f"p_fisher of {SIGNIFICANT} or more"] += 1
            continue
        for end, name in zip(_ENDS, _NAMES, strict=True):
            diseases.setdefault(row[end], {"id": row[end], "name": row[name], **place})
        if row[_ENDS[0]] < row[_ENDS[1]]:  # the table has each pair both ways round, with the same numbers
            edges.append(told | counts)
        else:
            left_out["the same pair the other way round"] += 1
    shared = {"knowledge_level": "statistical_association", "agent_type": "data_analysis_pipeline"}
    return Rows(
        SOURCE.release(found),
        (node_rows("Disease", diseases.values()),),
        (edge_rows("disease_resembles_disease", edges, **shared),),
        left_out=left_out,
    )


def _counts(row: dict[str, Any]) -> dict[str, Any]:
    """Return the statistics of a pair; odds without a paper on the other side are infinite, which no number says."""
    counts: dict[str, Any] = {"cooccurrence": _number(row, "cooccurrence")}
    for column in COUNTS:
        counts[column] = None if row[column] == "inf" else _number(row, column)
    return counts | {"cooccurrence": int(counts["cooccurrence"])}


def _number(row: dict[str, Any], column: str) -> float:
    value = number(row[column])
    if value is None:
        raise FileError(f"{PAIRS.name}, line {row['line']}: expected a number as {column}, got {row[column]!r}")
    return value
