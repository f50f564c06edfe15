"""Safety: are interactions that regulators warn of found by shared proteins, how often are others, how long it takes.

    python benchmarks/safety.py --graph GRAPH.lbdb

asks a graph with DrugBank, DrugCentral and Hetionet (as `panakeia build --data DIR` makes it) for pairs of an index
inhibitor or inducer and a sensitive or index substrate that the FDA's table names for one protein, and, as a baseline,
for random pairs of Hetionet's drugs. Where the graph holds patients, it also asks for every warning and all support of
some of them. Prints one JSON object.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from kg.query.people import patients
from kg.query.safety.asked import names_of
from kg.query.safety.history import TAKES, Fact, History
from kg.query.safety.kinds import interaction
from kg.query.safety.warning import Question
from kg.safety import warnings
from kg.search import Node, meanings
from kg.stores.opening import open_store
from kg.stores.protocol import Store
from kg.support import support

INDEX = """
CYP1A2: fluvoxamine tizanidine, ciprofloxacin tizanidine, fluvoxamine caffeine
CYP2C8: clopidogrel repaglinide, gemfibrozil repaglinide, rifampicin repaglinide
CYP2C9: fluconazole warfarin, amiodarone warfarin, rifampicin warfarin
CYP2C19: fluconazole omeprazole, fluvoxamine omeprazole, ticlopidine omeprazole, rifampicin omeprazole
CYP2D6: paroxetine desipramine, fluoxetine dextromethorphan, quinidine dextromethorphan, bupropion desipramine
CYP2D6: paroxetine atomoxetine
CYP3A4: clarithromycin midazolam, itraconazole midazolam, ketoconazole midazolam, ritonavir midazolam
CYP3A4: clarithromycin simvastatin, itraconazole simvastatin, ketoconazole triazolam, erythromycin simvastatin
CYP3A4: verapamil midazolam, diltiazem midazolam, fluconazole midazolam
CYP3A4: rifampicin midazolam, phenytoin midazolam, carbamazepine simvastatin
ABCB1: quinidine digoxin, verapamil digoxin, clarithromycin digoxin
SLCO1B1: cyclosporine rosuvastatin
"""
"""Protein: what changes it and what it clears or carries, after the FDA's Table of Substrates, Inhibitors and Inducers,
where the first is a clinical inhibitor or inducer and the second a substrate. Written down without the table at hand,
and not yet checked against it."""

RANDOM = 40
"""How many of Hetionet's drugs are taken, one at a time, beside all the others."""
PATIENTS = 10
SEED = 0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", type=Path, required=True, help="an embedded store of many sources")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with open_store(options.graph) as store:
        names = names_of(store, hetionet(store))
        told = {
            "index_pairs": index_pairs(store),
            "random_pairs": random_pairs(store, names),
            "patients": of_patients(store, list(names)),
            "drugs": len(names),
            "load": round(load, 1),
        }
    sys.stdout.write(json.dumps(told, indent=2) + "\n")


def hetionet(store: Store) -> set[str]:
    """Return the drugs that Hetionet states."""
    rows = store.query("MATCH (d:Drug) RETURN d.id AS id, d.provided_by AS by", {})
    return {row["id"] for row in rows if "hetionet" in (row["by"] or ())}


def gravest(store: Store, taken: Node, drugs: dict[str, str], protein: str | None = None) -> dict[str, str]:
    """Return the gravest grade of the interactions of each drug with one taken, over one protein or any."""
    question = Question(store, {"somebody": History({TAKES: (Fact(taken, True),)})}, drugs)
    found: dict[str, Any] = {}
    for _, warning in interaction.find(question):
        if protein is None or warning.because[-1].name == protein:
            held = found.get(warning.drug)
            found[warning.drug] = warning if held is None or warning.rank < held.rank else held
    return {drug: warning.severity for drug, warning in found.items()}


def index_pairs(store: Store) -> dict[str, int]:
    """Return how many of the FDA's pairs are warned of over the protein that it names, by grade."""
    pairs = [
        (protein, *pair.split())
        for line in INDEX.strip().splitlines()
        for protein, _, listed in [line.partition(": ")]
        for pair in listed.split(", ")
    ]
    nodes = meanings(store, sorted({name for pair in pairs for name in pair[1:]}), "Drug")
    found = Counter[str]()
    for protein, changer, cleared in pairs:
        [taken], [drug] = nodes[changer], nodes[cleared]
        found[gravest(store, taken, {drug.id: drug.name}, protein).get(drug.id, "none")] += 1
    return {"pairs": len(pairs), **found}


def random_pairs(store: Store, names: dict[str, str]) -> dict[str, float]:
    """Return the share of random pairs that are warned of, by grade."""
    drawn = np.random.default_rng(SEED).choice(sorted(names), RANDOM, replace=False)
    found = Counter[str]()
    for drug in drawn.tolist():
        found.update(gravest(store, Node(drug, "Drug", names[drug]), names).values())
    return {grade: round(count / (RANDOM * (len(names) - 1)), 4) for grade, count in sorted(found.items())}


def of_patients(store: Store, drugs: list[str]) -> dict[str, Any]:
    """Return the median seconds of all warnings on these drugs, and of all weights, for a few patients."""
    everybody = sorted(patients(store)["id"])
    asked = everybody[:: max(1, len(everybody) // PATIENTS)][:PATIENTS]
    if not asked:
        return {"asked": 0}
    taken: dict[str, list[float]] = {"warnings_s": [], "support_s": []}
    for patient in asked:
        for name, ask in (
            ("warnings_s", lambda: warnings(store, patient, drugs)),  # noqa: B023
            ("support_s", lambda: support(store, patient, drugs, shown=0)),  # noqa: B023
        ):
            start = time.perf_counter()
            ask()
            taken[name].append(time.perf_counter() - start)
    return {"asked": len(asked), **{name: round(statistics.median(each), 2) for name, each in taken.items()}}


if __name__ == "__main__":
    main()
