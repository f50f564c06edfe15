"""The sections of a trial's report, for the team that writes its protocol."""

import pandas as pd

from panakeia.figures import FEWEST, arms_figure
from panakeia.report import Section, Table
from panakeia.sections import parameters_section, unit_shown
from twin.estimate import Estimate
from twin.trials.endpoints.endpoint import Endpoint
from twin.trials.endpoints.time_in_range import TimeInRange
from twin.trials.result import EndpointResult, TrialResult


def trial_sections(result: TrialResult) -> tuple[Section, ...]:
    """Return all that is said of a trial, in order."""
    return (trial_section(result), assumptions_section(result), parameters_section(result.parameters))


def trial_section(result: TrialResult) -> Section:
    """Show the arms in time, each endpoint of each arm, and the differences with their intervals."""
    observable = next(iter(result.primary.endpoint.observables or result.design.model.observables))
    return Section(
        title=f"The trial: {result.design.trial.name}",
        lead=f"{result.estimand} The first arm is the control.",
        figure=arms_figure(result.quantiles[observable], label=observable, band=_range_of(result.primary.endpoint)),
        tables=(Table(endpoint_table(result)),),
        caption=(
            f"With {result.design.analysis.level:.0%} intervals. Line and band: median and 90 % range of the patients"
            f" who are still followed, where these are {FEWEST} or more; a shaded range is the endpoint's."
            f" {result.monte_carlo}"
        ),
    )


def _range_of(endpoint: Endpoint) -> tuple[float, float] | None:
    """Return the range of an endpoint's observable that counts as good, where it has one."""
    return (endpoint.low, endpoint.high) if isinstance(endpoint, TimeInRange) else None


def endpoint_table(result: TrialResult) -> pd.DataFrame:
    """Return each endpoint of each arm, and the differences: endpoint, quantity, n, estimate, interval, method."""
    return pd.DataFrame([row for found in result.endpoints for row in _rows(found, result.design.trial.design)])


def _rows(found: EndpointResult, design: str) -> list[dict[str, object]]:
    endpoint = found.endpoint
    rows: list[tuple[str, int | None, Estimate]] = [
        (arm, found.counts[arm], estimate) for arm, estimate in found.means.items()
    ]
    rows += [(words, None, estimate) for words, estimate in found.contrasts(design)]
    return [
        {"endpoint": endpoint.name, "quantity": words, "n": n, **_shown(endpoint, estimate)}
        for words, n, estimate in rows
    ]


def _shown(endpoint: Endpoint, estimate: Estimate) -> dict[str, object]:
    factor, unit, _ = endpoint.scale
    value, lower, upper = (f"{factor * one:.3g}" for one in (estimate.value, estimate.lower, estimate.upper))
    return {
        "estimate": value,
        "unit": unit,
        f"{estimate.level:.0%} interval": f"{lower} to {upper}",
        "method": estimate.method,
    }


def assumptions_section(result: TrialResult) -> Section:
    """List what was assumed: about what, its value, and why; what the row above says already is not said again."""
    rows = result.assumptions
    again = {"about": "", "reason": "as above"}
    shown = rows.assign(
        **{
            name: rows[name].mask((rows[name] == rows[name].shift()) & (rows[name] != ""), other)
            for name, other in again.items()
        },
        unit=unit_shown(rows["unit"]),
    )
    return Section(title="Assumptions", tables=(Table(shown),))
