"""The synopsis of a trial: what its protocol says, item by item, its estimand in ICH E9(R1)'s words, who takes part."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from panakeia.report import Section, Table
from twin.model import Floats
from twin.patient import Cohort
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.protocol import Arm, TrialDesign
from twin.trials.result import TrialResult

_DESIGNS = {
    "twins": "trial of twins: each virtual patient goes through every arm with the same luck, which no real trial can",
    "parallel": "parallel groups: each virtual patient is allocated to one arm",
}


def synopsis_section(result: TrialResult) -> Section:
    """Return what a protocol's synopsis says, and the attributes of each endpoint's estimand."""
    design = result.design
    return Section(
        title="Synopsis",
        tables=(
            Table(pd.DataFrame(_synopsis(design), columns=["item", "what"])),
            Table(estimand_table(result), "Estimands (ICH E9 R1)"),
        ),
        caption=f"Patients are simulated with {design.trial.model}. {result.citation}",
    )


def _synopsis(design: TrialDesign) -> list[tuple[str, str]]:
    outline, conduct = design.trial, design.conduct
    primary, *others = design.endpoints
    error = "with measurement error" if conduct.measurement_error else "without measurement error"
    rows = [
        ("trial", outline.name),
        ("design", _DESIGNS[outline.design]),
        *_enrolment(design),
        ("population", design.population.source),
        *[(f"arm: {arm.name}", _arm(design, arm, place)) for place, arm in enumerate(design.arms)],
        *([("titration", design.titration.summary)] if design.titration else []),
        ("treatment", f"{outline.weeks} weeks; adherence {design.conduct.adherence.summary}"),
        ("visits", f"mornings of days {_listed(design.visits.days)}; {_listed(design.measured)} measured {error}"),
        ("primary endpoint", _endpoint(design, primary)),
        *[(f"endpoint {place}", _endpoint(design, one)) for place, one in enumerate(others, start=2)],
        *[("what may happen", f"{hazard.name}: {hazard.words}; then {hazard.follows}") for hazard in design.hazards],
        ("analysis", f"{design.analysis.level:.0%} intervals; multiplicity: {design.analysis.multiplicity.summary}"),
    ]
    if design.reestimation:
        rows.append(
            ("size chosen anew", f"{design.reestimation.summary}, in `trial simulate`; this is the planned size")
        )
    if design.interims:
        looks = ", ".join(f"{share:.0%}" for share in design.interims.information)
        rows.append(("looks", f"at {looks} of the information, {design.interims.kind} bounds"))
    return rows


def _enrolment(design: TrialDesign) -> list[tuple[str, str]]:
    outline, arms = design.trial, len(design.arms)
    if outline.design == "twins":
        return [("size", f"{outline.subjects_per_arm:,} patients, each in all {arms} arms")]
    shares = " : ".join(f"{arm.share:g}" for arm in design.arms)
    return [
        ("size", f"{outline.subjects_per_arm * arms:,} patients, {shares}"),
        ("allocation", design.allocation.summary),
        ("enrolment", design.enrolment.summary),
    ]


def _arm(design: TrialDesign, arm: Arm, place: int) -> str:
    own = ""
    if arm.titration == "none":
        own = "; no titration"
    elif arm.titration is not None:
        own = f"; titrated {arm.titration.summary}"
    own += "".join(f"; {name} {value:g}, assumed" for name, value in arm.parameters.items())
    control = " (control)" if place == 0 else ""
    unit = f"; doses in {design.model.dose_unit}" if design.model.dose_unit != "1" else ""
    return f"{arm.policy.summary}{own}{control}{unit}"


def _endpoint(design: TrialDesign, endpoint: Endpoint) -> str:
    margin = f", non-inferior within {endpoint.margin:g}" if endpoint.margin is not None else ""
    words = endpoint.words(design.grid, leave=_may_leave(design))
    analysis = endpoint.estimator.summary
    return f"{endpoint.name}: {words}; {endpoint.better} is better{margin}; analysis {analysis}"


def _may_leave(design: TrialDesign) -> bool:
    return any(hazard.then in ("leave", "die") for hazard in design.hazards)


def estimand_table(result: TrialResult) -> pd.DataFrame:
    """Return the attributes of each endpoint's estimand: treatment, population, variable, events, summary."""
    design = result.design
    control, *treated = (arm.name for arm in design.arms)
    who = "who would have none of the stratum's events in any arm" if _stratified(design) else "as enrolled"
    return pd.DataFrame(
        [
            {
                "endpoint": found.endpoint.name,
                "treatments": f"{' and '.join(treated)} against {control}: dosing rules as assigned",
                "population": f"the stated one, {who}",
                "variable": found.words,
                "intercurrent events": design.asks.words_for(found.endpoint) or "none",
                "population-level summary": found.endpoint.effect.rstrip(","),
            }
            for found in result.endpoints
        ]
    )


def _stratified(design: TrialDesign) -> bool:
    return "principal_stratum" in design.asks.strategies.values()


def baseline_section(result: TrialResult) -> Section:
    """Show who was enrolled: numbers with mean, deviation and range, levels with shares, an arm a column."""
    shown = result.cohorts[:1] if result.design.trial.design == "twins" else result.cohorts
    rows = _rows(shown)
    names = ["all arms"] if len(shown) < len(result.cohorts) else [course.arm for course in result.courses]
    columns = {
        f"{name} (n = {cohort.n:,})": [_described(cohort.covariates[covariate], level) for covariate, level in rows]
        for name, cohort in zip(names, shown, strict=True)
    }
    covariates = [covariate if level is None else f"{covariate} {level}" for covariate, level in rows]
    return Section(title="Patients at baseline", tables=(Table(pd.DataFrame({"covariate": covariates, **columns})),))


def _rows(cohorts: Sequence[Cohort]) -> list[tuple[str, str | None]]:
    """Return the rows of the table: a covariate that is a number, or each level of one that is not."""
    rows: list[tuple[str, str | None]] = []
    for name in cohorts[0].covariates:
        values = np.concatenate([np.asarray(cohort.covariates[name]) for cohort in cohorts])
        levels: list[str | None] = [None] if values.dtype.kind in "fi" else [*np.unique(values.astype(str))]
        rows += [(name, level) for level in levels]
    return rows


def _described(values: NDArray[Any], level: str | None) -> str:
    if level is None:
        return _spread(np.asarray(values, np.float64))
    return f"{np.mean(np.asarray(values).astype(str) == level):.1%}"


def _spread(values: Floats) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return "unknown"
    lost = f", {values.size - known.size} unknown" if known.size < values.size else ""
    deviation = known.std(ddof=min(1, known.size - 1))
    return f"{known.mean():.3g} (SD {deviation:.3g}), {known.min():.3g} to {known.max():.3g}{lost}"


def _listed(items: tuple[Any, ...]) -> str:
    return ", ".join(str(item) for item in items) or "nothing"
