"""Sampled cohorts against the distributions' closed forms and against real warfarin patients."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import twin.trial
from kg.files.checked import DesignError, check
from twin.library.warfarin.covariates import AGE, CYP2C9, HEIGHT, RACE, VKORC1, WEIGHT
from twin.population import Population, Spread, sample, schema_of

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


def made(**changes: object) -> Population:
    return check(BODY | changes, schema_of((AGE, HEIGHT, WEIGHT, RACE, CYP2C9, VKORC1)), "population")


def test_a_spread_is_a_truncated_normal() -> None:
    spread = Spread(mean=71, sd=18, lower=18, upper=90)
    share = np.linspace(0.001, 0.999, 99)
    expected = stats.truncnorm.ppf(share, (18 - 71) / 18, (90 - 71) / 18, loc=71, scale=18)
    assert spread.quantile(share) == pytest.approx(expected, rel=1e-9)


def test_genotypes_are_in_hardy_weinberg_proportions() -> None:
    drawn = sample(made(), SIZE, 7).covariates
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
    drawn = sample(made(), SIZE, 7).covariates
    for name in ("age_years", "height_cm", "weight_kg"):
        assert BODY[name]["lower"] <= drawn[name].min() < drawn[name].max() <= BODY[name]["upper"]
    assert np.corrcoef(drawn["height_cm"], drawn["weight_kg"])[0, 1] == pytest.approx(0.45, abs=0.02)
    assert np.corrcoef(drawn["age_years"], drawn["weight_kg"])[0, 1] == pytest.approx(0.0, abs=0.02)


def test_a_larger_cohort_begins_with_the_smaller_one() -> None:
    small, large = sample(made(), 20, 3), sample(made(), 50, 3)
    assert large.ids[:20] == small.ids
    for name, values in small.covariates.items():
        assert large.covariates[name][:20].tolist() == values.tolist()
    assert sample(made(), 20, 4).covariates["age_years"].tolist() != small.covariates["age_years"].tolist()


def test_the_order_of_alleles_in_a_file_does_not_matter() -> None:
    turned = sample(made(VKORC1={"A": 0.388, "G": 0.612}), 100, 3)
    assert turned.covariates["VKORC1"].tolist() == sample(made(), 100, 3).covariates["VKORC1"].tolist()


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
    design = twin.trial.load(Path(__file__).parents[2] / "panakeia" / "examples" / "warfarin_trial.toml")
    drawn = pd.DataFrame(dict(sample(design.population, SIZE, 1).covariates))

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
