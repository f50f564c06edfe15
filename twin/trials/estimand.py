"""Estimand: what a trial asks, in the words of ICH E9(R1): how each intercurrent event counts.

Leaving the trial is no intercurrent event: what is then missing is the analysis' to deal with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from twin.model import Floats
from twin.trials.course import Course, Mask
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.outcome import Outcome, Timed, Value

Strategy = Literal["treatment_policy", "hypothetical", "composite", "while_on_treatment", "principal_stratum"]

WORDS: dict[Strategy, str] = {
    "treatment_policy": "whatever happens after {event}",
    "hypothetical": "as if {event} had not happened",
    "composite": "{event} counting as failure",
    "while_on_treatment": "while on treatment, until {event}",
    "principal_stratum": "in patients in whom {event} happens under no arm",
}


@dataclass(frozen=True)
class Estimand:
    """How each intercurrent event, by the name of its hazard, counts."""

    strategies: Mapping[str, Strategy]

    def observed(self, endpoint: Endpoint, course: Course) -> Outcome:
        """Return an endpoint's outcome as the estimand lets it be seen in a trial, which shows patients in one arm."""
        outcome = self._counted(endpoint, course.until(self._cut(course, ("hypothetical",))))
        return outcome.without(self._happened(course, "principal_stratum"))

    def true(self, endpoint: Endpoint, course: Course, stratum: Mask) -> Outcome:
        """Return an endpoint's outcome had nobody left, in the patients of the principal stratum [patient].

        The course is one in which what counts as hypothetical did not happen.
        """
        return self._counted(endpoint, course.complete()).without(~stratum)

    def stratum(self, courses: list[Course]) -> Mask:
        """Return who is in the principal stratum, by what happens to them in every arm: [patient]."""
        return np.asarray(~np.any([self._happened(one.complete(), "principal_stratum") for one in courses], axis=0))

    @property
    def hypothetical(self) -> tuple[str, ...]:
        """The events that count as if they had not happened."""
        return tuple(name for name, strategy in self.strategies.items() if strategy == "hypothetical")

    @property
    def words(self) -> str:
        """How events count, in words."""
        return "; ".join(WORDS[strategy].format(event=name) for name, strategy in self.strategies.items())

    def words_for(self, endpoint: Endpoint) -> str:
        """Return how events count for an endpoint, in words."""
        lasts = endpoint.at_one_visit and "while_on_treatment" in self.strategies.values()
        return self.words + ", what was last measured by then standing for a later visit" * lasts

    def _counted(self, endpoint: Endpoint, course: Course) -> Outcome:
        """Return an endpoint's outcome while on treatment, in which who fails has failed."""
        day = self._cut(course, ("while_on_treatment",))
        return _failing(endpoint, endpoint.outcome_until(course, day), self._day(course.until(day), "composite"))

    def _cut(self, course: Course, strategies: tuple[str, ...]) -> Floats:
        """Return the day after which nothing counts: [patient]."""
        chosen = [course.events[name] for name, strategy in self.strategies.items() if strategy in strategies]
        return np.asarray(np.min([np.full(course.n, np.inf), *chosen], axis=0))

    def _day(self, course: Course, strategy: Strategy) -> Floats:
        """Return the day of the first event that counts so while patients are followed, else infinity: [patient]."""
        day = self._cut(course, (strategy,))
        return np.where(day <= np.minimum(course.last_day, course.grid.days), day, np.inf)

    def _happened(self, course: Course, strategy: Strategy) -> Mask:
        return np.isfinite(self._day(course, strategy))


def _failing(endpoint: Endpoint, outcome: Outcome, day: Floats) -> Outcome:
    """Return the outcome in which patients fail on a day, infinite for who does not: [patient]."""
    failed = np.isfinite(day)
    if isinstance(outcome, Value):
        return replace(outcome, value=np.where(failed, endpoint.failure, outcome.value))
    if isinstance(outcome, Timed):
        sooner = day <= outcome.day
        return replace(outcome, day=np.where(sooner, day, outcome.day), event=outcome.event | sooner)
    return outcome.without(failed)
