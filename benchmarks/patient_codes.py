"""Patient codes: how many codes of the mirror's records mean a node of the graph, beside what identifiers alone tell.

    panakeia build --data ../shared/data --store all.lbdb
    python benchmarks/patient_codes.py --data ../shared/data --graph all.lbdb

reads 10,580 phenopackets, 50 FHIR bundles, GiBleed, synthea27 and the demo of MIMIC-IV, asks what each event's codes
mean in that graph, and prints one JSON object. The baseline, in the same process, takes a code's own node or the one
node that cites the code, and nothing else. A fraction's interval is that of a bootstrap over patients (95 %).
"""

import argparse
import json
import os
import sys
import time
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from kg.patients.formats import fhir, mimic, omop, phenopacket
from kg.patients.record import Account, Event, LeftOut, Person, Reading
from kg.patients.terminology import Meaning, Terminology, terminology
from kg.patients.terms.codes import codings
from kg.patients.terms.meaning import UNMAPPED
from kg.stores.opening import open_store

SETS: dict[str, tuple[Any, str]] = {
    "phenopackets": (phenopacket.READER, "phenopackets.jsonl.gz"),
    "fhir": (fhir.READER, "fhir"),
    "gibleed": (omop.READER, "omop/gibleed"),
    "synthea27": (omop.READER, "omop/synthea27"),
    "mimic-iv-demo": (mimic.READER, "mimic-iv-demo"),
    "mimic-iv-demo in OMOP": (omop.READER, "omop/mimic-iv-demo"),
}
"""A data set -> what reads it, and where it is in the mirror's folder of patients."""

KINDS = {
    "condition": ("Disease", "Phenotype"),
    "drug": ("Drug",),
    "variant": ("Variant",),
    "measurement": ("Measurement",),
}
"""What an event is of -> the kinds of node that the baseline looks for."""
DRAWS = 500
Pairs = dict[tuple[str, str], tuple[tuple[Meaning, ...], bool]]
"""A person and the code of a condition -> what it means, and whether the baseline finds a node."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("PANAKEIA_DATA"), help="mirror folder")
    parser.add_argument("--graph", type=Path, required=True, help="the embedded store of `panakeia build`")
    options = parser.parse_args()
    begin = time.perf_counter()
    with open_store(options.graph) as store:
        known = terminology(store)
    loaded_s = time.perf_counter() - begin
    result: dict[str, Any] = {"benchmark": "patient_codes", "loaded_s": loaded_s, "sets": {}}
    pairs: dict[str, Pairs] = {}
    for name, (reader, place) in SETS.items():
        persons = list(reader.read([Path(options.data) / "patients" / place], Reading(Account(), datetime.now(UTC))))
        result["sets"][name], pairs[name] = measured(persons, known)
    result["pairs_of_mimic"] = two_doors(pairs["mimic-iv-demo"], pairs["mimic-iv-demo in OMOP"])
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measured(persons: list[Person], known: Terminology) -> tuple[dict[str, Any], Pairs]:
    """Return by what the events are of: how many, how they map; and the conditions by person and code."""
    begin, asked = time.perf_counter(), 0
    mappings: dict[str, Counter[str]] = defaultdict(Counter)
    ours: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    pairs: Pairs = {}
    for person in persons:
        tally: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for event in person.events:
            if event.what == "visit":
                continue
            asked += 1
            try:
                found = known.meanings(event)
            except LeftOut:
                mappings[event.what]["left out"] += 1
                continue
            mappings[event.what][mapping_of(found)] += 1
            counts = tally[event.what]
            counts[0] += 1
            counts[1] += all(one.mapping != UNMAPPED and key(one) in known.known.rows for one in found)
            plain = by_identifier(event, known)
            counts[2] += plain
            if event.what == "condition":
                pairs[person.identity[1], found[0].code] = found, plain
        for what, counts in tally.items():
            ours[what].append((counts[0], counts[1], counts[2]))
    seconds = time.perf_counter() - begin
    told = {
        what: {"mappings": dict(mappings[what].most_common()), **fractions(np.array(counts))}
        for what, counts in ours.items()
    }
    return {"persons": len(persons), "events": asked, "us_per_event": 1e6 * seconds / max(asked, 1), **told}, pairs


def mapping_of(found: tuple[Meaning, ...]) -> str:
    """Return how an event maps: `unmapped` if any part of it does not."""
    kinds = [one.mapping for one in found]
    return UNMAPPED if UNMAPPED in kinds else kinds[0]


def key(meaning: Meaning) -> tuple[str, str]:
    """Return the kind and the CURIE of a meaning's node."""
    return meaning.node["kind"], meaning.node["id"]


def by_identifier(event: Event, known: Terminology) -> bool:
    """Say whether one of an event's codes is a node's own or one that a node cites: the baseline."""
    return any(
        known.known.by_curie(kind, f"{system}:{code}") is not None
        for system, code, _ in codings(event.codes)
        for kind in KINDS.get(event.what, ())
    )


def fractions(counts: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return the fractions that lead to nodes of the graph, ours and the baseline's, with intervals over patients.

    Shapes: [patient, 3] with an event's total, ours, and the baseline's.
    """
    random = np.random.default_rng(0)
    drawn = [counts[random.integers(0, len(counts), len(counts))].sum(axis=0) for _ in range(DRAWS)]
    return {"events": int(counts[:, 0].sum())} | {
        name: {
            "fraction": float(counts[:, column].sum() / counts[:, 0].sum()),
            "interval": [float(edge) for edge in np.quantile([one[column] / one[0] for one in drawn], (0.025, 0.975))],
        }
        for column, name in ((1, "of_the_graph"), (2, "baseline"))
    }


def two_doors(tables: Pairs, in_omop: Pairs) -> dict[str, Any]:
    """Compare what the pairs of a patient and an ICD code mean in MIMIC's tables and in their OMOP version."""
    shared = sorted(tables.keys() & in_omop.keys())
    same = [pair for pair in shared if told(tables[pair][0]) == told(in_omop[pair][0])]
    found = [tables[pair][0][0] for pair in shared]
    return {
        "pairs": len(shared),
        "same_edge": len(same),
        "lead_to": dict(Counter("own code" if one.mapping == UNMAPPED else one.node["kind"] for one in found)),
        "mappings": dict(Counter(one.mapping for one in found).most_common()),
        "baseline": sum(tables[pair][1] for pair in shared),
    }


def told(found: tuple[Meaning, ...]) -> list[tuple[str, str, str, str]]:
    """Return the edges that meanings make."""
    return [(one.relation, str(one.node["id"]), one.code, one.mapping) for one in found]


if __name__ == "__main__":
    main()
