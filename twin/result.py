"""A trial's result: each subject's outcome, the arms' means, their difference with its interval, and what to doubt."""

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kg.notebook import notebook_html
from twin.estimate import (
    LONGEST_GAP_DAYS,
    Estimate,
    mean,
    paired_difference,
    time_in_range_daily,
    time_in_range_rosendaal,
    welch_difference,
)
from twin.library.warfarin.doses import EU_PACT_ELIMINATION, LENZINI, MAINTENANCE, Coefficients
from twin.library.warfarin.dosing import ByAlgorithm, EuPact
from twin.model import MISSED_DOSES, Floats, Model, parameter_table, residual_name
from twin.patient import Cohort
from twin.protocol import INR, TrialDesign
from twin.streams import uniforms

LEVEL = 0.95
ASSUMPTION_COLUMNS = ["about", "assumption", "value", "unit", "reason"]
Assumption = tuple[str, str, float | None, str, str]
"""A row of these columns; its value is None where the assumption is no number."""
_STATED = "stated by the design"
_COLUMNS = {"age_years": "AGE", "race": "RACE", "height_cm": "HEIGHTBL", "weight_kg": "WEIGHTBL"}
"""What CDISC calls a covariate; others keep their names."""


@dataclass(frozen=True)
class Course:
    """What happened to all patients in one arm."""

    arm: str
    inr: Floats
    """True INR, [patient, morning]: before the dose of day 1, ..., and the morning after the last dose."""
    measured: Floats
    """Measured INR, [patient, visit]."""
    doses_mg: Floats
    """Doses taken, [patient, day]."""
    last_day: Floats
    """Last day of follow-up, [patient]; infinite for who never drops out."""


@dataclass(frozen=True)
class Difference:
    """How an arm's outcome differs from the control's, seen in two ways.

    `twins` compares both potential outcomes of every enrolled patient; `parallel` is the two-sample comparison that a
    real trial with `subjects_per_arm` different patients in each arm would make. `effect` is the one that the design
    asks for. `correlation` is that of a patient's two outcomes, and `variance_ratio` how many times smaller the common
    random numbers make the variance of the difference; both are None where the two arms do not differ or vary.
    """

    treated: str
    control: str
    effect: Estimate
    twins: Estimate
    parallel: Estimate
    correlation: float | None
    variance_ratio: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the figures under their names."""
        return asdict(self)


@dataclass(frozen=True)
class TrialResult:
    """A trial's result; shares of time are fractions."""

    design: TrialDesign
    subjects: pd.DataFrame
    """One row a subject and arm: USUBJID, ARM, covariates, TTR (the endpoint), TTRTRUE (on the true INR of each day),
    DOSEMEAN and DOSELAST (mg/day, taken while followed), EOSSTT and EOSDY (end of follow-up)."""
    means: dict[str, Estimate]
    """Arm -> mean of the endpoint."""
    counts: dict[str, dict[str, int]]
    """Arm -> subjects enrolled, with an outcome, completed."""
    differences: tuple[Difference, ...]
    inr_quantiles: dict[str, pd.DataFrame]
    """Arm -> day, n, median, lower, upper: the true INR's median and 90 % range over the n subjects who are followed on
    that day; NaN where nobody is."""
    parameters: pd.DataFrame
    """name, value, unit, basis, source: of the model and of the dose algorithms used."""
    assumptions: pd.DataFrame
    """about, assumption, value, unit, reason: what the trial and the model take for granted or leave out; a value where
    the assumption is one."""
    citation: str
    """The twin model's."""
    versions: dict[str, str]

    @property
    def estimand(self) -> str:
        """Return in words what the differences estimate."""
        return (
            f"Mean difference in {_endpoint_in_words(self.design)}, between the arms' dosing rules as assigned,"
            " whatever doses were taken, in patients of the stated population."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the estimates: quantity, n (of an arm's mean), estimate, lower, upper, level, method."""
        rows = [
            *((f"TTR, {arm}", self.counts[arm]["with_outcome"], mean) for arm, mean in self.means.items()),
            *((words, None, contrast) for words, contrast in self.contrasts),
        ]
        return pd.DataFrame(
            [(words, n, e.value, e.lower, e.upper, e.level, e.method) for words, n, e in rows],
            columns=["quantity", "n", "estimate", "lower", "upper", "level", "method"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data for result.json; the subjects stand in a file of their own."""
        return {
            "trial": self.design.trial.name,
            "estimand": self.estimand,
            "endpoint": "TTR",
            "model": {"name": self.design.trial.model, "citation": self.citation},
            "seed": self.design.trial.seed,
            "arms": [
                {"arm": arm, **self.counts[arm], "mean": estimate.to_json()} for arm, estimate in self.means.items()
            ],
            "differences": [difference.to_json() for difference in self.differences],
            "monte_carlo": self.monte_carlo,
            "assumptions": self.assumptions.astype(object).replace(np.nan, None).to_dict("records"),
            "parameters": self.parameters.to_dict("records"),
            "versions": self.versions,
            "design": self.design.model_dump(mode="json"),
        }

    def to_text(self) -> str:
        """Return the result as a few lines."""
        lines = [f"{self.design.trial.name}: time in therapeutic range (TTR), {LEVEL:.0%} intervals"]
        for arm, estimate in self.means.items():
            lines.append(f"  {arm}: {_percent(estimate)}, n = {self.counts[arm]['with_outcome']}")
        lines += [f"  {words}: {_points(estimate)}" for words, estimate in self.contrasts]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return notebook_html(self.to_text(), self.to_frame())

    @property
    def contrasts(self) -> list[tuple[str, Estimate]]:
        """Return each difference between two arms in words, with its estimate: first the one the design asks for."""
        found = []
        for difference in self.differences:
            name = f"{difference.treated} - {difference.control}"
            views = {
                "twins": (f"{name}, each patient in both arms", difference.twins),
                "parallel": (f"{name}, as a parallel trial", difference.parallel),
            }
            found += [views.pop(self.design.trial.design), *views.values()]
        return found

    @property
    def monte_carlo(self) -> str:
        """Return what the intervals hold and what they do not."""
        return (
            "Intervals hold the chance of which virtual patients were drawn and how they fared. They do not hold the"
            " uncertainty of the model's parameters, nor of its structure. The same seed gives the same result."
        )


def _endpoint_in_words(design: TrialDesign) -> str:
    endpoint, leaves = design.endpoint, design.conduct.dropout_per_week > 0
    within = f"INR {endpoint.inr_low:g} to {endpoint.inr_high:g}"
    if endpoint.method == "rosendaal":
        visits = [day for day in design.visits.days if day >= endpoint.from_day]
        words = f"the share of time with {within}, interpolated between the visits of day {visits[0]} to {visits[-1]}"
        apart = f", without the time between visits more than {LONGEST_GAP_DAYS:g} days apart"
        words += apart * any(later - earlier > LONGEST_GAP_DAYS for earlier, later in pairwise(visits))
        return words + " that come before a patient leaves (none where there are not two)" * leaves
    words = f"the share of the mornings of day {endpoint.from_day} to {design.days + 1} with a true {within}"
    return words + " that come before a patient leaves (none where there is no such morning)" * leaves


def summarise(design: TrialDesign, model: Model, cohort: Cohort, courses: list[Course]) -> TrialResult:
    """Compare the arms; in a parallel trial each patient shows the arm that it is allocated to."""
    everyone = [_subjects(design, cohort, course) for course in courses]
    shown = [np.ones(cohort.n, dtype=bool) for _ in courses]
    if design.trial.design == "parallel":
        allocated = _allocated(design.trial.seed, cohort.ids, len(courses))
        shown = [allocated == index for index in range(len(courses))]
    tables = [table.loc[mask] for table, mask in zip(everyone, shown, strict=True)]
    return TrialResult(
        design=design,
        subjects=pd.concat(tables, ignore_index=True),
        means={course.arm: mean(_outcome(table), LEVEL) for course, table in zip(courses, tables, strict=True)},
        counts={course.arm: _counts(table) for course, table in zip(courses, tables, strict=True)},
        differences=tuple(
            _difference(design, (everyone[index], everyone[0]), (tables[index], tables[0]))
            for index in range(1, len(courses))
        ),
        inr_quantiles={course.arm: _quantiles(course, mask) for course, mask in zip(courses, shown, strict=True)},
        parameters=_parameters(design, model),
        assumptions=pd.DataFrame(
            [*_assumptions(design), *_model_assumptions(design, model)], columns=ASSUMPTION_COLUMNS
        ),
        citation=model.citation,
        versions={
            "panakeia": version("panakeia"),
            "python": platform.python_version(),
            **{package: version(package) for package in ("jax", "numpy", "scipy")},
        },
    )


def _allocated(seed: int, ids: Sequence[str], arms: int) -> NDArray[np.intp]:
    """Return each patient's arm, [patient]: equal shares of the patients in the order of their luck.

    Whoever joins or leaves moves the bounds between the shares alone: at most one other patient at each changes arm.
    """
    rank = np.argsort(np.argsort(uniforms(seed, "allocation", ids)))
    return rank * arms // len(ids)


def _subjects(design: TrialDesign, cohort: Cohort, course: Course) -> pd.DataFrame:
    """Return one row a patient of an arm: covariates, outcomes, doses, end of follow-up."""
    endpoint, days = design.endpoint, np.array(design.visits.days, dtype=np.float64)
    mornings = np.arange(1.0, design.days + 2)
    counted = days >= endpoint.from_day
    measured = np.where(days <= course.last_day[:, np.newaxis], course.measured, np.nan)[:, counted]
    followed = (mornings <= course.last_day[:, np.newaxis]) & (mornings >= endpoint.from_day)
    true = time_in_range_daily(np.where(followed, course.inr, np.nan), endpoint.inr_low, endpoint.inr_high)
    rosendaal = time_in_range_rosendaal(days[counted], measured, endpoint.inr_low, endpoint.inr_high)
    dosed = mornings[:-1] <= course.last_day[:, np.newaxis]
    return pd.DataFrame(
        {
            "STUDYID": design.trial.name,
            "USUBJID": cohort.ids,
            "ARM": course.arm,
            **{_COLUMNS.get(name, name): values for name, values in cohort.covariates.items()},
            "TTR": rosendaal if endpoint.method == "rosendaal" else true,
            "TTRTRUE": true,
            "DOSEMEAN": course.doses_mg.sum(axis=1, where=dosed) / dosed.sum(axis=1),
            "DOSELAST": course.doses_mg[np.arange(cohort.n), dosed.sum(axis=1) - 1],
            "EOSSTT": np.where(course.last_day <= design.days, "DISCONTINUED", "COMPLETED"),
            "EOSDY": np.minimum(course.last_day, design.days + 1).astype(int),
        }
    )


def _difference(
    design: TrialDesign, everyone: tuple[pd.DataFrame, pd.DataFrame], shown: tuple[pd.DataFrame, pd.DataFrame]
) -> Difference:
    """Compare a treated arm with the control: all potential outcomes of both, and those that the trial shows."""
    both = np.logical_and(*(table["TTR"].notna().to_numpy() for table in everyone))
    pair = [_outcome(table.loc[both]) for table in everyone]
    twins = paired_difference(pair[0], pair[1], LEVEL)
    unpaired = welch_difference(pair[0], pair[1], LEVEL)
    parallel = welch_difference(_outcome(shown[0]), _outcome(shown[1]), LEVEL)
    varied = min(outcome.std() for outcome in pair) > 0 and twins.standard_error > 0
    return Difference(
        treated=str(everyone[0]["ARM"].iloc[0]),
        control=str(everyone[1]["ARM"].iloc[0]),
        effect=twins if design.trial.design == "twins" else parallel,
        twins=twins,
        parallel=parallel,
        correlation=float(np.corrcoef(pair[0], pair[1])[0, 1]) if varied else None,
        variance_ratio=(unpaired.standard_error / twins.standard_error) ** 2 if varied else None,
    )


def _outcome(table: pd.DataFrame) -> Floats:
    outcome: Floats = table["TTR"].dropna().to_numpy(dtype=np.float64)
    if outcome.size < 2:
        raise ValueError(
            f"arm {table['ARM'].iloc[0]!r}: {outcome.size} subjects have an outcome, expected 2 or more: enrol more"
        )
    return outcome


def _counts(table: pd.DataFrame) -> dict[str, int]:
    return {
        "enrolled": len(table),
        "with_outcome": int(table["TTR"].notna().sum()),
        "completed": int((table["EOSSTT"] == "COMPLETED").sum()),
    }


def _quantiles(course: Course, shown: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the INR's quantiles by day over the patients shown who are still in follow-up."""
    inr = course.inr[shown]
    days = np.arange(1, inr.shape[1] + 1)
    followed = days <= course.last_day[shown][:, np.newaxis]
    left = followed.any(axis=0)
    quantiles = np.full((3, days.size), np.nan)
    quantiles[:, left] = np.nanquantile(np.where(followed, inr, np.nan)[:, left], (0.05, 0.5, 0.95), axis=0)
    lower, median, upper = quantiles
    return pd.DataFrame({"day": days, "n": followed.sum(axis=0), "median": median, "lower": lower, "upper": upper})


def _algorithms(design: TrialDesign) -> dict[str, Coefficients]:
    """Return the published dose algorithms that the arms use, by name."""
    found: dict[str, Coefficients] = {}
    for start in (arm.start for arm in design.arms):
        if isinstance(start, ByAlgorithm):
            found[start.algorithm] = MAINTENANCE[start.algorithm][0]
        elif isinstance(start, EuPact):
            found |= {start.maintenance: MAINTENANCE[start.maintenance][0], "eu_pact_loading": EU_PACT_ELIMINATION}
            found |= {"lenzini_2010": LENZINI} if start.revision else {}
    return found


def _parameters(design: TrialDesign, model: Model) -> pd.DataFrame:
    rows = [
        {
            "name": f"{algorithm}: {name}",
            "value": read.value,
            "unit": read.unit,
            "basis": "measured",
            "source": read.source,
        }
        for algorithm, coefficients in _algorithms(design).items()
        for name, read in coefficients.items()
    ]
    return pd.DataFrame([*parameter_table(model), *rows])


def _assumptions(design: TrialDesign) -> list[Assumption]:
    """Return what the trial takes for granted, as rows of `TrialResult.assumptions`."""
    shown = "" if design.trial.design == "twins" else "; the trial shows one arm of each, at random, in equal numbers"
    sampled = "Normal distributions cut at their bounds; Hardy-Weinberg proportions."
    return [
        ("population", sampled, None, "", design.population.source),
        ("population", "Genotypes are independent of each other, of age and of body size.", None, "", ""),
        ("population", "Nobody takes an interacting drug, smokes, changes diet, or has had a stroke.", None, "", ""),
        ("design", f"Every patient goes through every arm with the same luck{shown}.", None, "", _STATED),
        *_conduct_assumptions(design),
        ("dosing", "Racemic warfarin, once a day.", None, "", ""),
        *(("dosing", formula, None, "", "") for formula in _formulas(design)),
    ]


def _conduct_assumptions(design: TrialDesign) -> list[Assumption]:
    """Return what the trial takes for granted of doses taken, patients leaving and INRs measured."""
    conduct = design.conduct
    rules = "While a patient is followed, each INR is measured on its day, and each dose given follows the arm's rules."
    error = "INRs are measured without error."
    if conduct.measurement_error:
        error = "Measured INRs scatter log-normally by the model's residual error, independently of each other."
    missed = "The arms' rules do not know which doses were missed."
    taken = "Probability that a dose given is taken, whatever the INR, the arm, the patient and the doses before."
    leaving = "Probability to leave in a week, whatever the INR and the patient; on the same day in every arm."
    return [
        ("conduct", taken, conduct.adherence, "1", _STATED),
        ("conduct", leaving, conduct.dropout_per_week, "1", _STATED),
        ("conduct", error, None, "", _STATED),
        ("conduct", rules, None, "", ""),
        *([("conduct", missed, None, "", "")] if conduct.adherence < 1 else []),
    ]


def _formulas(design: TrialDesign) -> list[str]:
    """Return what the dose algorithms in use make of age and body size."""
    used = _algorithms(design)
    body_surface = any("body_surface" in coefficients for coefficients in used.values())
    decades = any(name.startswith("iwpc") for name in used)
    return [
        *(["Body surface by Mosteller's formula."] if body_surface else []),
        *(["The algorithms of the IWPC take ages in whole decades."] if decades else []),
    ]


def _model_assumptions(design: TrialDesign, model: Model) -> list[Assumption]:
    """Return what the model takes for granted and leaves out, as rows of `TrialResult.assumptions`.

    Of the residual errors the trial uses the INR's, and that only where measured with error; a trial in which doses are
    missed does not leave them out.
    """
    unused = {residual_name(name) for name in model.errors if not design.conduct.measurement_error or name != INR}
    assumed = [row for row in parameter_table(model) if row["basis"] == "assumed" and row["name"] not in unused]
    added = {MISSED_DOSES} if design.conduct.adherence < 1 else set()
    return [
        *(
            ("parameters", str(row["name"]), float(row["value"]), str(row["unit"]), str(row["source"]))
            for row in assumed
        ),
        *(("left out of the model", what, None, "", "") for what in model.left_out if what not in added),
    ]


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.1%} ({estimate.lower:.1%} to {estimate.upper:.1%})"


def _points(estimate: Estimate) -> str:
    value, lower, upper = (100 * share for share in (estimate.value, estimate.lower, estimate.upper))
    return f"{value:+.1f} points ({lower:+.1f} to {upper:+.1f})"
