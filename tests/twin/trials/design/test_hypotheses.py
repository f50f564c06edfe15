"""Alpha shared and passed on: against the bivariate normal, exact powers of one hypothesis, and the error to hold."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from twin.trials.design.hypotheses import Family, Hypothesis, planned_family
from twin.trials.design.spending import Rule


def both(first: float, second: float, drifts: tuple[float, float], correlation: float) -> float:
    """Return the chance that both z are at least so much."""
    joint = multivariate_normal(-np.array(drifts), [[1.0, correlation], [correlation, 1.0]])
    return float(joint.cdf([-first, -second]))


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_two_hypotheses_of_one_look_are_holm_s_by_the_joint_normal(correlation: float) -> None:
    drifts = (2.6, 2.2)
    found = planned_family(
        Family(
            (Hypothesis("A", 0.01, drifts[0], (1.0,)), Hypothesis("B", 0.015, drifts[1], (1.0,))), None, correlation
        ),
        400_000,
    )
    own, all_of_it = norm.isf([0.01, 0.015]), norm.isf(0.025)
    first, second = norm.sf(own - drifts)
    power_first = first + both(all_of_it, own[1], drifts, correlation) - both(own[0], own[1], drifts, correlation)
    power_second = second + both(own[0], all_of_it, drifts, correlation) - both(own[0], own[1], drifts, correlation)
    error = 4 * np.sqrt(0.25 / 400_000)
    assert found.alone == pytest.approx([first, second], abs=1e-9)
    assert found.power == pytest.approx([power_first, power_second], abs=error)
    assert found.any_one == pytest.approx(first + second - both(*own, drifts, correlation), abs=error)
    null = 0.025 - both(*own, (0.0, 0.0), correlation)
    assert found.error == pytest.approx(null, abs=4 * np.sqrt(0.025 / 400_000))


def test_looks_alone_have_the_power_of_their_walk() -> None:
    nothing_passed = {("A", "B"): 0.0, ("B", "A"): 0.0}
    found = planned_family(
        Family(
            (Hypothesis("A", 0.02, 3.0, (0.5, 0.8, 1.0)), Hypothesis("B", 0.005, 3.2, (None, 1.0, None))),
            nothing_passed,
            0.4,
        ),
        400_000,
    )
    assert found.power == pytest.approx(found.alone, abs=4 * np.sqrt(0.25 / 400_000))
    assert found.bounds["B"]["own"] == [None, pytest.approx(2.575829, abs=1e-6), None]


@pytest.mark.parametrize(
    "drifts", [(0.0, 0.0, 0.0), (3.5, 0.0, 0.0), (3.5, 3.5, 0.0), (0.0, 0.0, 4.0)], ids=lambda each: str(each)
)
@pytest.mark.parametrize("correlation", [0.0, 0.7])
def test_the_family_s_error_holds_whichever_are_true(drifts: tuple[float, ...], correlation: float) -> None:
    """A gatekeeper: the first passes to the second, the second back; the third gets what is left of either."""
    hypotheses = tuple(
        Hypothesis(name, alpha, 0.0, shares, Rule("hsd", -2.0))
        for name, alpha, shares in (
            ("A", 0.015, (0.6, 1.0)),
            ("B", 0.010, (0.5, 1.0)),
            ("C", 0.0, (0.7, 1.0)),
        )
    )
    passes = {("A", "B"): 0.7, ("A", "C"): 0.3, ("B", "A"): 0.7, ("B", "C"): 0.3, ("C", "A"): 0.5, ("C", "B"): 0.5}
    true = tuple(
        Hypothesis(each.name, each.alpha, drift, each.information, each.rule)
        for each, drift in zip(hypotheses, drifts, strict=True)
    )
    found = planned_family(Family(true, passes, correlation), 100_000, seed=3)
    null = [index for index, drift in enumerate(drifts) if drift == 0.0]
    limit = 0.025 + 4 * np.sqrt(0.025 / 100_000)
    assert found.error < limit
    assert found.power[null].max() < limit


def test_what_is_passed_on_adds_power() -> None:
    plan = (
        Hypothesis("PFS", 0.005, -np.log(0.69) * np.sqrt(300.0) / 2.0, (1.0, None)),
        Hypothesis("OS", 0.020, -np.log(0.74) * np.sqrt(480.0) / 2.0, (0.6, 1.0)),
    )
    found = planned_family(Family(plan, None, 0.5))
    assert (found.power > found.alone + 0.005).all()
    assert found.early[0] < found.power[0]  # PFS is rejected late too, by what OS passes on
    assert found.to_json()["hypotheses"][0]["hypothesis"] == "PFS"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hypothesis("A", 0.6, 3.0, (1.0,)), "expected a share from 0 to .5"),
        (lambda: Hypothesis("A", 0.02, 3.0, (None, None)), "at no analysis"),
        (lambda: Hypothesis("A", 0.02, 3.0, (0.5, 1.0), Rule("pocock")), "needs a spending rule"),
        (lambda: Hypothesis("A", 0.02, 3.0, (0.5, 0.9)), "expected 1 at the last look"),
        (lambda: Family((Hypothesis("A", 0.02, 3.0, (1.0,)),)), "expected 2 to 8"),
        (
            lambda: Family((Hypothesis("A", 0.02, 3.0, (1.0,)), Hypothesis("B", 0.0, 3.0, (0.5, 1.0)))),
            "share the trial's analyses",
        ),
        (
            lambda: Family((Hypothesis("A", 0.02, 3.0, (1.0,)), Hypothesis("B", 0.0, 3.0, (1.0,))), {("A", "C"): 1.0}),
            "got A passing on to C",
        ),
    ],
)
def test_what_is_no_family_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
