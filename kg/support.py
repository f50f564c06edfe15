"""Support: what the molecular graph says for drugs of what a patient has: known treatments, and paths over genes.

A way leads from what the patient has to drugs, relation by relation (`WAYS`). A path weighs as in `kg.paths`, the
product over its edges of (degree x degree) ** -0.4, so that a gene that many drugs bind, or a sign of many diseases,
counts little. What a drug's paths weigh together says how much of the graph points there, not that the drug works.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, NamedTuple

import pandas as pd

from kg.meeting import Half
from kg.metapaths import steps_along, weighted_edges
from kg.notebook import notebook_html
from kg.paths import Path, described
from kg.patients.diplotypes import pharmacogenes
from kg.query.people import find_patient
from kg.query.safety.asked import names_of
from kg.query.safety.history import CONDITION, PHENOTYPE, VARIANT, History, above, histories
from kg.safety import WITHDREW
from kg.schema import RELATIONS, Step
from kg.search import Node
from kg.stores.protocol import Store

SHOWN = 3
"""How many paths of each drug are told, the heaviest; `Supports.weight` counts all."""


class Way(NamedTuple):
    """A way from what a patient has, by `has`, to drugs, along relations.

    One that is `known` says that the drug is a treatment already: it adds nothing to the drug's weight. One that
    `alters` says how the patient handles the drug: no evidence that it works, and told apart. Ways over the gene of a
    variant part at the gene: those that alter lead over pharmacogenes alone, the others over none.
    """

    has: str
    relations: tuple[str, ...]
    known: bool = False
    alters: bool = False


WAYS: dict[str, Way] = {
    "treats": Way(CONDITION, ("treats",), known=True),
    "palliates": Way(CONDITION, ("palliates",), known=True),
    "sensitivity": Way(VARIANT, ("variant_sensitizes_to_drug",)),
    "gene of the variant": Way(VARIANT, ("variant_in_gene", "binds")),
    "pharmacogene of the variant": Way(VARIANT, ("variant_in_gene", "binds"), alters=True),
    "gene of the condition": Way(CONDITION, ("disease_associates_gene", "binds")),
    "cause of the condition": Way(CONDITION, ("variant_causes_disease", "variant_in_gene", "binds")),
    "gene of a disease with the sign": Way(PHENOTYPE, ("disease_has_phenotype", "disease_associates_gene", "binds")),
    "cause of a disease with the sign": Way(
        PHENOTYPE, ("disease_has_phenotype", "variant_causes_disease", "variant_in_gene", "binds")
    ),
}
"""The ways to drugs, by name; a new one is one more entry."""


@cache
def steps_of(way: str) -> tuple[Step, ...]:
    """Return the steps of a way.

    >>> [str(step) for step in steps_of("gene of the variant")]
    ['-variant_in_gene->', '<-binds-']
    """
    return steps_along(RELATIONS[WAYS[way].has].object, WAYS[way].relations)


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

    `weight` is the sum of the scores of all paths to a drug that do not say that it is a treatment already. `altered`
    has, by drug, the paths over a pharmacogene that the patient has a variant of: a warning, and no support.
    """

    supports: Mapping[str, tuple[Support, ...]]
    weight: Mapping[str, float]
    altered: Mapping[str, tuple[Support, ...]] = field(default_factory=dict)

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
        altered = {drug: [one.to_json() for one in found] for drug, found in self.altered.items()}
        return {"support": told, "weight": dict(self.weight), "altered": altered}

    def to_text(self) -> str:
        """Return how many drugs the graph supports, and how many it lists as treatments already."""
        known = sum(any(WAYS[one.way].known for one in found) for found in self.supports.values())
        told = f"drugs with support in the graph: {len(self.supports):,}; listed as treatments already: {known:,}"
        genes = dict.fromkeys(one.through[0].name for found in self.altered.values() for one in found)
        if not genes:
            return told
        return (
            f"{told}\ndrugs that a variant of {', '.join(genes)} may alter the handling of: {len(self.altered):,};"
            " that is no support: `panakeia patient warnings` and `panakeia pgx` say what is advised"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def support(
    store: Store, patient: str, drugs: Collection[str] | None = None, *, at: int | None = None, shown: int = SHOWN
) -> Supports:
    """Return what supports these drugs (by identifier), or all, for a patient given as for `find_patient`.

    Of each drug the `shown` heaviest paths are told, and whatever says that it is a treatment: who ranks all drugs asks
    for none, and then for those of the drugs at the top. With `at`, a day on the patient's shifted calendar, only what
    was recorded by then counts. Raises what `find_patient` raises, and `ValueError` for a patient who withdrew consent.
    """
    node = find_patient(store, patient)
    found = support_of(store, [node.id], drugs, at=at, shown=shown)
    if node.id not in found:
        raise ValueError(WITHDREW)
    return found[node.id]


def support_of(
    store: Store,
    patients: Collection[str],
    drugs: Collection[str] | None = None,
    *,
    at: int | None = None,
    shown: int = SHOWN,
) -> dict[str, Supports]:
    """Return the same for each of these patients (by identifier) who did not withdraw consent."""
    known = histories(store, patients, at)
    names = names_of(store, drugs)
    asked = None if drugs is None else set(names)
    ways = {name: _to_drugs(store, name, known.values(), asked) for name in WAYS}
    best: dict[str, pd.DataFrame] = {}
    weights: dict[str, dict[str, float]] = {}
    for patient, history in known.items():
        found = _of_one(history, ways)
        found = found[found["drug"].isin(names.keys())]
        weight = (
            found[~found["known"] & ~found["alters"]]
            .groupby("drug")["score"]
            .sum()
            .sort_values(ascending=False, kind="stable")
        )
        weights[patient] = {str(drug): float(one) for drug, one in weight.items()}
        best[patient] = found[found["known"] | (found.groupby(["drug", "known", "alters"]).cumcount() < shown)]
    told, altered = (
        _told(store, {patient: rows[rows["alters"] == alters] for patient, rows in best.items()}, names)
        for alters in (False, True)
    )
    return {patient: Supports(told[patient], weights[patient], altered[patient]) for patient in known}


def _to_drugs(store: Store, name: str, histories: Collection[History], drugs: Collection[str] | None) -> pd.DataFrame:
    """Return the paths of a way from all that patients have: first (what one has), drug, nodes (all, in order), score.

    Of the paths from one node to what the drugs act on, only the heaviest is told; its score is that of all together.
    """
    steps = steps_of(name)
    has = {node.id for history in histories for node in history.now(WAYS[name].has)}
    wider = above(store, steps[0].start, has)
    starts = [(node, one) for node, all in sorted(wider.items()) for one in sorted(all)]
    held = pd.DataFrame(starts, columns=["first", "at"])
    held = held.assign(nodes=pd.Series([(one,) for _, one in starts], dtype=object), score=1.0)
    for step, ends in zip(steps, _ends(store, steps, drugs), strict=True):
        edges = weighted_edges(store, step, held["at"].unique().tolist(), ends=ends)
        if step.end == "Gene" and WAYS[name].relations[0] == "variant_in_gene":
            edges = edges[edges["y"].isin(pharmacogenes()) == WAYS[name].alters]
        held = held.merge(edges, left_on="at", right_on="x")
        held["score"] *= held["weight"]
        held["nodes"] = pd.Series(
            [(*nodes, node) for nodes, node in zip(held["nodes"], held["y"], strict=True)], held.index, dtype=object
        )
        held = _heaviest(held.assign(at=held["y"])[["first", "at", "nodes", "score"]])
    return held.rename(columns={"at": "drug"})


def _ends(store: Store, steps: Sequence[Step], drugs: Collection[str] | None) -> list[Collection[str] | None]:
    """Return where each step may lead: at last to these drugs, before that to what leads on to one of them."""
    ends: list[Collection[str] | None] = [None] * len(steps)
    if drugs is not None:
        ends[-1] = drugs
        if len(steps) > 1:
            ends[-2] = {node for _, _, nodes in store.follow({steps[-1].reverse: drugs}) for node in nodes}
    return ends


def _heaviest(held: pd.DataFrame) -> pd.DataFrame:
    """Return one beginning for each pair of ends: the heaviest, with the score of all of them."""
    keys = ["first", "at"]
    ordered = held.sort_values("score", ascending=False, kind="stable")
    kept = ordered.drop_duplicates(keys).drop(columns="score")
    return kept.merge(held.groupby(keys, as_index=False)["score"].sum(), on=keys)


def _of_one(history: History, ways: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the paths from what one patient has: drug, way, known, because (a node), nodes, score; the best first."""
    parts = []
    for name, paths in ways.items():
        has = {node.id: node for node in history.now(WAYS[name].has)}
        mine = paths[paths["first"].isin(has.keys())]
        way = WAYS[name]
        parts.append(mine.assign(way=name, known=way.known, alters=way.alters, because=mine["first"].map(has)))
    found = pd.concat(parts, ignore_index=True).astype({"known": bool, "alters": bool, "score": float})
    order = ["drug", "known", "score", "first", "nodes"]
    return found.sort_values(order, ascending=[True, False, False, True, True], kind="stable", ignore_index=True)


def _told(
    store: Store, best: Mapping[str, pd.DataFrame], names: Mapping[str, str]
) -> dict[str, dict[str, tuple[Support, ...]]]:
    """Return the paths of each patient's drugs with the evidence of their edges."""
    columns = ("drug", "because", "way", "nodes", "score")
    asked = {who: list(zip(*(rows[name] for name in columns), strict=True)) for who, rows in best.items()}
    halves = {row[2:]: _half(*row[2:]) for rows in asked.values() for row in rows}
    known = store.nodes({key for half in halves.values() for key in half.nodes})
    paths = dict(zip(halves, described(store, [*halves.values()], known), strict=True))
    found: dict[str, dict[str, tuple[Support, ...]]] = {}
    for patient, rows in asked.items():
        of: dict[str, list[Support]] = {}
        for drug, because, *path in rows:
            of.setdefault(drug, []).append(Support(drug, names[drug], path[0], because, paths[tuple(path)]))
        found[patient] = {drug: tuple(told) for drug, told in of.items()}
    return found


def _half(way: str, nodes: Sequence[str], score: float) -> Half:
    steps = steps_of(way)
    kinds = (steps[0].start, *(step.end for step in steps))
    return Half(float(score), tuple(zip(kinds, nodes, strict=True)), steps)
