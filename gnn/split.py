"""Splits that cannot leak: pairs of a drug and a disease held out in every form, and the proof of it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gnn.view import View
from kg.graph import Graph
from kg.schema import RELATIONS


class LeakError(ValueError):
    """A held-out pair that is still in the graph to train on."""


def pair_folds(labels: NDArray[np.bool_], folds: int, random: np.random.Generator) -> NDArray[np.int8]:
    """Deal all pairs into folds of equal size, the positive ones evenly: positive and unlabelled pairs alike.

    Shapes: labels [drug, disease] -> fold of each pair [drug, disease].

    >>> int(pair_folds(np.array([[True, False], [False, True]]), 2, np.random.default_rng(0)).sum())
    2
    """
    dealt = np.empty(labels.size, np.int8)
    for positive in (False, True):
        pairs = np.flatnonzero(labels.ravel() == positive)
        random.shuffle(pairs)
        dealt[pairs] = np.arange(len(pairs)) % folds
    return dealt.reshape(labels.shape)


def pairs_frame(view: View, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the chosen pairs as CURIEs, in the columns drug and disease. Shapes: chosen [drug, disease]."""
    drugs, diseases = np.nonzero(chosen)
    curies = {kind: np.array(view.curies[kind], dtype=object) for kind in ("Drug", "Disease")}
    return pd.DataFrame({"drug": curies["Drug"][drugs], "disease": curies["Disease"][diseases]})


def without(graph: Graph, held_out: pd.DataFrame) -> Graph:
    """Return the graph without any edge between the drug and the disease of a held-out pair.

    `held_out` has the columns `drug` and `disease` (CURIEs). Every relation between a drug and a disease loses such
    edges, in both directions: treats, palliates and predictions alike. The rest of the graph stays.
    """
    hidden = pa.array(_keys(held_out["drug"], held_out["disease"]))
    edges = dict(graph.edges)
    for relation, keys in _drug_disease_keys(graph):
        edges[relation] = edges[relation].filter(pc.invert(pc.is_in(keys, hidden)))
    return Graph(graph.nodes, edges, graph.sources)


def assert_no_leak(graph: Graph, held_out: pd.DataFrame) -> None:
    """Raise `LeakError` if a held-out pair is an edge of the graph, of whatever relation and direction."""
    hidden = pa.array(_keys(held_out["drug"], held_out["disease"]))
    for relation, keys in _drug_disease_keys(graph):
        left = keys.filter(pc.is_in(keys, hidden))
        if len(left):
            raise LeakError(
                f"{len(left)} held-out pairs are {relation} edges of the graph to train on, first {left[0]}: "
                "expected none; take them out with gnn.split.without"
            )


def _drug_disease_keys(graph: Graph) -> Iterator[tuple[str, pa.Array]]:
    """Yield each relation between drugs and diseases, with `drug disease` of each of its edges."""
    for relation, edges in graph.edges.items():
        ends = RELATIONS[relation]
        if (ends.subject, ends.object) == ("Drug", "Disease"):
            yield relation, pc.binary_join_element_wise(edges["subject"], edges["object"], " ").combine_chunks()
        elif (ends.subject, ends.object) == ("Disease", "Drug"):
            yield relation, pc.binary_join_element_wise(edges["object"], edges["subject"], " ").combine_chunks()


def _keys(drugs: pd.Series, diseases: pd.Series) -> list[str]:
    return [f"{drug} {disease}" for drug, disease in zip(drugs, diseases, strict=True)]
