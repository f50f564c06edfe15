"""Sampled cohorts against the distributions' closed forms and against real warfarin patients."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kg.files.checked import DesignError, check
from twin.covariates import Category, Continuous, Covariate, Genotype
from twin.library.body import HEIGHT, WEIGHT
from twin.library.warfarin.covariates import AGE, CYP2C9, RACE, VKORC1
from twin.populations.distributions import Distributions, Spread
from twin.trials import run

SIZE = 40_000
BODY: dict[str, Any] = {
    "source": "made up",
    "race": "white",
    "age_years": {"mean": 71, "sd": 18, "lower": 18, "upper": 90},
    "height_cm": {"mean": 171, "sd": 10, "lower": 140, "upper": 205},
    "weight_kg": {"mean": 84, "sd": 20, "lower": 40, "upper": 160},
    "correlations": {"height_weight": 0.45},
    "CYP2C9": {"*1": 0.803, "*2": 0.124, "*3": 0.073},
    "VKORC1": {"G": 0.612, "A": 0.388},
}


def made(**changes: object) -> Distributions:
    return check(BODY | changes, Distributions.stating((AGE, HEIGHT, WEIGHT, RACE, CYP2C9, VKORC1)), "population")


def test_a_spread_is_a_truncated_normal() -> None:
    spread = Spread(mean=71, sd=18, lower=18, upper=90)
    share = np.linspace(0.001, 0.999, 99)
    expected = stats.truncnorm.ppf(share, (18 - 71) / 18, (90 - 71) / 18, loc=71, scale=18)
    assert spread.quantile(share) == pytest.approx(expected, rel=1e-9)


def test_genotypes_are_in_hardy_weinberg_proportions() -> None:
    drawn = made().sample(SIZE, 7).covariates
    for gene, separator in (("CYP2C9", "/"), ("VKORC1", "")):
        alleles = list(BODY[gene].items())
        expected = {
            f"{a}{separator}{b}": (1 if i == j else 2) * p * q
            for i, (a, p) in enumerate(alleles)
            for j, (b, q) in enumerate(alleles)
            if i <= j
        }
        found, counts = np.unique(drawn[gene], return_counts=True)
        assert set(found) == set(expected)
        test = stats.chisquare(counts, [SIZE * expected[str(name)] for name in found])
        assert test.pvalue > 1e-4


def test_covariates_keep_bounds_and_correlation() -> None:
    drawn = made().sample(SIZE, 7).covariates
    for name in ("age_years", "height_cm", "weight_kg"):
        assert BODY[name]["lower"] <= drawn[name].min() < drawn[name].max() <= BODY[name]["upper"]
    assert np.corrcoef(drawn["height_cm"], drawn["weight_kg"])[0, 1] == pytest.approx(0.45, abs=0.02)
    assert np.corrcoef(drawn["age_years"], drawn["weight_kg"])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_a_larger_cohort_begins_with_the_smaller_one() -> None:
    small, large = made().sample(20, 3), made().sample(50, 3)
    assert large.ids[:20] == small.ids
    for name, values in small.covariates.items():
        assert large.covariates[name][:20].tolist() == values.tolist()
    assert made().sample(20, 4).covariates["age_years"].tolist() != small.covariates["age_years"].tolist()


def test_the_order_of_alleles_in_a_file_does_not_matter() -> None:
    turned = made(VKORC1={"A": 0.388, "G": 0.612}).sample(100, 3)
    assert turned.covariates["VKORC1"].tolist() == made().sample(100, 3).covariates["VKORC1"].tolist()


BLOOD: tuple[Covariate, ...] = (
    Continuous("albumin_g_per_l", "g/L", 0.0, 100.0),
    Continuous("creatinine_umol_per_l", "µmol/L", 0.0, 2000.0),
    Category("sex", ("female", "male")),
    Genotype("CYP3A5", ("*1", "*3"), "/"),
    Continuous("haematocrit", "1", 0.0, 1.0, needed=False),
    Category("smoker", ("no", "yes"), default="no"),
)
TRANSPLANT: dict[str, Any] = {
    "source": "made up",
    "albumin_g_per_l": {"mean": 40, "sd": 4, "lower": 0, "upper": 100},
    "creatinine_umol_per_l": {"mean": 130, "sd": 60, "lower": 0, "upper": 2000, "distribution": "log-normal"},
    "sex": {"female": 0.4, "male": 0.6},
    "CYP3A5": {"*1": 0.1, "*3": 0.9},
}


def of_blood(**changes: object) -> Distributions:
    return check(TRANSPLANT | changes, Distributions.stating(BLOOD), "population")


def test_a_population_states_whatever_a_model_asks_for() -> None:
    drawn = of_blood(correlations={"albumin_creatinine": -0.5}).sample(SIZE, 3).covariates
    assert set(drawn) == {"albumin_g_per_l", "creatinine_umol_per_l", "sex", "CYP3A5"}
    creatinine = drawn["creatinine_umol_per_l"]
    error = 60 / np.sqrt(SIZE)
    assert creatinine.mean() == pytest.approx(130, abs=4 * error)
    assert creatinine.std() == pytest.approx(60, rel=0.05)
    sigma = np.sqrt(np.log1p((60 / 130) ** 2))
    assert stats.kstest(np.log(creatinine), "norm", (np.log(130) - sigma**2 / 2, sigma)).pvalue > 1e-3
    assert np.corrcoef(drawn["albumin_g_per_l"], np.log(creatinine))[0, 1] == pytest.approx(-0.5, abs=0.02)
    assert stats.binomtest(int((drawn["sex"] == "female").sum()), SIZE, 0.4).pvalue > 1e-3
    assert stats.binomtest(int((drawn["CYP3A5"] == "*1/*1").sum()), SIZE, 0.01).pvalue > 1e-3


def test_a_log_normal_is_cut_off_at_its_bounds() -> None:
    spread = Spread(mean=130, sd=60, lower=50, upper=300, distribution="log-normal")
    sigma = np.sqrt(np.log1p((60 / 130) ** 2))
    law = stats.lognorm(sigma, scale=130 * np.exp(-(sigma**2) / 2))
    share = np.linspace(0, 1, 101)
    expected = law.ppf(law.cdf(50) + share * (law.cdf(300) - law.cdf(50)))
    assert spread.quantile(share) == pytest.approx(expected, rel=1e-9)


def test_a_covariate_more_changes_none_that_it_is_not_correlated_with() -> None:
    fewer = of_blood().sample(100, 3).covariates
    population = of_blood(
        haematocrit={"mean": 0.4, "sd": 0.05, "lower": 0.2, "upper": 0.6},
        smoker={"no": 0.7, "yes": 0.3},
        correlations={"albumin_haematocrit": 0.3},
    )
    more = population.sample(100, 3).covariates
    assert set(more) - set(fewer) == {"haematocrit", "smoker"}
    assert all(more[name].tolist() == values.tolist() for name, values in fewer.items())


def test_the_order_of_keys_does_not_matter() -> None:
    turned = check(
        dict(reversed(BODY.items())), Distributions.stating((VKORC1, CYP2C9, RACE, WEIGHT, HEIGHT, AGE)), "population"
    )
    usual = made().sample(100, 3).covariates
    for name, values in turned.sample(100, 3).covariates.items():
        assert values.tolist() == usual[name].tolist()


def test_a_population_is_the_same_after_a_journey_to_another_process() -> None:
    population = of_blood(correlations={"albumin_creatinine": -0.5})
    assert pickle.loads(pickle.dumps(population)) == population


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sex": "both"}, "sex: got 'both', expected 'female' or 'male', or a table of their shares"),
        ({"sex": {"female": 0.4, "both": 0.6}}, "sex: got the levels female, both, expected female, male"),
        ({"sex": {"female": 0.4, "male": 0.5}}, "sex: the shares sum to 0.9, expected 1"),
        ({"sex": 1}, "sex: got 1, expected a valid string"),
        ({"CYP3A5": "*1/*3"}, r"CYP3A5: got '\*1/\*3', expected a table"),
        ({"albumin_g_per_l": 40}, "albumin_g_per_l: got 40, expected a table"),
        ({"albumin": TRANSPLANT["albumin_g_per_l"]}, "albumin: unknown key; did you mean albumin_g_per_l?"),
        (
            {"albumin_g_per_l": {"maen": 40, "sd": 4, "lower": 0, "upper": 100}},
            "albumin_g_per_l.maen: unknown key; did you mean mean?",
        ),
        (
            {"albumin_g_per_l": TRANSPLANT["albumin_g_per_l"] | {"distribution": "log"}},
            "albumin_g_per_l.distribution: got 'log', expected 'normal' or 'log-normal'",
        ),
        (
            {"creatinine_umol_per_l": TRANSPLANT["creatinine_umol_per_l"] | {"lower": -1}},
            "creatinine_umol_per_l: expected lower >= 0 for a log-normal distribution, got -1",
        ),
        ({"correlations": {"albumin_sex": 0.1}}, "correlations: got albumin_sex, expected two of albumin_g_per_l, "),
        ({"correlations": {"albumin": 0.1}}, "correlations: got albumin, expected two of"),
        ({"correlations": {"albumin_creatinine": 1.0}}, "correlations.albumin_creatinine: got 1.0, expected < 1"),
        (
            {"correlations": {"albumin_creatinine": 0.1, "creatinine_albumin": 0.1}},
            "correlations: got creatinine_albumin beside albumin_creatinine, expected each pair once",
        ),
        ({"correlations": {"albumin_haematocrit": 0.1}}, "albumin_haematocrit: the population states nothing of haem"),
    ],
)
def test_a_mistake_in_any_population_is_named_with_its_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        of_blood(**changes)


def test_what_a_model_asks_for_must_be_stated() -> None:
    with pytest.raises(DesignError, match="sex: missing"):
        check(
            {name: value for name, value in TRANSPLANT.items() if name != "sex"},
            Distributions.stating(BLOOD),
            "population",
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"VKORC1": {"G": 0.6, "A": 0.3}}, "VKORC1: the frequencies sum to 0.9, expected 1"),
        ({"VKORC1": {"G": 0.6, "T": 0.4}}, "VKORC1: got the alleles G, T, expected G, A"),
        ({"CYP2C9": {"*1": 1.2, "*2": -0.2}}, r"CYP2C9.\*1: got 1.2, expected <= 1"),
        ({"age_years": {"mean": 95, "sd": 8, "lower": 18, "upper": 90}}, "age_years: expected lower < mean < upper"),
        (
            {"correlations": {"age_height": 0.9, "age_weight": 0.9, "height_weight": -0.9}},
            "correlations: no three quantities",
        ),
        ({"race": "martian"}, "race: got 'martian', expected 'white', 'asian', 'black' or 'mixed_or_missing'"),
    ],
)
def test_an_impossible_population_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        made(**changes)


@pytest.mark.mirror
def test_the_example_population_resembles_real_warfarin_patients(mirror: Path) -> None:
    """The example's age and body size were fitted to these patients; its allele frequencies come from elsewhere."""
    path = mirror / "pgx" / "iwpc-warfarin.csv.gz"
    if not path.is_file():
        pytest.skip(f"no {path}")
    patients = pd.read_csv(path, low_memory=False).query("Race == 'White'")
    design = run.load(Path(__file__).parents[3] / "panakeia" / "examples" / "warfarin_trial.toml")
    drawn = pd.DataFrame(dict(design.population.sample(SIZE, 1).covariates))

    real_2c9 = patients["CYP2C9 consensus"].dropna().value_counts(normalize=True)
    real_vkorc1 = patients["VKORC1 -1639 consensus"].dropna().value_counts(normalize=True)
    share_2c9 = drawn["CYP2C9"].value_counts(normalize=True)
    share_vkorc1 = drawn["VKORC1"].value_counts(normalize=True)
    for diplotype in ("*1/*1", "*1/*2", "*1/*3", "*2/*2", "*2/*3", "*3/*3"):
        assert share_2c9[diplotype] == pytest.approx(real_2c9[diplotype], abs=0.02)
    for ours, theirs in (("GG", "G/G"), ("GA", "A/G"), ("AA", "A/A")):
        assert share_vkorc1[ours] == pytest.approx(real_vkorc1[theirs], abs=0.02)

    decades = patients["Age"].dropna().str[:2].astype(int).value_counts(normalize=True)
    ours = (drawn["age_years"] // 10 * 10).value_counts(normalize=True)
    assert max(abs(ours.get(decade, 0.0) - share) for decade, share in decades.items()) < 0.08
    for name, column in (("height_cm", "Height (cm)"), ("weight_kg", "Weight (kg)")):
        assert drawn[name].mean() == pytest.approx(patients[column].mean(), rel=0.02)
        assert drawn[name].std() == pytest.approx(patients[column].std(), rel=0.05)
