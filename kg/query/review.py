"""Review: the whole graph at a glance: what became of each source's rows, who states what, and what looks odd."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kg.audit import conflict_lines, conflicts_json
from kg.graph import SourceRelease, data_version
from kg.identify import identities
from kg.licence import NOT_STATED, USES, forbids
from kg.notebook import notebook_html
from kg.progress import Progress, silent
from kg.query.node import info
from kg.schema import RELATIONS
from kg.stores.protocol import Store
from kg.stores.releases import read_releases

SHOWN = 10
"""How many orphans and hubs an answer names."""

_NODES = pa.schema(
    [
        ("id", pa.string()),
        ("name", pa.string()),
        ("synonyms", pa.list_(pa.string())),
        ("xrefs", pa.list_(pa.string())),
        ("provided_by", pa.list_(pa.string())),
        ("edges", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Review:
    """What a store's graph holds.

    `releases` tell what became of their rows; `statements` has a row for each relation, source, licence and knowledge
    level, with its edges; `conflicts` has the columns `kg.identify.CONFLICTS`; `orphans` counts by kind the nodes that
    no edge joins to another, with the first of them; `hubs` are the nodes with the most neighbours: id, kind, name,
    neighbours; `stated` counts by source the nodes that it states.
    """

    releases: tuple[SourceRelease, ...]
    statements: pd.DataFrame
    conflicts: pa.Table
    orphans: Mapping[str, tuple[int, list[str]]]
    hubs: pd.DataFrame
    stated: Mapping[str, int]

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Return what became of the rows of each source that tells it: see `kg.audit.accounts`."""
        return {release.name: json.loads(release.account) for release in self.releases if release.account}

    def licences(self) -> pd.DataFrame:
        """Return the edges of each licence: licence, whether it forbids commercial use (None: not stated), edges."""
        rows = self.statements.groupby("licence", sort=False)["edges"].sum().sort_values(ascending=False).reset_index()
        told = [None if name in NOT_STATED else forbids(name, USES[0]) for name in rows["licence"]]
        rows.insert(1, "forbids_commercial_use", told)
        return rows

    def to_frame(self) -> pd.DataFrame:
        """Return what became of the rows of each source and table."""
        rows = [row for told in self.accounts().values() for row in told["tables"]]
        columns = ["source", "table", "rows", "kept", "merged", "rejected", "mapped", "left_out"]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        accounts = self.accounts()
        return {
            "data_version": data_version(self.releases),
            "sources": [
                {"name": r.name, "version": r.version, "licence": r.licence, "files": dict(r.files)}
                | accounts.get(r.name, {})
                for r in self.releases
            ],
            "statements": self.statements.to_dict(orient="records"),
            "licences": self.licences().astype(object).to_dict(orient="records"),
            "conflicts": conflicts_json(self.conflicts),
            "orphans": {kind: {"nodes": count, "examples": ids} for kind, (count, ids) in self.orphans.items()},
            "hubs": self.hubs.to_dict(orient="records"),
        }

    def to_text(self) -> str:
        """Return the whole as lines for a terminal."""
        lines, accounts = [f"data version {data_version(self.releases)}"], self.accounts()
        for release in self.releases:
            lines += _source_lines(release, accounts.get(release.name))
        for row in self.licences().to_dict(orient="records"):
            use = {None: "nothing is stated", True: "no commercial use", False: "commercial use is not forbidden"}
            told = use[row["forbids_commercial_use"]]
            lines.append(f"licence {row['licence'] or '(none)'}: {row['edges']:,} edges; {told}")
        for kind, (count, ids) in self.orphans.items():
            lines.append(f"orphans: {count:,} nodes of kind {kind} have no edge, first {', '.join(ids[:3])}")
        hubs = [f"{row['name']} ({row['kind']}, {row['neighbours']:,})" for row in self.hubs.to_dict(orient="records")]
        lines.append(f"hubs, by neighbours: {', '.join(hubs)}")
        return "\n".join(lines + conflict_lines(self.conflicts))

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def review(store: Store, progress: Progress = silent) -> Review:
    """Look the whole graph of a store over; people are counted, but no orphan or hub that is shown is one."""
    held = info(store)
    statements = []
    for number, relation in enumerate(held["edges"]):
        progress(f"count {relation}", 0.6 * number / len(held["edges"]))
        statements += _statements(store, relation)
    nodes, hubs, orphans, stated = {}, [], {}, Counter[str]()
    for number, kind in enumerate(held["nodes"]):
        progress(f"look at the nodes of kind {kind}", 0.6 + 0.4 * number / len(held["nodes"]))
        rows = _nodes(store, kind)
        stated.update(pc.list_flatten(rows["provided_by"]).to_pylist())
        alone = rows.filter(pc.equal(rows["edges"], 0))["id"]
        if len(alone):
            orphans[kind] = (len(alone), [] if kind == "Patient" else sorted(alone.to_pylist())[:SHOWN])
        if kind != "Patient":
            nodes[kind] = rows
            most = rows.sort_by([("edges", "descending"), ("id", "ascending")]).slice(0, SHOWN)
            hubs += [(row["id"], kind, row["name"], row["edges"]) for row in most.to_pylist()]
    progress("reviewed", 1.0)
    found = pd.DataFrame(sorted(hubs, key=lambda hub: -hub[3])[:SHOWN], columns=["id", "kind", "name", "neighbours"])
    return Review(
        read_releases(store),
        pd.DataFrame(statements, columns=["relation", "source", "licence", "knowledge_level", "edges"]),
        identities(nodes).conflicts,
        orphans,
        found,
        dict(stated),
    )


def _statements(store: Store, relation: str) -> list[tuple[object, ...]]:
    ends = RELATIONS[relation]
    rows = store.query(
        f"MATCH (:{ends.subject})-[r:{relation}]->(:{ends.object}) RETURN r.source AS source, r.licence AS licence, "
        "r.knowledge_level AS level, count(*) AS edges ORDER BY source, licence, level",
        {},
    )
    return [(relation, row["source"], row["licence"] or "", row["level"] or "", row["edges"]) for row in rows]


def _nodes(store: Store, kind: str) -> pa.Table:
    rows = store.query(
        f"MATCH (n:{kind}) RETURN n.id AS id, n.name AS name, n.synonyms AS synonyms, n.xrefs AS xrefs, "
        "n.degrees AS degrees, n.provided_by AS provided_by ORDER BY id",
        {},
    )
    lists = ("synonyms", "xrefs", "provided_by")
    told = [row | {name: row[name] or [] for name in lists} | {"edges": sum(row["degrees"] or ())} for row in rows]
    return pa.Table.from_pylist(told, schema=_NODES)


def _source_lines(release: SourceRelease, told: Mapping[str, Any] | None) -> list[str]:
    """Return what became of a source's rows; that is not told of patients' records, and of graphs of older versions."""
    head = f"{release.name} {release.version} ({release.licence or 'no licence stated'})"
    if told is None:
        return [head]
    counts = {what: sum(row[what] for row in told["tables"]) for what in _COUNTED}
    lines = [
        f"{head}: " + ", ".join(f"{count:,} {words}" for what, words in _COUNTED.items() if (count := counts[what]))
    ]
    lines += [f"  left out: {row['rows']:,} x {row['reason']}" for row in told["left_out"]]
    lines += [f"  rejected: {row['rows']:,} x {row['reason']} ({row['table']})" for row in told["reasons"]]
    lines += [f"    {row['file']}, line {row['line']}: {row['text']!r}" for row in told["rejected"][:3]]
    return lines


_COUNTED = {
    "rows": "rows came in",
    "kept": "kept",
    "merged": "merged into others",
    "mapped": "identifiers of other databases mapped",
    "left_out": "left out for their licence",
    "rejected": "rejected",
}
