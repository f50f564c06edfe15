"""Support: what the molecular graph says for drugs of what a patient has: known treatments, and paths over genes.

A way leads from what the patient has to drugs, relation by relation (`WAYS`). A path weighs as in `kg.paths`, the
product over its edges of (degree x degree) ** -0.4, so that a gene that many drugs bind, or a sign of many diseases,
counts little. What a drug's paths weigh together says how much of the graph points there, not that the drug works.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import pandas as pd

from kg.meeting import Half
from kg.metapaths import steps_along, weighted_edges
from kg.notebook import notebook_html
from kg.paths import Path, described
from kg.query.people import find_patient
from kg.query.safety.asked import names_of
from kg.query.safety.history import CONDITION, PHENOTYPE, VARIANT, History, above, histories
from kg.schema import RELATIONS, Step
from kg.search import Node
from kg.stores.protocol import Store

SHOWN = 3
"""How many paths of each drug are told, the heaviest; `Supports.weight` counts all."""


class Way(NamedTuple):
    """A way from what a patient has, by `has`, to drugs, along relations.

    One that is `known` says that the drug is a treatment already: it adds nothing to the drug's weight.
    """

    has: str
    relations: tuple[str, ...]
    known: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the way."""
        return steps_along(RELATIONS[self.has].object, self.relations)


WAYS: dict[str, Way] = {
    "treats": Way(CONDITION, ("treats",), known=True),
    "palliates": Way(CONDITION, ("palliates",), known=True),
    "sensitivity": Way(VARIANT, ("variant_sensitizes_to_drug",)),
    "gene of the variant": Way(VARIANT, ("variant_in_gene", "binds")),
    "gene of the condition": Way(CONDITION, ("disease_associates_gene", "binds")),
    "cause of the condition": Way(CONDITION, ("variant_causes_disease", "variant_in_gene", "binds")),
    "gene of a disease with the sign": Way(PHENOTYPE, ("disease_has_phenotype", "disease_associates_gene", "binds")),
    "cause of a disease with the sign": Way(
        PHENOTYPE, ("disease_has_phenotype", "variant_causes_disease", "variant_in_gene", "binds")
    ),
}
"""The ways to drugs, by name; a new one is one more entry."""


@dataclass(frozen=True)
class Support:
    """A path from what the patient has to a drug, with the evidence of each of its edges.

    `because` is what the patient has: the path begins there, or at something that it is a kind of.
    """

    drug: str
    name: str
    way: str
    because: Node
    path: Path

    @property
    def through(self) -> tuple[Node, ...]:
        """The nodes between: diseases, variants, genes."""
        return self.path.nodes[1:-1]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        told = {"drug": self.drug, "name": self.name, "way": self.way, "because": asdict(self.because)}
        return told | self.path.to_json()


@dataclass(frozen=True)
class Supports:
    """What supports drugs for one patient: the heaviest paths of each drug, known treatments first, and all weights.

    `weight` is the sum of the scores of all paths to a drug that do not say that it is a treatment already.
    """

    supports: Mapping[str, tuple[Support, ...]]
    weight: Mapping[str, float]

    def of(self, drug: str) -> tuple[Support, ...]:
        """Return what supports a drug (by identifier)."""
        return self.supports.get(drug, ())

    def row(self, drug: str) -> dict[str, Any]:
        """Return what a ranking shows beside a drug: what it treats already, over which genes, and its weight."""
        found = self.of(drug)
        treats = dict.fromkeys(one.because.name for one in found if WAYS[one.way].known)
        genes = dict.fromkeys(node.name for one in found for node in one.through if node.kind == "Gene")
        return {
            "treats": ", ".join(treats) or None,
            "genes": ", ".join(genes) or None,
            "support": self.weight.get(drug, 0.0),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each path that is told: drug, name, way, because, score, path, sources."""
        rows = [
            (
                *(one.drug, one.name, one.way, one.because.name, one.path.score, str(one.path)),
                ", ".join(sorted({source for edge in one.path.edges for source in edge.sources})),
            )
            for found in self.supports.values()
            for one in found
        ]
        return pd.DataFrame(rows, columns=["drug", "name", "way", "because", "score", "path", "sources"])

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        told = {drug: [one.to_json() for one in found] for drug, found in self.supports.items()}
        return {"support": told, "weight": dict(self.weight)}

    def to_text(self) -> str:
        """Return how many drugs the graph supports, and how many it lists as treatments already."""
        known = sum(any(WAYS[one.way].known for one in found) for found in self.supports.values())
        return f"drugs with support in the graph: {len(self.supports):,}; listed as treatments already: {known:,}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def support(
    store: Store, patient: str, drugs: Collection[str] | None = None, *, at: int | None = None, shown: int = SHOWN
) -> Supports:
    """Return what supports these drugs (by identifier), or all, for a patient given as for `find_patient`.

    Of each drug the `shown` heaviest paths are told, and whatever says that it is a treatment: who ranks all drugs asks
    for none, and then for those of the drugs at the top. With `at`, a day on the patient's shifted calendar, only what
    was recorded by then counts. Raises what `find_patient` raises, and
    `ValueError` for a patient who withdrew consent.
    """
    node = find_patient(store, patient)
    known = histories(store, [node.id], at)
    if node.id not in known:
        raise ValueError("the patient withdrew consent: the store says nothing of drugs for who did")
    names = names_of(store, drugs)
    tables = [_to_drugs(store, name, way, known[node.id]) for name, way in WAYS.items()]
    found = pd.concat([table for table in tables if len(table)] or tables)
    found = (
        found[found["drug"].isin(names.keys())]
        .astype({"known": bool, "score": float})
        .sort_values(
            ["drug", "known", "score", "first", "gene"], ascending=[True, False, False, True, True], ignore_index=True
        )
    )
    weight = found[~found["known"]].groupby("drug")["score"].sum().sort_values(ascending=False, kind="stable")
    best = found[found["known"] | (found.groupby(["drug", "known"]).cumcount() < shown)]
    return Supports(_told(store, best, names), {str(drug): float(one) for drug, one in weight.items()})


_COLUMNS = ["drug", "way", "known", "first", "because", "nodes", "gene", "score"]


def _to_drugs(store: Store, name: str, way: Way, history: History) -> pd.DataFrame:
    """Return the paths of a way: drug, way, known, first (what the patient has), nodes (all, in order), gene, score.

    Of the paths from one node to what the drugs act on, only the heaviest is told; its score is that of all together.
    """
    has = {node.id: node for node in history.now(way.has)}
    wider = above(store, way.steps[0].start, has)
    starts = pd.DataFrame([(node, one) for node, all in wider.items() for one in sorted(all)], columns=["first", "at"])
    held = starts.assign(nodes=pd.Series([(one,) for one in starts["at"]], dtype=object), score=1.0)
    for step in way.steps:
        if held.empty:
            break
        edges = weighted_edges(store, step, held["at"].unique().tolist())
        held = held.merge(edges, left_on="at", right_on="x")
        held["score"] *= held["weight"]
        held["nodes"] = [(*nodes, node) for nodes, node in zip(held["nodes"], held["y"], strict=True)]
        held = held.assign(at=held["y"])[["first", "at", "nodes", "score"]]
        held = _heaviest(held)
    if held.empty:
        return pd.DataFrame(columns=_COLUMNS)
    told = held.assign(drug=held["at"], way=name, known=way.known, gene=[nodes[-2] for nodes in held["nodes"]])
    return told.assign(because=told["first"].map(has))[_COLUMNS]


def _heaviest(held: pd.DataFrame) -> pd.DataFrame:
    """Return one beginning for each pair of ends: the heaviest, with the score of all of them."""
    keys = ["first", "at"]
    ordered = held.sort_values("score", ascending=False, kind="stable")
    total = ordered.groupby(keys, sort=False)["score"].sum()
    kept = ordered.drop_duplicates(keys)
    return kept.assign(score=total.loc[pd.MultiIndex.from_frame(kept[keys])].to_numpy())


def _told(store: Store, best: pd.DataFrame, names: Mapping[str, str]) -> dict[str, tuple[Support, ...]]:
    """Return the paths of each drug with the evidence of their edges."""
    halves = [_half(WAYS[way], *told) for way, *told in zip(best["way"], best["nodes"], best["score"], strict=True)]
    known = store.nodes({key for half in halves for key in half.nodes})
    paths = described(store, halves, known)
    found: dict[str, list[Support]] = {}
    for drug, way, because, path in zip(best["drug"], best["way"], best["because"], paths, strict=True):
        found.setdefault(drug, []).append(Support(drug, names[drug], way, because, path))
    return {drug: tuple(of) for drug, of in found.items()}


def _half(way: Way, nodes: Sequence[str], score: float) -> Half:
    kinds = (way.steps[0].start, *(step.end for step in way.steps))
    return Half(float(score), tuple(zip(kinds, nodes, strict=True)), way.steps)
