"""A trial's report says what its result says, in the units that a reader knows."""

from dataclasses import replace

import pandas as pd
import pytest

from panakeia.report import Section
from panakeia.trials.assumed import assumptions_section
from panakeia.trials.courses import courses_section, doses_given, interval_days, shown_observables
from panakeia.trials.page import in_brief, in_full, trial_section
from panakeia.trials.synopsis import baseline_section, synopsis_section
from tests.panakeia.test_figures import legend
from twin.model import parameter_table
from twin.trials.policies.by_twin import ByTwin
from twin.trials.result import TrialResult
from twin.words import with_unit

ASSUMPTIONS = pd.DataFrame(
    [
        ("parameters", "d", 0.31, "CV", "a guess"),
        ("population", "a", None, "", "a survey"),
        ("population", "b", None, "", ""),
        ("parameters", "e", 6.0, "1", "a guess"),
        ("weather", "f", 1.0, "1", "a guess"),
        ("parameters", "g", None, "", "another"),
    ],
    columns=["about", "assumption", "value", "unit", "reason"],
)


def test_a_report_in_full_has_what_a_protocol_team_asks_for(survival: TrialResult, warfarin: TrialResult) -> None:
    titles = [section.title for section in in_full(survival)]
    assert titles == [
        *("Synopsis", "Flow of patients", "Patients at baseline", "Endpoints", "Time to event: OS", "Courses", "Doses"),
        *("Safety and exposure", "Assumptions", "Parameters"),
    ]
    assert not any(section.title.startswith("Time to event") for section in in_full(warfarin))
    assert [section.title for section in in_brief(warfarin)][1:] == [
        *("Synopsis", "Flow of patients", "Assumptions", "Parameters")
    ]


def rows(section: Section, place: int = 0) -> dict[str, str]:
    frame = section.tables[place].rows
    return dict(zip(frame.iloc[:, 0], frame.iloc[:, 1], strict=True))


def test_the_synopsis_tells_arms_rules_visits_population_and_estimand(warfarin: TrialResult) -> None:
    section = synopsis_section(warfarin)
    said = rows(section)
    assert said["size"] == "40 patients, each in all 2 arms"
    assert (
        said["arm: standard"]
        == "10, 5, 5 every 1d; age_years > 75: 5, 5, 5; the last dose goes on (control); doses in mg"
    )
    assert said["arm: genotype-guided"].startswith("the dose a day of iwpc_pharmacogenetic, after EU-PACT's loading")
    assert "below 1.5: +15%; below 1.8: +10%" in said["titration"] and "5 or more: -15%" in said["titration"]
    assert said["visits"].startswith("mornings of days 1, 4, 6") and said["visits"].endswith("with measurement error")
    assert said["primary endpoint"].startswith("TTR: the share of time with INR 2 to 3")
    assert said["population"] == warfarin.design.population.source
    estimands = section.tables[1].rows
    assert estimands["endpoint"].tolist() == ["TTR", "TTRTRUE", "INROVER4"]
    assert estimands["treatments"][0] == "genotype-guided against standard: dosing rules as assigned"
    measures = ["difference in means", "difference in means", "risk difference"]  # a share of time is a number
    assert estimands["population-level summary"].tolist() == measures
    assert warfarin.citation in section.caption


def test_the_synopsis_tells_events_and_the_ratio_that_an_analysis_gives(survival: TrialResult) -> None:
    section = synopsis_section(survival)
    happening = section.tables[0].rows.set_index("item").loc["what may happen", "what"].tolist()
    assert happening[0] == "death: as likely as the model's own hazard says; then the patient dies"
    assert section.tables[1].rows["population-level summary"].tolist() == ["hazard ratio", "difference in means"]
    assert survival.estimand.startswith("Hazard ratio of the time to death, up to day 728")


def test_patients_at_baseline_are_counted_by_arm(survival: TrialResult, warfarin: TrialResult) -> None:
    (table,) = baseline_section(survival).tables
    names = [f"{course.arm} (n = {course.n})" for course in survival.courses]
    assert table.rows.columns.tolist() == ["covariate", *names]
    for name, cohort in zip(names, survival.cohorts, strict=True):
        asian = (cohort.covariates["asian"] == "yes").mean()
        assert table.rows.set_index("covariate")[name]["asian yes"] == f"{asian:.1%}"
    (table,) = baseline_section(warfarin).tables  # twins are the same in every arm
    assert table.rows.columns.tolist() == ["covariate", "all arms (n = 40)"]
    age = warfarin.cohorts[0].covariates["age_years"]
    assert table.rows.iloc[0, 1].startswith(f"{age.mean():.3g} (SD {age.std(ddof=1):.3g}), ")


def test_a_trial_in_brief_shows_every_endpoint_and_the_range_of_the_first(warfarin: TrialResult) -> None:
    section = trial_section(warfarin)
    assert section.title == "The trial: Genotype-guided start of warfarin"
    assert section.lead == f"{warfarin.estimand} The first arm is the control."
    assert section.figure is not None
    assert legend(section.figure) == ["standard: 40 patients", "genotype-guided: 40 patients"]
    by_arm, compared = (table.rows for table in section.tables)
    assert by_arm["endpoint"].tolist() == ["TTR"] * 2 + ["TTRTRUE"] * 2 + ["INROVER4"] * 2
    assert compared["endpoint"].tolist() == ["TTR", "TTRTRUE", "INROVER4"]
    (axes,) = section.figure.axes
    (target,) = axes.patches
    assert target.get_extents().transformed(axes.transData.inverted()).intervaly.tolist() == pytest.approx([2.0, 3.0])


def test_a_trial_without_a_range_shades_none(survival: TrialResult) -> None:
    figure = courses_section(survival).figure
    assert figure is not None and not figure.axes[0].patches
    assert shown_observables(survival.design) == ("tumour_size_mm",)
    assert figure.axes[0].get_ylabel() == "tumour size [mm]"


@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [("INR", "1", "INR"), ("S_warfarin", "mg/L", "S warfarin [mg/L]"), ("a_ug_per_L", "ug/L", "a [ug/L]")],
)
def test_units_are_said_once(name: str, unit: str, said: str) -> None:
    assert with_unit(name, unit) == said


def test_doses_are_of_those_who_are_followed(survival: TrialResult, warfarin: TrialResult) -> None:
    assert (interval_days(warfarin.design), interval_days(survival.design)) == (1, 7)
    given = doses_given(warfarin.courses, 1)
    course = warfarin.courses[0]
    assert given["standard"]["median"].tolist()[:3] == pytest.approx(
        pd.DataFrame(course.given[:, :3]).median().tolist()
    )
    late = doses_given(survival.courses, 7)["later"]
    assert late.loc[late["day"] == 57, "median"].tolist() == [pytest.approx(1 / 7)]  # one dose in that week
    assert late["n"].tolist()[0] == survival.counts["later"]["enrolled"]
    assert late["n"].is_monotonic_decreasing


def test_assumptions_are_grouped_by_what_they_are_about(warfarin: TrialResult) -> None:
    tables = assumptions_section(replace(warfarin, assumptions=ASSUMPTIONS)).tables
    assert [table.name for table in tables] == ["Population", "Parameters", "Weather"]
    assert [table.rows["assumption"].tolist() for table in tables] == [["a", "b"], ["d", "e", "g"], ["f"]]
    assert tables[1].rows["reason"].tolist() == ["a guess", "as above", "another"]
    assert tables[1].rows["unit"].tolist() == ["CV", "", ""]
    whole = assumptions_section(warfarin).tables
    assert sum(len(table.rows) for table in whole) == len(warfarin.assumptions)


def test_parameters_of_different_places_have_different_names(survival: TrialResult, warfarin: TrialResult) -> None:
    for result in (survival, warfarin):
        assert result.parameters["name"].is_unique
    assert "residual: INR" in warfarin.parameters["name"].tolist()
    policy = ByTwin(observable="INR", low=2.0, high=3.0, most=15.0, step=0.5, model="warfarin_hamberg2010")
    own = [row["name"] for row in policy.parameters()]
    assert own and not {*own} & {row["name"] for row in parameter_table(warfarin.design.model)}
