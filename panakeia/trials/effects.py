"""What came out of a trial's endpoints: each arm, the arms compared in three ways, and curves of times to events."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from panakeia.report import Section, Table
from panakeia.trials.figures import survival_figure
from twin.trials.analysis.survival import Curve, Times, kaplan_meier
from twin.trials.endpoints.outcome import Timed
from twin.trials.result import Difference, EndpointResult, TrialResult


def effects_section(result: TrialResult) -> Section:
    """Show every endpoint of every arm; each comparison as a trial sees it, as twins do, and what is true."""
    return Section(
        title="Endpoints",
        lead=f"{result.estimand} The first arm is the control.",
        tables=(Table(arms_table(result), "By arm"), Table(effects_table(result), "Compared with control")),
        caption=(
            f"{result.design.analysis.level:.0%} intervals. As a parallel trial: two groups of patients, by the"
            " endpoint's analysis. As twins: both potential outcomes of each patient. True: the effect under the"
            f" estimand in all enrolled patients, had nobody left. {result.monte_carlo}"
        ),
    )


def arms_table(result: TrialResult) -> pd.DataFrame:
    """Return each endpoint of each arm: endpoint, arm, n (with an outcome), estimate, interval, method."""
    return pd.DataFrame(
        [
            {
                "endpoint": found.endpoint.name,
                "arm": arm,
                "n": found.counts[arm],
                "estimate": found.endpoint.shown(mean),
                "method": mean.method,
            }
            for found in result.endpoints
            for arm, mean in found.means.items()
        ]
    )


def effects_table(result: TrialResult) -> pd.DataFrame:
    """Return each comparison with control: as a parallel trial, as twins, what is true, and the p-values."""
    rows = [_compared(found, difference) for found in result.endpoints for difference in found.differences]
    table = pd.DataFrame(rows)
    return table if (table["adjusted_p"] != table["p"]).any() else table.drop(columns="adjusted_p")


def _compared(found: EndpointResult, difference: Difference) -> dict[str, object]:
    endpoint, p = found.endpoint, difference.parallel.p_value
    return {
        "endpoint": endpoint.name,
        "comparison": f"{difference.treated} - {difference.control}",
        "as_a_parallel_trial": endpoint.shown(difference.parallel, difference=True),
        "p": shown_p(p),
        "adjusted_p": shown_p(p if difference.adjusted_p is None else difference.adjusted_p),
        "as_twins": endpoint.shown_pair(difference.twins),
        "true": endpoint.shown(difference.truth, difference=True),
        "method": difference.parallel.method,
    }


def shown_p(p: float | None) -> str:
    """Return a p-value as a reader knows it.

    >>> shown_p(0.00004), shown_p(0.0312), shown_p(None)
    ('< 0.0001', '0.0312', '')
    """
    if p is None:
        return ""
    return "< 0.0001" if p < 1e-4 else f"{p:.3g}"


def survival_sections(result: TrialResult) -> list[Section]:
    """Draw the Kaplan-Meier curves of each endpoint that is a time to an event, with numbers at risk."""
    return [
        Section(
            title=f"Time to event: {found.endpoint.name}",
            lead=f"{found.words.capitalize()}.",
            figure=_figure(result, found),
            tables=(Table(medians(result, found), "By arm"),),
            caption=f"Kaplan-Meier, {result.design.analysis.level:.0%} intervals on the log-log scale.",
        )
        for found in result.endpoints
        if found.endpoint.estimator.needs == "timed"
    ]


def curves(result: TrialResult, found: EndpointResult) -> dict[str, Curve]:
    """Return each arm's Kaplan-Meier curve."""
    level, drawn = result.design.analysis.level, {}
    for course in result.courses:
        outcome = result.design.asks.observed(found.endpoint, course)
        assert isinstance(outcome, Timed)
        known = outcome.known
        times = Times(outcome.day[known], outcome.event[known].astype(np.float64))
        drawn[course.arm] = kaplan_meier(times, level=level)
    return drawn


def _figure(result: TrialResult, found: EndpointResult) -> Figure:
    return survival_figure(
        {arm: curve.to_frame() for arm, curve in curves(result, found).items()},
        label=f"without {' or '.join(getattr(found.endpoint, 'events', ('the event',)))}",
    )


def medians(result: TrialResult, found: EndpointResult) -> pd.DataFrame:
    """Return each arm's subjects, events and median time."""
    rows = []
    for arm, curve in curves(result, found).items():
        median = curve.quantile()
        bounds = [f"{one:.0f}" if math.isfinite(one) else "not reached" for one in (median.lower, median.upper)]
        told = f"{median.value:.0f} d ({bounds[0]} to {bounds[1]})" if math.isfinite(median.value) else "not reached"
        rows.append({"arm": arm, "n": int(curve.at_risk[0]), "events": int(curve.events.sum()), "median": told})
    return pd.DataFrame(rows)
