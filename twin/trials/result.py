"""A trial's result: each subject's outcomes, the arms' means, their differences beside what is true, what to doubt."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from kg.notebook import notebook_html
from twin.estimate import Estimate
from twin.patient import Cohort
from twin.trials.course import Course
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.protocol import TrialDesign


@dataclass(frozen=True)
class Difference:
    """How an arm's outcome differs from the control's, and what is true.

    `twins` compares both potential outcomes of every enrolled patient; `parallel` is the comparison of two groups of
    patients by the endpoint's analysis, as a real trial makes it; `effect` is the one that the design asks for.
    `truth` is the effect had nobody left, under the estimand, of all enrolled patients in both arms.

    `correlation` is that of a patient's two outcomes, and `variance_ratio` how many times smaller the common random
    numbers make the variance of the difference; both are None where the two arms do not differ or vary, or where the
    outcome is no single number. `failure` says why there is no estimate, `adjusted_p` is after the adjustment for all
    comparisons of the trial.
    """

    treated: str
    control: str
    effect: Estimate
    twins: Estimate
    parallel: Estimate
    truth: Estimate
    correlation: float | None
    variance_ratio: float | None
    adjusted_p: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the figures under their names."""
        return _known(asdict(self))


@dataclass(frozen=True)
class EndpointResult:
    """What came out of one endpoint: each arm's mean (or share without the event), and the arms' differences."""

    endpoint: Endpoint
    words: str
    means: Mapping[str, Estimate]
    counts: Mapping[str, int]
    """Arm -> subjects with an outcome."""
    differences: tuple[Difference, ...]

    def contrasts(self, design: str) -> list[tuple[str, Estimate, str]]:
        """Return each difference between two arms in words, its estimate, and that for a reader: first the one the
        design asks for."""
        found, endpoint = [], self.endpoint
        for difference in self.differences:
            name, twins, parallel = (
                f"{difference.treated} - {difference.control}",
                difference.twins,
                difference.parallel,
            )
            views = {
                "twins": (f"{name}, each patient in both arms", twins, endpoint.shown_pair(twins)),
                "parallel": (f"{name}, as a parallel trial", parallel, endpoint.shown(parallel, difference=True)),
            }
            found += [views.pop(design), *views.values()]
        return found

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "endpoint": self.endpoint.name,
            "kind": self.endpoint.kind,
            "words": self.words,
            "measure": self.endpoint.estimator.measure,
            "arms": [
                {"arm": arm, "with_outcome": self.counts[arm], "mean": _known(mean.to_json())}
                for arm, mean in self.means.items()
            ],
            "differences": [difference.to_json() for difference in self.differences],
        }


@dataclass(frozen=True)
class TrialResult:
    """A trial's result; shares of time are fractions."""

    design: TrialDesign
    subjects: pd.DataFrame
    """One row a subject and arm that the trial shows: USUBJID, ARM, covariates, each endpoint under its name, DOSEMEAN
    and DOSELAST (a day's, taken while followed), EOSSTT and EOSDY (end of follow-up), the day of each event."""
    endpoints: tuple[EndpointResult, ...]
    """In the design's order; the first is the primary one."""
    counts: Mapping[str, Mapping[str, int]]
    """Arm -> subjects enrolled, with the primary outcome, completed, failed to be computed, and with each event."""
    quantiles: Mapping[str, Mapping[str, pd.DataFrame]]
    """Observable -> arm -> day, n, median, lower, upper: its true median and 90 % range over the n subjects who are
    followed on that day; NaN where nobody is."""
    parameters: pd.DataFrame
    """name, value, unit, basis, source: of the model and of the dose algorithms used."""
    assumptions: pd.DataFrame
    """about, assumption, value, unit, reason: what the trial and the model take for granted or leave out; a value where
    the assumption is one."""
    courses: tuple[Course, ...]
    """What happened in each arm to those whom the trial shows there."""
    cohorts: tuple[Cohort, ...]
    """Who they are."""
    potential: pd.DataFrame
    """Everybody's true outcomes in every arm (`twin.trials.potential`), which no real trial shows."""
    versions: Mapping[str, str]

    @property
    def primary(self) -> EndpointResult:
        """What came out of the first endpoint."""
        return self.endpoints[0]

    @property
    def means(self) -> Mapping[str, Estimate]:
        """Arm -> mean of the primary endpoint."""
        return self.primary.means

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The arms' differences in the primary endpoint."""
        return self.primary.differences

    @property
    def citation(self) -> str:
        """The twin model's."""
        return self.design.model.citation

    @property
    def estimand(self) -> str:
        """Return in words what the differences in the primary endpoint estimate."""
        events = self.design.asks.words_for(self.primary.endpoint)
        return (
            f"{self.primary.endpoint.effect.capitalize()} of {self.primary.words}, between the arms' dosing rules as"
            f" assigned, whatever doses were taken{f', {events},' if events else ','} in patients of the stated"
            " population."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: quantity, n (of an arm's mean), estimate, lower, upper, level, method."""
        rows: list[tuple[str, int | None, Estimate]] = []
        for found in self.endpoints:
            name = found.endpoint.name
            rows += [(f"{name}, {arm}", found.counts[arm], mean) for arm, mean in found.means.items()]
            inside = "" if found is self.primary else f"{name}: "
            rows += [(f"{inside}{words}", None, one) for words, one, _ in found.contrasts(self.design.trial.design)]
        return pd.DataFrame(
            [(words, n, e.value, e.lower, e.upper, e.level, e.method) for words, n, e in rows],
            columns=["quantity", "n", "estimate", "lower", "upper", "level", "method"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data for result.json; the subjects stand in a file of their own."""
        primary = self.primary.to_json()
        return {
            "trial": self.design.trial.name,
            "estimand": self.estimand,
            "endpoint": self.primary.endpoint.name,
            "model": {"name": self.design.trial.model, "citation": self.citation},
            "seed": self.design.trial.seed,
            "arms": [{**self.counts[row["arm"]], **row} for row in primary["arms"]],
            "differences": primary["differences"],
            "endpoints": [found.to_json() for found in self.endpoints],
            "monte_carlo": self.monte_carlo,
            "assumptions": self.assumptions.astype(object).replace(np.nan, None).to_dict("records"),
            "parameters": self.parameters.to_dict("records"),
            "versions": dict(self.versions),
            "design": self.design.model_dump(mode="json"),
        }

    def to_text(self) -> str:
        """Return the result as a few lines."""
        level = self.design.analysis.level
        lines = [f"{self.design.trial.name}: {self.primary.words}, {level:.0%} intervals"]
        for found in self.endpoints:
            show, name = found.endpoint.shown, found.endpoint.name
            lines += [f"  {name}, {arm}: {show(mean)}, n = {found.counts[arm]}" for arm, mean in found.means.items()]
            lines += [f"  {name}, {words}: {said}" for words, _, said in found.contrasts(self.design.trial.design)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    @property
    def monte_carlo(self) -> str:
        """Return what the intervals hold and what they do not."""
        return (
            "Intervals hold the chance of which virtual patients were drawn and how they fared. They do not hold the"
            " uncertainty of the model's parameters, nor of its structure. The same seed gives the same result."
        )


def _known(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures for JSON, in which one that is not known is null."""
    return {
        name: _known(one)
        if isinstance(one, Mapping)
        else None
        if isinstance(one, float) and not np.isfinite(one)
        else one
        for name, one in figures.items()
    }
