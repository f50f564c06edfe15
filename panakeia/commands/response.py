"""The command of response; see `join`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.option_groups import grouped
from panakeia.options import As, SeedOption, decimal, share, whole
from panakeia.verb import verb

Learner = Literal["r", "x"]
Base = Literal["linear", "boosting"]
Kind = Literal["continuous", "binary", "survival"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class TrialOptions:
    """The trial: its columns and its arms."""

    outcome: Annotated[str, typer.Option(help="Column of the outcome, or of times.", metavar="COL")]
    arm: Annotated[str, typer.Option(help="Column of the arms.", metavar="COL")]
    treatment: Annotated[str, typer.Option(help="Which arm is the treatment.", metavar="ARM")]
    control: Annotated[str, typer.Option(help="Which arm is the control.", metavar="ARM")]
    feature: Annotated[list[str], typer.Option(help="Column known at baseline, repeatable.", metavar="COL")]
    kind: Annotated[Kind, typer.Option(help="What the outcome is.")] = "continuous"
    better: Annotated[Better, typer.Option(help="Which outcomes are better.")] = "higher"
    censored: Annotated[str, typer.Option(help="survival: column with 0 for an event, else 1.", metavar="COL")] = "CNSR"
    horizon: Annotated[
        float | None, typer.Option(parser=decimal, help="survival: up to when times count.", metavar="T")
    ] = None
    propensity: Annotated[
        float | None, typer.Option(parser=share, help="Chance of treatment by design; else its share.", metavar="X")
    ] = None


@dataclass(frozen=True)
class LearnOptions:
    """How effects are learned."""

    learner: Annotated[Learner, typer.Option(help="R-learner or X-learner.")] = "r"
    base: Annotated[Base, typer.Option(help="The regression in it.")] = "linear"
    repeats: Annotated[int, typer.Option(parser=whole(1), help="How often patients are dealt anew.", metavar="N")] = 5
    draws: Annotated[int, typer.Option(parser=whole(100), help="Draws of the bootstrap.", metavar="N")] = 1000
    strata: Annotated[int, typer.Option(parser=whole(2, 10), help="Strata of equal size by gain.", metavar="N")] = 2
    seed: SeedOption = 0


@grouped
def response(
    session: Session,
    table: Annotated[Path, typer.Argument(help="A randomised trial, a row a patient (CSV).", metavar="TABLE.csv")],
    trial: TrialOptions,
    learn: LearnOptions,
    out: Annotated[
        Path | None, As("out"), typer.Option(help="CSV: the patients with GAIN and STRATUM.", metavar="FILE")
    ] = None,
    top: Annotated[
        float, typer.Option("--share", parser=share, help="Of them, the share foretold to gain most.", metavar="X")
    ] = 1.0,
    plot: Annotated[
        Path | None, As("out"), typer.Option(help="Figure to write: PNG, SVG or PDF.", metavar="FILE")
    ] = None,
) -> Answer:
    """Learn who gains from a treatment, and whether gains differ by more than chance.

    Example: panakeia response trial.csv --outcome change --arm arm --treatment new --control old --feature age --json
    """
    from twin.prognosis.response.base import Base as Regression
    from twin.prognosis.response.crossfit import Honest
    from twin.prognosis.response.learners.r import RLearner
    from twin.prognosis.response.learners.x import XLearner
    from twin.prognosis.response.question import Asked
    from twin.prognosis.response.response import Settings
    from twin.trials.analysis.table import Arms

    base = Regression(learn.base, seed=learn.seed)
    asked = Asked(
        trial.outcome,
        Arms(trial.treatment, trial.control, trial.arm),
        tuple(trial.feature),
        trial.kind,
        trial.better,
        trial.propensity,
        trial.censored,
        trial.horizon,
    )
    settings = Settings(
        RLearner(base) if learn.learner == "r" else XLearner(base),
        Honest(repeats=learn.repeats, seed=learn.seed),
        learn.draws,
        strata=learn.strata,
    )
    found = session.response(table, asked, settings=settings, out=out, share=top, plot=plot)
    return found


def join(app: typer.Typer) -> None:
    """Add the command."""
    verb(app, "response", right="patients", long=True)(response)
