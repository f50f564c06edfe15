"""Scale: one epoch of sampled training on a generated graph, from the store, by one worker and by two.

    python benchmarks/scale.py [--edges 10000000] [--nodes 500000] [--folder DIR] [--device cpu]

prints one JSON object. The graph is made up: twelve relations between six kinds, four edges in five within one of
`COMMUNITIES`, so that there is something to learn. `treats` is learned by R-GCN on sampled neighbourhoods; the figure
is the average precision of pairs that were held out among ten times as many random ones: a random order has one in
eleven, an order that knows the communities about `most_precision`. Each part runs in processes of its own, of which
the largest resident memory of all together is told, with the arrays on the disk that they look into.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from process_tree import run

SHARES = {
    "Gene": ("NCBIGene:{}", 0.3),
    "Drug": ("DRUGBANK:DB{}", 0.2),
    "Disease": ("DOID:{}", 0.1),
    "BiologicalProcess": ("GO:{}", 0.2),
    "Anatomy": ("UBERON:{}", 0.1),
    "SideEffect": ("UMLS:C{}", 0.1),
}
"""How a kind's nodes are called, and its share of all nodes."""

RELATIONS = (
    "treats",
    "binds",
    "causes_side_effect",
    "drug_upregulates_gene",
    "drug_downregulates_gene",
    "disease_associates_gene",
    "disease_upregulates_gene",
    "disease_localizes_to_anatomy",
    "gene_interacts_gene",
    "gene_regulates_gene",
    "gene_participates_in_biological_process",
    "anatomy_expresses_gene",
)
"""Each has as many of the edges."""

COMMUNITIES, WITHIN = 200, 0.8
"""A node's community is its number modulo so many; this share of the edges stays within one."""

TRAINING = ("--relation", "treats", "--dim", "32", "--fan-out", "3", "1", "--batch", "2048", "--rate", "0.01")


def main() -> None:
    """Build, train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--nodes", type=int, default=500_000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the store is made; else a temporary folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        build(options.build, options.nodes, options.edges)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        store = folder / "graph.lbdb"
        sizes = ("--nodes", str(options.nodes), "--edges", str(options.edges))
        load = os.getloadavg()[0]
        _, built = measured([sys.executable, __file__, "--build", str(store), *sizes])
        workers = {}
        for count in (1, 2):
            torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count))
            command = [sys.executable, *(torchrun if count > 1 else ()), "-m", "gnn.distributed", *TRAINING]
            rest = ("--epochs", str(options.epochs), "--device", options.device)
            out = folder / str(count)
            if count > 1:  # one reading of the store will do
                shutil.copytree(folder / "1" / "structure", out / "structure")
            told, taken = measured([*command, "--store", str(store), "--out", str(out), *rest])
            workers[str(count)] = json.loads(told) | taken
    rivals = 10 / COMMUNITIES
    result = {
        "benchmark": "scale",
        "nodes": options.nodes,
        "edges": options.edges,
        "cores": len(os.sched_getaffinity(0)),
        "load_of_others": load,
        "training": TRAINING,
        "most_precision": WITHIN / (1 + rivals / WITHIN) + (1 - WITHIN) / 11,
        "build": built,
        "workers": workers,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def measured(command: list[str]) -> tuple[str, dict[str, float]]:
    """Run a command, on one thread unless told otherwise; return what it prints, its seconds and its memory."""
    taken = run(command, OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "1"))
    return taken.said, {"wall_s": taken.wall_s, "peak_of_all_gib": taken.peak_gib}


def build(path: Path, nodes: int, edges: int) -> None:
    """Make the graph up and write it into a new store."""
    from kg.graph import Graph, SourceRelease, arrow_schema
    from kg.schema import RELATIONS as ENDS
    from kg.schema import edge_columns, node_columns
    from kg.stores.ladybug import LadybugStore

    random = np.random.default_rng(13)
    ids = {kind: identifiers(kind, max(COMMUNITIES, round(nodes * share))) for kind, (_, share) in SHARES.items()}
    tables = {}
    for kind, those in ids.items():
        given = {"id": those, "name": those, "provided_by": pa.array([["generated"]] * len(those))}
        tables[kind] = filled(arrow_schema(node_columns(kind)), len(those), given)
    rows = {}
    for name in RELATIONS:
        near, far = ids[ENDS[name].subject], ids[ENDS[name].object]
        pairs = joined(len(near), len(far), edges // len(RELATIONS), random)
        given = {"subject": near.take(pa.array(pairs[0])), "object": far.take(pa.array(pairs[1]))}
        rows[name] = filled(arrow_schema(edge_columns(name)), pairs.shape[1], given)
    with LadybugStore(path, create=True) as store:
        store.replace(Graph(tables, rows, (SourceRelease("generated", "1", "CC0-1.0", "", ""),)))


def joined(near: int, far: int, count: int, random: np.random.Generator) -> Any:
    """Draw different pairs, most within a community. Shapes: [2, pair]."""
    left, right = random.integers(near, size=count), random.integers(far, size=count)
    inside = random.random(count) < WITHIN
    moved = right - right % COMMUNITIES + left % COMMUNITIES
    right = np.where(inside & (moved < far), moved, right)
    return np.stack(np.divmod(np.unique(left * far + right), far))


def identifiers(kind: str, count: int) -> pa.Array:
    """Return the CURIEs of a kind's nodes."""
    before, _, after = SHARES[kind][0].partition("{}")
    digits = pc.utf8_lpad(pa.array(np.arange(1, count + 1)).cast(pa.string()), 7, "0")
    return pc.binary_join_element_wise(before, digits, after, "")


def filled(schema: pa.Schema, count: int, given: dict[str, pa.Array]) -> pa.Table:
    """Return a table with these columns, who states it, and nothing else."""
    told = {
        "source": "generated",
        "source_version": "1",
        "licence": "CC0-1.0",
        "knowledge_level": "knowledge_assertion",
        "agent_type": "manual_agent",
    }
    columns = [
        given[field.name]
        if field.name in given
        else pa.repeat(pa.scalar(told[field.name]), count)
        if field.name in told
        else pa.nulls(count, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


if __name__ == "__main__":
    main()
