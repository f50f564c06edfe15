"""Group sequential designs, against rpact 3.3.4's printed values and the multivariate normal's own probabilities."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from twin.trials.design.boundaries import SINGLE, Boundaries, Looks, boundaries, equally_spaced
from twin.trials.design.spending import Rule

RPACT: list[tuple[str, float | None, list[float], tuple[float, float, float] | None]] = [
    ("obrien-fleming", None, [2.796510, 1.977431], (1.007126, 0.851094, 1.005826)),
    ("obrien-fleming", None, [3.471091, 2.454432, 2.004036], (1.016101, 0.798709, 1.013588)),
    ("obrien-fleming", None, [4.048591, 2.862786, 2.337455, 2.024296], (1.022163, 0.767397, 1.018945)),
    ("obrien-fleming", None, [4.561742, 3.225639, 2.633723, 2.280871, 2.040073], (1.026486, 0.750254, 1.022816)),
    ("pocock", None, [2.178272] * 2, (1.100082, 0.775933, 1.092001)),
    ("pocock", None, [2.289478] * 3, (1.150638, 0.721033, 1.139134)),
    ("pocock", None, [2.361300] * 4, (1.183134, 0.697496, 1.169601)),
    ("pocock", None, [2.413180] * 5, (1.206581, 0.684938, 1.191650)),
    ("lan-demets-of", None, [2.962588, 1.968596], (1.003418, 0.876726, 1.002653)),
    ("lan-demets-of", None, [3.710303, 2.511427, 1.993047], (1.011853, 0.811472, 1.009778)),
    ("lan-demets-of", None, [4.332634, 2.963132, 2.359044, 2.014090], (1.018280, 0.777299, 1.015433)),
    ("lan-demets-of", None, [4.876885, 3.357012, 2.680280, 2.289817, 2.031032], (1.023078, 0.758667, 1.019720)),
    ("lan-demets-pocock", None, [2.279428, 2.294911, 2.295940], (1.154220, 0.721157, 1.142522)),
    ("hsd", -4.0, [3.010739, 2.546531, 1.999226], None),
    ("kim-demets", 3.0, [3.113017, 2.461934, 2.008705], None),
    ("wang-tsiatis", 0.25, [2.741137, 2.305012, 2.082813], None),
]


@pytest.mark.parametrize(("kind", "parameter", "upper", "sizes"), RPACT)
def test_bounds_and_sizes_are_rpact_s(
    kind: str, parameter: float | None, upper: list[float], sizes: tuple[float, float, float] | None
) -> None:
    found = boundaries(Looks(Rule(kind, parameter), equally_spaced(len(upper))))
    assert found.upper == pytest.approx(upper, abs=1e-6)
    assert found.alpha_spent[-1] == pytest.approx(0.025, abs=1e-9)
    assert found.power[-1] == pytest.approx(0.9, abs=1e-9)
    if sizes is not None:
        told = (found.inflation, found.expected_size_h1, found.expected_size_h0)
        assert told == pytest.approx(sizes, abs=1e-6)


def test_uneven_looks_are_rpact_s() -> None:
    found = boundaries(Looks(Rule("lan-demets-of"), (0.5, 0.75, 1.0)))
    assert found.upper == pytest.approx([2.962588, 2.359018, 2.014084], abs=1e-6)


def test_what_is_spent_is_rpact_s() -> None:
    found = boundaries(Looks(Rule("lan-demets-of"), equally_spaced(3)))
    assert found.alpha_spent == pytest.approx([0.000104, 0.006048, 0.025], abs=1e-6)


def test_futility_that_does_not_bind_is_rpact_s() -> None:
    found = boundaries(Looks(Rule("lan-demets-of"), equally_spaced(3), futility=Rule("lan-demets-of")))
    assert found.upper == pytest.approx([3.710303, 2.511427, 1.993047], abs=1e-6)
    assert found.lower is not None
    assert found.lower[:2] == pytest.approx([-0.694541, 1.002460], abs=1e-6)
    assert found.lower[2] == found.upper[2]
    assert found.beta_spent[-1] == pytest.approx(0.1, abs=1e-9)


def within(low: list[float], high: list[float], drift: float, information: np.ndarray[Any, Any]) -> float:
    """Return the chance that z stays between bounds at all looks, by SciPy's integral of the joint normal."""
    joint = np.sqrt(np.minimum.outer(information, information) / np.maximum.outer(information, information))
    mean = drift * np.sqrt(information)
    chance = multivariate_normal.cdf(high, mean, joint, lower_limit=low, abseps=1e-9, releps=1e-9, maxpts=4_000_000)
    return float(chance)


@pytest.mark.parametrize("binding", [False, True])
@pytest.mark.parametrize(("kind", "parameter"), [("hsd", 1.5), ("wang-tsiatis", 0.1), ("kim-demets", 0.7)])
def test_both_errors_hold_by_another_integral(kind: str, parameter: float, binding: bool) -> None:
    information = np.array([0.3, 0.8, 1.0])
    looks = Looks(Rule(kind, parameter), tuple(information), 0.04, 1, 0.2, Rule("hsd", -1.0), binding)
    found = boundaries(looks)
    assert found.lower is not None
    null, other, most = 0.0, 0.0, [40.0] * 3
    for look in range(3):  # rejects at this look, between the bounds before
        low = [*found.lower[:look], found.upper[look]]
        high, share = [*found.upper[:look], most[look]], information[: look + 1]
        other += within(low, high, found.drift, share)
        null += within(low if binding else [*[-40.0] * look, found.upper[look]], high, 0.0, share)
    assert null == pytest.approx(0.04, abs=2e-6)
    assert other == pytest.approx(0.8, abs=2e-6)


def test_two_sides_hold_alpha_together() -> None:
    found = boundaries(Looks(Rule("wang-tsiatis", 0.3), (0.2, 0.7, 1.0), 0.05, 2, 0.15))
    upper = list(found.upper)
    stays = within([-z for z in upper], upper, 0.0, np.array([0.2, 0.7, 1.0]))
    assert 1.0 - stays == pytest.approx(0.05, abs=1e-6)
    power = 1.0 - within([-z for z in upper], upper, found.drift, np.array([0.2, 0.7, 1.0]))
    assert power == pytest.approx(0.85, abs=1e-6)


def test_two_sides_with_futility_give_up_in_the_middle() -> None:
    found = boundaries(Looks(Rule("obrien-fleming"), (0.5, 1.0), 0.05, 2, 0.1, Rule("kim-demets", 2.0)))
    assert found.lower is not None
    given_up = within([-found.lower[0]], [found.lower[0]], found.drift, np.array([0.5]))
    assert given_up == pytest.approx(0.1 * 0.5**2, abs=1e-8)
    assert found.power[-1] == pytest.approx(0.9, abs=1e-9)


def test_one_look_is_a_fixed_trial() -> None:
    found = boundaries(SINGLE)
    assert found.upper == pytest.approx([1.959964], abs=1e-6)
    assert (found.inflation, found.expected_size_h1, found.expected_size_h0) == pytest.approx((1.0, 1.0, 1.0))


def test_a_look_that_may_spend_nothing_rejects_nothing() -> None:
    found = boundaries(Looks(Rule("lan-demets-of"), (0.001, 0.5, 1.0)))
    assert found.to_json()["upper"][0] is None
    assert found.upper[1:] == pytest.approx(boundaries(Looks(Rule("lan-demets-of"), (0.5, 1.0))).upper, abs=1e-8)


def test_simulated_trials_stop_as_foretold() -> None:
    looks = Looks(Rule("pocock"), equally_spaced(4), futility=Rule("lan-demets-pocock"))
    found = boundaries(looks)
    random = np.random.default_rng(7)
    steps = random.normal(found.drift / 4, 0.5, size=(200_000, 4))
    z = np.cumsum(steps, axis=1) / np.sqrt(looks.shares)
    assert found.lower is not None
    stop = (z >= found.upper) | (z < found.lower)
    first = stop.argmax(axis=1)
    sizes = looks.shares[first] * found.inflation
    assert sizes.mean() == pytest.approx(found.expected_size_h1, abs=4 * sizes.std() / np.sqrt(len(sizes)))
    rejected = (z[np.arange(len(z)), first] >= found.upper[first]).mean()
    assert rejected == pytest.approx(0.9, abs=4 * np.sqrt(0.09 / len(z)))


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"information": (0.5, 0.4, 1.0)}, "expected ascending shares above 0"),
    ({"information": (0.0, 1.0)}, "expected ascending shares above 0"),
    ({"information": (0.5, 0.9)}, "expected 1 at the last look"),
    ({"information": ()}, "got 0 looks, expected 1 to 50"),
    ({"alpha": 0.0}, "got alpha 0"),
    ({"beta": 0.98}, "got beta 0.98"),
    ({"sides": 3}, "got 3 sides"),
    ({"futility": Rule("pocock")}, "pocock spends no error"),
    ({"binding": True}, "needs its kind"),
]


@pytest.mark.parametrize(("asked", "message"), MISTAKES)
def test_what_cannot_be_designed_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Looks(**{"efficacy": Rule("lan-demets-of"), "information": (0.5, 1.0)} | asked)


@pytest.mark.parametrize(
    ("kind", "parameter", "message"),
    [
        ("o'brien", None, "expected one of obrien-fleming, pocock"),
        ("pocock", 0.5, "pocock has no parameter"),
        ("hsd", None, "hsd needs a parameter: gamma"),
        ("kim-demets", 0.0, "expected 0.001 to 40"),
    ],
)
def test_a_rule_that_is_none_is_refused(kind: str, parameter: float | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Rule(kind, parameter)


def test_an_answer_tells_what_it_is() -> None:
    found: Boundaries = boundaries(Looks(Rule("hsd", -4.0), (0.5, 1.0), futility=Rule("hsd", -2.0)))
    assert "stops for futility where z is below the lower bound (hsd, not binding" in found.to_text()
    assert list(found.to_frame()["information"]) == [0.5, 1.0]
    assert found.to_json()["futility_parameter"] == -2.0
