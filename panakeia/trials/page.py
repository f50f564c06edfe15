"""The sections of a trial's report: in full for the team that writes its protocol, and in brief beside other things."""

from panakeia.figures import FEWEST
from panakeia.report import Section, Table
from panakeia.sections import parameters_section
from panakeia.trials.assumed import assumptions_section
from panakeia.trials.courses import courses_figure, courses_section, doses_section
from panakeia.trials.effects import arms_table, effects_section, effects_table, survival_sections
from panakeia.trials.flow import flow_section
from panakeia.trials.safety import safety_section
from panakeia.trials.synopsis import baseline_section, synopsis_section
from twin.trials.result import TrialResult


def in_full(result: TrialResult) -> tuple[Section, ...]:
    """Return all that is said of a trial, in the order of a clinical study report."""
    return (
        synopsis_section(result),
        flow_section(result),
        baseline_section(result),
        effects_section(result),
        *survival_sections(result),
        courses_section(result),
        doses_section(result),
        safety_section(result),
        assumptions_section(result),
        parameters_section(result.parameters),
    )


def in_brief(result: TrialResult) -> tuple[Section, ...]:
    """Return a trial's courses and endpoints in one section, its design, its flow of patients and what was assumed."""
    return (
        trial_section(result),
        synopsis_section(result),
        flow_section(result),
        assumptions_section(result),
        parameters_section(result.parameters),
    )


def trial_section(result: TrialResult) -> Section:
    """Show the arms in time, each endpoint of each arm, and the comparisons."""
    return Section(
        title=f"The trial: {result.design.trial.name}",
        lead=f"{result.estimand} The first arm is the control.",
        figure=courses_figure(result),
        tables=(Table(arms_table(result), "By arm"), Table(effects_table(result), "Compared with control")),
        caption=(
            f"{result.design.analysis.level:.0%} intervals. Line, band: median and 90 % range of the patients who are"
            f" still followed, where these are {FEWEST} or more; a shaded range is an endpoint's. {result.monte_carlo}"
        ),
    )
