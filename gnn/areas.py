"""Areas: which diseases belong to the nine disease areas that TxGNN holds out whole, as DOIDs.

Huang et al., Nature Medicine 2024;30:3601 (doi:10.1038/s41591-024-03233-x), give each area as a list of MONDO terms.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from kg.fetch import Fetch, PublicFile
from kg.files.table import read_csv
from kg.files.text import FileError, read_text
from kg.sources import mondo

AREAS = {
    "adrenal gland": PublicFile("splits/txgnn/adrenal_gland.csv.gz"),
    "anemia": PublicFile("splits/txgnn/anemia.csv.gz"),
    "autoimmune": PublicFile("splits/txgnn/autoimmune.csv.gz"),
    "cardiovascular": PublicFile("splits/txgnn/cardiovascular.csv.gz"),
    "cell proliferation": PublicFile("splits/txgnn/cell_proliferation.csv.gz"),
    "diabetes": PublicFile("splits/txgnn/diabetes.csv.gz"),
    "mental health": PublicFile("splits/txgnn/mental_health.csv.gz"),
    "metabolic disorder": PublicFile("splits/txgnn/metabolic_disorder.csv.gz"),
    "neurodegenerative": PublicFile("splits/txgnn/neurodigenerative.csv.gz"),
}


def read_areas(fetch: Fetch, diseases: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the areas that have some of these diseases (DOIDs), with those that they have, sorted.

    A disease belongs to an area if MONDO refers from one of the area's terms to its DOID; it may belong to several, and
    most belong to none. Raises `kg.fetch.FetchError` where a file is nowhere, `kg.files.text.FileError` where one
    cannot be read.
    """
    wanted = set(diseases)
    means: dict[str, set[str]] = defaultdict(set)
    references = read_csv(fetch.get(mondo.REFERENCES).path, ("ontology_id", "ontology", "mondo_id"))
    for row in references.by_line().values():
        if row["ontology"] == "DOID":
            means[_number(row["mondo_id"])].add(f"DOID:{row['ontology_id']}")
    found = {}
    for area, file in AREAS.items():
        if among := {doid for term in _terms(fetch.get(file).path) for doid in means[term]} & wanted:
            found[area] = tuple(sorted(among))
    return found


def _terms(path: Path) -> list[str]:
    """Return the terms that an area's file lists; pandas wrote it, with an index column that has no name."""
    rows = list(csv.DictReader(io.StringIO(read_text(path))))
    if not rows or "node_id" not in rows[0]:
        raise FileError(f"{path} lists no disease: expected rows below a header with the column node_id")
    return [_number(row["node_id"]) for row in rows]


def _number(term: str) -> str:
    """Return a MONDO number as all files have it: one writes it with leading zeros, others as a decimal number.

    >>> _number("0005148"), _number("5148.0")
    ('5148', '5148')
    """
    return term.removesuffix(".0").lstrip("0")
