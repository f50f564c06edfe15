"""The commands of planning: a trial's interim looks, size, power and timing."""

from typing import Annotated

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import (
    AlphaOption,
    BetaOption,
    ComparisonOptions,
    CourseOptions,
    Kind,
    KindOption,
    LookOptions,
    Numbers,
    SidesOption,
    StopKindOption,
    StopOptions,
    TogetherOptions,
    number_option,
    numbers_option,
    share_option,
)
from panakeia.option_groups import grouped
from panakeia.verb import verb

design_app = typer.Typer(help="Plan a trial by formula: interim looks, size, power, timing.", no_args_is_help=True)

EffectSdOption = Annotated[float | None, number_option("Deviation of what the effect may be, for the assurance.")]
LostOption = Annotated[float, share_option("mean, rate: patients without an outcome; so many more are enrolled.")]


@verb(design_app, "trial design boundaries", right="trials")
@grouped
def trial_design_boundaries(
    session: Session,
    kind: KindOption,
    when: LookOptions,
    stop: StopOptions,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    beta: BetaOption = 0.1,
) -> Answer:
    """Design interim looks: bounds on z, error spent, and the sizes beside a trial with one look.

    Example: panakeia trial design boundaries --kind lan-demets-of --information .5,.75,1 --alpha .025 --sides 1
    """
    asked = stop.looks(kind, when.shares, (alpha, sides, beta))
    return session.trial_design_boundaries(asked)


@verb(design_app, "trial design size", right="trials")
@grouped
def trial_design_size(
    session: Session,
    of: ComparisonOptions,
    together: TogetherOptions,
    course: CourseOptions,
    when: LookOptions,
    stop: StopOptions,
    power: Annotated[float, share_option("Chance to see the effect.")] = 0.9,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    kind: StopKindOption = None,
    effect_sd: EffectSdOption = None,
    lost: LostOption = 0.0,
) -> Answer:
    """Tell how many patients, or events, a trial needs: of both arms together, with interim looks or without.

    Non-inferiority is a --null, the margin; several endpoints that must all show their effect are --co-primary.

    Example: panakeia trial design size --endpoint mean --effect 0.5 --sd 1 --power 0.8 --kind obrien-fleming --looks 3
    """
    compared = of.comparison()
    asked, beside = (
        stop.looks(kind, when.shares, (alpha, sides, 1.0 - power)),
        course.beside(of.endpoint, effect_sd, lost),
    )
    endpoints = together.together(compared, of.ratio) or compared
    return session.trial_design_size(endpoints, asked, beside=beside)


@verb(design_app, "trial design power", right="trials")
@grouped
def trial_design_power(
    session: Session,
    of: ComparisonOptions,
    size: Annotated[float, number_option("Patients of both arms together; for survival, events.")],
    together: TogetherOptions,
    course: CourseOptions,
    when: LookOptions,
    stop: StopOptions,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    beta: Annotated[float, share_option("What --futility may spend.")] = 0.1,
    kind: StopKindOption = None,
    effect_sd: EffectSdOption = None,
    lost: LostOption = 0.0,
) -> Answer:
    """Tell what a size can do: its power, what to expect of interim looks, and its assurance.

    Example: panakeia trial design power --endpoint mean --size 128 --effect 0.5 --sd 1 --effect-sd 0.2
    """
    compared = of.comparison()
    asked, beside = stop.looks(kind, when.shares, (alpha, sides, beta)), course.beside(of.endpoint, effect_sd, lost)
    endpoints = together.together(compared, of.ratio) or compared
    return session.trial_design_power(endpoints, size, asked, beside=beside)


@verb(design_app, "trial design timing", right="trials")
@grouped
def trial_design_timing(
    session: Session,
    course: CourseOptions,
    stop: StopOptions,
    hazard_ratio: Annotated[
        Numbers, numbers_option("Treatment's hazard over control's, in each piece between --changes.", "HR[,HR]")
    ],
    events: Annotated[Numbers | None, numbers_option("Events at which there is a look.", "E[,E]")] = None,
    at: Annotated[Numbers | None, numbers_option("Or times at which there is a look.", "T[,T]")] = None,
    gap: Annotated[float, number_option("Least time from one look to the next.")] = 0.0,
    ratio: Annotated[float, number_option("Patients on treatment for each one on control.")] = 1.0,
    alpha: Annotated[float, share_option("Type I error, one-sided.")] = 0.025,
    beta: Annotated[float, share_option("What --futility may spend.")] = 0.1,
    kind: Annotated[Kind | None, typer.Option(help="How bounds are placed; then the power is told.")] = None,
) -> Answer:
    """Tell when looks come, from how patients are enrolled, have events and leave; hazards need not be proportional.

    With --follow-up no look comes before the last patient has been followed for so long.

    Example: panakeia trial design timing --enrolment 5,15,30 --accrual 3,3,12 --control-median 14 --hazard-ratio .7
    --dropout .0043 --events 197,282 --kind lan-demets-of
    """
    looks = None
    if kind is not None:
        looks = stop.looks(kind, (1.0,), (alpha, 1, beta))
    elif stop != StopOptions():
        raise ValueError("bounds need --kind: how they are placed")
    found = session.trial_design_timing(
        course.course(hazard_ratio, ratio), events=events, at=at, waiting=(course.follow_up, gap), looks=looks
    )
    return found


@verb(design_app, "trial design assurance", right="trials")
@grouped
def trial_design_assurance(
    session: Session,
    of: ComparisonOptions,
    when: LookOptions,
    stop: StopOptions,
    effect_sd: Annotated[
        float, number_option("Deviation of what the effect may be; of a hazard ratio, its logarithm's.")
    ],
    sizes: Annotated[
        Numbers | None, numbers_option("Patients of both arms together; for survival, events.", "N[,N]")
    ] = None,
    target: Annotated[float | None, share_option("Or the assurance whose size is sought.")] = None,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    kind: StopKindOption = None,
) -> Answer:
    """Tell how likely a trial is to succeed where its effect is uncertain: of sizes, or the size for so much.

    Example: panakeia trial design assurance --endpoint mean --effect 0.5 --sd 1 --effect-sd 0.2 --sizes 64,128,256
    """
    asked = stop.looks(kind, when.shares, (alpha, sides, 0.1))
    found = session.trial_design_assurance(of.comparison(), effect_sd, asked, sizes=sizes, target=target)
    return found
