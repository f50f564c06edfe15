"""A patient of whom a genotype is not known: as likely as its frequencies, and simulated as all whom that may be."""

import numpy as np
import pytest

from twin import library
from twin.mixture import BY_HAND, MARGINALISED, mixture
from twin.patient import Cohort, PatientError
from twin.populations.distributions import Distributions
from twin.regimen import every
from twin.simulate import Variation, parse_times, simulate, unknown_share

MODEL = library.load("warfarin_hamberg2007")
TACROLIMUS = library.load("tacrolimus_andrews2019")
REGIMEN, TIMES = every(5.0, 24, 28), parse_times("0:28:7d")


def test_an_unknown_genotype_is_as_likely_as_two_alleles_drawn_from_its_frequencies() -> None:
    found = mixture(MODEL, "P", {"age_years": "71"}, {"race": "asian"})
    a = 0.8770
    assert found.likely("VKORC1") == pytest.approx({"GG": (1 - a) ** 2, "GA": 2 * a * (1 - a), "AA": a**2})
    assert found.likely("CYP2C9")["*1/*3"] == pytest.approx(2 * 0.9692 * 0.0303)
    assert found.shares.sum() == pytest.approx(1) and found.marginalised == ("CYP2C9", "VKORC1")
    assert not found.certain


def test_the_group_is_that_of_the_record_and_else_an_assumption_that_is_told() -> None:
    (told,) = [one for one in mixture(MODEL, "P", {"age_years": "71", "CYP2C9": "*1/*1"}).told if one.value is None]
    assert told.how == MARGINALISED and "race white, assumed" in told.source and "--set race=VALUE" in told.source
    (told,) = [
        one
        for one in mixture(MODEL, "P", {"age_years": "71", "CYP2C9": "*1/*1", "race": "black"}).told
        if one.value is None
    ]
    assert "race black;" in told.source and "assumed" not in told.source


def test_what_is_set_by_hand_counts_before_the_record() -> None:
    stated = {"age_years": "71", "CYP2C9": "*1/*1", "VKORC1": "AA"}
    found = mixture(MODEL, "P", stated, {"VKORC1": "AG", "age_years": "40"})
    assert found.certain and found.covariates["VKORC1"].tolist() == ["GA"]
    assert found.covariates["age_years"].tolist() == [40.0]
    assert [one.name for one in found.told if one.how == BY_HAND] == ["age_years", "VKORC1"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"weight": "80"},
            "--set weight: warfarin_hamberg2007 asks for no such covariate; it asks for age_years, CYP2C9",
        ),
        ({"age_years": "old"}, "--set age_years=old: expected a number of years from 18 to 110"),
        ({"CYP2C9": "*1"}, r"--set CYP2C9=\*1: expected one of \*1/\*1"),
        ({"race": "blue"}, "--set race=blue: expected one of white, asian, black, mixed_or_missing"),
        ({}, "lacks age_years, which .*; add --set age_years=VALUE"),
    ],
)
def test_what_is_wrong_or_missing_is_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(PatientError, match=message):
        mixture(MODEL, "P", {}, given)


def test_all_that_is_missing_is_asked_for_at_once() -> None:
    with pytest.raises(PatientError) as failure:
        mixture(TACROLIMUS, "P", {"age_years": "50", "albumin_g_per_L": "40"})
    assert str(failure.value).endswith(
        "add --set body_surface_m2=VALUE --set creatinine_umol_per_L=VALUE --set haematocrit_percent=VALUE"
        " --set lean_mass_kg=VALUE"
    )


def test_bounds_are_those_of_a_sampled_population_of_whom_the_patient_may_be() -> None:
    shares = MODEL.covariates[1].frequencies, MODEL.covariates[2].frequencies
    content = {
        "source": "the frequencies of the genes",
        "age_years": {"mean": 71.0, "sd": 1e-6, "lower": 70.9, "upper": 71.1},
        **{gene.name: held.of("white", gene.alleles) for gene, held in zip(MODEL.covariates[1:], shares, strict=True)},
    }
    people = Distributions.stating(MODEL.covariates).model_validate(content).sample(4000, seed=1)
    each = simulate(MODEL, people, REGIMEN, TIMES, None).value[:, :, -1]
    found = simulate(MODEL, mixture(MODEL, "P", {"age_years": "71"}), REGIMEN, TIMES, None)
    inside = (found.lower[0, :, -1] <= each + 1e-5) & (each <= found.upper[0, :, -1] + 1e-5)
    assert inside.mean(axis=0).min() >= 0.89, "at least 90 % of whom the patient may be, but for luck"
    np.testing.assert_allclose(np.median(each, axis=0), found.value[0, :, -1], rtol=1e-6)
    assert found.unknown_share == pytest.approx({"INR": 1.0, "S_warfarin_mg_per_L": 1.0})


def test_a_mixture_of_one_is_that_patient() -> None:
    stated = {"age_years": "71", "CYP2C9": "*1/*3", "VKORC1": "GA"}
    cohort = Cohort(("P",), {"age_years": np.array([71.0]), "CYP2C9": np.array(["*1/*3"]), "VKORC1": np.array(["GA"])})
    alone, found = (
        simulate(MODEL, who, REGIMEN, TIMES, Variation(draws=50)) for who in (cohort, mixture(MODEL, "P", stated))
    )
    np.testing.assert_array_equal(alone.upper, found.upper)
    assert not found.unknown_share


def test_the_share_of_the_variance_that_is_not_known() -> None:
    courses = np.array([[[0.0], [2.0]], [[4.0], [6.0]]])  # means 1 and 5, variance 1 within
    shares = np.array([0.25, 0.75])
    assert unknown_share(courses, shares).tolist() == pytest.approx([3.0 / 4.0])  # between: 16 * 0.25 * 0.75
