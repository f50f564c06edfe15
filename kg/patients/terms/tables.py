"""Tables: what ships here of codes and names: mappings to nodes of public graphs, and public names of common codes."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from kg.files.table import read_tsv

Line = Mapping[str, str]


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a tab-separated table of patients' codes; `terms/` has more of them."""
    return list(read_tsv(Path(str(files("kg.patients"))) / name, needed=()).by_line().values())


@cache
def conditions() -> dict[tuple[str, str], Line]:
    """Return what each listed code of a condition maps to; a row without a node is left out, its `meaning` says why."""
    return {(row["system"], row["code"]): row for row in rows("terms/conditions.tsv")}


@cache
def codes() -> dict[tuple[str, str], Line]:
    """Return the `kind` of node and the public `name` of common codes that no public graph has a node for."""
    return {(row["system"], row["code"]): row for row in rows("terms/codes.tsv")}


@cache
def names() -> dict[tuple[str, str], str]:
    """Return the public names of common codes."""
    of_icd = {(row["system"], row["code"]): row["name"] for row in rows("terms/icd_names.tsv")}
    return of_icd | {code: row["name"] for code, row in codes().items()}


@cache
def items() -> dict[str, Line]:
    """Return the LOINC code of each listed laboratory item of MIMIC, and how it maps."""
    return {row["item"]: row for row in rows("terms/mimic_items.tsv")}


@cache
def drugs(column: str) -> dict[str, dict[str, str]]:
    """Return the names of the drugs by their CURIEs, by what this column of the table (rxcui, text) says."""
    found: dict[str, dict[str, str]] = {}
    for row in rows("terms/drugs.tsv"):
        if row[column]:
            found.setdefault(row[column], {})[row["node"]] = row["name"]
    return found


@cache
def products() -> dict[str, str]:
    """Return the names of the ingredients of common products whose orders name none of them, by labeler and product.

    They are of the National Drug Code Directory of the US Food and Drug Administration.
    """
    return {row["product"]: row["text"] for row in rows("terms/ndc.tsv")}


@cache
def rxnorm_products() -> dict[str, tuple[str, ...]]:
    """Return the ingredients of common products by RxNorm's numbers of both, as Synthea's records name the products."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("terms/rxnorm_products.tsv"):
        found[row["rxcui"]] = (*found.get(row["rxcui"], ()), row["ingredient"])
    return found
