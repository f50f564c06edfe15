"""Splits that cannot leak: how pairs and nodes are dealt, held out in every form, and the proof of it.

A held-out pair is a row of a frame with a column for each of its two kinds, named like them in lower case: drug and
disease, drug and gene, patient and drug.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kg.graph import Graph
from kg.schema import NODE_KINDS, RELATIONS

Pairs = NDArray[np.int64]
"""Rows of subjects above rows of objects. Shapes: [2, pair]."""

Kinds = tuple[str, str]


class LeakError(ValueError):
    """A held-out pair that is still in the graph to train on."""


def pair_folds(labels: NDArray[np.bool_], folds: int, random: np.random.Generator) -> NDArray[np.int8]:
    """Deal all pairs into folds of equal size, the positive ones evenly: positive and unlabelled pairs alike.

    Shapes: labels of any, one of each pair, or node -> its fold, the same.

    >>> int(pair_folds(np.array([[True, False], [False, True]]), 2, np.random.default_rng(0)).sum())
    2
    """
    dealt = np.empty(labels.size, np.int8)
    for positive in (False, True):
        pairs = np.flatnonzero(labels.ravel() == positive)
        random.shuffle(pairs)
        dealt[pairs] = np.arange(len(pairs)) % folds
    return dealt.reshape(labels.shape)


def hashed_folds(pairs: Pairs, folds: int, seed: int) -> NDArray[np.int8]:
    """Return the fold of each pair, whatever other pairs there are: for kinds too large for a table of all pairs.

    A pair's two numbers are mixed by the finaliser of SplitMix64 (Steele et al. 2014, doi:10.1145/2660193.2660195), so
    that folds follow neither the order of subjects nor that of objects; positive and unlabelled pairs alike.

    Shapes: pairs [2, pair] -> [pair].

    >>> hashed_folds(np.array([[0, 0, 1, 2], [0, 1, 0, 0]]), 5, seed=0).tolist()
    [1, 1, 4, 0]
    """
    subjects, objects = pairs.astype(np.uint64)
    mixed = _mix(_mix(_mix(np.uint64(seed) + _GOLDEN) ^ subjects) + _GOLDEN ^ objects)
    return (mixed % np.uint64(folds)).astype(np.int8)


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(values: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):  # it is arithmetic modulo 2^64
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))


def node_folds(nodes: NDArray[np.int64], folds: int, random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Deal whole nodes into folds of equal size: every pair of a node is then held out with it. Shapes: nodes [node].

    >>> [len(fold) for fold in node_folds(np.arange(7), 3, np.random.default_rng(0))]
    [3, 2, 2]
    """
    dealt = random.permutation(np.unique(nodes))
    return [np.sort(dealt[fold::folds]) for fold in range(folds)]


def all_pairs_of(nodes: NDArray[np.int64], others: int) -> Pairs:
    """Return every pair of these nodes, as subjects, with each of so many others.

    >>> all_pairs_of(np.array([4]), 3).tolist()
    [[4, 4, 4], [0, 1, 2]]
    """
    return np.stack([np.repeat(nodes, others), np.tile(np.arange(others), len(nodes))])


def named(pairs: Pairs, kinds: Kinds, curies: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return pairs as CURIEs, in a column for each kind; millions of pairs take little room (categories).

    Shapes: pairs [2, pair].
    """
    return pd.DataFrame(
        {
            column_of(kind): pd.Categorical.from_codes(rows, categories=pd.Index(curies[kind], dtype=object))
            for kind, rows in zip(kinds, pairs, strict=True)
        }
    )


def column_of(kind: str) -> str:
    """Return the name of a kind's column in a frame of pairs.

    >>> column_of("Disease")
    'disease'
    """
    return kind.lower()


def without(graph: Graph, held_out: pd.DataFrame, kinds: Kinds | None = None) -> Graph:
    """Return the graph without any edge between the two ends of a held-out pair.

    `held_out` has a column for each of the two kinds (CURIEs). Every relation between the two kinds loses such edges,
    in both directions and of every source: treats, palliates, judgements and predictions alike. The rest of the graph
    stays. With `kinds` and a column for one of them alone, whole nodes are hidden: all edges of theirs to the other
    kind. Raises `ValueError` for a frame that does not say which kinds it is about.
    """
    edges = dict(graph.edges)
    for relation, hidden in _hidden_edges(graph, held_out, kinds):
        edges[relation] = edges[relation].filter(pa.array(~hidden))
    return Graph(graph.nodes, edges, graph.sources)


def assert_no_leak(graph: Graph, held_out: pd.DataFrame, kinds: Kinds | None = None) -> None:
    """Raise `LeakError` if a held-out pair, or one of a held-out node, is an edge, of whatever relation and direction.

    `held_out` and `kinds` are those of `without`.
    """
    for relation, hidden in _hidden_edges(graph, held_out, kinds):
        if hidden.any():
            first = graph.edges[relation].slice(int(hidden.argmax()), 1)
            ends = [first[end][0].as_py() for end in ("subject", "object")]
            raise LeakError(
                f"{hidden.sum()} held-out pairs are {relation} edges of the graph to train on, first {' '.join(ends)}: "
                "expected none; take them out with gnn.split.without"
            )


def kinds_of(held_out: pd.DataFrame) -> Kinds:
    """Return the two kinds that a frame of pairs has columns for; raises `ValueError` if they are not two.

    >>> kinds_of(pd.DataFrame({"drug": [], "note": [], "gene": []}))
    ('Drug', 'Gene')
    """
    kinds = {column_of(kind): kind for kind in NODE_KINDS}
    found = [kinds[column] for column in held_out.columns if column in kinds]
    if len(found) != 2:
        columns = ", ".join(map(str, held_out.columns)) or "none"
        raise ValueError(f"held-out pairs have the columns {columns}: expected two that name kinds, like drug, disease")
    return found[0], found[1]


def _hidden_edges(graph: Graph, held_out: pd.DataFrame, kinds: Kinds | None) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield each relation between two kinds, with which of its edges join a held-out pair. Shapes: [edge]."""
    first, second = kinds or kinds_of(held_out)
    columns = {kind: held_out[column_of(kind)] for kind in (first, second) if column_of(kind) in held_out.columns}
    if not columns:
        raise ValueError(f"held-out nodes have no column {column_of(first)} or {column_of(second)}: expected one")
    names = {kind: pd.Index(column.unique()).astype(object) for kind, column in columns.items()}
    rows = {kind: names[kind].get_indexer(pd.Index(column).astype(object)) for kind, column in columns.items()}
    pairs = _codes(rows, names)
    for relation, edges in graph.edges.items():
        kinds_there = RELATIONS[relation].subject, RELATIONS[relation].object
        for end, other in (("subject", "object"), ("object", "subject")):
            if kinds_there == ((first, second) if end == "subject" else (second, first)):
                ends = {first: edges[end], second: edges[other]}
                there = {
                    kind: pc.fill_null(pc.index_in(ends[kind], pa.array(index, pa.string())), -1).to_numpy()
                    for kind, index in names.items()
                }
                known = np.logical_and.reduce([rows >= 0 for rows in there.values()])
                yield relation, known & np.isin(_codes(there, names), pairs)
                break


def _codes(rows: Mapping[str, NDArray[np.integer]], names: Mapping[str, pd.Index]) -> NDArray[np.int64]:
    """Return one number for each pair of rows, or for each row where there is but one column of them."""
    code = np.zeros(1, np.int64)
    for kind, found in rows.items():
        code = code * (len(names[kind]) + 1) + found
    return code
