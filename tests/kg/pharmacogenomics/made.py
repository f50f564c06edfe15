"""Tiny files of the shape of the mirror's, for the tests of pharmacogenomic sources."""

import gzip
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from kg.audit import Audit
from kg.build import build_graph
from kg.fetch import Fetch
from kg.graph import Graph
from kg.pharmacogenomics.drugs import DRUGBANK
from kg.pharmacogenomics.genes import GENES

GENE_IDS = {"CYP2C9": 1559, "CYP2C19": 1557, "CYP2D6": 1565, "UGT1A1": 54658, "VKORC1": 79001, "SLCO1B1": 10599}


def write_lists(folder: Path, genes: Sequence[str] = ()) -> None:
    """Write the list of genes (those of `GENE_IDS`, and more with made-up numbers) and DrugBank's of drugs."""
    for file in (GENES, DRUGBANK):
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
    ids = {gene: 900_000 + place for place, gene in enumerate(genes)} | GENE_IDS
    rows = "".join(f"{id_}\t{symbol}\n" for symbol, id_ in ids.items())
    (folder / GENES.path).write_bytes(gzip.compress(f"gene_id\tsymbol\n{rows}".encode()))
    drugs = "DB00945\tAcetylsalicylic acid\nDB00682\tWarfarin\nDB00758\tClopidogrel\nDB00321\tAmitriptyline\n"
    (folder / DRUGBANK.path).write_bytes(gzip.compress(f"drugbank_id\tname\n{drugs}".encode()))


def build(source: ModuleType, folder: Path, reject: float = 0.0) -> tuple[Graph, Audit]:
    """Return the graph of one source, read from a folder."""
    rows = source.read(Fetch(folder, cache=folder / "no-cache", offline=True))
    return build_graph([rows], max_reject_share=reject)


def edges(graph: Graph, relation: str, **said: Any) -> list[dict[str, Any]]:
    """Return the edges of a relation whose columns say this."""
    rows = graph.edges[relation].to_pylist() if relation in graph.edges else []
    return [row for row in rows if all(row[column] == value for column, value in said.items())]


def nodes(graph: Graph, kind: str) -> dict[str, dict[str, Any]]:
    """Return the nodes of a kind by their CURIEs."""
    return {row["id"]: row for row in graph.nodes[kind].to_pylist()}
