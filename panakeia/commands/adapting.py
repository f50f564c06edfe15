"""The commands of a trial that looks at itself: what an interim look says, sizes computed anew, Bayesian stopping."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import (
    AlphaOption,
    BetaOption,
    ComparisonOptions,
    KindOption,
    LookOptions,
    Numbers,
    SidesOption,
    StopKindOption,
    StopOptions,
    named,
    number_option,
    numbers_option,
    share_option,
)
from panakeia.option_groups import grouped
from panakeia.options import whole
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.trials.design.bayesian import Outcomes, Truth


@grouped
def trial_design_conditional(
    session: Session,
    kind: KindOption,
    z: Annotated[float, number_option("What the look saw, positive where treatment is better.")],
    when: LookOptions,
    stop: StopOptions,
    look: Annotated[int, typer.Option(help="Which look it is.", parser=whole(1, 50), metavar="K")] = 1,
    effect: Annotated[float | None, number_option("Another effect to take for true, 1 is the planned one.")] = None,
    prior_mean: Annotated[float, number_option("What was believed of the effect, 1 is the planned one.")] = 1.0,
    prior_sd: Annotated[float | None, number_option("How sure that was; without, nothing was believed.")] = None,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    beta: BetaOption = 0.1,
) -> Answer:
    """Tell what an interim look says of the end: conditional power, by what is true from here on, and predictive power.

    Example: panakeia trial design conditional --kind lan-demets-of --information .4,.7,1 --look 1 --z 1.55
    """
    from twin.trials.design.conditional import Prior

    asked = stop.looks(kind, when.shares, (alpha, sides, beta))
    found = session.trial_design_conditional(asked, look, z, prior=Prior(prior_mean, prior_sd), effect=effect)
    return found


@grouped
def trial_design_re_estimate(
    session: Session,
    of: ComparisonOptions,
    when: LookOptions,
    stop: StopOptions,
    seen_sd: Annotated[float | None, number_option("mean: the deviation of all patients together.")] = None,
    seen_rate: Annotated[float | None, number_option("rate: that of all patients together.")] = None,
    seen: Annotated[float | None, number_option("How many patients were seen: the size is no less.")] = None,
    adjust: Annotated[
        bool, typer.Option("--adjust", help="Leave out what the planned effect adds to --seen-sd.")
    ] = False,
    most: Annotated[float | None, number_option("The largest size that can be.")] = None,
    power: Annotated[float, share_option("Chance to see the effect.")] = 0.9,
    alpha: AlphaOption = 0.025,
    sides: SidesOption = 1,
    kind: StopKindOption = None,
) -> Answer:
    """Compute a size anew from what all patients show, without telling the arms apart; the effect stays as planned.

    Example: panakeia trial design re-estimate --endpoint mean --effect .5 --sd 1 --power .8 --seen-sd 1.3 --seen 60
    """
    from twin.trials.design.reestimation import Seen

    asked = stop.looks(kind, when.shares, (alpha, sides, 1.0 - power))
    blinded = Seen(seen_sd, seen_rate, seen, adjust)
    return session.trial_design_re_estimate(of.comparison(), blinded, asked, most=most)


@grouped
def trial_design_promising_zone(
    session: Session,
    most: Annotated[float, number_option("How large the trial may become, in sizes as planned.")],
    stop: StopOptions,
    at: Annotated[float, share_option("Share of the planned size at the interim look.")] = 0.5,
    z: Annotated[float | None, number_option("What the interim look saw; else the rule itself is told.")] = None,
    least: Annotated[float | None, share_option("Conditional power to grow from; else, where any test holds.")] = None,
    power: Annotated[float, share_option("Power as planned, and the conditional power to grow to.")] = 0.9,
    alpha: Annotated[float, share_option("Type I error, one-sided.")] = 0.025,
    kind: StopKindOption = None,
) -> Answer:
    """Let a trial grow where its interim look is promising, and test so that the type I error holds.

    Without --kind the interim look stops nothing.

    Example: panakeia trial design promising-zone --at .5 --most 2 --power .8 --z 1.4
    """
    from twin.trials.design.boundaries import Looks
    from twin.trials.design.promising import Zone
    from twin.trials.design.spending import Rule

    errors, information = (alpha, 1, 1.0 - power), (at, 1.0)
    if kind is None and stop != StopOptions():
        raise ValueError("bounds need --kind: how they are placed")
    never = Rule("lan-demets-of", begins=1.0)
    asked = Looks(never, information, *errors) if kind is None else stop.looks(kind, information, errors)
    return session.trial_design_promising_zone(asked, Zone(most, power, least), z)


@dataclass(frozen=True)
class OutcomeOptions:
    """What is observed, what was believed of it, and what is true."""

    endpoint: Annotated[Literal["mean", "rate"], typer.Option(help="What the arms are compared by.")]
    patients: Annotated[Numbers, numbers_option("Patients of each arm at each look.", "N[,N]")]
    control: Annotated[
        Numbers | None, numbers_option("rate: that on control; of several, the worst counts.", "P[,P]")
    ] = None
    benchmark: Annotated[float | None, number_option("rate: one arm, against this known rate.")] = None
    treatment: Annotated[float | None, number_option("rate: that on treatment, which is to be shown.")] = None
    effect: Annotated[float | None, number_option("mean: the difference that is to be shown.")] = None
    sd: Annotated[float | None, number_option("mean: the deviation within an arm.")] = None
    margin: Annotated[float, number_option("Treatment is to be better by more than this.")] = 0.0
    prior: Annotated[Numbers | None, numbers_option("rate: beta prior of the rates; else 1,1.", "A,B")] = None
    prior_mean: Annotated[float, number_option("mean: what was believed of the difference.")] = 0.0
    prior_sd: Annotated[float | None, number_option("mean: how sure that was; without, nothing was believed.")] = None

    def outcomes(self) -> "tuple[Outcomes, tuple[Truth, ...], tuple[Truth, ...]]":
        """Return the trial, what is true under the null, and what is to be shown; raise `ValueError` for a lack."""
        from twin.trials.design.binary_outcomes import BinaryTrial
        from twin.trials.design.normal_outcomes import NormalTrial

        patients = tuple(int(count) for count in self.patients)
        if any(count != whole for count, whole in zip(self.patients, patients, strict=True)):
            raise ValueError(f"got the patients {self.patients}, expected whole numbers")
        if self.endpoint == "mean":
            self._stated(("effect", "sd"), ("control", "benchmark", "treatment"))
            assert self.sd is not None and self.effect is not None
            trial = NormalTrial(patients, self.sd, self.prior_mean, self.prior_sd, self.margin)
            return trial, (self.margin,), (self.effect,)
        if (self.control is None) == (self.benchmark is None):
            raise ValueError("--endpoint rate needs --control, that of a second arm, or --benchmark, a known rate")
        self._stated(("treatment",), ("effect", "sd", "prior_sd"))
        assert self.treatment is not None
        if self.prior is not None and len(self.prior) != 2:
            raise ValueError(f"got the prior {self.prior}, expected two numbers: of a beta distribution")
        prior = (1.0, 1.0) if self.prior is None else (self.prior[0], self.prior[1])
        binary = BinaryTrial(patients, prior, prior, self.benchmark, self.margin)
        rates = self.control or (self.benchmark or 0.0,)
        return binary, tuple((rate, rate + self.margin) for rate in rates), ((rates[0], self.treatment),)

    def _stated(self, needed: tuple[str, ...], foreign: tuple[str, ...]) -> None:
        if lacking := [name for name in needed if vars(self)[name] is None]:
            raise ValueError(f"--endpoint {self.endpoint} needs {named(lacking)}")
        if other := [name for name in foreign if vars(self)[name] is not None]:
            raise ValueError(f"--endpoint {self.endpoint} has no {named(other)}")


@grouped
def trial_design_bayes(
    session: Session,
    of: OutcomeOptions,
    efficacy: Annotated[float | None, share_option("Reject where the posterior exceeds this; else calibrated.")] = None,
    futility: Annotated[float, share_option("Give up where the chance is below this.")] = 0.0,
    futility_by: Annotated[
        Literal["posterior", "predictive"], typer.Option(help="The chance to be better, or to reject in the end.")
    ] = "posterior",
    at_end: Annotated[bool, typer.Option("--efficacy-at-end", help="Reject at the last look alone.")] = False,
    alpha: Annotated[float, share_option("Type I error, one-sided, that the threshold is calibrated to.")] = 0.025,
) -> Answer:
    """Design a trial that stops by posterior probabilities: its threshold calibrated, its chances exact.

    Example: panakeia trial design bayes --endpoint rate --patients 50,100 --control .3 --treatment .5 --futility .05
    """
    from twin.trials.design.bayesian import StoppingRule

    trial, null, true = of.outcomes()
    rule = StoppingRule(efficacy or 0.975, futility, futility_by == "predictive", not at_end)
    found = session.trial_design_bayes(trial, rule, null=null, true=true, alpha=alpha if efficacy is None else None)
    return found


def join(design_app: typer.Typer) -> None:
    """Put these commands among those of a trial's design."""
    verb(design_app, "trial design conditional", right="trials")(trial_design_conditional)
    verb(design_app, "trial design re-estimate", right="trials")(trial_design_re_estimate)
    verb(design_app, "trial design promising-zone", right="trials")(trial_design_promising_zone)
    verb(design_app, "trial design bayes", right="trials")(trial_design_bayes)
