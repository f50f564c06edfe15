"""Cox: hazard ratios with each site a stratum: its own baseline hazard, its own risk sets, Efron's ties.

The partial likelihood is then a sum over sites, exactly that of `twin.trials.analysis.cox` stratified by site, and no
time of any event leaves a site. One baseline for all sites would need risk sets at common times (Lu CL et al. WebDISCO.
J Am Med Inform Assoc 2015;22:1212-1219): the days of single events, with the covariates of whoever had them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.model import Floats
from twin.prognosis.federated.kind import Outcome, Step
from twin.prognosis.federated.measures import concordance
from twin.prognosis.federated.refusal import SiteRefuses
from twin.prognosis.federated.rows import events, positive_numbers
from twin.prognosis.federated.wire import Question
from twin.trials.analysis.cox import stratum_sums
from twin.trials.analysis.survival import Times


@dataclass(frozen=True)
class Cox:
    """Cox's model, stratified by site."""

    intercept: bool = False
    events: bool = True

    def outcome(self, rows: pd.DataFrame, question: Question) -> Outcome:
        """Return 1 for an event and 0 for a time that was cut off, and the times."""
        if question.time is None:
            raise SiteRefuses("the question names no column of times, and Cox's model needs one")
        return Outcome(events(rows, question), positive_numbers(rows, question.time))

    def step(self, design: Floats, outcome: Outcome, at: Floats) -> Step:
        """Return the log partial likelihood's sums; a site without events adds nothing to them."""
        if not outcome.value.any():
            return Step(len(design), 0.0, np.zeros(at.size), np.zeros((at.size, at.size)))
        return Step(len(design), *stratum_sums(design, _times(outcome), at))

    def measures(self, design: Floats, outcome: Outcome, at: Floats) -> dict[str, float]:
        """Return Harrell's C-index, the pairs that it is of, and the events."""
        index, pairs = concordance(_times(outcome), design @ at)
        return {"C-index": index, "pairs": pairs, "rows": float(len(design)), "events": float(outcome.value.sum())}

    def dispersion(self, total: Step) -> float:
        """Return 1."""
        return 1.0


def _times(outcome: Outcome) -> Times:
    return Times(outcome.value if outcome.time is None else outcome.time, outcome.value)


KIND = Cox()
