"""KGX: seconds and memory from a generated KGX graph to a queryable, validated store, beside a bare read of the file.

    python benchmarks/kgx.py [--edges 10000000] [--nodes 500000] [--folder DIR]

prints one JSON object. The graph is made up, in the shape of Monarch's: seven categories, twelve predicates, qualifiers
and publications on some edges. The baseline is the floor: pandas reads the same two files and checks, keeps and stores
nothing. Each runs in a process of its own, whose memory is sampled with that of its children.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from process_tree import run

TARGETS = {"peak_gib": 6}
"""What is asked of ten million edges: at most."""

CATEGORIES = (
    ("biolink:Gene", "NCBIGene", 0.3),
    ("biolink:Protein", "UniProtKB", 0.1),
    ("biolink:Disease", "MONDO", 0.1),
    ("biolink:SmallMolecule", "CHEBI", 0.2),
    ("biolink:PhenotypicFeature", "HP", 0.1),
    ("biolink:AnatomicalEntity", "UBERON", 0.1),
    ("biolink:OrganismTaxon", "NCBITaxon", 0.1),
)
"""Category, prefix, share of the nodes."""

PREDICATES = (
    ("biolink:interacts_with", 0, 0),
    ("biolink:interacts_with", 0, 0),
    ("biolink:interacts_with", 0, 1),
    ("biolink:expressed_in", 0, 5),
    ("biolink:treats", 3, 2),
    ("biolink:affects", 3, 0),
    ("biolink:has_phenotype", 2, 4),
    ("biolink:gene_associated_with_condition", 0, 2),
    ("biolink:in_taxon", 0, 6),
    ("biolink:orthologous_to", 0, 0),
    ("biolink:subclass_of", 2, 2),
    ("biolink:coexists_with", 4, 2),
)
"""Predicate, and the places in `CATEGORIES` of what it joins."""

BATCH = 500_000


def main() -> None:
    """Make the graph, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--nodes", type=int, default=500_000)
    parser.add_argument("--folder", type=Path, help="where the files are made; else a temporary folder")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        sys.stdout.write(json.dumps(PARTS[options.part](options.folder)))
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        write_nodes(folder / "nodes.tsv", options.nodes)
        write_edges(folder / "edges.tsv", options.nodes, options.edges)
        size = sum(path.stat().st_size for path in folder.iterdir())
        built, floor = (measured(part, folder) for part in PARTS)
    result = {
        "benchmark": "kgx",
        "nodes": options.nodes,
        "edges": options.edges,
        "files_mib": size / 2**20,
        "cores": len(os.sched_getaffinity(0)),
        "load_of_others": load,
        "targets": TARGETS,
        "embedded": built | {"edges_per_s": options.edges / built["wall_s"]},
        "baseline": {"pandas_read_csv": floor | {"edges_per_s": options.edges / floor["wall_s"]}},
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measured(part: str, folder: Path) -> dict[str, Any]:
    """Run one part in a process of its own; return what it says, its seconds, and the largest memory of its tree."""
    taken = run([sys.executable, __file__, "--part", part, "--folder", str(folder)])
    return json.loads(taken.said) | {"wall_s": taken.wall_s, "peak_gib": taken.peak_gib}


def build_embedded(folder: Path) -> dict[str, Any]:
    """Build the graph into an embedded store."""
    from kg.build import build
    from kg.fetch import Fetch
    from kg.graph import SourceRelease
    from kg.kgx.read import read
    from kg.manifest import Input

    release = SourceRelease("generated", "1", "CC0-1.0", "", "")
    begin, told, assembled = time.perf_counter(), set(), []

    def tell(step: str, fraction: float) -> None:
        told.add(fraction)
        if step == "assembled":
            assembled.append(time.perf_counter() - begin)
        sys.stderr.write(f"{time.perf_counter() - begin:6.1f} s {fraction:4.0%} {step}\n")

    store = folder / "graph.lbdb"
    one = Input("generated", release.licence, lambda fetch: read(folder / "nodes.tsv", folder / "edges.tsv", release))
    audit = build([one], Fetch(offline=True), store, progress=tell)
    return {
        "files_to_graph_s": assembled[0],
        "cpu_s": time.process_time(),
        "rows_kept": sum(tally.kept for tally in audit.tallies),
        "rejected": audit.rejected.num_rows,
        "file_mib": store.stat().st_size / 2**20,
        "times_progress_moved": len(told),
    }


def read_bare(folder: Path) -> dict[str, Any]:
    """Read the two files and nothing more."""
    import pandas as pd

    frames = [pd.read_csv(folder / name, sep="\t", quoting=3, dtype="str") for name in ("nodes.tsv", "edges.tsv")]
    return {"rows": sum(map(len, frames))}


PARTS = {"build": build_embedded, "pandas": read_bare}


def write_nodes(path: Path, count: int) -> None:
    """Write made-up nodes, those of each category one after the other."""
    with path.open("wb") as stream:
        stream.write(b"id\tcategory\tname\txref\tsynonym\tprovided_by\n")
        for kind, (category, prefix, _) in enumerate(CATEGORIES):
            first, last = span(kind, count)
            ids = identifiers(kind, np.arange(first, last))
            numbers = pa.array(np.arange(first, last)).cast(pa.string())
            names = pc.binary_join_element_wise("node", numbers, " ")
            cells = (ids, category, names, "", pc.binary_join_element_wise("other name of", numbers, " "), prefix)
            write_lines(stream, pc.binary_join_element_wise(*cells, "\t"))


def write_edges(path: Path, nodes: int, count: int) -> None:
    """Write made-up edges between random nodes."""
    random = np.random.default_rng(11)
    with path.open("wb") as stream:
        stream.write(
            b"id\tsubject\tpredicate\tobject\tprimary_knowledge_source\taggregator_knowledge_source\tpublications\t"
            b"knowledge_level\tagent_type\tobject_aspect_qualifier\tobject_direction_qualifier\n"
        )
        for begin in range(0, count, BATCH):
            for place, (predicate, near, far) in enumerate(PREDICATES):
                rows = len(range(place, min(BATCH, count - begin), len(PREDICATES)))
                ends = [identifiers(kind, random.integers(*span(kind, nodes), rows)) for kind in (near, far)]
                number = pa.array(np.arange(rows) + begin + place * BATCH // len(PREDICATES)).cast(pa.string())
                papers = pa.array(random.integers(10**6, 4 * 10**7, rows)).cast(pa.string())
                cells = (
                    pc.binary_join_element_wise("edge", number, "-"),
                    ends[0],
                    predicate,
                    ends[1],
                    f"infores:source{place}",
                    "infores:generated",
                    pc.binary_join_element_wise("PMID", papers, ":") if place % 3 == 0 else "",
                    "knowledge_assertion",
                    "manual_agent",
                    "activity" if place == 5 else "",
                    "increased" if place == 5 else "",
                )
                write_lines(stream, pc.binary_join_element_wise(*cells, "\t"))


def span(kind: int, count: int) -> tuple[int, int]:
    """Return the first number of a category's nodes, and the one after the last."""
    shares = np.cumsum([0, *(share for _, _, share in CATEGORIES)])
    first, last = (round(share * count) for share in shares[kind : kind + 2])
    return first, max(first + 2, last)


def identifiers(kind: int, numbers: Any) -> pa.Array:
    """Return the CURIEs of a category's nodes with these numbers."""
    category, prefix, _ = CATEGORIES[kind]
    digits = pa.array(numbers + 1).cast(pa.string())
    if prefix in ("MONDO", "HP", "UBERON"):
        digits = pc.utf8_lpad(digits, 7, "0")
    if category == "biolink:Protein":
        digits = pc.binary_join_element_wise("P", pc.utf8_slice_codeunits(pc.utf8_lpad(digits, 5, "0"), -5), "")
    return pc.binary_join_element_wise(prefix, digits, ":")


def write_lines(stream: Any, lines: pa.Array) -> None:
    """Write lines, each with its end."""
    stream.write("\n".join(lines.to_pylist()).encode() + b"\n")


if __name__ == "__main__":
    main()
