"""Bayesian: trials that stop by posterior probabilities, with thresholds calibrated so that the type I error holds.

Berry SM, Carlin BP, Lee JJ, Muller P. Bayesian adaptive methods for clinical trials. CRC Press 2010. What is calibrated
is as in adaptr's calibrate_trial (Granholm A, et al. J Open Source Softw 2022;7:4284), but by exact chances.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from kg.notebook import notebook_html
from twin.trials.design.binary_outcomes import BinaryTrial, Counts
from twin.trials.design.normal_outcomes import NormalTrial
from twin.trials.design.spending import Floats

Outcomes = BinaryTrial | NormalTrial
Truth = tuple[float, float] | float
"""What is true: the rates on control and on treatment, or the difference of means."""

_FAR = 40.0
"""A z that nothing reaches."""


@dataclass(frozen=True)
class StoppingRule:
    """Reject where the chance of being better exceeds `efficacy`; give up where a chance is below `futility`.

    That of futility is the posterior one of being better, or `predictive`, that of rejecting at the last look. Not
    `early`, the trial rejects at its last look alone.
    """

    efficacy: float
    futility: float = 0.0
    predictive: bool = False
    early: bool = True

    def __post_init__(self) -> None:
        if not 0.0 < self.efficacy < 1.0:
            raise ValueError(f"got the threshold {self.efficacy:g} of efficacy, expected one above 0 and below 1")
        if not 0.0 <= self.futility < 1.0:
            raise ValueError(f"got the threshold {self.futility:g} of futility, expected 0 or more and less than 1")
        if not self.predictive and self.futility >= self.efficacy:
            raise ValueError(f"got futility below {self.futility:g} and efficacy above {self.efficacy:g}: they overlap")


@dataclass(frozen=True)
class Operating:
    """What comes of trials where something is true: chances to reject and to give up at each look, [look]."""

    truth: Truth
    rejected: Floats
    given_up: Floats
    expected_size: float
    """Patients of all arms together."""

    @property
    def power(self) -> float:
        """Return the chance to reject at any look."""
        return float(self.rejected.sum())


@dataclass(frozen=True)
class BayesianDesign:
    """A trial, its rule, and what comes of it under the null (the worst first) and where more is true."""

    outcomes: Outcomes
    rule: StoppingRule
    alpha: float | None
    """The type I error that the threshold of efficacy was calibrated to; None where that was given."""
    null: tuple[Operating, ...]
    true: tuple[Operating, ...]

    @property
    def type_one_error(self) -> float:
        """Return the largest chance to reject under the null."""
        return max(operating.power for operating in self.null)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a truth and look: chances to reject and to give up there."""
        rows = []
        for name, each in [("null", one) for one in self.null] + [("true", one) for one in self.true]:
            for look, patients in enumerate(self.outcomes.patients):
                rows.append(
                    {
                        "case": name,
                        **_told(each.truth),
                        "look": look + 1,
                        "patients_per_arm": patients,
                        "rejects": each.rejected[look],
                        "gives_up": each.given_up[look],
                        "power": each.rejected[: look + 1].sum(),
                        "expected_size": each.expected_size,
                    }
                )
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return the design and its figures as JSON values."""
        return {
            "efficacy": self.rule.efficacy,
            "futility": self.rule.futility,
            "futility_by": "predictive" if self.rule.predictive else "posterior",
            "early_efficacy": self.rule.early,
            "calibrated_to": self.alpha,
            "type_one_error": self.type_one_error,
            "bounds": bounds_of(self.outcomes, self.rule),
            "null": [_figures(each) for each in self.null],
            "true": [_figures(each) for each in self.true],
            "assumptions": {name: value for name, value in vars(self.outcomes).items() if name != "posteriors"},
        }

    def to_text(self) -> str:
        """Return the design in a few lines."""
        rule, by = self.rule, "predictive" if self.rule.predictive else "posterior"
        held = "as given" if self.alpha is None else f"calibrated to a type I error of {self.alpha:g}"
        when = "" if rule.early else " at the last look"
        lines = [
            f"rejects{when} where the posterior chance of being better exceeds {rule.efficacy:.6f}, {held}:"
            f" {self.type_one_error:.4f} at most under the null"
        ]
        if rule.futility > 0.0:
            lines.append(f"gives up where the {by} chance is below {rule.futility:g}")
        lines += [
            f"{_words(each.truth)}: power {each.power:.4f}, {each.expected_size:.1f} patients to expect"
            for each in (*self.null, *self.true)
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())


def bayesian_design(
    outcomes: Outcomes, rule: StoppingRule, null: tuple[Truth, ...], true: tuple[Truth, ...], alpha: float | None = None
) -> BayesianDesign:
    """Return what comes of a rule, with its threshold of efficacy calibrated where `alpha` is told.

    Calibrated, the threshold is the least at which none of the `null` truths rejects more often. Raises `ValueError`
    where no truth is told, one is out of range, or no threshold holds the error.
    """
    if not null or not true:
        raise ValueError("tell what is true under the null, and what the trial is to show")
    if alpha is not None:
        rule = replace(rule, efficacy=_calibrated(outcomes, rule, null, alpha))
    worst_first = sorted((operating(outcomes, rule, truth) for truth in null), key=lambda each: -each.power)
    return BayesianDesign(
        outcomes, rule, alpha, tuple(worst_first), tuple(operating(outcomes, rule, truth) for truth in true)
    )


def operating(outcomes: Outcomes, rule: StoppingRule, truth: Truth) -> Operating:
    """Return what comes of trials by this rule where this is true."""
    if isinstance(outcomes, BinaryTrial):
        if not isinstance(truth, tuple) or not all(0.0 <= rate <= 1.0 for rate in truth):
            raise ValueError(f"got {truth} as true, expected two rates from 0 to 1")
        rejects, gives_up = _counts(outcomes, rule)
        rejected, given_up = outcomes.stopped(rejects, gives_up, *truth)
    else:
        if isinstance(truth, tuple) or not np.isfinite(truth):
            raise ValueError(f"got {truth} as true, expected a difference of means")
        rejected, given_up = outcomes.stopped(*_z_bounds(outcomes, rule), truth)
    patients = np.array(outcomes.patients, float) * outcomes.arms
    return Operating(truth, rejected, given_up, float((rejected + given_up) @ patients))


def bounds_of(outcomes: Outcomes, rule: StoppingRule) -> list[dict[str, Any]]:
    """Return the rule in terms of the data, a look each: of means z and the difference; of one arm's responders, how
    many reject and how many give up. Two arms' counts are pairs: theirs is the posterior itself.
    """
    if isinstance(outcomes, NormalTrial):
        upper, lower = _z_bounds(outcomes, rule)
        return [
            {
                "patients_per_arm": patients,
                "rejects_from_z": _reached(high),
                "rejects_from_difference": _reached(high, outcomes.margin, error),
                "gives_up_below_z": _reached(low),
            }
            for patients, high, low, error in zip(outcomes.patients, upper, lower, outcomes.errors, strict=True)
        ]
    if outcomes.arms == 2:
        return []
    rejects, gives_up = _counts(outcomes, rule)
    return [
        {
            "patients": patients,
            "rejects_from": int(high[0].argmax()) if high.any() else None,
            "gives_up_until": int(np.flatnonzero(low[0])[-1]) if low.any() else None,
        }
        for patients, high, low in zip(outcomes.patients, rejects, gives_up, strict=True)
    ]


def _counts(outcomes: BinaryTrial, rule: StoppingRule) -> tuple[list[Counts], list[Counts]]:
    """Return at which counts a trial rejects, and gives up, [look][control's, treatment's]."""
    last = len(outcomes.patients) - 1
    rejects = [
        (chance > rule.efficacy) & (rule.early or look == last) for look, chance in enumerate(outcomes.posteriors)
    ]
    by = outcomes.predictive(rule.efficacy) if rule.predictive and rule.futility > 0.0 else outcomes.posteriors
    return rejects, [(chance < rule.futility) & ~high for chance, high in zip(by, rejects, strict=True)]


def _z_bounds(outcomes: NormalTrial, rule: StoppingRule) -> tuple[Floats, Floats]:
    upper = outcomes.bounds(rule.efficacy)
    if not rule.early:
        upper[:-1] = _FAR
    if rule.futility <= 0.0:
        return upper, np.full(upper.size, -_FAR)
    lower = outcomes.bounds(rule.futility)
    if rule.predictive:
        lower = outcomes.predictive_bounds(rule.futility, rule.efficacy)
    lower[-1] = upper[-1]
    return upper, np.minimum(lower, upper)


def _calibrated(outcomes: Outcomes, rule: StoppingRule, null: tuple[Truth, ...], alpha: float) -> float:
    """Return the least threshold of efficacy at which the type I error is at most alpha; of counts it goes by steps."""
    if not 0.0 < alpha < 0.5:
        raise ValueError(f"got alpha {alpha:g}, expected a share above 0 and below 0.5")

    def excess(threshold: float) -> float:
        tried = replace(rule, efficacy=threshold)
        return max(operating(outcomes, tried, truth).power for truth in null) - alpha

    least, most = max(0.5, 0.0 if rule.predictive else rule.futility + 1e-9), 1.0 - 1e-9
    if excess(most) > 0.0:
        raise ValueError(f"no threshold holds a type I error of {alpha:g}: tell a null that is none, or other looks")
    if excess(least) <= 0.0:
        return least
    if isinstance(outcomes, NormalTrial):
        return float(brentq(excess, least, most, xtol=1e-12))
    while most - least > 1e-7:
        middle = (least + most) / 2.0
        least, most = (middle, most) if excess(middle) > 0.0 else (least, middle)
    return most


def _figures(each: Operating) -> dict[str, Any]:
    return {
        **_told(each.truth),
        "power": each.power,
        "expected_size": each.expected_size,
        "rejects": each.rejected.tolist(),
        "gives_up": each.given_up.tolist(),
    }


def _told(truth: Truth) -> dict[str, float]:
    if isinstance(truth, tuple):
        return {"control": truth[0], "treatment": truth[1]}
    return {"difference": truth}


def _words(truth: Truth) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in _told(truth).items())


def _reached(z: float, origin: float = 0.0, unit: float = 1.0) -> float | None:
    return None if abs(z) >= _FAR else float(origin + z * unit)
