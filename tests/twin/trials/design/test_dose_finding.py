"""MCP-Mod, against R's DoseFinding 1.0-3 on its `biom` data, and the chances of its test against simulation.

`biom`: Bretz, Pinheiro and Branson 2005, 100 patients on five doses. Of normal responses the means, counts and variance
tell all, so that these stand here; adjusted p values of DoseFinding are random to three digits.
"""

import numpy as np
import pytest
from scipy.stats import nct, t

from twin.trials.design.contrast_test import ContrastTest, optimal_contrast
from twin.trials.design.dose_models import KINDS, Shape
from twin.trials.design.dose_plan import DosePlan, power_of_doses, size_of_doses
from twin.trials.design.dose_response import DoseData, Wanted, contrasts_of, dose_response, fitted

DOSES = (0.0, 0.05, 0.2, 0.6, 1.0)
BIOM = DoseData(
    DOSES,
    (20.0,) * 5,
    (0.344905396465, 0.456754284895, 0.810315771580, 0.934436926255, 0.948711416565),
    0.507461504502,
)
CANDIDATES = (
    Shape("linear"),
    Shape("linlog"),
    Shape("emax", (0.05,)),
    Shape("emax", (0.2,)),
    Shape("exponential", (0.28,)),
    Shape("quadratic", (-0.854,)),
    Shape("logistic", (0.4, 0.09)),
    Shape("betaMod", (0.33, 2.31)),
    Shape("sigEmax", (0.2, 3.0)),
)
FOUR = (Shape("linear"), Shape("emax", (0.2,)), Shape("exponential", (0.28,)), Shape("quadratic", (-0.854,)))


@pytest.mark.parametrize(
    ("shape", "contrast"),
    [  # optContr(models, w = 1)
        (CANDIDATES[0], [-0.43665607, -0.37764849, -0.20062576, 0.27143485, 0.74349547]),
        (CANDIDATES[1], [-0.7277709117, -0.2470291856, 0.0890959708, 0.3752055933, 0.5104985332]),
        (CANDIDATES[2], [-0.79862427, -0.16987693, 0.20737146, 0.36214004, 0.39898970]),
        (CANDIDATES[4], [-0.292600907, -0.285999621, -0.257393499, -0.038563228, 0.874557254]),
        (CANDIDATES[5], [-0.574223930, -0.363533272, 0.155765388, 0.713557516, 0.068434298]),
        (CANDIDATES[6], [-0.39505051, -0.38658789, -0.30875875, 0.49687695, 0.59352020]),
        (CANDIDATES[7], [-0.511395845, 0.436844194, 0.573495077, -0.032362795, -0.466580632]),
        (CANDIDATES[8], [-0.5092354982, -0.4933875290, 0.0058234998, 0.4840925693, 0.5127069581]),
    ],
)
def test_optimal_contrasts_are_dosefinding_s(shape: Shape, contrast: list[float]) -> None:
    found = optimal_contrast(shape.standard(np.array(DOSES)), np.full(5, 20.0))
    assert found == pytest.approx(contrast, abs=1e-8)


def test_contrasts_of_unequal_arms_are_dosefinding_s() -> None:
    """optContr(models, w = c(30, 20, 20, 20, 30))"""
    found = optimal_contrast(CANDIDATES[3].standard(np.array(DOSES)), np.array([30.0, 20.0, 20.0, 20.0, 30.0]))
    assert found == pytest.approx([-0.6957468972, -0.2576840360, 0.0515368072, 0.3092208432, 0.5926732828], abs=1e-9)


def test_a_candidate_s_means_are_dosefinding_s() -> None:
    """Mods(..., placEff = 0, maxEff = .4): the largest effect may lie between doses."""
    means = {shape.name: shape.means(np.array(DOSES), 0.4)[1:] for shape in CANDIDATES}
    assert means["quadratic(-0.854)"] == pytest.approx([0.065402736, 0.226603776, 0.399753984, 0.199494400], abs=2e-7)
    assert means["betaMod(0.33, 2.31)"] == pytest.approx(
        [0.3434588470, 0.3929547054, 0.173508956, 0.016232368], abs=2e-6
    )
    assert means["sigEmax(0.2, 3)"] == pytest.approx([0.00620307692, 0.2016, 0.3888, 0.4], abs=1e-9)
    assert means["logistic(0.4, 0.09)"] == pytest.approx([0.003424186, 0.034915770, 0.360895769, 0.4], abs=1e-9)


def test_statistics_are_dosefinding_s() -> None:
    """MCTtest(dose, resp, biom, models)$tStat"""
    found = dose_response(BIOM, CANDIDATES, Wanted(delta=0.4, alpha=0.05))
    printed = [2.9715343, 3.410611555, 3.3393184, 3.4641134, 2.2195238, 3.1001441, 2.9151789, 0.0939675, 3.4056833]
    assert found.statistics == pytest.approx(printed, abs=5e-8)
    assert found.critical == pytest.approx(2.2475676, abs=0.006)
    close = [0.00764, 0.00236, 0.00267, 0.00162, 0.0528, 0.00531, 0.00942, 0.8629, 0.00199]
    assert found.p_values == pytest.approx(close, abs=6e-4)


@pytest.mark.parametrize(
    ("kind", "coefficients", "squares", "aic", "target", "half"),
    [  # fitMod, AIC, TD(Delta = .4), ED(p = .5)
        ("linear", [0.49234078, 0.55860534], 50.0128197, 220.498625, 0.7160691, 0.5),
        ("linlog", [0.97491486783, 0.14576421654], 48.5907833, 217.614075, 0.14551509675, 0.09049875621),
        ("emax", [0.32161066, 0.74629845, 0.14218710], 48.3601358, 219.138271, 0.1642365, 0.1107054),
        ("exponential", [0.51090525, 0.83307566, 1.99999995], 50.3298419, 223.130506, 0.7842848, 0.5618596),
        ("quadratic", [0.39022216, 1.76841722, -1.23177102], 48.6419205, 219.71926, 0.2813129, 0.2102491),
        ("logistic", [0.169088858, 0.772832804, 0.087207817, 0.071296844], 48.2107199, 220.828828, 0.16363, 0.12021),
        ("betaMod", [0.32917728, 0.66898356, 0.57347895, 0.32113543], 48.4458361, 221.315327, 0.1952643, 0.138629),
        ("sigEmax", [0.34489779, 0.61249703, 0.10949495, 1.91173257], 48.2088436, 220.824936, 0.1524367, 0.1078617),
    ],
)
def test_fits_are_dosefinding_s(
    kind: str, coefficients: list[float], squares: float, aic: float, target: float, half: float
) -> None:
    found = fitted(kind, BIOM)
    assert (*found.linear, *found.parameters) == pytest.approx(coefficients, abs=1e-6)
    assert found.squares == pytest.approx(squares, abs=5e-8)
    assert found.aic == pytest.approx(aic, abs=5e-7)
    assert found.target_dose(0.4) == pytest.approx(target, abs=6e-6)
    assert found.effective_dose(0.5) == pytest.approx(half, abs=6e-6)


def test_averaged_by_aic_as_dosefinding_does() -> None:
    """MCPMod(dose, resp, biom, models, Delta = .4, alpha = .05, selModel = "aveAIC")"""
    found = dose_response(BIOM, CANDIDATES, Wanted(delta=0.4, select="average", alpha=0.05))
    weights = dict(zip((fit.kind for fit in found.fits), found.weights, strict=True))
    assert weights == pytest.approx(
        {
            "linear": 0.09635477350,
            "linlog": 0.40761042058,
            "emax": 0.19022614270,
            "quadratic": 0.14226894444,
            "logistic": 0.08169029625,
            "sigEmax": 0.08184942253,
        },
        abs=1e-7,
    )
    least, clearest = (
        dose_response(BIOM, CANDIDATES, Wanted(delta=0.4, select=by, alpha=0.05)) for by in ("aic", "max-t")
    )
    assert least.dose == pytest.approx(0.1455150968, abs=1e-8)
    assert clearest.dose == pytest.approx(0.1642364882, abs=1e-7)


def test_the_package_s_vignette() -> None:
    """Continuous data MCP-Mod: NVA237 on FEV1, 60 patients a dose; t 6.937000, 7.442849, 6.675739, 7.016303.

    The vignette's data have the published means and one sample of errors of variance 60 * .015^2 for each dose.
    """
    data = DoseData((0.0, 12.5, 25.0, 50.0, 100.0), (60.0,) * 5, (1.243, 1.317, 1.333, 1.374, 1.385), 60 * 0.015**2)
    shapes = (
        Shape("emax", (2.6,)),
        Shape("emax", (12.5,)),
        Shape("sigEmax", (30.5, 3.5)),
        Shape("quadratic", (-0.00776,)),
    )
    found = dose_response(data, shapes, Wanted(share=0.9))
    assert found.statistics == pytest.approx([6.937000, 7.442849, 6.675739, 7.016303], abs=5e-7)
    assert found.p_values.max() < 1e-3
    correlation = contrasts_of(shapes, data.levels, np.full(5, 60.0), None).correlation
    assert correlation[0] == pytest.approx([1.0, 0.957, 0.648, 0.867], abs=5e-4)


def test_a_falling_response_is_the_rising_one_s_mirror() -> None:
    mirrored = DoseData(DOSES, BIOM.patients, tuple(-mean for mean in BIOM.means), BIOM.variance)
    rising, falling = (
        dose_response(data, FOUR, Wanted(delta=0.4, decreasing=down, alpha=0.05))
        for data, down in ((BIOM, False), (mirrored, True))
    )
    assert falling.dose == pytest.approx(rising.dose)
    assert dose_response(mirrored, FOUR, Wanted(delta=0.4)).dose is None


def test_the_test_s_chances_are_those_of_draws() -> None:
    test = contrasts_of(FOUR, np.array(DOSES), np.full(5, 20.0), 12.0)
    random, draws = np.random.default_rng(0), 2_000_000
    root = np.linalg.cholesky(test.correlation)
    spread = np.sqrt(random.chisquare(12.0, draws) / 12.0)
    drawn = random.standard_normal((draws, 4)) @ root.T
    expected = np.array([1.0, 1.4, 0.7, 1.2])
    for bound in (-0.5, 1.0, 2.2, 3.5):
        error = 5 * np.sqrt(0.25 / draws)
        assert test.below(bound) == pytest.approx((drawn.max(axis=1) / spread <= bound).mean(), abs=error)
        shifted = ((drawn + expected).max(axis=1) / spread <= bound).mean()
        assert test.below(bound, expected) == pytest.approx(shifted, abs=error)


def test_one_contrast_is_a_t_test() -> None:
    test = ContrastTest(((-1.0, 1.0),), (12.0, 12.0), 22.0)
    assert test.critical(0.025) == pytest.approx(t.isf(0.025, 22), abs=1e-8)
    power = test.power(np.array([0.0, 0.9]), 1.0, test.critical(0.025))
    assert power == pytest.approx(nct.sf(t.isf(0.025, 22), 22, 0.9 * np.sqrt(6.0)), abs=1e-6)


def test_power_is_dosefinding_s() -> None:
    """powMCT, alpha .05, sigma .7: equal arms of 20; 30, 20, 20, 20, 30."""
    plan = DosePlan(DOSES, FOUR, 0.4, 0.7, 0.05)
    found = power_of_doses(plan, 20.0)
    assert found.power == pytest.approx([0.6346, 0.6411, 0.6104, 0.5315], abs=1e-3)
    seven = tuple(CANDIDATES[each] for each in (0, 3, 4, 5, 6, 7, 8))
    uneven = DosePlan(DOSES, seven, 0.4, 0.7, 0.05, (3.0, 2.0, 2.0, 2.0, 3.0))
    printed = [0.71679377, 0.71512471, 0.70275295, 0.54617998, 0.81381254, 0.64417515, 0.80123554]
    assert power_of_doses(uneven, 24.0).power == pytest.approx(printed, abs=3e-3)


def test_a_size_is_the_least_with_its_power() -> None:
    plan = DosePlan(DOSES, FOUR, 0.4, 0.7, 0.05)
    found = size_of_doses(plan, 0.8)
    assert found.power.min() >= 0.8
    assert power_of_doses(plan, found.patients[0] - 1.0).power.min() < 0.8
    assert found.to_json()["size"] == 5 * found.patients[0]


def test_data_of_patients_are_their_sums() -> None:
    doses, responses = np.repeat([0.0, 1.0, 2.0], 4), np.arange(12.0)
    found = DoseData.of(doses, responses)
    assert found == DoseData((0.0, 1.0, 2.0), (4.0,) * 3, (1.5, 5.5, 9.5), 5.0 / 3.0)
    assert set(KINDS) >= {"linear", "emax", "sigEmax", "quadratic", "exponential", "logistic", "linlog", "betaMod"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Shape("hill", (1.0,)), "expected one of linear"),
        (lambda: Shape("emax"), "takes a guess of ed50, got 0 values"),
        (lambda: Shape("linear", (1.0,)), "takes no guess"),
        (lambda: Shape("sigEmax", (1.0, -3.0)), "expected numbers above 0"),
        (lambda: DosePlan((1.0, 2.0), FOUR, 0.4, 0.7), "ascending from 0"),
        (lambda: DosePlan(DOSES, (), 0.4, 0.7), "no candidate models"),
        (lambda: DosePlan(DOSES, FOUR, 0.4, 0.7, allocation=(1.0, 2.0)), "for each dose"),
        (lambda: power_of_doses(DosePlan(DOSES, FOUR, 0.4, 0.7), 1.0), "more than one"),
        (lambda: Wanted(), "one of both"),
        (lambda: Wanted(delta=0.4, select="bic"), "expected one of aic"),
        (lambda: fitted("sigEmax", DoseData((0.0, 1.0, 2.0), (9.0,) * 3, (0.0, 1.0, 1.5), 1.0)), "has 4 parameters"),
        (lambda: DoseData.of(np.array([0.0, 1.0]), np.array([1.0, np.nan])), "is missing"),
        (lambda: DoseData.of(np.array([0.0, 1.0]), np.array([1.0, 2.0])), "expected more"),
    ],
)
def test_what_cannot_find_a_dose_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]
