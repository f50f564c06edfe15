"""Metapaths: how many paths of one kind lead from a node to each other one, and how much they weigh.

A metapath names the relations of a path in order. The weight is the degree-weighted path count (DWPC) of Himmelstein et
al. 2017, eLife 6:e26726: the sum, over the paths, of the score that `kg.paths` ranks by. No path meets a node twice.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from kg.filter import EVERYTHING, Filter
from kg.meeting import CHANGED, DAMPING
from kg.notebook import notebook_html
from kg.query.adjacency import check_relations, direction
from kg.query.known import look_up
from kg.schema import PERSON, Step, steps_from
from kg.search import AmbiguousName, Node, check_count, check_sources, find
from kg.stores.protocol import Key, Store, StoreError

LONGEST = 6
MOST = 20_000_000
"""How many beginnings of paths may be held at a time: 1 GiB or so."""
COLUMNS = ("id", "kind", "name", "paths", "dwpc")


@dataclass(frozen=True)
class PathCounts:
    """How many paths along a metapath lead from a node to others.

    `ends` has the columns id, kind, name, paths, dwpc, and a row for each node that a path leads to, the heaviest
    first, up to as many as were asked for of `total`.
    """

    node: Node
    steps: tuple[Step, ...]
    ends: pd.DataFrame
    total: int

    @property
    def metapath(self) -> str:
        """The kinds and relations that a path goes along."""
        arrows = (f" {str(step).replace(step.relation, f' {step.relation} ')} {step.end}" for step in self.steps)
        return self.node.kind + "".join(arrows)

    def to_frame(self) -> pd.DataFrame:
        """Return the nodes that paths lead to."""
        return self.ends

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        ends = [dict(zip(COLUMNS, row, strict=True)) for row in self.ends.itertuples(index=False, name=None)]
        return {"node": asdict(self.node), "metapath": self.metapath, "ends": ends, "total": self.total}

    def to_text(self) -> str:
        """Return the metapath, where it begins, and to how many nodes it leads."""
        listed = f", of which the first {len(self.ends):,} are listed" if len(self.ends) < self.total else ""
        return f"{self.metapath}\nfrom {self.node.name} ({self.node.id}) to {self.total:,} nodes{listed}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def count_paths(
    store: Store,
    start: str | Node,
    metapath: Sequence[str],
    end: str | Node | None = None,
    *,
    where: Filter = EVERYTHING,
    top: int | None = None,
) -> PathCounts:
    """Count the paths along a metapath from a node, to each node at its other end, or to one.

    The nodes are given as for `kg.search.find`, the metapath as for `steps_along`. An edge counts if a statement of it
    passes the filter; degrees are those of the whole graph. No path leads through a patient. Raises what these raise,
    and `ValueError` for an unknown source, a `top` below 1, an end of another kind, or more paths than can be held.
    """
    if top is not None:
        check_count("top", top)
    check_sources(store, where)
    node = start if isinstance(start, Node) else _start(store, start, metapath)
    steps = steps_along(node.kind, metapath)
    kinds = (node.kind, *(step.end for step in steps))
    if PERSON in kinds[1:-1]:
        raise ValueError(f"no path leads through a patient, but the metapath is {' - '.join(kinds)}")
    goal = None if end is None else end if isinstance(end, Node) else find(store, end, kinds[-1])
    if goal is not None and goal.kind != kinds[-1]:
        raise ValueError(f"the metapath ends at a {kinds[-1]}, but {goal.id} is a {goal.kind}")
    look_up(store, [(node.kind, node.id)])
    counted = _counted(store, node.id, steps, where)
    if goal is not None:
        counted = counted[counted["id"] == goal.id]
    ordered = counted.sort_values(["dwpc", "id"], ascending=[False, True], ignore_index=True)
    ends = ordered if top is None else ordered.head(top)
    names = {key: known.name for key, known in store.nodes([(kinds[-1], one) for one in ends["id"]]).items()}
    ends = ends.assign(kind=kinds[-1], name=[names[kinds[-1], one] for one in ends["id"]])[list(COLUMNS)]
    return PathCounts(node, steps, ends, len(ordered))


def _start(store: Store, text: str, metapath: Sequence[str]) -> Node:
    """Return the node that a text means; of several, the one that the metapath can begin at."""
    try:
        return find(store, text)
    except AmbiguousName as several:
        fitting = [node for node in several.choices if _leads(node.kind, metapath)]
        if len(fitting) != 1:
            raise
        return fitting[0]


def _leads(kind: str, metapath: Sequence[str]) -> bool:
    try:
        return bool(steps_along(kind, metapath))
    except ValueError:
        return False


def steps_along(kind: str, metapath: Sequence[str]) -> tuple[Step, ...]:
    """Return the steps of a metapath that begins at a kind of node; each is a relation's name.

    A relation between nodes of one kind that has a direction needs it: `gene_regulates_gene:out` along its arrow,
    `gene_regulates_gene:in` against it. Raises `ValueError` where a relation does not lead on.

    >>> [str(step) for step in steps_along("Drug", ["binds", "disease_associates_gene"])]
    ['-binds->', '<-disease_associates_gene-']
    >>> steps_along("Gene", ["gene_regulates_gene"])
    Traceback (most recent call last):
    ValueError: gene_regulates_gene leads from a Gene both ways: say gene_regulates_gene:out or gene_regulates_gene:in
    """
    if not 1 <= len(metapath) <= LONGEST:
        raise ValueError(f"the metapath has {len(metapath)} relations: expected 1 to {LONGEST}")
    check_relations((text.partition(":")[0] for text in metapath), "the metapath")
    steps: list[Step] = []
    for text in metapath:
        name, _, way = text.partition(":")
        at = steps[-1].end if steps else kind
        ways = [step for step in steps_from(at) if step.relation == name]
        chosen = [step for step in ways if way in ("", direction(step))]
        if len(chosen) > 1:
            raise ValueError(f"{name} leads from a {at} both ways: say {name}:out or {name}:in")
        if not chosen:
            leads = " or ".join(f"{name}:{direction(step)}" for step in ways) or "another relation"
            raise ValueError(f"{text} does not lead on from a {at}: expected {leads}")
        steps += chosen
    return tuple(steps)


def _counted(store: Store, start: str, steps: Sequence[Step], where: Filter) -> pd.DataFrame:
    """Return the ends of all paths, with the number of those to each (`paths`) and their weight (`dwpc`).

    Beginnings of paths that end at the same node, and have the same of those nodes that a later one must not be, are
    held as one. So a metapath whose kinds all differ costs no more than its edges.
    """
    kinds = [steps[0].start, *(step.end for step in steps)]
    held = pd.DataFrame({"0": [start], "paths": np.ones(1, np.int64), "dwpc": np.ones(1)})
    for place, step in enumerate(steps, start=1):
        before, here = str(place - 1), str(place)
        edges = weighted_edges(store, step, held[before].unique().tolist(), where)
        numbers = held[before].map(edges["x"].value_counts()).sum()
        if numbers > MOST:
            raise ValueError(
                f"more than {MOST:,} beginnings of paths lead along {step}: count from the other end, or name a filter"
            )
        held = held.merge(edges, left_on=before, right_on="x").rename(columns={"y": here}).drop(columns="x")
        earlier = [str(one) for one in range(place) if kinds[one] == kinds[place] and str(one) in held]
        for one in earlier:
            held = held[held[one] != held[here]]
        held["dwpc"] *= held.pop("weight")
        needed = [one for one in range(place) if str(one) in held and kinds[one] in kinds[place + 1 :]]
        keys = [*map(str, needed), here]
        held = held.groupby(keys, as_index=False, sort=False)[["paths", "dwpc"]].sum()
    return held.rename(columns={str(len(steps)): "id"})


def weighted_edges(
    store: Store,
    step: Step,
    origins: Collection[str],
    where: Filter = EVERYTHING,
    ends: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return the edges that a step goes along from some nodes, to any or to these: x, y, weight; each pair once."""
    pairs = pd.DataFrame(_pairs(store, step, origins, where), columns=["x", "y"]).drop_duplicates(ignore_index=True)
    if ends is not None:
        pairs = pairs[pairs["y"].isin(set(ends))]
    near = _degrees(store, step, pairs["x"].unique().tolist())
    far = _degrees(store, step.reverse, pairs["y"].unique().tolist())
    degrees = pairs["x"].map(near).astype(float) * pairs["y"].map(far).astype(float)
    if degrees.isna().any():
        raise StoreError(CHANGED)
    return pairs.assign(weight=degrees**-DAMPING)


def _pairs(store: Store, step: Step, origins: Collection[str], where: Filter) -> Iterator[tuple[str, str]]:
    if origins:
        for _, origin, ends in store.follow({step: origins}, where):
            yield from ((origin, end) for end in ends)


def _degrees(store: Store, step: Step, nodes: Sequence[str]) -> dict[str, int]:
    keys: list[Key] = [(step.start, node) for node in nodes]
    return {node: known.degrees[step] for (_, node), known in store.nodes(keys).items() if step in known.degrees}
