"""Explain: what the model and the graph say for a drug against a disease."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from gnn.checkpoint import Model
from gnn.model import PART_NAMES
from gnn.rank import assert_trained_on, known, with_newcomers
from gnn.score import input_names, judged, listen, prior, regime_of
from kg.notebook import notebook_html
from kg.paths import Path, paths, paths_frame
from kg.query import judged_not_indicated
from kg.search import check_count, find
from kg.stores.protocol import Store

DIRECT = ("treats", "palliates")
"""The relations that may join a drug to a disease directly."""


@dataclass(frozen=True)
class Explanation:
    """A pair's score with what each part of the model adds to it, and the best evidence paths between the two.

    `listed` says in whose list the pair is, or is not (`Model.listed`). `contributions` has the columns part and logit
    largest first; `paths` the columns of
    `kg.paths.paths_frame`, and `evidence` the same paths as nodes and edges. The paths are the graph's evidence, ranked
    by degree-weighted score; the model does not read them one by one. `judged` says what curators voted who judged the
    drug not indicated, where any did; the model has not seen it.
    """

    drug: str
    drug_name: str
    disease: str
    disease_name: str
    score: float
    prior: float
    known: bool
    listed: str
    contributions: pd.DataFrame
    carriers: pd.DataFrame
    paths: pd.DataFrame
    evidence: tuple[Path, ...]
    judged: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the evidence paths."""
        return self.paths

    def to_text(self) -> str:
        """Return the model's part in two or three sentences."""
        told = [
            f"{row.part} {row.logit:+.1f}" for row in self.contributions.itertuples() if abs(float(row.logit)) >= 0.05
        ]
        return (
            f"{self.drug_name} for {self.disease_name}: score {self.score:.3g}, degree prior {self.prior:.3g}, lift "
            f"{self.score / self.prior:.1f}, {self.listed}. Beyond the average pair, the log-odds "
            f"get {', '.join(told) or 'nothing'}.{self._judgement_told()}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    def _judgement_told(self) -> str:
        """Return a sentence with the curators' judgement, or nothing."""
        return (
            f" Curators judged the drug {self.judged} for the disease, which the model was not told."
            if self.judged
            else ""
        )

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "drug": {"id": self.drug, "name": self.drug_name},
            "disease": {"id": self.disease, "name": self.disease_name},
            "score": self.score,
            "prior": self.prior,
            "lift": self.score / self.prior,
            "known": self.known,
            "listed": self.listed,
            "judged": self.judged,
            "contributions": self.contributions.to_dict(orient="records"),
            "paths": [
                {"rank": rank, "sources": sources, **path.to_json()}
                for rank, sources, path in zip(self.paths["rank"], self.paths["sources"], self.evidence, strict=True)
            ],
        }


def explain(model: Model, store: Store, drug: str, disease: str, *, top: int = 10) -> Explanation:
    """Explain a pair, each given as for `kg.search.find`, by the parts of its score and its best evidence paths.

    The direct edges between the two are left out: they are the answer, not evidence for it. Raises what `find` raises,
    `gnn.rank.UnknownCandidate`, `gnn.rank.OtherGraphError`, and `ValueError` for a `top` below 1.
    """
    check_count("top", top)
    assert_trained_on(model, store)
    subject, target = find(store, drug, kind="Drug"), find(store, disease, kind="Disease")
    model = with_newcomers(model, store, [subject.id], [target.id])
    rows = np.array([model.around.subjects.nodes.index(subject.id)])
    columns = np.array([model.around.objects.nodes.index(target.id)])
    told = listen(model, rows, columns)
    listed = bool(known(model, rows, columns)[0, 0])
    readouts = f"{regime_of(model, rows, columns)[0, 0]}/{model.task.relation}"
    added = sum(
        inputs[0] * member.readouts[readouts].weight / len(model.members)
        for member, inputs in zip(model.members, told.inputs, strict=True)
    )
    parts = pd.DataFrame({"part": [one.part for one in input_names(model)], "logit": added})
    contributions = parts.groupby("part", as_index=False)["logit"].sum().sort_values("logit", ascending=False)
    ends_named = {"subjects": model.task.columns[0] + "s", "objects": model.task.columns[1] + "s"}
    contributions["part"] = [PART_NAMES[part].format(**ends_named) for part in contributions["part"]]
    ends = paths(store, subject.id, target.id, top=top + len(DIRECT), kinds=("Drug", "Disease"))
    found = [path for path in ends if len(path.edges) > 1][:top]
    return Explanation(
        drug=subject.id,
        drug_name=subject.name,
        disease=target.id,
        disease_name=target.name,
        score=float(expit(judged(model, told)[0, 0])),
        prior=float(prior(model, rows, columns)[0, 0]),
        known=listed,
        listed=model.listed(listed),
        contributions=contributions.reset_index(drop=True),
        carriers=pd.DataFrame(columns=["part", "drug", "drug_name", "disease", "disease_name", "share"]),
        paths=paths_frame(found),
        evidence=tuple(found),
        judged=judged_not_indicated(store, target.id).get(subject.id, ""),
    )
