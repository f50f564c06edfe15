"""Trials against an independent integrator, closed forms, a published trial, and the luck that arms must share."""

import json
import pickle
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from kg.files.checked import DesignError, check
from twin import library, trial
from twin.error import Error
from twin.library.warfarin.dosing import Fixed
from twin.model import Floats
from twin.patient import Cohort
from twin.protocol import TrialDesign
from twin.quantity import Assumed
from twin.result import Course, summarise

EXAMPLE = Path(__file__).parents[2] / "panakeia" / "examples" / "warfarin_trial.toml"
Content = dict[str, Any]
Run = tuple[TrialDesign, trial.TrialResult]


def silent(step: str, fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


def content(change: Callable[[Content], object] = lambda content: None) -> Content:
    loaded = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    loaded["trial"]["subjects_per_arm"] = 200
    change(loaded)
    return loaded


def designed(change: Callable[[Content], object] = lambda content: None) -> TrialDesign:
    return check(content(change), TrialDesign, "trial.toml")


def test_a_design_is_the_same_after_a_journey_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(designed())) == designed()


def test_a_population_states_only_what_the_model_and_the_arms_ask_for() -> None:
    def fixed(c: Content) -> None:
        c["arms"] = [{"name": name, "start": {"rule": "fixed", "doses_mg": [5.0]}} for name in ("one", "two")]
        for name in ("height_cm", "weight_kg", "race", "correlations"):
            del c["population"][name]

    subjects = trial.run(designed(fixed), silent).subjects
    assert {"AGE", "CYP2C9", "VKORC1"} < set(subjects.columns) and "RACE" not in subjects.columns


def outcome(subjects: pd.DataFrame, arm: str) -> np.ndarray:
    return subjects.loc[subjects["ARM"] == arm, "TTR"].to_numpy()


@pytest.fixture(scope="module")
def example() -> Run:
    design = designed()
    return design, trial.run(design, silent)


def test_the_example_is_a_trial_of_two_times_a_thousand() -> None:
    design = trial.load(EXAMPLE)
    assert (design.trial.subjects_per_arm, len(design.arms), design.trial.weeks) == (1000, 2, 12)


def test_the_genotype_guided_start_gains_what_eu_pact_found(example: Run) -> None:
    """EU-PACT: 67.4 % against 60.3 %, adjusted difference 7.0 points, 95 % interval 3.3 to 10.6."""
    difference = example[1].differences[0]
    assert 0.033 < difference.effect.value < 0.106
    assert (difference.treated, difference.control) == ("genotype-guided", "standard")


def test_an_inr_is_what_another_integrator_finds_for_the_doses_taken() -> None:
    design = designed(lambda c: c["conduct"].update(adherence=0.8))
    model = library.load(design.trial.model)
    enrolled = trial.enrol(design, model)
    course = trial.follow(design, model, design.arms[1], enrolled)
    for patient in (0, 7):
        clearance, v1, v2, ec50, mtt1, mtt2 = (float(one[patient]) for one in enrolled.individuals[:6])

        def change(
            _: float, y: np.ndarray, cl: float, v1: float, v2: float, ec50: float, rate1: float, rate2: float
        ) -> np.ndarray:
            power = (max(y[1], 0.0) / v1) ** 0.424
            free = ec50**0.424 / (ec50**0.424 + power)
            out = 0.131 * y[1] / v1
            back = 0.131 * y[2] / v2
            body = [-2.0 * y[0], 2.0 * y[0] - cl * y[1] / v1 - out + back, out - back]
            chain = rate1 * (np.concatenate([[free], y[3:8]]) - y[3:9])
            return np.array([*body, *chain, rate2 * (free - y[9])])

        state = np.array([0.0, 0.0, 0.0, *[1.0] * 7])
        rates = (clearance, v1, v2, ec50, 6 / mtt1, 1 / mtt2)
        for day in range(40):
            assert course.inr[patient, day] == pytest.approx(1 + 20 * (1 - state[8] * state[9]) ** 3.61, rel=2e-5)
            state[0] += course.doses_mg[patient, day] / 2
            solved = integrate.solve_ivp(change, (0.0, 24.0), state, "LSODA", args=rates, rtol=1e-9, atol=1e-12)
            state = solved.y[:, -1]


def test_equal_arms_differ_by_exactly_nothing() -> None:
    def same_rules(c: Content) -> None:
        c["arms"] = [{"name": name, "start": c["arms"][0]["start"]} for name in ("one", "two")]

    difference = trial.run(designed(same_rules), silent).differences[0].effect
    assert (difference.value, difference.lower, difference.upper) == (0.0, 0.0, 0.0)


def test_a_patient_has_the_same_luck_whatever_the_arms(example: Run) -> None:
    """Another arm in front, and another order, change no subject's outcome in the arms that stay."""

    def more_arms(c: Content) -> None:
        start = {"rule": "algorithm", "algorithm": "gage_2008"}
        c["arms"] = [{"name": "gage", "start": start}, c["arms"][1], c["arms"][0]]

    again = trial.run(designed(more_arms), silent).subjects
    for arm in ("standard", "genotype-guided"):
        assert outcome(again, arm).tolist() == outcome(example[1].subjects, arm).tolist()


def same_luck(some: trial.Enrolled, others: trial.Enrolled, patients: int, days: int) -> None:
    """The first patients of both, and all that chance holds for their first days."""
    assert some.cohort.ids[:patients] == others.cohort.ids[:patients]
    for name, values in some.cohort.covariates.items():
        assert values[:patients].tolist() == others.cohort.covariates[name][:patients].tolist()
    for values, again in zip(some.individuals, others.individuals, strict=True):
        assert values[:patients].tolist() == again[:patients].tolist()
    assert some.error[:patients, : days + 1].tolist() == others.error[:patients, : days + 1].tolist()
    assert some.takes[:patients, :days].tolist() == others.takes[:patients, :days].tolist()
    assert some.last_day[:patients].tolist() == others.last_day[:patients].tolist()


def test_a_longer_trial_and_more_patients_leave_the_luck_of_who_is_there() -> None:
    def sized(weeks: int, patients: int) -> TrialDesign:
        def change(c: Content) -> None:
            c["trial"].update(weeks=weeks, subjects_per_arm=patients)
            c["visits"]["days"] = [1, 4, 8, 15, 22, 29]
            c["conduct"].update(adherence=0.8, dropout_per_week=0.1)

        return designed(change)

    model = library.load("warfarin_hamberg2007")
    short, long, large = sized(4, 50), sized(12, 50), sized(4, 51)
    enrolled = trial.enrol(short, model)
    same_luck(enrolled, trial.enrol(long, model), 50, 28)
    same_luck(enrolled, trial.enrol(large, model), 50, 28)
    course, longer = (trial.follow(one, model, one.arms[1], trial.enrol(one, model)) for one in (short, long))
    np.testing.assert_array_equal(longer.inr[:, :29], course.inr)
    np.testing.assert_array_equal(longer.measured, course.measured)


def test_the_same_seed_gives_the_same_result_and_another_does_not(example: Run) -> None:
    design, result = example
    assert trial.run(design, silent).to_json() == result.to_json()
    other = trial.run(designed(lambda c: c["trial"].update(seed=2)), silent)
    assert other.subjects["TTR"].tolist() != result.subjects["TTR"].tolist()


def test_common_random_numbers_make_the_interval_smaller(example: Run) -> None:
    difference = example[1].differences[0]
    assert difference.effect.value == pytest.approx(difference.parallel.value, abs=1e-12)
    assert difference.correlation is not None and difference.correlation > 0.5
    assert difference.variance_ratio is not None and difference.variance_ratio > 2.0
    treated, control = (outcome(example[1].subjects, arm) for arm in ("genotype-guided", "standard"))
    assert difference.correlation == pytest.approx(stats.pearsonr(treated, control).statistic, rel=1e-9)
    variances = treated.var(ddof=1) + control.var(ddof=1)
    assert difference.variance_ratio == pytest.approx(variances / (treated - control).var(ddof=1), rel=1e-9)
    assert difference.effect == difference.twins != difference.parallel


def test_a_parallel_trial_shows_each_patient_in_one_arm() -> None:
    result = trial.run(designed(lambda c: c["trial"].update(design="parallel", subjects_per_arm=100)), silent)
    assert result.subjects["USUBJID"].is_unique
    assert result.subjects["ARM"].value_counts().to_dict() == {"standard": 100, "genotype-guided": 100}
    groups = [outcome(result.subjects, arm) for arm in ("genotype-guided", "standard")]
    interval = stats.ttest_ind(*groups, equal_var=False).confidence_interval(0.95)
    difference = result.differences[0]
    assert difference.effect == difference.parallel
    assert (difference.effect.lower, difference.effect.upper) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert difference.twins.standard_error < difference.parallel.standard_error


def by_hand(design: TrialDesign, arm: int, age: float, inrs: Floats, days: int) -> list[float]:
    """One patient's doses in an arm with a fixed start, day by day, from the INRs measured at the visits.

    The nomogram is read row by row; the maintenance dose is kept beside the doses that are held.
    """
    start, titration = design.arms[arm].start, design.titration_of(design.arms[arm])
    assert isinstance(start, Fixed) and start.older_than_years is not None and start.doses_mg_if_older is not None
    first = start.doses_mg_if_older if age > start.older_than_years else start.doses_mg
    seen = dict(zip(design.visits.days, inrs, strict=True))
    maintenance, changed, held_until, doses = first[-1], False, 0, []
    for day in range(1, days + 1):
        if day in seen and day >= titration.from_day:
            step = next(step for step in titration.nomogram if step.inr_below is None or seen[day] < step.inr_below)
            if step.change_percent != 0 or step.hold_doses > 0:
                maintenance = min(maintenance * (1 + step.change_percent / 100), titration.max_mg)
                changed, held_until = True, day + step.hold_doses
        planned = maintenance if changed or day > len(first) else first[day - 1]
        doses.append(0.0 if day < held_until else 0.5 * round(planned / 0.5))
    return doses


def test_each_dose_follows_the_inr_measured_on_that_very_morning() -> None:
    """With a measurement error of a third, doses tell the measured INR from the true one and from another morning's."""
    design = designed(lambda c: c["trial"].update(subjects_per_arm=60))
    model = library.load(design.trial.model)
    model = replace(model, errors={trial.INR: Error(on_log=Assumed(0.3, "1", "made up, to tell apart"))})
    enrolled = trial.enrol(design, model)
    course = trial.follow(design, model, design.arms[0], enrolled)
    mornings = np.array(design.visits.days) - 1
    assert course.measured == pytest.approx(course.inr[:, mornings] * np.exp(0.3 * enrolled.error[:, mornings]))
    held = 0
    for patient, age in enumerate(enrolled.cohort.covariates["age_years"]):
        doses = by_hand(design, 0, age, course.measured[patient], design.days)
        assert course.doses_mg[patient].tolist() == doses
        held += doses.count(0.0)
    assert held > 100, "holds were tried"
    assert by_hand(design, 0, 71.0, course.inr[0, mornings], design.days) != course.doses_mg[0].tolist()


def test_a_hold_gives_nothing_for_so_many_doses_and_then_the_lowered_dose() -> None:
    def one_hold(c: Content) -> None:
        c["visits"]["days"] = [1, 40, 85]
        c["conduct"]["measurement_error"] = False
        start = {"rule": "fixed", "doses_mg": [8.0]}
        c["arms"] = [{"name": name, "start": start} for name in ("held", "other")]
        c["titration"]["nomogram"] = [
            {"inr_below": 3.0, "change_percent": 0.0},
            {"change_percent": -50.0, "hold_doses": 5},
        ]

    design = designed(one_hold)
    model = library.load(design.trial.model)
    course = trial.follow(design, model, design.arms[0], trial.enrol(design, model))
    high = course.inr[:, 39] >= 3.0
    assert 20 < high.sum() < 180
    assert (course.doses_mg[~high] == 8.0).all()
    expected = [8.0] * 39 + [0.0] * 5 + [4.0] * 40
    assert all(row == expected for row in course.doses_mg[high].tolist())


def test_a_hold_that_outlasts_the_trial_does_not_become_the_dose() -> None:
    def held_late(c: Content) -> None:
        c["visits"]["days"] = [1, 78, 82, 85]
        c["conduct"]["measurement_error"] = False
        start = {"rule": "fixed", "doses_mg": [8.0]}
        c["arms"] = [{"name": name, "start": start} for name in ("held", "other")]
        c["titration"]["nomogram"] = [
            {"inr_below": 3.0, "change_percent": 50.0},
            {"change_percent": -50.0, "hold_doses": 7},
        ]

    design = designed(held_late)
    model = library.load(design.trial.model)
    course = trial.follow(design, model, design.arms[0], trial.enrol(design, model))
    back = (course.inr[:, 77] >= 3.0) & (course.inr[:, 81] < 3.0)
    assert back.sum() > 5
    assert (course.doses_mg[back, 77:81] == 0.0).all()
    assert (course.doses_mg[back, 81:] == 6.0).all(), "half of 8 mg, and half as much more"


@pytest.mark.parametrize(("tablet_mg", "max_mg"), [(4.0, 15.0), (0.5, 3.3), (2.5, 6.0)])
def test_nobody_ever_takes_more_than_the_maximum(tablet_mg: float, max_mg: float) -> None:
    def bounded(c: Content) -> None:
        c["trial"].update(subjects_per_arm=100)
        c["titration"].update(tablet_mg=tablet_mg, max_mg=max_mg)
        c["arms"][0]["start"] = {"rule": "fixed", "doses_mg": [100.0, 15.0]}

    design = designed(bounded)
    model = library.load(design.trial.model)
    enrolled = trial.enrol(design, model)
    for arm in design.arms:
        doses = trial.follow(design, model, arm, enrolled).doses_mg
        assert doses.max() == pytest.approx(tablet_mg * int(max_mg / tablet_mg)) and doses.max() <= max_mg


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """80 small trials of either design, cut from one cohort of 3,200 whose mean difference is the truth."""
    size, trials = 40, 80
    covered = {}
    design = designed(lambda c: c["trial"].update(subjects_per_arm=size * trials))
    model = library.load(design.trial.model)
    enrolled = trial.enrol(design, model)
    courses = [trial.follow(design, model, arm, enrolled) for arm in design.arms]
    truth = summarise(design, model, enrolled.cohort, courses).differences[0].effect.value
    for kind in ("twins", "parallel"):
        small = designed(lambda c, kind=kind: c["trial"].update(design=kind))  # type: ignore[misc]
        effects = []
        for first in range(0, size * trials, size):
            some = slice(first, first + size)
            ids, covariates = enrolled.cohort.ids[some], enrolled.cohort.covariates
            part = Cohort(ids, {name: values[some] for name, values in covariates.items()})
            cut = [Course(c.arm, c.inr[some], c.measured[some], c.doses_mg[some], c.last_day[some]) for c in courses]
            effects.append(summarise(small, model, part, cut).differences[0].effect)
        covered[kind] = sum(effect.lower <= truth <= effect.upper for effect in effects)
    lowest, highest = stats.binom.ppf((0.001, 0.999), trials, 0.95)
    assert lowest <= covered["twins"] <= highest
    assert lowest <= covered["parallel"] <= highest


def test_dropout_is_exponential_and_ends_what_is_seen() -> None:
    design = designed(lambda c: (c["trial"].update(subjects_per_arm=2000), c["conduct"].update(dropout_per_week=0.05)))
    enrolled = trial.enrol(design, library.load(design.trial.model))
    completed = int((enrolled.last_day > design.days).sum())
    assert stats.binomtest(completed, 2000, 0.95**12).pvalue > 1e-3

    result = trial.run(designed(lambda c: c["conduct"].update(dropout_per_week=0.3)), silent)
    early = result.subjects["EOSDY"] < 4
    assert early.any() and result.subjects.loc[early, "TTR"].isna().all()
    assert result.counts["standard"] == result.counts["genotype-guided"]
    assert result.counts["standard"]["with_outcome"] == int((~early).sum()) // 2
    assert set(result.subjects.loc[result.subjects["EOSDY"] <= 84, "EOSSTT"]) == {"DISCONTINUED"}


def test_doses_are_forgotten_as_often_as_stated() -> None:
    design = designed(lambda c: c["conduct"].update(adherence=0.7))
    enrolled = trial.enrol(design, library.load(design.trial.model))
    assert stats.binomtest(int(enrolled.takes.sum()), enrolled.takes.size, 0.7).pvalue > 1e-3
    course = trial.follow(design, library.load(design.trial.model), design.arms[0], enrolled)
    assert not course.doses_mg[~enrolled.takes].any()
    assert (course.doses_mg % design.titration_of(design.arms[0]).tablet_mg == 0).all()


def test_without_doses_the_inr_stays_where_it_was() -> None:
    result = trial.run(designed(lambda c: c["conduct"].update(adherence=0.0)), silent)
    assert set(result.subjects["TTR"]) == {0.0}
    assert result.inr_quantiles["standard"]["upper"].tolist() == [1.0] * 85


def test_the_result_is_plain_data_with_sources_and_assumptions(example: Run) -> None:
    design, result = example
    plain = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert check(plain["design"], TrialDesign, "result.json") == design
    assert {row["basis"] for row in plain["parameters"]} == {"measured", "assumed"}
    assert all(row["source"] and row["unit"] for row in plain["parameters"])
    assert any("lenzini_2010" in row["name"] for row in plain["parameters"])
    assumed = {row["name"]: row["source"] for row in plain["parameters"] if row["basis"] == "assumed"}
    assumed.pop("residual: S_warfarin_mg_per_L")  # which no trial measures
    assert {row["assumption"]: row["reason"] for row in plain["assumptions"] if row["about"] == "parameters"} == assumed
    told = {row["about"]: row for row in reversed(plain["assumptions"])}
    assert told["population"]["reason"] == design.population.source and told["population"]["value"] is None
    assert [row["value"] for row in plain["assumptions"] if row["about"] == "conduct"][:2] == [
        design.conduct.adherence,
        design.conduct.dropout_per_week,
    ]
    assert plain["versions"]["jax"]
    assert list(result.inr_quantiles["standard"].columns) == ["day", "n", "median", "lower", "upper"]
    assert "genotype-guided - standard, each patient in both arms: +" in result.to_text()


def one_arm_with_its_own_titration(c: Content) -> None:
    c.pop("titration")
    c["arms"][0]["titration"] = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["titration"] | {"max_mg": -3}


MISTAKES: list[tuple[Callable[[Content], object], str]] = [
    (lambda c: c["trial"].update(model="aspirin"), "trial.model: got 'aspirin', expected warfarin_hamberg2007"),
    (
        lambda c: c["trial"].update(model="theophylline_boeckmann1994"),
        "trial.model: got 'theophylline_boeckmann1994', expected warfarin_hamberg2007",
    ),
    (lambda c: c["trial"].update(name=""), "trial.name: got '', expected at least 1 character"),
    (lambda c: c["trial"].update(weeks=0), "trial.weeks: got 0, expected >= 1"),
    (lambda c: c["trial"].update(seed=1.5), "trial.seed: got 1.5, expected a valid integer"),
    (lambda c: c["trial"].update(desing="twins"), "trial.desing: unknown key; did you mean design?"),
    (lambda c: c["arms"].pop(), "arms: got 1 items, expected at least 2"),
    (lambda c: c.pop("endpoint"), "endpoint: missing"),
    (lambda c: c["endpoint"].update(inr_low=3.5), "endpoint: inr_low must be below inr_high, got 3.5 and 3"),
    (lambda c: c["endpoint"].update(from_day=80), "endpoint.from_day: got 80, expected <= 78"),
    (
        lambda c: c["endpoint"].update(method="cross"),
        "endpoint.method: got 'cross', expected 'rosendaal' or 'daily_true'",
    ),
    (lambda c: c["visits"].update(days=[1, 4, 4]), "visits.days: got 4 after 4, expected ascending days"),
    (lambda c: c["visits"].update(days=[1, 4, 86]), "visits.days: got 86, expected <= 85"),
    (lambda c: c["visits"].update(days=[1, 6, 8]), r"visits.days: without 4, whose INR arms\[1\].start.revision needs"),
    (lambda c: c["titration"].update(from_day=5), "titration.from_day: got 5, expected <= 4"),
    (lambda c: c["conduct"].update(adherence=95), "conduct.adherence: got 95, expected <= 1"),
    (lambda c: c["population"]["age_years"].update(lower=10), "population.age_years.lower: got 10, expected >= 18"),
    (lambda c: c["population"].pop("VKORC1"), "population.VKORC1: missing"),
    (
        lambda c: c["population"].pop("weight_kg"),
        "population: correlations.age_weight: the population states nothing of weight_kg",
    ),
    (
        lambda c: (c["population"].pop("weight_kg"), c["population"].pop("correlations")),
        r"population.weight_kg: missing; arms\[1\].start needs it",
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
        r"arms\[1\].name: got 'genotype-guided', which another arm",
    ),
    (lambda c: c["arms"][1].update(name=" Standard "), r"arms\[1\].name: got ' Standard ', which another arm has, but"),
    (
        lambda c: (c["visits"].update(days=[1, 85]), c["arms"][1]["start"].pop("revision")),
        "visits.days: no two of day 1 or later are at most 56 days apart",
    ),
    (
        lambda c: c["arms"][1]["start"].update(rule="guess"),
        r"arms\[1\].start.rule: got 'guess', expected 'fixed', 'algorithm', 'eu_pact_loading'",
    ),
    (
        lambda c: c["arms"][1]["start"].update(maintenance="iwpc"),
        r"arms\[1\].start.maintenance: got 'iwpc', expected 'iwpc_pharmacogenetic', 'iwpc_clinical' or 'gage_2008'",
    ),
    (
        lambda c: c["arms"][0]["start"].pop("doses_mg_if_older"),
        r"arms\[0\].start: older_than_years and doses_mg_if_older",
    ),
    (
        lambda c: c.pop("titration"),
        r"arms\[0\].titration: missing; give it here, or once for all arms as \[titration\]",
    ),
    (one_arm_with_its_own_titration, r"arms\[0\].titration.max_mg: got -3, expected > 0"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES, ids=[message[:40] for _, message in MISTAKES])
def test_a_mistake_is_named_with_its_key_before_anything_runs(
    change: Callable[[Content], object], message: str
) -> None:
    with pytest.raises(DesignError, match=message):
        designed(change)
