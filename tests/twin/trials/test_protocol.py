"""A trial's protocol: every mistake is named with its key before anything runs."""

import pickle

import numpy as np
import pytest

from kg.files.checked import DesignError
from tests.twin.trials.designs import CONCENTRATION, Change, Content, courses, designed, plain


def test_a_design_is_the_same_after_a_journey_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(designed())) == designed()


MISTAKES: list[tuple[Change, str]] = [
    (lambda c: c["trial"].update(model="aspirin"), "trial.model: got 'aspirin', expected theophylline_boeckmann1994"),
    (
        lambda c: c["trial"].update(model="theophylline_boeckmann1994"),
        r"endpoints\[0\]: theophylline_boeckmann1994 does not have 'INR'; expected theophylline_mg_per_L",
    ),
    (lambda c: c["trial"].update(name=""), "trial.name: got '', expected at least 1 character"),
    (lambda c: c["trial"].update(weeks=0), "trial.weeks: got 0, expected >= 1"),
    (lambda c: c["trial"].update(seed=1.5), "trial.seed: got 1.5, expected a valid integer"),
    (lambda c: c["trial"].update(desing="twins"), "trial.desing: unknown key; did you mean design?"),
    (lambda c: c["arms"].pop(), "arms: got 1 items, expected at least 2"),
    (lambda c: c.pop("endpoints"), "endpoints: missing"),
    (lambda c: c.update(endpoints=[]), "endpoints: got 0 items, expected at least 1"),
    (lambda c: c["endpoints"][0].update(low=3.5), r"endpoints\[0\]: low must be below high, got 3.5 and 3"),
    (lambda c: c["endpoints"][0].update(from_day=80), r"endpoints\[0\].from_day: got 80, expected <= 78"),
    (
        lambda c: c["endpoints"][0].update(method="cross"),
        r"endpoints\[0\].method: got 'cross', expected 'rosendaal' or 'daily_true'",
    ),
    (lambda c: c["endpoints"][2].update(name="ttr"), r"endpoints\[2\].name: got 'ttr', which another of the endpoints"),
    (lambda c: c["visits"].update(days=[1, 4, 4]), "visits.days: got 4 after 4, expected ascending days"),
    (lambda c: c["visits"].update(days=[1, 4, 86]), "visits.days: got 86, expected <= 85"),
    (
        lambda c: c["visits"].update(days=[1, 6, 8]),
        r"arms\[1\].policy.revision: got lenzini_2010, which needs the INR of day 4; expected that day in visits.days",
    ),
    (lambda c: c["titration"].update(from_day=86), "titration.from_day: got 86, expected <= 85, the last visit's day"),
    (lambda c: c["conduct"].update(adherence=95), "conduct.adherence: got 95, expected <= 1"),
    (lambda c: c["population"]["age_years"].update(lower=10), "population.age_years.lower: got 10, expected >= 18"),
    (lambda c: c["population"].pop("VKORC1"), "population.VKORC1: missing"),
    (
        lambda c: c["population"].pop("weight_kg"),
        "population.correlations.age_weight: the population states nothing of weight_kg",
    ),
    (
        lambda c: (c["population"].pop("weight_kg"), c["population"].pop("correlations")),
        r"population.weight_kg: missing; arms\[1\].policy needs it",
    ),
    (lambda c: c["population"].update(wieght_kg=5), "population.wieght_kg: unknown key; did you mean weight_kg?"),
    (lambda c: c["population"]["height_cm"].update(lower=1.4), "population.height_cm.lower: got 1.4, expected >= 50"),
    (
        lambda c: (c["trial"].update(model="aspirin"), c["population"].update(wieght_kg=5)),
        "population.wieght_kg: unknown key; did you mean weight_kg?",
    ),
    (lambda c: c["population"]["VKORC1"].update(A=0.4), "population.VKORC1: the frequencies sum to 1.012, expected 1"),
    (
        lambda c: c["arms"][0].update(name="genotype-guided"),
        r"arms\[1\].name: got 'genotype-guided', which another of the arms has",
    ),
    (
        lambda c: c["arms"][1].update(name=" Standard "),
        r"arms\[1\].name: got ' Standard ', which another of the arms has, but for letters' case and blanks",
    ),
    (
        lambda c: (c["visits"].update(days=[1, 85]), c["arms"][1]["policy"].pop("revision")),
        r"endpoints\[0\].method: no two of the visits of day 1 or later are at most 56 days apart",
    ),
    (
        lambda c: c["arms"][1]["policy"].update(kind="guess"),
        r"arms\[1\].policy.kind: got 'guess', expected one of by_twin, fixed, placebo, warfarin_algorithm",
    ),
    (
        lambda c: c["arms"][1]["policy"].update(algorithm="iwpc"),
        r"arms\[1\].policy.algorithm: got 'iwpc', expected 'iwpc_pharmacogenetic', 'iwpc_clinical', 'gage_2008' or",
    ),
    (
        lambda c: c["arms"][0]["policy"]["instead"][0].pop("doses"),
        r"arms\[0\].policy.instead\[0\].doses: missing",
    ),
    (
        lambda c: c["arms"][0].update(titration=c["titration"] | {"max_dose": -3}),
        r"arms\[0\].titration.max_dose: got -3, expected > 0",
    ),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_named_with_its_key_before_anything_runs(change: Change, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        designed(change)


LATE = {"days": [8, 15, 22, 29]}


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        ({"kind": "change"}, "change"),
        ({"kind": "by_visit"}, "by_visit"),
        ({"kind": "responder", "of": "percent_change", "at_most": -30.0}, "responder"),
        ({"kind": "value", "analysis": {"kind": "ancova"}}, "ancova"),
    ],
)
def test_what_is_from_a_baseline_needs_a_visit_before_the_first_dose(endpoint: Content, what: str) -> None:
    """A first visit on day 8 is after a week of doses: nothing measured there is a baseline."""
    stated = [{"name": "END", "observable": CONCENTRATION, **endpoint}]
    told = rf"endpoints\[0\].observable: {what} needs what is measured before the first dose, and the first visit is on"
    with pytest.raises(DesignError, match=told + " day 8; expected visits.days to begin with 1"):
        plain(visits=LATE, endpoints=stated)
    plain(endpoints=stated)


def test_what_needs_no_baseline_has_every_visit_after_day_1() -> None:
    """Of visits from day 8 on, the first counts too: the lowest of rising concentrations is that of day 8."""
    lowest = {"kind": "worst", "name": "LOW", "observable": CONCENTRATION, "worst": "lowest"}
    first = {"kind": "value", "name": "DAY8", "observable": CONCENTRATION, "day": 8}
    design = plain(visits=LATE, endpoints=[lowest, first])
    _, (low, _) = courses(design)
    found, then = (design.asks.observed(endpoint, low).columns("X")["X"] for endpoint in design.endpoints)
    assert found == pytest.approx(then) and np.isfinite(then).all()
