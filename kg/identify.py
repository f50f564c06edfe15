"""Identify: which identifiers mean one node, by the cross-references of the sources and by tables of equivalents.

Two nodes of a kind are one where each is the other's only equivalent among the nodes with its prefix: statements of
one-to-many, and chains that would join two nodes of one prefix, are conflicts, which are reported and never guessed.
A drug that its source only names is the one that alone has this name or synonym, if there is one.
The node is then called by the identifier whose prefix comes first in the kind's `prefixes`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kg.check import encoded
from kg.curie import OWN, standard
from kg.names import folded
from kg.schema import NODE_KINDS

CONFLICTS = pa.schema([("kind", pa.string()), ("conflict", pa.string()), ("ids", pa.list_(pa.string()))])
"""The columns of what could not be decided: `ids` are the identifiers (or the name and its nodes) in question."""

SEVERAL = "said to equal several nodes of one prefix"
CHAINED = "a chain of equivalents joins nodes of one prefix"
KINDS_APART = "one identifier, several kinds"
_BY_NAME = frozenset({"Drug"})
"""The kinds of which a node without a public identifier is the one that alone has its name, in any capitals."""

_HOPS = 2
"""How far a table of equivalents is followed: from one database over a hub, such as MONDO, to another.

Two nodes meet by no more steps of it than that, both their ways counted: beyond a hub lie identifiers that several hubs
share (a code of ICD-10 is that of many diseases), and what two hubs share does not make them one."""

ONE_NAME = "one symbol, several genes"


@dataclass(frozen=True)
class Identities:
    """Which node of a kind each identifier means: `aliases[kind]` maps others to the identifier of the node.

    `crossed[kind]` are those of them that only a table of equivalents says.
    """

    aliases: Mapping[str, pd.Series] = field(default_factory=dict)
    crossed: Mapping[str, pd.Series] = field(default_factory=dict)
    conflicts: pa.Table = field(default_factory=CONFLICTS.empty_table)

    def resolved(self, kind: str, ids: pa.ChunkedArray) -> tuple[pa.DictionaryArray, int]:
        """Return identifiers of a kind as those of the graph's nodes, spelt as Biolink does, and how many changed node.

        One that means no node, or not just one, comes back in its standard spelling.
        """
        column = in_standard_spelling(ids)
        nodes = self._nodes.get(kind)
        if not nodes:
            return column, 0
        spelt = column.dictionary.to_pylist()
        meant = pa.array([nodes.get(name, name) for name in spelt], pa.string())
        renamed = pa.array([name in nodes for name in spelt], pa.bool_())
        return pa.DictionaryArray.from_arrays(column.indices, meant), pc.sum(renamed.take(column.indices)).as_py() or 0

    @cached_property
    def _nodes(self) -> dict[str, dict[str, str]]:
        """The aliases once more, to look them up for every table of a large source."""
        return {kind: dict(zip(aliases.index, aliases, strict=True)) for kind, aliases in self.aliases.items()}


def in_standard_spelling(ids: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return identifiers spelt as Biolink does; null is empty.

    >>> in_standard_spelling(pa.chunked_array([["drugbank:DB00682"]])).to_pylist()
    ['DRUGBANK:DB00682']
    """
    column = encoded(ids)
    spelt = pa.array(map(standard, column.dictionary.to_pylist()), pa.string())
    return pa.DictionaryArray.from_arrays(column.indices, spelt)


def identities(nodes: Mapping[str, pa.Table], equivalents: Iterable[pa.Table] = ()) -> Identities:
    """Return which node each identifier means.

    `nodes[kind]` are all sources' rows with `id`, `name` and `xrefs` in standard spelling; `equivalents` are tables of
    `subject` and `object`, as `kg.rows.Rows` has them.
    """
    stated = _pairs(equivalents)
    aliases, crossed, conflicts = {}, {}, [_shared_ids(nodes), _shared_symbols(nodes)]
    for kind, rows in nodes.items():
        aliases[kind], undecided = _of_kind(kind, rows, stated)
        crossed[kind] = aliases[kind][aliases[kind].index.isin(stated["other"])]
        conflicts.append(undecided)
    return Identities(aliases, crossed, pa.concat_tables(conflicts))


def _pairs(equivalents: Iterable[pa.Table]) -> pd.DataFrame:
    """Return every equivalence, both ways round, in standard spelling: columns `id`, `other`."""
    parts = [
        pd.DataFrame({end: in_standard_spelling(table[end]).to_pandas().astype(str) for end in ("subject", "object")})
        for table in equivalents
    ]
    one = pd.concat([pd.DataFrame({"subject": [], "object": []}, dtype=str), *parts])
    one = one.rename(columns={"subject": "id", "object": "other"})
    return pd.concat([one, one.rename(columns={"id": "other", "other": "id"})]).drop_duplicates()


def _of_kind(kind: str, rows: pa.Table, stated: pd.DataFrame) -> tuple[pd.Series, pa.Table]:
    """Return the aliases among the nodes of a kind, and what could not be decided."""
    said = _references(rows, _of_same_kind(kind, stated))
    counted = said.groupby(["ref", "prefix"]).agg(
        size=("node", "size"), first=("node", "first"), hops=("hops", "first")
    )
    counted = counted.reset_index()
    several = counted["size"] > 1
    spread = counted.loc[counted.duplicated("ref", keep=False) & several, "ref"]
    conflicts = [_of_several(kind, said, spread)]
    single = counted[~several]
    pairs = single.merge(single, on="ref", suffixes=("", "_other"))
    pairs = pairs[(pairs["prefix"] < pairs["prefix_other"]) & (pairs["hops"] + pairs["hops_other"] <= _HOPS)]
    pairs = pairs.drop_duplicates(["first", "first_other"])
    rivals = pairs.duplicated(["first", "prefix_other"], keep=False)
    rivals |= pairs.duplicated(["first_other", "prefix"], keep=False)
    conflicts.append(_table(kind, SEVERAL, pairs.loc[rivals, ["first", "first_other"]].to_numpy().tolist()))
    meant = _joined(kind, pairs.loc[~rivals, "first"], pairs.loc[~rivals, "first_other"], conflicts)
    if kind in _BY_NAME:
        meant |= _named(rows, meant)
    said["node"] = [meant.get(node, node) for node in said["node"]]
    distinct = said[["ref", "node"]].drop_duplicates()
    distinct = distinct[~distinct.duplicated("ref", keep=False)]
    aliases = distinct[distinct["ref"] != distinct["node"]].set_index("ref")["node"]
    return aliases, pa.concat_tables(conflicts)


def _named(rows: pa.Table, meant: Mapping[str, str]) -> dict[str, str]:
    """Return the node of each one without a public identifier: the one that alone has its name, or it as a synonym."""
    own = pc.starts_with(rows["id"], f"{OWN}:")
    if not pc.any(own).as_py():
        return {}
    bearers: dict[str, set[str]] = {}
    for row in rows.filter(pc.invert(own)).select(["id", "name", "synonyms"]).to_pylist():
        for name in (row["name"], *(row["synonyms"] or ())):
            if name:
                bearers.setdefault(folded(name), set()).add(meant.get(row["id"], row["id"]))
    found = {}
    for row in rows.filter(own).select(["id", "name"]).to_pylist():
        nodes = bearers.get(folded(row["name"] or ""), set())
        if len(nodes) == 1:
            found[row["id"]] = next(iter(nodes))
    return found


def _of_several(kind: str, said: pd.DataFrame, refs: pd.Series) -> pa.Table:
    """Return the identifiers that join nodes of two prefixes, but several of one: each with its nodes."""
    shared = said[said["ref"].isin(refs)].groupby("ref")["node"]
    return _table(kind, SEVERAL, [[str(ref), *sorted(node for node in nodes if node != ref)] for ref, nodes in shared])


def _of_same_kind(kind: str, stated: pd.DataFrame) -> pd.DataFrame:
    """Return the equivalences that can hold for a kind: none of an identifier that only other kinds have.

    OMIM numbers genes and diseases alike, so that a table of diseases would make a gene's number a disease of it.
    """
    of_others = {prefix for other in NODE_KINDS.values() for prefix in other.prefixes} - set(NODE_KINDS[kind].prefixes)
    strange = [prefix in of_others for prefix in _prefixes(stated["other"])]
    return stated[[not one for one in strange]]


def _references(rows: pa.Table, stated: pd.DataFrame) -> pd.DataFrame:
    """Return every identifier that is said to mean a node: columns `node`, its `prefix`, `ref`, `hops`; its own too.

    `hops` are the steps of the table of equivalents that lead from the node to the identifier.
    """
    ids = rows["id"].combine_chunks()
    xrefs = rows["xrefs"].combine_chunks()
    own = pd.DataFrame({"node": ids.to_pandas(), "ref": ids.to_pandas()}, dtype=object)
    crossed = pd.DataFrame(
        {"node": ids.take(pc.list_parent_indices(xrefs)).to_pandas(), "ref": pc.list_flatten(xrefs).to_pandas()}
    )
    said = pd.concat([own, crossed]).drop_duplicates().assign(hops=0)
    for hops in range(1, 1 + (_HOPS if len(stated) else 0)):
        further = said.merge(stated, left_on="ref", right_on="id")[["node", "other"]]
        further = further.rename(columns={"other": "ref"}).assign(hops=hops)
        said = pd.concat([said, further]).drop_duplicates(["node", "ref"])
    said["prefix"] = _prefixes(said["node"])
    return said.reset_index(drop=True)


def _joined(kind: str, left: pd.Series, right: pd.Series, conflicts: list[pa.Table]) -> dict[str, str]:
    """Return the preferred identifier of each node that is one with others, adding the chains that cannot be."""
    if left.empty:
        return {}
    codes, names = pd.factorize(pd.concat([left, right]))
    half, size = len(left), len(names)
    links = coo_array(([True] * half, (codes[:half], codes[half:])), shape=(size, size))
    _, groups = connected_components(links, directed=False)
    order = {prefix: place for place, prefix in enumerate(NODE_KINDS[kind].prefixes)}
    members: dict[int, list[str]] = {}
    for name, group in zip(names, groups.tolist(), strict=True):
        members.setdefault(group, []).append(name)
    meant: dict[str, str] = {}
    chained = []
    for ids in members.values():
        prefixes = _prefixes(ids)
        if len(set(prefixes)) < len(ids):
            chained.append(sorted(ids))
            continue
        preferred = min(ids, key=lambda name: (order.get(name.partition(":")[0], len(order)), name))
        meant |= {name: preferred for name in ids}
    conflicts.append(_table(kind, CHAINED, chained))
    return meant


def _shared_ids(nodes: Mapping[str, pa.Table]) -> pa.Table:
    """Return the identifiers that stand for nodes of several kinds."""
    found = pd.concat(
        [pd.DataFrame({"id": pc.unique(rows["id"]).to_pandas(), "kind": kind}) for kind, rows in nodes.items()]
        or [pd.DataFrame({"id": [], "kind": []})]
    )
    shared = found[found.duplicated("id", keep=False)].groupby("id")["kind"].agg(", ".join)
    return pa.table(
        {"kind": list(shared), "conflict": [KINDS_APART] * len(shared), "ids": [[name] for name in shared.index]},
        CONFLICTS,
    )


def _shared_symbols(nodes: Mapping[str, pa.Table]) -> pa.Table:
    """Return the symbols that several genes of one prefix are called by."""
    if "Gene" not in nodes:
        return CONFLICTS.empty_table()
    genes = nodes["Gene"].select(["id", "name"]).to_pandas().dropna().drop_duplicates()
    genes = genes[genes["name"] != ""]
    genes["prefix"] = _prefixes(genes["id"])
    shared = genes[genes.duplicated(["name", "prefix"], keep=False)].groupby(["name", "prefix"])["id"]
    return _table("Gene", ONE_NAME, [[name, *sorted(ids)] for (name, _), ids in shared])


def _prefixes(ids: Iterable[str]) -> list[str]:
    return [name.partition(":")[0] for name in ids]


def _table(kind: str, conflict: str, ids: list[list[str]]) -> pa.Table:
    return pa.table({"kind": [kind] * len(ids), "conflict": [conflict] * len(ids), "ids": ids}, CONFLICTS)
