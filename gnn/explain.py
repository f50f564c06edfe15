"""Explain: what the model and the graph say for a drug against a disease."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from gnn.carriers import carriers
from gnn.checkpoint import Model
from gnn.rank import assert_trained_on, row_of
from kg.notebook import notebook_html
from kg.paths import Path, paths, paths_frame
from kg.query import judged_not_indicated
from kg.search import check_count, find
from kg.stores.protocol import Store

DIRECT = ("treats", "palliates")
"""The relations that may join a drug to a disease directly."""

TOLD_PARTS, TOLD_CARRIERS = 2, 3
"""Of how many parts of a score the text names the carriers, and how many of them."""


@dataclass(frozen=True)
class Explanation:
    """A pair's score with what each part of the model adds to it, and the best evidence paths between the two.

    `listed` says in whose list the pair is, or is not (`Model.listed`). `contributions` has the columns part and logit
    (beyond the average pair), largest first; `carriers` those of `gnn.carriers.carriers`: the known treatments of like
    drugs and like diseases that the parts are made of, with their shares; `paths` the columns of
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
            f"get {', '.join(told) or 'nothing'}.{self._carriers_told()}{self._judgement_told()}"
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    def _carriers_told(self) -> str:
        """Return a sentence with the main carriers of the parts that raise the score most, or nothing."""
        raising = self.contributions.loc[self.contributions["logit"] >= 0.05, "part"]
        named = []
        for part in [part for part in raising if part in set(self.carriers["part"])][:TOLD_PARTS]:
            rows = self.carriers[self.carriers["part"] == part].head(TOLD_CARRIERS).itertuples()
            shares = [f"{row.drug_name} for {row.disease_name} ({row.share:.0%})" for row in rows]
            named.append(f"{part} by {', '.join(shares)}")
        return f" Known treatments that carried it: {'; '.join(named)}." if named else ""

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
            "carriers": self.carriers.to_dict(orient="records"),
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
    row, column = row_of(subject, model.drugs), row_of(target, model.diseases)
    known = bool(model.known[row, column])
    parts = [(part, float(values[row, column])) for part, values in model.contributions.items()]
    contributions = pd.DataFrame(sorted(parts, key=lambda part: -part[1]), columns=["part", "logit"])
    ends = paths(store, subject.id, target.id, top=top + len(DIRECT), kinds=("Drug", "Disease"))
    found = [path for path in ends if len(path.edges) > 1][:top]
    return Explanation(
        drug=model.drugs[row],
        drug_name=model.drug_names[row],
        disease=model.diseases[column],
        disease_name=model.disease_names[column],
        score=float(model.scores[row, column]),
        prior=float(model.priors[row, column]),
        known=known,
        listed=model.listed(known),
        contributions=contributions,
        carriers=carriers(model, row, column),
        paths=paths_frame(found),
        evidence=tuple(found),
        judged=judged_not_indicated(store, target.id).get(subject.id, ""),
    )
