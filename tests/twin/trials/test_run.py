"""Trials against an independent integrator, closed forms, a published trial, and the luck that arms must share."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from tests.twin.trials.designs import EXAMPLE, INR, Content, designed, dropout, fixed
from twin import library
from twin.error import Error
from twin.model import Floats
from twin.patient import Cohort
from twin.quantity import Assumed
from twin.trials import run
from twin.trials.policies.fixed import Fixed
from twin.trials.protocol import TrialDesign
from twin.trials.result import TrialResult
from twin.trials.summary import summarise
from twin.trials.titrations.table import Table

Run = tuple[TrialDesign, TrialResult]


def test_a_population_states_only_what_the_model_and_the_arms_ask_for() -> None:
    def plain(c: Content) -> None:
        c["arms"] = [{"name": name, "policy": fixed(5.0)} for name in ("one", "two")]
        for name in ("height_cm", "weight_kg", "race", "correlations"):
            del c["population"][name]

    subjects = run.run(designed(plain)).subjects
    assert {"AGE", "CYP2C9", "VKORC1"} < set(subjects.columns) and "RACE" not in subjects.columns


def outcome(subjects: pd.DataFrame, arm: str) -> np.ndarray:
    return subjects.loc[subjects["ARM"] == arm, "TTR"].to_numpy()


@pytest.fixture(scope="module")
def example() -> Run:
    design = designed()
    return design, run.run(design)


def test_the_example_is_a_trial_of_two_times_a_thousand() -> None:
    design = run.load(EXAMPLE)
    assert (design.trial.subjects_per_arm, len(design.arms), design.trial.weeks) == (1000, 2, 12)


def test_the_genotype_guided_start_gains_what_eu_pact_found(example: Run) -> None:
    """EU-PACT: 67.4 % against 60.3 %, adjusted difference 7.0 points, 95 % interval 3.3 to 10.6."""
    difference = example[1].differences[0]
    assert 0.033 < difference.effect.value < 0.106
    assert (difference.treated, difference.control) == ("genotype-guided", "standard")


def test_an_inr_is_what_another_integrator_finds_for_the_doses_taken() -> None:
    design = designed(lambda c: c["conduct"].update(adherence=0.8))
    enrolled = run.enrol(design, 200)
    course = run.follow(design, design.arms[1], enrolled)
    for patient in (0, 7):
        clearance, v1, v2, ec50, mtt1, mtt2 = (float(one[patient]) for one in enrolled.bodies[0][:6])

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
            found = course.true[INR][patient, day]
            assert found == pytest.approx(1 + 20 * (1 - state[8] * state[9]) ** 3.61, rel=2e-5)
            state[0] += course.doses[patient, day] / 2
            solved = integrate.solve_ivp(change, (0.0, 24.0), state, "LSODA", args=rates, rtol=1e-9, atol=1e-12)
            state = solved.y[:, -1]


def test_equal_arms_differ_by_exactly_nothing() -> None:
    def same_rules(c: Content) -> None:
        c["arms"] = [{"name": name, "policy": c["arms"][0]["policy"]} for name in ("one", "two")]

    difference = run.run(designed(same_rules)).differences[0].effect
    assert (difference.value, difference.lower, difference.upper) == (0.0, 0.0, 0.0)


def test_a_patient_has_the_same_luck_whatever_the_arms(example: Run) -> None:
    """Another arm in front, and another order, change no subject's outcome in the arms that stay."""

    def more_arms(c: Content) -> None:
        policy = {"kind": "warfarin_algorithm", "algorithm": "gage_2008"}
        c["arms"] = [{"name": "gage", "policy": policy}, c["arms"][1], c["arms"][0]]

    again = run.run(designed(more_arms)).subjects
    for arm in ("standard", "genotype-guided"):
        assert outcome(again, arm).tolist() == outcome(example[1].subjects, arm).tolist()


def same_luck(some: run.Enrolled, others: run.Enrolled, patients: int, steps: int) -> None:
    """The first patients of both, and all that chance holds for their first days."""
    assert some.cohort.ids[:patients] == others.cohort.ids[:patients]
    for name, values in some.cohort.covariates.items():
        assert values[:patients].tolist() == others.cohort.covariates[name][:patients].tolist()
    for values, again in zip(some.bodies[0], others.bodies[0], strict=True):
        assert values[:patients].tolist() == again[:patients].tolist()
    assert some.error[INR][:patients].tolist() == others.error[INR][:patients].tolist()
    assert some.takes[:patients, :steps].tolist() == others.takes[:patients, :steps].tolist()
    assert some.threshold["dropout"][:patients].tolist() == others.threshold["dropout"][:patients].tolist()


def test_a_longer_trial_and_more_patients_leave_the_luck_of_who_is_there() -> None:
    def sized(weeks: int) -> TrialDesign:
        def change(c: Content) -> None:
            c["trial"].update(weeks=weeks)
            c["visits"]["days"] = [1, 4, 8, 15, 22, 29]
            c["conduct"].update(adherence=0.8)
            c["hazards"] = dropout(0.1)

        return designed(change)

    short, long = sized(4), sized(12)
    enrolled = run.enrol(short, 50)
    same_luck(enrolled, run.enrol(long, 50), 50, 28)
    same_luck(enrolled, run.enrol(short, 51), 50, 28)
    course, longer = (run.follow(one, one.arms[1], run.enrol(one, 50)) for one in (short, long))
    np.testing.assert_array_equal(longer.true[INR][:, :29], course.true[INR])
    np.testing.assert_array_equal(longer.measured[INR], course.measured[INR])
    left = np.isfinite(course.last_day)
    assert left.any() and (longer.last_day[left] == course.last_day[left]).all()


def test_the_same_seed_gives_the_same_result_and_another_does_not(example: Run) -> None:
    design, result = example
    assert run.run(design).to_json() == result.to_json()
    other = run.run(designed(lambda c: c["trial"].update(seed=2)))
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
    result = run.run(designed(lambda c: c["trial"].update(design="parallel", subjects_per_arm=100)))
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

    The titration table is read row by row; the maintenance dose is kept beside the doses that are held.
    """
    start, table = design.arms[arm].policy, design.titration_of(design.arms[arm])
    assert isinstance(start, Fixed) and isinstance(table, Table)
    (older,) = start.instead
    assert older.above is not None
    first = older.doses if age > older.above else start.doses
    seen = dict(zip(design.visits.days, inrs, strict=True))
    maintenance, changed, held_until, doses = first[-1], False, 0, []
    for day in range(1, days + 1):
        if day in seen and day >= table.from_day:
            row = next(row for row in table.rows if row.below is None or seen[day] < row.below)
            if row.change_percent != 0 or row.hold_doses > 0:
                maintenance = min(maintenance * (1 + row.change_percent / 100), table.max_dose)
                changed, held_until = True, day + row.hold_doses
        planned = maintenance if changed or day > len(first) else first[day - 1]
        doses.append(0.0 if day < held_until else 0.5 * round(planned / 0.5))
    return doses


def test_each_dose_follows_the_inr_measured_on_that_very_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a measurement error of a third, doses tell the measured INR from the true one and from another morning's."""
    noisy = Error(on_log=Assumed(0.3, "1", "made up, to tell apart"))
    model = dataclasses.replace(library.load("warfarin_hamberg2007"), errors={INR: noisy})
    monkeypatch.setattr(TrialDesign, "model", property(lambda _: model))
    design = designed(lambda c: c["trial"].update(subjects_per_arm=60))
    enrolled = run.enrol(design, 60)
    course = run.follow(design, design.arms[0], enrolled)
    mornings = np.array(design.visits.days) - 1
    true, measured = course.true[INR][:, mornings], course.measured[INR]
    assert measured == pytest.approx(true * np.exp(0.3 * enrolled.error[INR]))
    held = 0
    for patient, age in enumerate(enrolled.cohort.covariates["age_years"]):
        doses = by_hand(design, 0, age, measured[patient], design.days)
        assert course.doses[patient].tolist() == doses
        held += doses.count(0.0)
    assert held > 100, "holds were tried"
    assert by_hand(design, 0, 71.0, true[0], design.days) != course.doses[0].tolist()


def held(days: list[int], in_range_percent: float, hold_doses: int) -> TrialDesign:
    """Two arms of 8 mg, measured without error; from an INR of 3 on the dose is halved after some that are held."""

    def change(c: Content) -> None:
        c["visits"]["days"] = days
        c["conduct"]["measurement_error"] = False
        c["arms"] = [{"name": name, "policy": fixed(8.0)} for name in ("held", "other")]
        c["titration"]["rows"] = [
            {"below": 3.0, "change_percent": in_range_percent},
            {"change_percent": -50.0, "hold_doses": hold_doses},
        ]

    return designed(change)


def test_a_hold_gives_nothing_for_so_many_doses_and_then_the_lowered_dose() -> None:
    design = held([1, 40, 85], 0.0, 5)
    course = run.follow(design, design.arms[0], run.enrol(design, 200))
    high = course.true[INR][:, 39] >= 3.0
    assert 20 < high.sum() < 180
    assert (course.doses[~high] == 8.0).all()
    expected = [8.0] * 39 + [0.0] * 5 + [4.0] * 40
    assert all(row == expected for row in course.doses[high].tolist())


def test_a_hold_that_outlasts_the_trial_does_not_become_the_dose() -> None:
    design = held([1, 78, 82, 85], 50.0, 7)
    course = run.follow(design, design.arms[0], run.enrol(design, 200))
    inr = course.true[INR]
    back = (inr[:, 77] >= 3.0) & (inr[:, 81] < 3.0)
    assert back.sum() > 5
    assert (course.doses[back, 77:81] == 0.0).all()
    assert (course.doses[back, 81:] == 6.0).all(), "half of 8 mg, and half as much more"


@pytest.mark.parametrize(("tablet", "most"), [(4.0, 15.0), (0.5, 3.3), (2.5, 6.0)])
def test_nobody_ever_takes_more_than_the_maximum(tablet: float, most: float) -> None:
    def bounded(c: Content) -> None:
        c["titration"].update(tablet=tablet, max_dose=most)
        c["arms"][0]["policy"] = fixed(100.0, 15.0)

    design = designed(bounded)
    enrolled = run.enrol(design, 100)
    for arm in design.arms:
        doses = run.follow(design, arm, enrolled).doses
        assert doses.max() == pytest.approx(tablet * int(most / tablet)) and doses.max() <= most


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """80 small trials of either design, cut from one cohort of 3,200 whose mean difference is the truth."""
    size, trials = 40, 80
    covered = {}
    design = designed(lambda c: c.update(endpoints=c["endpoints"][:1]))
    enrolled = run.enrol(design, size * trials)
    courses = [run.follow(design, arm, enrolled) for arm in design.arms]
    truth = summarise(design, enrolled.cohort, courses).differences[0].effect.value
    for kind in ("twins", "parallel"):
        small = designed(
            lambda c, kind=kind: (c["trial"].update(design=kind), c.update(endpoints=c["endpoints"][:1]))  # type: ignore[misc]
        )
        effects = []
        for first in range(0, size * trials, size):
            some = np.arange(first, first + size)
            ids, covariates = tuple(enrolled.cohort.ids[place] for place in some), enrolled.cohort.covariates
            part = Cohort(ids, {name: values[some] for name, values in covariates.items()})
            effects.append(summarise(small, part, [one.some(some) for one in courses]).differences[0].effect)
        covered[kind] = sum(effect.lower <= truth <= effect.upper for effect in effects)
    lowest, highest = stats.binom.ppf((0.001, 0.999), trials, 0.95)
    assert lowest <= covered["twins"] <= highest
    assert lowest <= covered["parallel"] <= highest


def test_dropout_is_exponential_and_ends_what_is_seen() -> None:
    design = designed(lambda c: c.update(hazards=dropout(0.05)))
    course = run.follow(design, design.arms[0], run.enrol(design, 2000))
    completed = int((course.last_day > design.days).sum())
    assert stats.binomtest(completed, 2000, 0.95**12).pvalue > 1e-3

    result = run.run(designed(lambda c: c.update(hazards=dropout(0.3))))
    early = result.subjects["EOSDY"] < 4
    assert early.any() and result.subjects.loc[early, "TTR"].isna().all()
    assert result.counts["standard"] == result.counts["genotype-guided"]
    assert result.counts["standard"]["with_outcome"] == int((~early).sum()) // 2
    assert set(result.subjects.loc[result.subjects["EOSDY"] <= 84, "EOSSTT"]) == {"DISCONTINUED"}


def test_doses_are_forgotten_as_often_as_stated() -> None:
    design = designed(lambda c: c["conduct"].update(adherence=0.7))
    enrolled = run.enrol(design, 200)
    assert stats.binomtest(int(enrolled.takes.sum()), enrolled.takes.size, 0.7).pvalue > 1e-3
    course = run.follow(design, design.arms[0], enrolled)
    assert not course.doses[~enrolled.takes].any()
    titration = design.titration_of(design.arms[0])
    assert titration is not None and (course.doses % titration.tablet == 0).all()


def test_without_doses_the_inr_stays_where_it_was() -> None:
    result = run.run(designed(lambda c: c["conduct"].update(adherence=0.0)))
    assert set(result.subjects["TTR"]) == {0.0}
    assert result.quantiles[INR]["standard"]["upper"].tolist() == [1.0] * 85
