"""Endpoint: the contract of all that is measured of a trial's success or harm."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from kg.files.checked import Name
from twin.estimate import Estimate
from twin.model import Floats
from twin.patient import Cohort
from twin.trials.course import Course
from twin.trials.endpoints.outcome import Outcome
from twin.trials.estimators.estimator import SCORE, Estimator, Needs
from twin.trials.grid import Grid
from twin.trials.part import Part
from twin.trials.units import Effect


class Endpoint(Part):
    """What is measured of each patient, and how the arms are compared by it.

    `analysis` is how a trial estimates the effect; what suits the kind of outcome if not given. `better` says which way
    is good, and `margin` how much worse may still count as no worse (non-inferiority), on the effect's scale.
    """

    found_in = ("twin.trials.endpoints",)
    gives: ClassVar[Needs] = "value"
    """Which kind of outcome it is."""
    has_baseline: ClassVar[bool] = False
    """Whether its outcome has a baseline."""
    name: Name
    analysis: Estimator | None = None
    better: Literal["higher", "lower"] = "higher"
    margin: Effect | None = None

    @abstractmethod
    def outcome(self, course: Course) -> Outcome:
        """Return what was seen of it while patients were followed."""

    def outcome_until(self, course: Course, day: Floats) -> Outcome:
        """Return what was seen of it by a day [patient], on which treatment ended; infinite where it did not.

        Of what is measured at one visit, the last measurement by that day stands for a later one (ICH E9(R1), A.3.2:
        "values up to the time of the intercurrent event", not the one "at the same fixed timepoint").
        """
        return self.outcome(course.last_until(day) if self.at_one_visit else course.until(day))

    @abstractmethod
    def words(self, grid: Grid, *, leave: bool = False) -> str:
        """Return what it is, in words that follow "difference in means of"; `leave`: whether patients may."""

    @property
    @abstractmethod
    def usual(self) -> Estimator:
        """How it is analysed where nothing is said."""

    def mean(self, outcome: Outcome, level: float) -> Estimate:
        """Return an arm's mean, share or event-free share, with its interval."""
        return outcome.summary(level)

    @property
    def failure(self) -> float:
        """The value of who failed, for an estimand that counts an intercurrent event as failure; NaN where none is."""
        return float("nan")

    @property
    def wanted(self) -> tuple[float | None, float | None] | None:
        """The range of its observable that counts as good, None for an end without bound; None where it has none."""
        return None

    @property
    def scale(self) -> tuple[float, str, str]:
        """By what to multiply values for a reader, their unit, and that of differences."""
        return 1.0, "", ""

    def shown(self, estimate: Estimate, *, difference: bool = False) -> str:
        """Return an estimate with its interval for a reader, of a logarithm of a ratio that ratio; or why none.

        >>> from twin.trials.endpoints.time_to_event import TimeToEvent
        >>> effect = Estimate(-0.5, -1.0, 0.0, 0.25, 0.95, "log-rank test")
        >>> TimeToEvent(name="OS", events=("death",)).shown(effect, difference=True)
        'hazard ratio 0.607 (0.368 to 1)'
        """
        if not np.isfinite(estimate.value):
            return estimate.method
        if difference and (ratio := self.estimator.measure.removeprefix("log ")) != self.estimator.measure:
            value, lower, upper = np.exp([estimate.value, estimate.lower, estimate.upper])
            return f"{ratio} {value:.3g} ({lower:.3g} to {upper:.3g})"
        factor, unit, of_difference = self.scale
        value, lower, upper = (factor * one for one in (estimate.value, estimate.lower, estimate.upper))
        if difference:
            return f"{value:+.3g}{of_difference} ({lower:+.3g} to {upper:+.3g})"
        return f"{value:.4g}{unit} ({lower:.4g}{unit} to {upper:.4g}{unit})"

    def shown_pair(self, estimate: Estimate) -> str:
        """Return the mean difference of the same patients' two outcomes for a reader."""
        return self.shown(estimate, difference=True)

    @property
    def effect(self) -> str:
        """The population-level summary (ICH E9(R1), A.3.3) of the effect: what its estimator measures, by name."""
        measure = self.estimator.measure.removeprefix("log ")
        return self.difference if measure == "difference" else measure

    @property
    def difference(self) -> str:
        """What a difference of two arms is called."""
        return "difference in means"

    @property
    def at_one_visit(self) -> bool:
        """Whether it is what is measured at one visit, which may come after an event."""
        return False

    @property
    def sign(self) -> int:
        """1 where an effect above nothing is better, else -1."""
        return 1 if (self.better == "higher") != self.estimator.reversed else -1

    def z(self, estimate: Estimate) -> float:
        """Return how far an estimate lies on the better side of no effect, or of the margin: a normal deviate.

        Of a posterior, the deviate of its probability; NaN where there is no estimate.
        """
        if estimate.probability is not None:
            z = float(norm.ppf(np.clip(estimate.probability, 1e-16, 1 - 1e-16)))
            return z if getattr(self.estimator, "above", True) == (self.sign > 0) else -z
        if not estimate.standard_error > 0:
            return float("nan")
        t = (self.sign * estimate.value + (self.margin or 0.0)) / estimate.standard_error
        freedom = estimate.degrees_of_freedom
        return float(t) if freedom is None else float(np.sign(t) * norm.isf(student.sf(abs(t), freedom)))

    def p(self, estimate: Estimate) -> float | None:
        """Return the p-value of an estimate, two-sided; against a margin, or of a posterior, twice that of the better
        side. None where nothing was tested."""
        z = self.z(estimate)
        if not np.isfinite(z) or (estimate.p_value is None and estimate.probability is None):
            return None
        one_sided = self.margin is not None or estimate.probability is not None
        return min(1.0, 2.0 * float(norm.sf(z))) if one_sided else estimate.p_value

    def covariates_of(self, cohort: Cohort) -> dict[str, NDArray[Any]]:
        """Return what the analysis reads of patients beside the outcome, by the analysis' names: [patient] each."""
        read = {name: cohort.covariates[name] for name in self.estimator.covariates_read}
        score = {SCORE: cohort.covariates[f"{SCORE}_{self.name}"]} if self.estimator.prognostic else {}
        return read | score

    @property
    def estimator(self) -> Estimator:
        """How it is analysed."""
        return self.analysis or self.usual
