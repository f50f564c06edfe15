"""Leave: how well a model fitted on the other sites foretells each site's outcomes, which that site says itself.

A site answers with one figure over all its patients (AUROC with its error, C-index, R2) and counts, under the rules
that hold for its sums; no score of a patient leaves it. It is not done with masks: the sum over all sites less that
over all but one is the one's, so masks would hide nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from kg.progress import Progress, part, silent
from twin.estimate import Estimate, effect_of
from twin.prognosis.federated.fit import FitSettings, fit
from twin.prognosis.federated.refusal import FederatedError, SiteRefused
from twin.prognosis.federated.result import FederatedFit
from twin.prognosis.federated.rounds import Link
from twin.prognosis.federated.wire import Ask, Measures, Question, Vector, digest, read_answer, written

_MEASURED_BY = {"AUROC": None, "C-index": "pairs", "R2": "rows"}
"""What each site's figure is weighed by in the mean; None: one over the square of its standard error."""


@dataclass(frozen=True)
class LeftOut:
    """Each site's figures by the others' model, the mean over sites, and who could not be measured and why."""

    question: Question
    sites: dict[str, dict[str, float]]
    refused: dict[str, str]
    measure: str
    mean: Estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each site."""
        return pd.DataFrame([{"site": name, **found} for name, found in self.sites.items()])

    def to_json(self) -> dict[str, Any]:
        """Return the whole as JSON values."""
        mean = {"measure": self.measure, **self.mean.to_json()}
        return {"model": self.question.model, "sites": self.sites, "refused": self.refused, "mean": mean}

    def to_text(self) -> str:
        """Return the mean, and who was refused."""
        line = (
            f"{self.measure} at the site left out: {self.mean.value:.3f} ({self.mean.lower:.3f} to "
            f"{self.mean.upper:.3f}), {self.mean.method}"
        )
        return "\n".join([line, *(f"refused: {name}: {reason}" for name, reason in self.refused.items())])

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def leave_one_out(
    links: Sequence[Link], question: Question, settings: FitSettings | None = None, progress: Progress = silent
) -> LeftOut:
    """Return how each site's outcomes are foretold by the others; raises `FederatedError` where none could be."""
    settings = settings or FitSettings()
    if settings.masked or settings.epsilon is not None:
        raise FederatedError("leaving a site out shows its sums: it is done without masks, and without noise")
    settings = replace(settings, masked=False)
    every = fit(links, question, settings, part(progress, 0.0, 1.0 / (len(links) + 1), "all sites"))
    found, refused = {}, every.refused
    left = [link for link in links if link.name in every.rows]
    for nth, link in enumerate(left, start=1):
        progress(f"without {link.name}", nth / (len(left) + 1))
        others = fit([other for other in left if other is not link], question, settings)
        try:
            found[link.name] = measured(link, others, settings.seconds)
        except SiteRefused as failure:
            refused[link.name] = str(failure)
    if not found:
        raise FederatedError(f"no site could be measured: {'; '.join(refused.values())}")
    measure = next(name for name in _MEASURED_BY if name in next(iter(found.values())))
    return LeftOut(question, found, refused, measure, _mean(found, measure, settings.level))


def measured(link: Link, model: FederatedFit, seconds: float) -> dict[str, float]:
    """Return how well a model foretells a site's outcomes; raises `SiteRefused`."""
    message = written(
        Ask(
            study=digest(link.name.encode())[:32],
            round=1,
            ask="evaluate",
            question=model.question,
            columns=model.columns,
            at=Vector.of(model.at),
        )
    )
    content = read_answer(link.ask(message, seconds), digest(message))
    if not isinstance(content, Measures):
        raise SiteRefused(f"it answers with a {content.kind}, expected measures")
    if not any(name in content.values for name in _MEASURED_BY):
        raise SiteRefused("it answers without a measure that is known")
    return dict(content.values)


def _mean(found: dict[str, dict[str, float]], measure: str, level: float) -> Estimate:
    """Return the mean over sites and its error as they differ, sites being drawn (DerSimonian and Laird for AUROCs)."""
    values = np.array([one[measure] for one in found.values()])
    if (by := _MEASURED_BY[measure]) is None:
        variance = np.maximum([one[f"{measure}_error"] ** 2 for one in found.values()], 1e-12)
        weight = 1.0 / variance
        fixed = float((weight * values).sum() / weight.sum())
        spare = weight.sum() - (weight**2).sum() / weight.sum()
        surplus = float((weight * (values - fixed) ** 2).sum()) - (values.size - 1)
        weight = 1.0 / (variance + (max(surplus / spare, 0.0) if spare > 0.0 else 0.0))
        error = float(np.sqrt(1.0 / weight.sum()))
        method = f"mean of {values.size} sites, random effects (DerSimonian and Laird)"
    else:
        weight = np.array([one[by] for one in found.values()])
        mean = float((weight * values).sum() / weight.sum())
        error = float(np.sqrt((weight**2 * (values - mean) ** 2).sum()) / weight.sum())
        method = f"mean of {values.size} sites, weighed by {by}; its error from how sites differ"
    return effect_of(float((weight * values).sum() / weight.sum()), error, level, method)
