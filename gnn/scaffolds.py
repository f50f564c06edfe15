"""Scaffolds: which drugs are twins by their structure, so that a treatment's twin cannot give it away."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.Chem.Scaffolds.MurckoScaffold import GetScaffoldForMol
from rdkit.rdBase import BlockLogs

from kg.graph import Graph

Pairs = NDArray[np.int64]

NONE = -1
"""The group of a drug that no twin can be told of: its structure is not known, or it has no ring to make a scaffold."""


def twin_groups(graph: Graph, drugs: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return, for each way in which drugs may be twins, the group of each drug: twins have the same, others `NONE`.

    - `connectivity`: the first block of the InChIKey: the same atoms and bonds, whatever the stereochemistry.
    - `fingerprint`: the same Morgan fingerprint (radius 2, counts of atom environments, unfolded; Rogers and Hahn 2010,
      doi:10.1021/ci100050t): a likeness by fingerprints cannot tell them apart.
    - `scaffold`: the same Bemis-Murcko scaffold (doi:10.1021/jm9602928), rings and what links them; many drugs that
      are not much alike share a small one, such as benzene.

    A drug's structure is the InChI that the graph has. Shapes: [drug], for each way.
    """
    inchis = [text and _molecule(text) for text in _column(graph, "inchi", drugs)]
    keys = [text and text.split("-")[0] for text in _column(graph, "inchikey", drugs)]
    ways: dict[str, Callable[[Any], Any]] = {"fingerprint": _fingerprint, "scaffold": _scaffold}
    found = {"connectivity": _numbered([key or None for key in keys])}
    for way, told in ways.items():
        found[way] = _numbered([told(molecule) if molecule else None for molecule in inchis])
    return found


def with_a_twin(asked: Pairs, known: Pairs, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which asked pairs have a twin: a known pair of another drug of the same group with the same object.

    Shapes: asked [2, pair], known [2, other pair], groups [drug] -> [pair].

    >>> with_a_twin(np.array([[0, 2], [5, 5]]), np.array([[1, 2, 0], [5, 4, 5]]), np.array([7, 7, 7])).tolist()
    [True, True]
    >>> with_a_twin(np.array([[0, 2], [5, 5]]), np.array([[0, 2], [5, 5]]), np.array([7, 8, 9])).tolist()
    [False, False]
    """
    drugs: dict[tuple[int, int], set[int]] = {}
    for drug, other in known.T.tolist():
        drugs.setdefault((int(groups[drug]), other), set()).add(drug)
    return np.array(
        [
            groups[drug] != NONE and bool(drugs.get((int(groups[drug]), other), set()) - {drug})
            for drug, other in asked.T
        ],
        bool,
    )


def _column(graph: Graph, column: str, drugs: Sequence[str]) -> list[str]:
    """Return an attribute of each drug, an empty text where the graph has none."""
    nodes = graph.nodes["Drug"]
    rows = pc.index_in(pa.array(drugs, pa.string()), nodes["id"].combine_chunks())
    return [text or "" for text in nodes[column].take(rows).to_pylist()]


def _molecule(inchi: str) -> Any:
    """Return the molecule of an InChI; None where there is none, or RDKit cannot make sense of it."""
    with BlockLogs():  # what it says of unusual valences is nothing that a user can mend
        return Chem.MolFromInchi(inchi)


def _fingerprint(molecule: Any) -> tuple[tuple[int, int], ...] | None:
    counts = GetMorganGenerator(radius=2).GetSparseCountFingerprint(molecule).GetNonzeroElements()
    return tuple(sorted(counts.items())) or None


def _scaffold(molecule: Any) -> str | None:
    return Chem.MolToSmiles(GetScaffoldForMol(molecule)) or None


def _numbered(labels: Sequence[Any]) -> NDArray[np.int64]:
    """Return the same number for the same label, `NONE` for None."""
    numbers: dict[Any, int] = {}
    return np.array([NONE if label is None else numbers.setdefault(label, len(numbers)) for label in labels], np.int64)
