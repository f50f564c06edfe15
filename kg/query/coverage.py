"""Coverage: how the codes of patients' records mean nodes of the graph, and which of them stay as they are.

What is counted are statements, of what is absent too: a code has to be understood either way. Patients who withdrew
consent count nowhere, and whatever fewer than `FEWEST` patients share is not told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kg.notebook import notebook_html
from kg.patients.terms.meaning import UNMAPPED
from kg.query.people import EVENTS
from kg.schema import PERSON, Step, consenting
from kg.stores.protocol import Store

FEWEST = 5
"""The fewest patients whose codes are counted together."""
COMMONEST = 20
"""How many codes that mean no node are listed if nothing else is asked."""

_CODED = tuple(relation for relation in EVENTS if "mapping" in relation.attributes)
_KEPT = f"{consenting('p')} AND r.code IS NOT NULL"


@dataclass(frozen=True)
class Coverage:
    """How codes map: `counts` by relation, system and mapping, and the commonest `unmapped` codes.

    `counts` has the columns relation, system, mapping, codes, statements, patients; `unmapped` has relation, code,
    name, statements, patients. `suppressed` counts the cells of each that too few patients share.
    """

    counts: pd.DataFrame
    unmapped: pd.DataFrame
    suppressed: Mapping[str, int]

    @property
    def mapped(self) -> pd.DataFrame:
        """The fraction of each relation's statements that map to a node: relation, statements, mapped."""
        rows = [
            (relation, int(cells["statements"].sum()), _share(cells))
            for relation, cells in self.counts.groupby("relation")
        ]
        return pd.DataFrame(rows, columns=["relation", "statements", "mapped"])

    def to_frame(self) -> pd.DataFrame:
        """Return the counts."""
        return self.counts

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        return {
            "counts": self.counts.to_dict(orient="records"),
            "mapped": self.mapped.to_dict(orient="records"),
            "unmapped": self.unmapped.to_dict(orient="records"),
            "suppressed": dict(self.suppressed),
            "fewest_patients": FEWEST,
        }

    def to_text(self) -> str:
        """Return the share of each relation that maps, and the commonest codes that do not."""
        lines = [
            f"{relation}: {mapped:.1%} of {statements:,} statements map to a node"
            for relation, statements, mapped in self.mapped.itertuples(index=False)
        ]
        if not lines:
            return "no codes of patients' records"
        lines += [
            f"  {statements:,} x {code} {name} stays as its code ({relation}, {patients:,} patients)"
            for relation, code, name, statements, patients in self.unmapped.itertuples(index=False)
        ]
        hidden = self.suppressed["counts"] + self.suppressed["unmapped"]
        return "\n".join([*lines, f"not told: {hidden:,} counts of fewer than {FEWEST} patients"])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def coverage(store: Store, *, top: int = COMMONEST) -> Coverage:
    """Count the codes of a store's patients by system and by how they map, and list the commonest that do not."""
    codes = pd.DataFrame(_codes(store), columns=["relation", "code", "mapping", "name", "statements", "patients"])
    codes["mapping"] = codes["mapping"].fillna(UNMAPPED)
    codes["system"] = [code.partition(":")[0] for code in codes["code"]]
    cells = codes.groupby(["relation", "system", "mapping"], as_index=False).agg(
        codes=("code", "nunique"), statements=("statements", "sum")
    )
    people = _patients(store, {(str(one.relation), str(one.system)) for one in cells.itertuples()})
    keys = zip(cells["relation"], cells["system"], cells["mapping"], strict=True)
    cells["patients"] = [people.get(key, 0) for key in keys]
    open_ones = codes[codes["mapping"] == UNMAPPED].sort_values(
        ["statements", "code"], ascending=[False, True], ignore_index=True
    )[["relation", "code", "name", "statements", "patients"]]
    return Coverage(
        cells[cells["patients"] >= FEWEST].reset_index(drop=True),
        open_ones[open_ones["patients"] >= FEWEST].head(top).reset_index(drop=True),
        {
            "counts": int((cells["patients"] < FEWEST).sum()),
            "unmapped": int((open_ones["patients"] < FEWEST).sum()),
        },
    )


def _share(cells: pd.DataFrame) -> float:
    total = int(cells["statements"].sum())
    return float(cells.loc[cells["mapping"] != UNMAPPED, "statements"].sum() / total) if total else 0.0


def _codes(store: Store) -> Iterator[dict[str, Any]]:
    """Yield each code of each relation and mapping, with its node's name, its statements and its patients."""
    for relation in _CODED:
        rows = store.query(
            f"MATCH (p:{PERSON}){Step(relation.name, True).pattern('r')}(n:{relation.object}) WHERE {_KEPT} "
            "RETURN r.code AS code, r.mapping AS mapping, min(n.name) AS name, count(*) AS statements, "
            "count(DISTINCT p.id) AS patients",
            {},
        )
        yield from ({"relation": relation.name, **row} for row in rows)


def _patients(store: Store, parts: set[tuple[str, str]]) -> dict[tuple[str, str, str], int]:
    """Return how many patients have a code of each relation, system and mapping."""
    found: dict[tuple[str, str, str], int] = {}
    targets = {relation.name: relation.object for relation in _CODED}
    for relation, system in sorted(parts):
        rows = store.query(
            f"MATCH (p:{PERSON}){Step(relation, True).pattern('r')}(:{targets[relation]}) "
            f"WHERE {_KEPT} AND r.code STARTS WITH $system "
            "RETURN r.mapping AS mapping, count(DISTINCT p.id) AS patients",
            {"system": f"{system}:"},
        )
        for row in rows:
            key = relation, system, row["mapping"] or UNMAPPED
            found[key] = found.get(key, 0) + row["patients"]
    return found
