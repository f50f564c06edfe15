"""Held file: reads what is held of the graph in a file, in a second or two for three million edges."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kg.files.stamp import stamp_of
from kg.progress import Progress, silent
from kg.schema import NODE_KINDS, PERSON, RELATIONS, AttributeType, Step
from kg.stores.held import HeldGraph, Led, Nodes
from kg.stores.held_names import Names
from kg.stores.kept import FOLDED_COLUMNS
from kg.stores.ladybug import LadybugStore

_COLUMNS: dict[str, AttributeType] = {
    "id": "string",
    "name": "string",
    "synonyms": "string[]",
    "xrefs": "string[]",
    **FOLDED_COLUMNS,
}
_DEGREES: dict[str, AttributeType] = {"id": "string", "name": "string", "steps": "string[]", "degrees": "int64[]"}
_ENDS: dict[str, AttributeType] = {"subject": "string", "object": "string"}


def read_held(path: Path, progress: Progress = silent) -> HeldGraph | None:
    """Read what is held of the graph in a file; None where there is none, or it was replaced meanwhile.

    Raises `StoreError` for a file that is no graph of this version.
    """
    stamp, kinds = stamp_of(path), [kind for kind in NODE_KINDS if kind != PERSON]
    if stamp is None:
        return None
    with LadybugStore(path) as store:
        progress("read names", 0.0)
        tables = {kind: store.node_table(kind, _COLUMNS) for kind in kinds}
        apart = (PERSON,) if store.node_table(PERSON, {"id": "string"}).num_rows else ()
        names = Names.of(tables, apart)
        nodes = {kind: Nodes.of(store.node_table(kind, _DEGREES)) for kind in kinds}
        led: dict[Step, Led] = {}
        for done, relation in enumerate(RELATIONS):
            progress("read edges", 0.3 + 0.7 * done / len(RELATIONS))
            if PERSON not in (RELATIONS[relation].subject, RELATIONS[relation].object):
                led |= _led(relation, store.edge_table(relation, _ENDS), nodes)
    return HeldGraph(stamp, names, nodes, led) if stamp_of(path) == stamp else None


def _led(relation: str, edges: pa.Table, nodes: Mapping[str, Nodes]) -> dict[Step, Led]:
    if not edges.num_rows:
        return {}
    ends = RELATIONS[relation]
    subjects, objects = (
        pc.index_in(edges[end], pa.array(nodes[kind].ids, pa.string())).to_numpy().astype(np.int32)
        for end, kind in (("subject", ends.subject), ("object", ends.object))
    )
    here, there = len(nodes[ends.subject].ids), len(nodes[ends.object].ids)
    if ends.symmetric:
        subjects, objects = np.concatenate([subjects, objects]), np.concatenate([objects, subjects])
        return {Step(relation, True): Led.of(subjects, objects, here)}
    return {
        Step(relation, True): Led.of(subjects, objects, here),
        Step(relation, False): Led.of(objects, subjects, there),
    }
