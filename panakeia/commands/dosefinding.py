"""The commands of finding a dose: a trial of several doses, and what its data say."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from panakeia.answer import Answer
from panakeia.ask import Session
from panakeia.commands.planning_options import Numbers, number_option, numbers_option, share_option
from panakeia.options import decimals
from panakeia.verb import verb

if TYPE_CHECKING:
    from twin.trials.design.dose_models import Shape

ShapesOption = Annotated[
    list[str],
    typer.Option(
        "--model",
        help="A candidate with a guess of its parameters, repeatable: linear, linlog, quadratic=D, emax=ED50,"
        " sigEmax=ED50,H, exponential=D, logistic=ED50,D, betaMod=D1,D2.",
        metavar="NAME[=GUESS]",
    ),
]
AlphaOption = Annotated[float, share_option("Type I error of all contrasts together, one-sided.")]


def join(design_app: typer.Typer) -> None:
    """Put these commands among those of a trial's design."""
    verb(design_app, "trial design dose-finding", right="trials")(trial_design_dose_finding)
    verb(design_app, "trial design dose-response", right="trials")(trial_design_dose_response)


def trial_design_dose_finding(
    session: Session,
    doses: Annotated[Numbers, numbers_option("The doses, ascending, none (0) first.", "0,D[,D]")],
    model: ShapesOption,
    effect: Annotated[float, number_option("The largest effect above that of no dose.")],
    sd: Annotated[float, number_option("The deviation within a dose.")],
    patients: Annotated[float | None, number_option("Patients a dose, on average: their power is told.")] = None,
    power: Annotated[float | None, share_option("Or the power that is wanted: the patients are told.")] = None,
    allocation: Annotated[Numbers | None, numbers_option("Patients of each dose, in proportion.", "N[,N]")] = None,
    alpha: AlphaOption = 0.025,
) -> Answer:
    """Plan a trial of several doses: the contrast that shows each candidate best, their test together, and its power.

    Example: panakeia trial design dose-finding --doses 0,.05,.2,.6,1 --model linear --model emax=.2 --effect .4 --sd .7
    --patients 20
    """
    from twin.trials.design.dose_plan import DosePlan

    plan = DosePlan(doses, _shapes(model), effect, sd, alpha, allocation)
    return session.trial_design_dose_finding(plan, patients=patients, power=power)


def trial_design_dose_response(
    session: Session,
    data: Annotated[Path, typer.Option(help="A patient a row: columns dose and response.", metavar="DATA.csv")],
    model: ShapesOption,
    delta: Annotated[float | None, number_option("The effect above none of the dose that is wanted.")] = None,
    share: Annotated[float | None, share_option("Or its share of the largest effect.")] = None,
    decreasing: Annotated[bool, typer.Option("--decreasing", help="A lower response is better.")] = False,
    select: Annotated[
        Literal["aic", "max-t", "average"], typer.Option(help="Which fit counts: the likeliest, the clearest, or all.")
    ] = "aic",
    alpha: AlphaOption = 0.025,
) -> Answer:
    """Test data for a response to dose, fit the shapes that are significant, and tell the dose that is wanted.

    Example: panakeia trial design dose-response --data doses.csv --model linear --model emax=.2 --delta .4
    """
    from twin.trials.design.dose_response import Wanted

    wanted = Wanted(delta, share, decreasing, select, alpha)
    found = session.trial_design_dose_response(data, _shapes(model), wanted)
    return found


def _shapes(texts: list[str]) -> "tuple[Shape, ...]":
    from twin.trials.design.dose_models import Shape

    parts = [text.partition("=") for text in texts]
    return tuple(Shape(name.strip(), decimals(guess) if equals else ()) for name, equals, guess in parts)
