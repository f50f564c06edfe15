"""Explain: what the model and the graph say of a pair: the model's own account first, then paths that it leans on."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from gnn.carriers import Account, account
from gnn.checkpoint import Model
from gnn.evidence import evidence
from gnn.rank import UnknownCandidate, assert_trained_on, known, with_newcomers
from gnn.score import candidate_scores, logits_within, prior, probabilities, probability_interval
from gnn.words import PARTS, REGIMES, worded
from kg.notebook import notebook_html
from kg.paths import ANY_ROUTE, Path, Route, paths_frame
from kg.query import judged_not_indicated
from kg.search import Node, UnknownNode, check_count, find, meanings
from kg.stores.protocol import Store

TOLD_CARRIERS = 5
"""How many known answers the text names."""


@dataclass(frozen=True)
class Explanation:
    """A pair's score, what it is made of, and the paths of the graph that this leans on.

    `listed` says in whose list the pair is, or is not (`Model.listed`). `contributions` has the columns part and logit,
    largest first: what each part of the model adds to the log-odds of a pair of which nothing is known, `bias`;
    `because` the known answers that carried the score (relation, subject, object, their names, by which likeness,
    share); see `gnn.carriers`. A known pair is told of as if it were not known. `paths` has the columns of
    `kg.paths.paths_frame` and the share of the score that runs along each, and `evidence` the same paths as nodes and
    edges. `interval` and `probability_interval` hold the score and the probability in 90 % of draws of the training
    data anew; `rank` says at which place of the candidates for the end that is usually asked for, `among` so many, the
    pair stands (None: the model was not trained on the candidate). `judged` says what curators voted who judged a drug
    not indicated, where any did; the model has not seen it.
    """

    columns: tuple[str, str]
    subject: Node
    object: Node
    score: float
    probability: float
    prior: float
    known: bool
    listed: str
    regime: str
    bias: float
    contributions: pd.DataFrame
    because: pd.DataFrame
    paths: pd.DataFrame
    evidence: tuple[Path, ...]
    judged: str = ""
    interval: tuple[float, float] | None = None
    probability_interval: tuple[float, float] | None = None
    rank: int | None = None
    among: int | None = None

    @property
    def lift(self) -> float:
        """How many times the probability is that of the two degrees alone."""
        return self.probability / self.prior

    @property
    def lift_interval(self) -> tuple[float, float] | None:
        """The lift at both ends of the probability's interval."""
        bounds = self.probability_interval
        return bounds and (bounds[0] / self.prior, bounds[1] / self.prior)

    def to_frame(self) -> pd.DataFrame:
        """Return the evidence paths."""
        return self.paths

    def to_text(self) -> str:
        """Return the model's part in a few sentences."""
        parts = zip(self.contributions["part"], self.contributions["logit"], strict=True)
        told = [f"{part} {logit:+.1f}" for part, logit in parts if abs(logit) >= 0.05]
        return (
            f"{self.subject.name} for {self.object.name}: score {self.score:.3g}{_bounds(self.interval)}, probability "
            f"{self.probability:.3g}{_bounds(self.probability_interval)}, {self._rank_told()}"
            f"degree prior {self.prior:.3g}, lift {self.lift:.3g}{_bounds(self.lift_interval)}, {self.listed}, "
            f"read as {worded(REGIMES[self.regime], self.columns).name}. "
            f"To the log-odds of a pair of which nothing is known, {self.bias:.1f}, "
            f"come {', '.join(told) or 'nothing'}."
            f"{self._because_told()}{self._judgement_told()}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    def _rank_told(self) -> str:
        return "" if self.rank is None else f"rank {self.rank:,} of {self.among:,}, "

    def _because_told(self) -> str:
        """Return a sentence with the known answers that carried most, each with the likenesses, or nothing."""
        named = []
        answers = self.because.groupby(["subject_name", "relation", "object_name"], sort=False)
        for (subject, relation, object_), rows in [*answers][:TOLD_CARRIERS]:
            over = ", ".join(rows["by"])
            named.append(f"{subject} {relation} {object_} ({rows['share'].sum():.0%}, by {over})")
        return f" Known answers that carried it: {'; '.join(named)}." if named else ""

    def _judgement_told(self) -> str:
        """Return a sentence with the curators' judgement, or nothing."""
        return (
            f" Curators judged the drug {self.judged} for the disease, which the model was not told."
            if self.judged
            else ""
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values.

        In `because` stand of each known answer the ends that are like the pair's, and the whole answer.
        """
        subject, object_ = self.columns
        return {
            subject: self.subject.id,
            object_: self.object.id,
            f"{subject}_name": self.subject.name,
            f"{object_}_name": self.object.name,
            "score": self.score,
            "low": self.interval and self.interval[0],
            "high": self.interval and self.interval[1],
            "probability": self.probability,
            "probability_low": self.probability_interval and self.probability_interval[0],
            "probability_high": self.probability_interval and self.probability_interval[1],
            "rank": self.rank,
            "among": self.among,
            "prior": self.prior,
            "lift": self.lift,
            "lift_low": self.lift_interval and self.lift_interval[0],
            "lift_high": self.lift_interval and self.lift_interval[1],
            "known": self.known,
            "listed": self.listed,
            "judged": self.judged,
            "regime": self.regime,
            "bias": self.bias,
            "contributions": self.contributions.to_dict(orient="records"),
            "because": [*self._because_json()],
            "paths": [
                {"rank": rank, "share": share, **_path_json(path)}
                for rank, share, path in zip(self.paths["rank"], self.paths["share"], self.evidence, strict=True)
            ],
        }

    def _because_json(self) -> Iterator[dict[str, Any]]:
        subject, object_ = self.columns
        for row in self.because.to_dict(orient="records"):
            like = {subject: row["subject"]} if row["subject"] != self.subject.id else {}
            like |= {object_: row["object"]} if row["object"] != self.object.id else {}
            answer = {"subject": row["subject"], "relation": row["relation"], "object": row["object"]}
            names = {"subject_name": row["subject_name"], "object_name": row["object_name"]}
            yield {**like, "by": row["by"], "share": row["share"], "answer": answer | names}


def _bounds(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" ({interval[0]:.3g} to {interval[1]:.3g} in 90 % of draws of the data)"


def _path_json(path: Path) -> dict[str, Any]:
    return {
        "nodes": [node.id for node in path.nodes],
        "relations": [edge.step.relation for edge in path.edges],
        "forward": [edge.step.forward for edge in path.edges],
        "score": path.score,
        "path": str(path),
        "metapath": path.metapath,
        "steps": [asdict(node) for node in path.nodes],
        "sources": [list(edge.sources) for edge in path.edges],
        "evidence": [[evidence.to_json() for evidence in edge.evidence] for edge in path.edges],
    }


def explain(model: Model, store: Store, a: str, b: str, *, top: int = 10, route: Route = ANY_ROUTE) -> Explanation:
    """Explain a pair, its ends given as for `kg.search.find` and either first, by what its score is made of.

    Direct edges between the two are no path of an explanation: they are the answer, not evidence for it. `route` says
    which paths are wanted. Raises what `find` and `kg.paths.paths` raise, `gnn.rank.UnknownCandidate` for a node that
    the store does not describe, `gnn.rank.OtherGraphError`, and `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    subject, object_ = _ends(model, store, a, b)
    return _explained(with_newcomers(model, store, [subject.id], [object_.id]), store, (subject, object_), top, route)


def explain_pairs(model: Model, store: Store, pairs: pd.DataFrame, *, top: int = 10) -> Iterator[Explanation]:
    """Explain pairs, in the columns of `model.task.columns`, in their order; raises what `explain` raises."""
    check_count("top", top)
    assert_trained_on(model, store)
    first, second = (pairs[column] for column in model.task.columns)
    ends = [_ends(model, store, a, b) for a, b in zip(first, second, strict=True)]
    joined = with_newcomers(model, store, [subject.id for subject, _ in ends], [object_.id for _, object_ in ends])
    for pair in ends:
        yield _explained(joined, store, pair, top, ANY_ROUTE)


def _ends(model: Model, store: Store, a: str, b: str) -> tuple[Node, Node]:
    """Return the subject and the object that two texts mean, whichever comes first."""
    subject, object_ = model.task.kinds
    try:
        return find(store, a, kind=subject), find(store, b, kind=object_)
    except UnknownNode:
        if meanings(store, [a], object_).get(a) and meanings(store, [b], subject).get(b):
            return find(store, b, kind=subject), find(store, a, kind=object_)
        raise


def _explained(model: Model, store: Store, ends: tuple[Node, Node], top: int, route: Route) -> Explanation:
    subject, object_ = ends
    row, column = (
        _place(side.nodes, node) for side, node in zip((model.around.subjects, model.around.objects), ends, strict=True)
    )
    rows, columns = np.array([row]), np.array([column])
    listed = bool(known(model, rows, columns)[0, 0])
    told = account(model, row, column)
    logit, low, high = logits_within(model, rows, columns)
    found = evidence(model, store, told, top=top, route=route)
    shares = [one.share for one in found]
    paths = tuple(one.path for one in found)
    likely = probability_interval(model, rows, columns, (low[0], high[0]))
    rank, among = _ranked(model, row, column)
    refused = judged_not_indicated(store, object_.id) if object_.kind == "Disease" else {}
    return Explanation(
        columns=model.task.columns,
        subject=subject,
        object=object_,
        score=float(expit(logit[0, 0])),
        probability=float(probabilities(model, rows, columns, logit)[0, 0]),
        prior=float(prior(model, rows, columns)[0, 0]),
        known=listed,
        listed=model.listed(listed),
        regime=told.regime,
        bias=told.bias,
        contributions=_contributions(model, told),
        because=_named(model, told.because(top)),
        paths=paths_frame(paths).assign(share=shares),
        evidence=paths,
        judged=refused.get(subject.id, ""),
        interval=(float(low[0, 0]), float(high[0, 0])),
        probability_interval=(float(likely[0][0]), float(likely[1][0])),
        rank=rank,
        among=among,
    )


def _ranked(model: Model, row: int, column: int) -> tuple[int | None, int]:
    """Return at which place of how many candidates for the end that is asked for a pair stands, as `rank` says it."""
    asked_object = model.task.asked == "object"
    among, candidate = model.trained[0 if asked_object else 1], row if asked_object else column
    if candidate >= among:
        return None, among
    values = candidate_scores(model, model.task.asked, column if asked_object else row)[0]
    own = values[candidate]
    return int((values > own).sum() + (values[:candidate] == own).sum()) + 1, among


def _place(nodes: tuple[str, ...], node: Node) -> int:
    if node.id not in nodes:
        raise UnknownCandidate(
            f"the model has not seen {node.name} ({node.id}), and the store does not describe it: train anew"
        )
    return nodes.index(node.id)


def _contributions(model: Model, told: Account) -> pd.DataFrame:
    parts = told.parts()
    return parts.assign(part=[worded(PARTS[part], model.task.columns).name for part in parts["part"]])


def _named(model: Model, because: pd.DataFrame) -> pd.DataFrame:
    """Return the carriers with their ends as CURIEs, and their names beside these."""
    sides = zip(("subject", "object"), (model.around.subjects, model.around.objects), model.names, strict=True)
    for end, side, names in sides:
        places = because[end]
        because = because.assign(
            **{end: [side.nodes[place] for place in places], f"{end}_name": [names[place] for place in places]}
        )
    return because
