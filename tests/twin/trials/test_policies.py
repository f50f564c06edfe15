"""Policies: the doses that patients start with, and what is made of a visit, against doses worked out by hand."""

from typing import Any

import numpy as np
import pytest

from kg.files.checked import DesignError, check
from tests.twin.trials.designs import (
    CONCENTRATION,
    EXAMPLES,
    INR,
    Content,
    concentrations,
    courses,
    designed,
    fixed,
    plain,
)
from tests.twin.trials.patients import COVARIATES, patients, seen
from twin.trials import run
from twin.trials.plan import Plan
from twin.trials.policies.fixed import Fixed, Group
from twin.trials.policies.placebo import Placebo

OLDER = Group(covariate="age_years", above=75.0, doses=(5.0,))


def test_a_fixed_start_goes_on_with_its_last_dose() -> None:
    plan = Fixed(doses=(10.0, 5.0), instead=(OLDER,)).begin(patients())
    assert plan.laid_out(4).tolist() == [[10, 5, 5, 5], [5, 5, 5, 5]]


def test_the_first_group_that_a_patient_is_of_takes_its_doses() -> None:
    """60 years, 85 kg, *1/*1 and 80 years, 60 kg, *1/*3."""
    lighter = Group(covariate="weight_kg", below=70.0, doses=(3.0, 2.0))
    carriers = Group(covariate="CYP2C9", levels=("*1/*3", "*3/*3"), doses=(1.0,))
    for groups, doses in (
        ((OLDER, lighter), [5, 5, 5]),
        ((lighter, OLDER), [3, 2, 2]),
        ((carriers, lighter), [1, 1, 1]),
    ):
        plan = Fixed(doses=(10.0, 5.0), instead=groups).begin(patients())
        assert plan.laid_out(3).tolist() == [[10, 5, 5], doses]
    at_75 = patients(COVARIATES | {"age_years": np.array([75.0, 75.1])})
    assert Fixed(doses=(10.0,), instead=(OLDER,)).begin(at_75).laid_out(1).tolist() == [[10], [5]]


def test_doses_for_each_unit_of_a_covariate() -> None:
    plan = Fixed(doses=(0.1, 0.05), instead=(OLDER.model_copy(update={"doses": (0.02,)}),), per="weight_kg")
    assert plan.begin(patients()).laid_out(2) == pytest.approx(np.array([[8.5, 4.25], [1.2, 1.2]]))


@pytest.mark.parametrize(
    ("every", "per_day", "expected"),
    [
        ("12h", 2, [4, 3, 3, 3, 3, 3, 3, 3]),
        ("6h", 4, [4, 3, 3, 3, 3, 3, 3, 3]),
        ("1d", 2, [4, 0, 3, 0, 3, 0, 3, 0]),
        ("2d", 1, [4, 0, 3, 0, 3, 0, 3, 0]),
        ("7d", 1, [4, 0, 0, 0, 0, 0, 0, 3]),
    ],
)
def test_doses_are_as_far_apart_as_stated(every: Any, per_day: int, expected: list[float]) -> None:
    plan = Fixed(doses=(4.0, 3.0), every=every).begin(patients(per_day=per_day))
    assert plan.laid_out(8).tolist() == [expected] * 2
    pieces = [plan.laid_out(3), plan.after(3).laid_out(4), plan.after(3).after(4).laid_out(1)]
    assert np.hstack(pieces).tolist() == [expected] * 2, "however it is cut"


def test_placebo_is_nothing() -> None:
    assert Placebo().begin(patients()).laid_out(5).tolist() == [[0.0] * 5] * 2
    assert Placebo().revise(Plan.of(np.ones((2, 1))), seen(patients(), 2, [1.0, 1.0], np.zeros((2, 1)))) is None
    design = plain(arms=[{"name": "placebo", "policy": {"kind": "placebo"}}, {"name": "drug", "policy": fixed(5.0)}])
    _, (placebo, drug) = courses(design)
    assert not placebo.doses.any() and not placebo.true[CONCENTRATION].any()
    assert (drug.true[CONCENTRATION][:, -1] > 0).all()


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"doses": [-1.0]}, r"doses\[0\]: got -1.0, expected >= 0"),
        ({"doses": []}, "doses: got 0 items, expected at least 1"),
        ({"doses": [5.0], "every": "5h"}, "every: got '5h', expected '6h', '8h', '12h', '1d'"),
        ({"doses": [5.0], "instead": [{"covariate": "age_years", "doses": [2.5]}]}, "expected one of above, below or"),
        ({"doses": [5.0], "instead": [{"covariate": "age_years", "above": 75}]}, r"instead\[0\].doses: missing"),
        (
            {"doses": [5.0], "instead": [{"covariate": "age_years", "above": 75, "doses": []}]},
            r"instead\[0\].doses: got 0 items",
        ),
    ],
)
def test_an_impossible_fixed_start_is_refused(start: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        check(start, Fixed, "trial.toml")


def test_the_widest_allowed_start_is_taken() -> None:
    start = {"doses": [0.0, 100.0], "instead": [{"covariate": "age_years", "above": 75, "doses": [2.5]}]}
    assert check(start, Fixed, "trial.toml").doses == (0.0, 100.0)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (fixed(5.0, per="weight"), r"population.weight: missing; arms\[0\].policy needs it"),
        (fixed(5.0, per="CYP2C9"), r"arms\[0\].policy.per: CYP2C9 is no number; expected a covariate that is one"),
        (
            fixed(5.0, instead=[{"covariate": "CYP2C9", "levels": ["*1/*4"], "doses": [1.0]}]),
            r"arms\[0\].policy.instead\[0\].levels: got \*1/\*4, expected some of \*1/\*1, \*1/\*2",
        ),
        (
            fixed(5.0, instead=[{"covariate": "CYP2C9", "above": 1.0, "doses": [1.0]}]),
            r"arms\[0\].policy.instead\[0\]: CYP2C9 is no number; expected levels",
        ),
        (
            fixed(5.0, instead=[{"covariate": "age_years", "levels": ["75"], "doses": [1.0]}]),
            r"arms\[0\].policy.instead\[0\].levels: age_years is a number; expected above or below",
        ),
    ],
)
def test_a_group_that_cannot_be_told_is_refused(policy: Content, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        designed(lambda c: c["arms"][0].update(policy=policy))


def searched(**more: Any) -> Content:
    return {"kind": "by_twin", "observable": CONCENTRATION, "low": 15.0, "high": 25.0, "most": 20.0, "step": 0.1} | more


def test_a_dose_search_brings_patients_to_the_middle_of_the_target() -> None:
    """The typical patient's dose first, alike for all; then that of the patient: measured without error, it is exact.

    By hand, of the dose D each day, the morning after it in the long run: D/V · e^(-k·24 h) / (1 - e^(-k·24 h)).
    """
    arms = [{"name": name, "policy": searched(learns=learns)} for name, learns in (("prior", False), ("learns", True))]
    design = plain(arms=arms, trial=plain().trial.model_dump() | {"weeks": 12, "subjects_per_arm": 40})
    enrolled, (prior, learns) = courses(design, 40)
    typical = 0.006138 / 1.408512 * 24
    first = 0.1 * round(20.0 * 1.408512 * (np.exp(typical) - 1) / 0.1)
    assert prior.given == pytest.approx(np.full((40, 84), first))
    assert learns.given[:, :7] == pytest.approx(np.full((40, 7), first))
    clearance, volume = (np.asarray(one) for one in enrolled.bodies[0])
    own = 20.0 * volume * (np.exp(24 * clearance / volume) - 1)
    near, far = (np.abs(course.given[:, -1] - own) for course in (learns, prior))
    assert np.median(near / own) < 0.05 < np.median(far / own)
    last = [concentrations(enrolled, course.doses)[:, -1] for course in (learns, prior)]
    within = [((one >= 15) & (one <= 25)).mean() for one in last]
    assert within[0] > 0.9 > within[1]


def test_a_twin_of_another_model_is_asked_and_told() -> None:
    """Warfarin: patients of 2007, whose doses a twin of 2010 searches; nearer the target than a fixed dose."""

    def change(c: Content) -> None:
        c["trial"].update(subjects_per_arm=30)
        c["visits"]["days"] = [1, 8, 22, 43, 64, 85]
        target = {"observable": INR, "low": 2.0, "high": 3.0, "most": 15.0, "step": 0.5}
        c["arms"] = [
            {"name": "fixed", "policy": fixed(5.0), "titration": "none"},
            {"name": "twin", "policy": {"kind": "by_twin", **target, "model": "warfarin_hamberg2010"}},
        ]

    result = run.run(designed(change))
    assert result.means["twin"].value > result.means["fixed"].value + 0.1
    assert "a twin of warfarin_hamberg2010, for INR 2 to 3" in " ".join(result.assumptions["assumption"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": 25.0}, r"arms\[0\].policy: low must be below high, got 25 and 25"),
        ({"step": 30.0}, r"arms\[0\].policy: step 30 is above most 20"),
        ({"most": 0.0}, r"arms\[0\].policy.most: got 0.0, expected > 0"),
        ({"learns": "yes"}, r"arms\[0\].policy.learns: got 'yes', expected a valid boolean"),
        ({"observable": "INR"}, r"arms\[0\].policy: phenobarbital_grasela1985 does not have 'INR'"),
        ({"model": "aspirin"}, r"arms\[0\].policy.model: got 'aspirin', expected theophylline_boeckmann1994"),
        (
            {"model": "theophylline_boeckmann1994"},
            r"arms\[0\].policy.model: theophylline_boeckmann1994 does not say how",
        ),
        ({"model": "tumour_claret2014"}, r"population.asian: missing; arms\[0\].policy needs it"),
        (
            {"every": "2d"},
            r"arms\[0\].policy.every: doses 2d apart are searched from visit to visit, and some visits are",
        ),
    ],
)
def test_an_impossible_search_is_refused(change: Content, message: str) -> None:
    arms = [{"name": "twin", "policy": searched(**change)}, {"name": "fixed", "policy": fixed(5.0, every="1d")}]
    with pytest.raises(DesignError, match=message):
        plain(arms=arms)


def test_a_search_needs_a_visit_on_the_first_day() -> None:
    with pytest.raises(DesignError, match=r"arms\[0\].policy.every: .* expected the first of visits.days to be 1"):
        plain(arms=[{"name": "a", "policy": searched()}, {"name": "b", "policy": fixed(5.0)}], visits={"days": [8, 15]})


def test_a_dose_by_weight_in_the_tacrolimus_trial_is_in_tablets() -> None:
    def change(c: Content) -> None:
        c["arms"][0]["policy"] = fixed(0.1, every="12h", per="lean_mass_kg")

    design = designed(change, EXAMPLES / "tacrolimus_trial.toml")
    enrolled, (course, _) = courses(design, 50)
    mass = np.asarray(enrolled.cohort.covariates["lean_mass_kg"])
    assert course.given[:, 0] == pytest.approx(0.5 * np.round(0.1 * mass / 0.5))
    assert course.given[:, 1].tolist() == course.given[:, 0].tolist() and course.grid.per_day == 2
