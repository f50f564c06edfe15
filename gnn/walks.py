"""Walks: degree-damped steps from the nodes of a kind to what they share, also from a node described later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from gnn.attributes import ATTRIBUTES
from kg.schema import RELATIONS

if TYPE_CHECKING:
    from gnn.view import View

Walk = tuple[str, ...]
"""The relations of the steps; of none is the node itself where it stands."""

DAMPING = 0.4
"""Exponent of a node's degree in the weight of a step; Himmelstein et al. 2017, doi:10.7554/eLife.26726."""


@dataclass(frozen=True)
class Way:
    """A walk, or an attribute, from the nodes of a kind, as a graph had it.

    `reached` is the degree-weighted number of walks from each node to where the walk ends. A node that the graph did
    not have goes the same way: its first step leads to `doors` (CURIEs of a kind, or tokens), each with the weight
    `damped`; from them `onward`, where the walk goes on.

    Shapes: reached [node, thing], damped [door], onward [door, thing].
    """

    reached: sp.csr_array
    doors: tuple[str, ...]
    damped: NDArray[np.float32]
    onward: sp.csr_array | None

    def of(self, firsts: Sequence[Sequence[str]]) -> sp.csr_array:
        """Return what nodes reach whose first steps lead to these doors; unknown ones lead nowhere.

        Shapes: [node] -> [node, thing].
        """
        place = {door: number for number, door in enumerate(self.doors)}
        rows, columns, weights = [], [], []
        for row, ends in enumerate(firsts):
            known = sorted({place[end] for end in ends if end in place})
            rows += [row] * len(known)
            columns += known
            weights += list(self.damped[known] * len(known) ** -DAMPING) if known else []
        shape = (len(firsts), len(self.doors))
        first = sp.csr_array((np.array(weights, np.float32), (rows, columns)), shape=shape)
        return first if self.onward is None else (first @ self.onward).tocsr()

    def to(self, doors: Sequence[str]) -> "Way":
        """Return an attribute's way as far as it leads to these tokens, in their order."""
        place = {door: number for number, door in enumerate(self.doors)}
        kept = [place[door] for door in doors]
        return Way(self.reached[:, kept].tocsr(), tuple(doors), self.damped[kept], None)


def way(view: "View", kind: str, walk: Walk | str) -> Way:
    """Walk a walk, or read an attribute, from all nodes of a kind.

    Every step from u to v weighs (degree of u x degree of v) ** -DAMPING, degrees within the step's relation. Walks
    through the same node twice are counted: at these lengths they are few and their weight is small.
    """
    if isinstance(walk, str):
        return _attribute(view, kind, walk)
    steps = [*_steps(view, kind, walk)]
    if not steps:
        nodes = view.curies.get(kind, ())
        alone = sp.eye_array(len(nodes), dtype=np.float32, format="csr")
        return Way(alone, nodes, np.ones(len(nodes), np.float32), None)
    (first, doors), *others = steps
    damped = _damp(first, 0)
    reached = sp.diags_array(_damp(first, 1)) @ first @ sp.diags_array(damped)
    onward: sp.csr_array | None = None
    for step, _ in others:
        weighted = sp.diags_array(_damp(step, 1)) @ step @ sp.diags_array(_damp(step, 0))
        onward = weighted if onward is None else onward @ weighted
    if onward is None:
        return Way(_float(reached), doors, damped, None)
    return Way(_float(reached @ onward), doors, damped, _float(onward))


def reach(view: "View", kind: str, walk: Walk) -> sp.csr_array:
    """Return the degree-weighted number of walks from each node of a kind to where the walk ends.

    Shapes: [node, end].
    """
    return way(view, kind, walk).reached


def first_relation(walk: Walk | str) -> str:
    """Return the relation of a walk's first step; nothing for an attribute and for the node itself."""
    return walk[0] if isinstance(walk, tuple) and walk else ""


def _attribute(view: "View", kind: str, name: str) -> Way:
    found = [sorted(set(ATTRIBUTES[name][1](row))) for row in view.rows(kind)]
    doors = tuple(sorted({token for tokens in found for token in tokens}))
    place = {door: number for number, door in enumerate(doors)}
    rows = np.repeat(np.arange(len(found)), [len(tokens) for tokens in found])
    columns = [place[token] for tokens in found for token in tokens]
    step = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(found), len(doors)))
    damped = _damp(step, 0)
    return Way(_float(sp.diags_array(_damp(step, 1)) @ step @ sp.diags_array(damped)), doors, damped, None)


def _steps(view: "View", kind: str, walk: Walk) -> list[tuple[sp.csr_array, tuple[str, ...]]]:
    """Return each step as a matrix of its edges, and the nodes that it leads to."""
    steps = []
    for name in walk:
        relation = RELATIONS[name]
        rows, columns = view.edges(name)
        shape = (view.count(relation.subject), view.count(relation.object))
        step = sp.csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        if relation.symmetric:
            step, kind = (step + step.T).astype(bool).astype(np.float32), relation.object
        elif kind == relation.subject:
            kind = relation.object
        else:
            step, kind = step.T, relation.subject
        steps.append((step.tocsr(), tuple(view.curies.get(kind, ()))))
    return steps


def _damp(step: sp.csr_array, axis: int) -> NDArray[np.float32]:
    degree = np.asarray(step.sum(axis=axis)).astype(np.float32)
    return np.where(degree > 0, np.maximum(degree, 1) ** -DAMPING, 0).astype(np.float32)


def _float(matrix: sp.sparray) -> sp.csr_array:
    return matrix.tocsr().astype(np.float32)
