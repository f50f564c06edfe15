"""Measure the calls of star alleles against PharmCAT's own reports and VCFs, and how long a hundred samples take.

    python benchmarks/pgx.py --data ../shared/data

prints one JSON object. `reports` counts the cells of PharmCAT's two example reports (diplotype, phenotype, activity
score, match score of each gene) that are the same here. `named` counts its VCFs named after a diplotype: those whose
diplotype is that of the name, and those that are otherwise for a reason that tests/kg/pharmacogenomics/named_vcfs.tsv
gives. `samples` is a VCF of a hundred people in which positions are missing: `left_open` is the share of called genes
that the missing positions leave in doubt, and `in_doubt` that whose phenotype may be another one for it; a caller that
takes what is missing for the reference would have called these all the same.
"""

import argparse
import csv
import json
import os
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from kg.fetch import Fetch
from kg.pharmacogenomics.calls import Caller, call_vcf, read_caller
from kg.pharmacogenomics.outside import OutsideCall
from kg.pharmacogenomics.recommend import read_guidance, recommend

FOLDER = "pgx/pharmcat/vcf"
EXAMPLES = ("pharmcat.example", "pharmcat.example2")
NAMED = "pgx/pharmcat/test-vcf-by-diplotype.tar.gz"
EXPECTED = Path(__file__).parents[1] / "tests" / "kg" / "pharmacogenomics" / "named_vcfs.tsv"
MANY = "100samples.vcf.bgz"
REPEATS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    options = parser.parse_args()
    if options.data is None:
        parser.error("give --data or set PANAKEIA_DATA")
    fetch = Fetch(options.data)
    started = time.perf_counter()
    caller = read_caller(fetch)
    seconds = round(time.perf_counter() - started, 2)
    folder = options.data / FOLDER
    figures = {
        "reports": [report(folder / f"{name}.vcf", folder / f"{name}.report.tsv", caller) for name in EXAMPLES],
        "named": named(options.data / NAMED, caller),
        "samples": samples(folder / MANY, fetch, caller) | {"seconds_reading_definitions": seconds},
    }
    print(json.dumps(figures, indent=2))


def report(vcf: Path, expected: Path, caller: Caller) -> dict[str, object]:
    """Return how many cells of a report are equal."""
    rows = list(csv.DictReader(expected.read_text(encoding="utf-8").splitlines()[1:], delimiter="\t"))
    outside = {
        row["Gene"]: OutsideCall(row["Gene"], (tuple(row["Source Diplotype"].split("/")),), None, None)
        for row in rows
        if row["Outside Call"] == "yes"
    }
    (found,) = call_vcf(vcf, caller, outside=outside).values()
    equal = 0
    for row in rows:
        result = found[row["Gene"]]
        value = row["Activity Score"].strip()
        equal += " OR ".join(result.diplotypes) == row["Source Diplotype"]
        equal += (result.phenotype or "") == row["Phenotype"].strip()
        equal += result.activity_score == (float(value) if value else None)
        equal += result.score == int(row["Match Score"])
    return {"report": expected.name, "genes": len(rows), "cells": 4 * len(rows), "equal": equal}


def named(archive: Path, caller: Caller) -> dict[str, int]:
    """Return how many VCFs have the diplotype that they are named after, or another one that is explained."""
    cases = list(csv.DictReader(EXPECTED.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    counts = {"vcfs": len(cases), "as_named": 0, "explained": 0, "otherwise": 0}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        for case in cases:
            path = Path(folder) / "test_vcf_by_diplotype" / f"{case['file']}.vcf"
            first = next(iter(call_vcf(path, caller).values()))
            same = " OR ".join(first[case["gene"]].diplotypes) == case["called"]
            counts["otherwise" if not same else "explained" if case["why"] else "as_named"] += 1
    return counts


def samples(path: Path, fetch: Fetch, caller: Caller) -> dict[str, Any]:
    """Return how long many samples take, and what is called of them."""
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        found = call_vcf(path, caller)
        taken.append(time.perf_counter() - started)
    started = time.perf_counter()
    guidance = read_guidance(fetch)
    read = time.perf_counter() - started
    advice = [recommend(genes, guidance, caller.rules) for genes in found.values()]
    results = [result for genes in found.values() for result in genes.values()]
    called = [result for result in results if result.called]
    doubt = [result for result in called if len(set(result.possible)) > 1 and result.untold]
    return {
        "samples": len(found),
        "seconds": round(median(taken), 2),
        "seconds_advice": round(time.perf_counter() - started - read, 2),
        "genes": len(results),
        "called": len(called),
        "left_open": round(sum(bool(result.untold) for result in called) / len(called), 4),
        "in_doubt": round(len(doubt) / len(called), 4),
        "recommendations": sum(map(len, advice)),
    }


if __name__ == "__main__":
    main()
