"""Measure what CIViC's evidence says of tumours, and what matching genes alone would have said.

    python benchmarks/tumour.py --data ../shared/data [--maf FILE.maf.gz] [--store DIR/graph.lbdb]

prints one JSON object. The tumours are the acute myeloid leukaemias of TCGA. An item of evidence counts here if it is
predictive: if it speaks of a drug, for or against. Beside our tiers stand two rivals that read the two files as they
are: names that are equal letter for letter (the gene's symbol and the protein's change), and genes alone, which give a
tumour every item of every gene that it has a change in. Of the latter's items, `tiers_reject` is the share that the
tumour's changes are not what the item is about: expression, amplification, a fusion, another codon.
"""

import argparse
import csv
import gzip
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from kg.build import build
from kg.fetch import Fetch
from kg.oncology.evidence import PREDICTIVE, Tumour, TumourEvidence
from kg.oncology.match import TIERS
from kg.query.tumour import tumour
from kg.sources.civic import EVIDENCE
from kg.stores.opening import open_store

SOURCES = ("civic", "entrez")
MAF = "oncology/tcga-laml.maf.gz"
SILENT = ("Silent", "Intron", "IGR", "RNA", "5'Flank")

Items = Mapping[str, set[str]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--maf", type=Path, help="a MAF file; without it, the leukaemias of the mirror")
    parser.add_argument("--store", help="a store that holds the graph of these sources; without it one is built")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    with tempfile.TemporaryDirectory() as folder:
        url = options.store or str(Path(folder) / "graph.lbdb")
        if not options.store:
            build(SOURCES, Fetch(options.data), url)
        print(json.dumps(measure(url, options.data, options.maf or options.data / MAF), indent=2))


def measure(url: str, data: Path, maf: Path) -> dict[str, Any]:
    """Return the figures of all tumours in a file."""
    with open_store(url) as store:
        started = time.perf_counter()
        found = tumour(store, maf)
        seconds = time.perf_counter() - started
        with tempfile.TemporaryDirectory() as folder:
            unplaced = tumour(store, _of_another_genome(maf, Path(folder)))
    stated = _rows(data / EVIDENCE.path)
    changes = _rows(maf)
    names = _equal_names(stated, changes)
    genes = _genes_alone(stated, changes)
    ours = {one.sample: _items(one) for one in found.tumours}
    return {
        "tumours": len(found.tumours),
        "seconds": round(seconds, 2),
        "tumours_with_a_predictive_item": {tier: _with(found, tier) for tier in TIERS}
        | {"any": sum(map(bool, ours.values()))},
        "names_equal_letter_for_letter": sum(map(bool, names.values())),
        "exact_by_more_than_equal_names": _gained(found, names),
        "equal_names_that_are_not_exact": _lost(found, names),
        "genes_alone": {
            "tumours": sum(map(bool, genes.values())),
            "items_a_tumour": _spread(genes),
            "tiers_reject": round(1 - _shared(genes, ours) / sum(map(len, genes.values())), 3),
        },
        "tiers": {"items_a_tumour": _spread(ours)},
        "by_protein_only": _compared(found, unplaced),
    }


def _rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def _of_another_genome(maf: Path, folder: Path) -> Path:
    """Return the same file as if it were of GRCh38: its places cannot be compared with CIViC's."""
    rows = _rows(maf)
    path = folder / "unplaced.maf"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writeheader()
        writer.writerows(row | {"NCBI_Build": "GRCh38"} for row in rows)
    return path


def _compared(placed: TumourEvidence, unplaced: TumourEvidence) -> dict[str, int]:
    """Return how many variants of CIViC the tumours have with places and without, and what these lose and add."""
    a, b = (
        {(one.sample, item.tier, item.profile) for one in found.tumours for item in one.items}
        for found in (placed, unplaced)
    )
    return {"with_places": len(a), "without": len(b), "lost": len(a - b), "added": len(b - a)}


def _equal_names(stated: list[dict[str, str]], changes: list[dict[str, str]]) -> Items:
    """Return the predictive items of each tumour by equal names, read from the two files alone."""
    items: dict[tuple[str, str], set[str]] = {}
    for row in stated:
        if row["evidence_type"] == PREDICTIVE:
            items.setdefault((row["gene"], row["variant"]), set()).add(row["evidence_id"])
    found: dict[str, set[str]] = {}
    for row in changes:
        name = (row["Hugo_Symbol"], row["Protein_Change"].removeprefix("p."))
        found.setdefault(row["Tumor_Sample_Barcode"], set()).update(items.get(name, ()))
    return found


def _genes_alone(stated: list[dict[str, str]], changes: list[dict[str, str]]) -> Items:
    """Return the predictive items of each tumour by the genes that it has a change in that is not silent."""
    items: dict[str, set[str]] = {}
    for row in stated:
        if row["evidence_type"] == PREDICTIVE:
            items.setdefault(row["entrez_id"], set()).add(row["evidence_id"])
    found: dict[str, set[str]] = {}
    for row in changes:
        told = items.get(row["Entrez_Gene_Id"], ()) if row["Variant_Classification"] not in SILENT else ()
        found.setdefault(row["Tumor_Sample_Barcode"], set()).update(told)
    return found


def _items(one: Tumour) -> set[str]:
    return {item.evidence_id.rpartition(":")[2] for item in one.items if item.evidence_type == PREDICTIVE}


def _with(found: TumourEvidence, tier: str) -> int:
    return sum(one.has(tier) for one in found.tumours)


def _gained(found: TumourEvidence, names: Items) -> dict[str, int]:
    """Return the changes that alone make a tumour's evidence exact where no name is equal, by how many tumours."""
    counts: dict[str, int] = {}
    for one in found.tumours:
        if one.has("exact") and not names[one.sample]:
            exact = {item.profile for item in one.items if item.tier == "exact" and item.evidence_type == PREDICTIVE}
            key = ", ".join(sorted(exact))
            counts[key] = counts.get(key, 0) + 1
    return counts


def _lost(found: TumourEvidence, names: Items) -> int:
    return sum(bool(names[one.sample]) and not one.has("exact") for one in found.tumours)


def _shared(genes: Items, ours: Items) -> int:
    return sum(len(items & ours[sample]) for sample, items in genes.items())


def _spread(items: Items) -> dict[str, float]:
    """Return the median and the largest number of items, over tumours that have any."""
    counts = [len(of) for of in items.values() if of]
    return {"median": median(counts), "most": max(counts)}


if __name__ == "__main__":
    main()
